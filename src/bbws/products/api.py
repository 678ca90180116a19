"""The endpoint table of products. Source: specification products §3, Decisions 1 and 5-7."""

from collections.abc import Mapping
from typing import Any

from bbws.kernel.access import Access
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed
from bbws.kernel.entity import Stored
from bbws.kernel.history import ChangeBody
from bbws.kernel.problem import FORBIDDEN
from bbws.products import queued, service, store
from bbws.products.model import PRODUCT_EXISTS, PRODUCT_INACTIVE, PRODUCT_NOT_FOUND, Product
from bbws.products.schemas import (
    AcceptedProduct,
    CreateProduct,
    HistoryQuery,
    ProductAt,
    ProductBody,
    ProductPath,
    ProductQuery,
    UpdateProduct,
)
from bbws.products.service import WRITE

SERVICE = "product-api"


def _answer(current: Stored[Product]) -> Answer:
    return Answer(lambda: ProductBody.of(current), current.version, current.digest)


def _list(call: Call[Any, ProductQuery, Any]) -> Listed:
    products, following = service.list_products(call.work, call.query.search(), call.start, call.query.page_size)
    return Listed([ProductBody.of(product) for product in products], following)


def _get(call: Call[ProductPath, ProductAt, Any]) -> Answer:
    if call.query.as_of is not None:
        then = service.get_as_of(call.work, call.path.product_id, call.query.as_of)
        return Answer(ProductBody.of(then), then.version, past=True)
    return _answer(service.get(call.work, call.path.product_id))


def _create(call: Call[Any, Any, CreateProduct]) -> Answer:
    current = service.create(call.work, call.body.new())
    return Answer(lambda: ProductBody.of(current), current.version, location=store.path(current.value.product_id))


def _update(call: Call[ProductPath, Any, UpdateProduct]) -> Answer:
    return _answer(service.update(call.work, call.path.product_id, call.body.fields()))


def _delete(call: Call[ProductPath, Any, Any]) -> Answer:
    service.delete(call.work, call.path.product_id)
    return Answer()


def _history(call: Call[ProductPath, HistoryQuery, Any]) -> Listed:
    changes, following = service.product_history(call.work, call.path.product_id, call.start, call.query.page_size)
    return Listed([ChangeBody.of(change) for change in changes], following)


def _accept_create(call: Call[Any, Any, CreateProduct]) -> Answer:
    return AcceptedProduct.answer(*queued.accept_create(call.work, call.body.new()))


def _accept_update(call: Call[ProductPath, Any, UpdateProduct]) -> Answer:
    product_id = call.path.product_id
    return AcceptedProduct.answer(product_id, queued.accept_update(call.work, product_id, call.body.fields()))


def _accept_delete(call: Call[ProductPath, Any, Any]) -> Answer:
    product_id = call.path.product_id
    return AcceptedProduct.answer(product_id, queued.accept_delete(call.work, product_id))


def _is_active(product: Mapping[str, Any]) -> bool:
    return product["active"] is True


def _is_inactive(product: Mapping[str, Any]) -> bool:
    return product["active"] is False


LINKS = (
    Link("self", "getProduct"),
    Link("update", "updateProduct", _is_active),
    Link("delete", "deleteProduct", _is_active),
    Link("restore", "updateProduct", _is_inactive),
    Link("history", "getProductHistory"),
    Link("collection", "listProducts"),
)
_EXAMPLE: Mapping[str, Any] = {
    "name": "Basic",
    "description": "For small businesses getting started online",
    "price": "1500.00",
    "currency": "ZAR",
    "period": "once-off",
    "features": ["1 domain included", "SSL certificate"],
}
_ONE = f"{store.BASE}/{{productId}}"

ENDPOINTS = (
    Endpoint(
        id="listProducts",
        service=SERVICE,
        method="GET",
        path=store.BASE,
        access=store.LISTING,
        summary="List or search products",
        description="Active products, newest first, unless the parameters say otherwise.",
        handler=_list,
        cli=("products", "list"),
        query_schema=ProductQuery,
        response=ProductBody,
        problems=(FORBIDDEN,),
        links=(Link("create", "createProduct"),),
        item_links=LINKS,
    ),
    Endpoint(
        id="getProduct",
        service=SERVICE,
        method="GET",
        path=_ONE,
        access=store.READING,
        summary="Get a product",
        description="An inactive product is there only for callers with `products:write`.",
        handler=_get,
        cli=("products", "get"),
        path_schema=ProductPath,
        query_schema=ProductAt,
        response=ProductBody,
        problems=(PRODUCT_NOT_FOUND, FORBIDDEN),
        links=(*LINKS, Link("latest-version", "getProduct", past=True)),  # the name is that of RFC 5829
    ),
    Endpoint(
        id="createProduct",
        service=SERVICE,
        method="POST",
        path=store.BASE,
        access=store.CREATING,
        summary="Create a product",
        handler=_create,
        queued=_accept_create,
        accepted=AcceptedProduct,
        cli=("products", "create"),
        permission=WRITE,
        body_schema=CreateProduct,
        response=ProductBody,
        status=201,
        problems=(PRODUCT_EXISTS,),
        links=LINKS,
        example=_EXAMPLE,
    ),
    Endpoint(
        id="updateProduct",
        service=SERVICE,
        method="PUT",
        path=_ONE,
        access=store.CHANGING,
        summary="Change or restore a product",
        description='What is left out stays as it is. An inactive product needs `"active": true` with it.',
        handler=_update,
        queued=_accept_update,
        accepted=AcceptedProduct,
        cli=("products", "update"),
        permission=WRITE,
        path_schema=ProductPath,
        body_schema=UpdateProduct,
        response=ProductBody,
        problems=(PRODUCT_NOT_FOUND, PRODUCT_INACTIVE),
        links=LINKS,
        example={"price": "1650.00"},
    ),
    Endpoint(
        id="deleteProduct",
        service=SERVICE,
        method="DELETE",
        path=_ONE,
        access=store.CHANGING,
        summary="Take a product off sale",
        description="Its record stays, and it can be restored. Repeating the call changes nothing.",
        handler=_delete,
        queued=_accept_delete,
        accepted=AcceptedProduct,
        cli=("products", "delete"),
        permission=WRITE,
        path_schema=ProductPath,
        status=204,
        problems=(PRODUCT_NOT_FOUND,),
    ),
    Endpoint(
        id="getProductHistory",
        service=SERVICE,
        method="GET",
        path=f"{_ONE}/history",
        access=store.READING | Access.to(queries="PRODUCT"),
        summary="List the changes of a product, newest first",
        handler=_history,
        cli=("products", "history"),
        permission=WRITE,
        path_schema=ProductPath,
        query_schema=HistoryQuery,
        response=ChangeBody,
        problems=(PRODUCT_NOT_FOUND,),
    ),
)
