"""The five product endpoints on the API Gateway resolver of AWS Lambda Powertools, its validation on."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from bbws.platform.openapi_schemas import Listing
from bbws.products.model import ID_PATTERN
from bbws.products.schemas import CreateProduct, ProductBody, UpdateProduct
from bench.peers.catalogue import BASE, Catalogue, InactiveError, NotFoundError, Rows

_ONE = f"{BASE}/<product_id>"


def make(rows: Rows) -> APIGatewayRestResolver:
    app = APIGatewayRestResolver(enable_validation=True)
    catalogue = Catalogue(rows)
    _handle_errors(app)

    @app.get(BASE)
    def list_products(
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 20,
        start_at: Annotated[str | None, Query(alias="startAt")] = None,
    ) -> Listing[ProductBody]:
        return catalogue.page(page_size, start_at)

    @app.get(_ONE)
    def get_product(product_id: Annotated[str, Path(pattern=ID_PATTERN)]) -> ProductBody:
        return catalogue.get(product_id)

    @app.post(BASE)
    def create_product(new: CreateProduct) -> Response[ProductBody]:
        product = catalogue.create(new)
        headers: dict[str, Any] = {"Location": f"{BASE}/{product.product_id}"}
        return Response(HTTPStatus.CREATED, content_types.APPLICATION_JSON, product, headers)

    @app.put(_ONE)
    def update_product(product_id: Annotated[str, Path(pattern=ID_PATTERN)], change: UpdateProduct) -> ProductBody:
        return catalogue.update(product_id, change)

    @app.delete(_ONE)
    def delete_product(product_id: Annotated[str, Path(pattern=ID_PATTERN)]) -> Response[None]:
        catalogue.delete(product_id)
        return Response(HTTPStatus.NO_CONTENT)

    return app


def _handle_errors(app: APIGatewayRestResolver) -> None:
    def problem(status: HTTPStatus, title: str, **more: Any) -> Response[Any]:  # noqa: ANN401 - members of a JSON object
        return Response(status, content_types.APPLICATION_JSON, {"title": title, "status": status, **more})

    @app.exception_handler(NotFoundError)
    def not_found(_error: NotFoundError) -> Response[Any]:
        return problem(HTTPStatus.NOT_FOUND, "Product not found")

    @app.exception_handler(InactiveError)
    def inactive(_error: InactiveError) -> Response[Any]:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Product is inactive")

    @app.exception_handler(RequestValidationError)
    def invalid(error: RequestValidationError) -> Response[Any]:
        errors = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
        return problem(HTTPStatus.BAD_REQUEST, "Validation error", errors=errors)
