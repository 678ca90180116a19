"""A Lambda entrypoint of FastAPI + Mangum with the five product endpoints and nothing of BBWS, to import."""

from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", populate_by_name=True)


class New(Wire):
    name: str = Field(min_length=3, max_length=100)
    description: str = Field(min_length=1, max_length=500)
    price: Decimal = Field(ge=0, decimal_places=2)
    currency: str = Field(default="ZAR", pattern="^[A-Z]{3}$")
    period: str = Field(min_length=5, max_length=100)
    features: list[Annotated[str, Field(min_length=2, max_length=200)]] = Field(default=[], max_length=20)
    active: bool = True


class Change(Wire):
    name: str | None = Field(default=None, min_length=3, max_length=100)
    description: str | None = Field(default=None, min_length=1, max_length=500)
    price: Decimal | None = Field(default=None, ge=0, decimal_places=2)
    active: bool | None = None


class Product(New):
    product_id: str
    created_at: str
    updated_at: str
    version: int


class Page(Wire):
    items: list[Product]
    count: int
    more_available: bool
    next_token: str | None


type ProductId = Annotated[str, Path(pattern="^PROD-[0-9A-Z]{3,20}$")]

_rows: dict[str, Product] = {}
app = FastAPI(title="Products")


@app.get("/v1.0/products")
async def list_products(
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 20,
    start_at: Annotated[str, Query(alias="startAt")] = "",
) -> Page:
    found = [product for key, product in sorted(_rows.items()) if key > start_at]
    more = len(found) > page_size
    items = found[:page_size]
    return Page(items=items, count=len(items), more_available=more, next_token=items[-1].product_id if more else None)


@app.get("/v1.0/products/{product_id}")
async def get_product(product_id: ProductId) -> Product:
    if product_id not in _rows:
        raise HTTPException(404)
    return _rows[product_id]


@app.post("/v1.0/products", status_code=201)
async def create_product(new: New) -> Product:
    product = Product(**new.model_dump(), product_id=f"PROD-{len(_rows):03}", created_at="", updated_at="", version=1)
    _rows[product.product_id] = product
    return product


@app.put("/v1.0/products/{product_id}")
async def update_product(product_id: ProductId, change: Change) -> Product:
    product = await get_product(product_id)
    _rows[product_id] = product.model_copy(update=change.model_dump(exclude_unset=True))
    return _rows[product_id]


@app.delete("/v1.0/products/{product_id}", status_code=204)
async def delete_product(product_id: ProductId) -> None:
    await get_product(product_id)
    del _rows[product_id]


handler = Mangum(app)
