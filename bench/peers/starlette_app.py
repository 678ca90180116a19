"""The five product endpoints on bare Starlette, and the route that answers a constant: the floor under both."""

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bbws.products.schemas import CreateProduct, ProductPath, ProductQuery, UpdateProduct
from bench.peers.catalogue import BASE, ONE, Catalogue, InactiveError, NotFoundError, Rows


def make(rows: Rows) -> Starlette:
    catalogue = Catalogue(rows)

    async def list_products(request: Request) -> Response:
        query = ProductQuery.model_validate(dict(request.query_params))
        return _json(catalogue.page(query.page_size, query.start_at))

    async def get_product(request: Request) -> Response:
        return _json(catalogue.get(_product_id(request)))

    async def create_product(request: Request) -> Response:
        product = catalogue.create(CreateProduct.model_validate_json(await request.body()))
        return _json(product, 201, {"location": f"{BASE}/{product.product_id}"})

    async def update_product(request: Request) -> Response:
        change = UpdateProduct.model_validate_json(await request.body())
        return _json(catalogue.update(_product_id(request), change))

    async def delete_product(request: Request) -> Response:
        catalogue.delete(_product_id(request))
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route(BASE, list_products, methods=["GET"]),
            Route(BASE, create_product, methods=["POST"]),
            Route(ONE, get_product, methods=["GET"]),
            Route(ONE, update_product, methods=["PUT"]),
            Route(ONE, delete_product, methods=["DELETE"]),
        ],
        exception_handlers={ValidationError: _invalid, NotFoundError: _not_found, InactiveError: _inactive},
    )


def make_constant() -> Starlette:
    """One route, no product, no store: the least that any Starlette application costs."""
    content = b'{"productId":"PROD-000000","name":"Constant"}'

    async def constant(_request: Request) -> Response:
        return Response(content, media_type="application/json")

    return Starlette(routes=[Route(ONE, constant, methods=["GET"])])


def _product_id(request: Request) -> str:
    return ProductPath.model_validate(request.path_params).product_id


def _json(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body.model_dump_json(by_alias=True), status, headers, "application/json")


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)
    errors = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
    return JSONResponse({"title": "Validation error", "status": 400, "errors": errors}, 400)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"title": "Product not found", "status": 404}, 404)


async def _inactive(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"title": "Product is inactive", "status": 422}, 422)
