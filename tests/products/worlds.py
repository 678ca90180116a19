"""Products in bulk: written by the use cases in a few commits, so that a test may have many of them."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import batched
from typing import Any

from bbws.kernel.actor import system
from bbws.products import service
from bbws.products.model import NewProduct
from tests.builders import Client

PRODUCTS = "/v1.0/products"
_ANYBODY: Mapping[str, Any] = {"name": "Basic", "description": "x", "price": Decimal(5), "period": "yearly"}


def add(client: Client, wanted: Iterable[Mapping[str, Any]], at_once: int = 5) -> None:
    """Products with these fields, the others as anybody's."""
    for some in batched(wanted, at_once):
        work = client.app.begin(system("test"), "test")
        for fields in some:
            new = NewProduct(**{**_ANYBODY, **fields})
            service.create(work, new)
        client.app.engine.table.commit(work.writes)


def pages(client: Client, query: str, size: int = 100) -> Iterable[Sequence[dict[str, Any]]]:
    """The pages of a list, one by one."""
    target = f"{PRODUCTS}?pageSize={size}&{query}"
    while target:
        page = client.call("GET", target).json
        assert page["count"] == len(page["items"]) <= size
        yield page["items"]
        target = page["_links"]["next"]["href"] if page["moreAvailable"] else ""


def names(client: Client, query: str, size: int = 100) -> list[str]:
    """The names of all products of a list."""
    return [item["name"] for page in pages(client, query, size) for item in page]


def ids(client: Client, query: str, size: int = 100) -> list[str]:
    """The ids of all products of a list."""
    return [item["productId"] for page in pages(client, query, size) for item in page]
