"""The five product endpoints on FastAPI, with async handlers: plain ones would each cost a thread hop."""

from typing import Annotated

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from bbws.platform.openapi_schemas import Listing
from bbws.products.model import ID_PATTERN
from bbws.products.schemas import CreateProduct, ProductBody, UpdateProduct
from bench.peers.catalogue import BASE, ONE, Catalogue, InactiveError, NotFoundError, Rows

type ProductId = Annotated[str, Path(pattern=ID_PATTERN)]


def make(rows: Rows) -> FastAPI:
    app = FastAPI(title="Products")
    catalogue = Catalogue(rows)
    _handle_errors(app)

    @app.get(BASE)
    async def list_products(
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 20,
        start_at: Annotated[str | None, Query(alias="startAt")] = None,
    ) -> Listing[ProductBody]:
        return catalogue.page(page_size, start_at)

    @app.get(ONE)
    async def get_product(product_id: ProductId) -> ProductBody:
        return catalogue.get(product_id)

    @app.post(BASE, status_code=201)
    async def create_product(new: CreateProduct, response: Response) -> ProductBody:
        product = catalogue.create(new)
        response.headers["location"] = f"{BASE}/{product.product_id}"
        return product

    @app.put(ONE)
    async def update_product(product_id: ProductId, change: UpdateProduct) -> ProductBody:
        return catalogue.update(product_id, change)

    @app.delete(ONE, status_code=204)
    async def delete_product(product_id: ProductId) -> None:
        catalogue.delete(product_id)

    return app


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(NotFoundError)
    async def not_found(_request: Request, _error: NotFoundError) -> JSONResponse:
        return JSONResponse({"title": "Product not found", "status": 404}, 404)

    @app.exception_handler(InactiveError)
    async def inactive(_request: Request, _error: InactiveError) -> JSONResponse:
        return JSONResponse({"title": "Product is inactive", "status": 422}, 422)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
        return JSONResponse({"title": "Validation error", "status": 400, "errors": errors}, 400)
