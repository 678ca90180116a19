"""The five product endpoints on Chalice, which leaves validation to its user."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import chalice
from chalice import BadRequestError, Chalice, Response, UnprocessableEntityError
from pydantic import BaseModel, ValidationError

from bbws.products.schemas import CreateProduct, ProductPath, ProductQuery, UpdateProduct
from bench.peers.catalogue import BASE, ONE, Catalogue, InactiveError, NotFoundError, Rows

_JSON = {"Content-Type": "application/json"}


def make(rows: Rows) -> Chalice:
    app = Chalice("products")
    catalogue = Catalogue(rows)

    @app.route(BASE, methods=["GET"])
    @_refusals()
    def list_products() -> Response:
        query = ProductQuery.model_validate(app.current_request.query_params or {})
        return _json(catalogue.page(query.page_size, query.start_at))

    @app.route(ONE, methods=["GET"])
    @_refusals()
    def get_product(product_id: str) -> Response:
        return _json(catalogue.get(_checked(product_id)))

    @app.route(BASE, methods=["POST"])
    @_refusals()
    def create_product() -> Response:
        product = catalogue.create(CreateProduct.model_validate_json(app.current_request.raw_body))
        return _json(product, 201, {"Location": f"{BASE}/{product.product_id}"})

    @app.route(ONE, methods=["PUT"])
    @_refusals()
    def update_product(product_id: str) -> Response:
        change = UpdateProduct.model_validate_json(app.current_request.raw_body)
        return _json(catalogue.update(_checked(product_id), change))

    @app.route(ONE, methods=["DELETE"])
    @_refusals()
    def delete_product(product_id: str) -> Response:
        catalogue.delete(_checked(product_id))
        return Response(status_code=204, body="")

    return app


def _checked(product_id: str) -> str:
    return ProductPath(product_id=product_id).product_id


def _json(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body.model_dump_json(by_alias=True), {**_JSON, **(headers or {})}, status)


@contextmanager
def _refusals() -> Iterator[None]:
    """Chalice answers its own errors alone, each with its status."""
    try:
        yield
    except NotFoundError as error:
        raise chalice.NotFoundError("Product not found") from error
    except InactiveError as error:
        raise UnprocessableEntityError("Product is inactive") from error
    except ValidationError as error:
        errors = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
        raise BadRequestError(json.dumps(errors)) from error
