"""The main journey, told to whatever answers HTTP: one machine or an environment on AWS."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

PRODUCTS = "/v1.0/products"
_CATALOGUE = Path(__file__).parents[1] / "data" / "catalogue.csv"
_LIVE = {"PENDING", "IN_PROGRESS"}


class Said(Protocol):
    """An answer."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def json(self) -> Any: ...


class Shop(Protocol):
    """Somebody with the first key in their hand."""

    def do(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: bool = True,
    ) -> Said:
        """Send a call, with the key unless told otherwise."""
        ...


def rows() -> list[dict[str, Any]]:
    """The sample catalogue: six products, and one that is refused."""
    with _CATALOGUE.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [
        {name: value for name, value in row.items() if value} | {"features": row["features"].split("|")}
        for row in found
    ]


def ask(shop: Shop, path: str) -> Any:
    """What a read gives."""
    answer = shop.do("GET", path)
    assert answer.status == 200, answer.json
    return answer.json


def names(shop: Shop, query: str) -> list[str]:
    """The names of the products that a list holds."""
    return [item["name"] for item in ask(shop, f"{PRODUCTS}?{query}")["items"]]


def settled(shop: Shop, operation: str) -> Any:
    """The operation once it has ended: asking is how a client waits."""
    while (found := ask(shop, operation))["status"] in _LIVE:
        pass
    return found


def tell(shop: Shop) -> None:
    """From a catalogue's file to a signed archive."""
    _load(shop)
    before = ask(shop, f"{PRODUCTS}/PROD-002")
    _change_directly(shop)
    _change_through_the_queue(shop)

    # Its history, and what it was before.
    history = ask(shop, f"{PRODUCTS}/PROD-003/history")["items"]
    assert [item["changeType"] for item in history] == ["UPDATE", "DELETE", "UPDATE", "CREATE"]
    was = ask(shop, f"{PRODUCTS}/PROD-002?asOf={before['updatedAt']}")
    assert (was["price"], was["version"]) == ("1500.00", 1)

    assert shop.do("POST", "/v1.0/audit/checkpoints").status == 201


def _load(shop: Shop) -> None:
    """Six rows, and one that is refused while the others load; listed and searched."""
    answers = [shop.do("POST", PRODUCTS, row) for row in rows()]
    assert [answer.status for answer in answers] == [201] * 6 + [400]
    [error] = answers[-1].json["errors"]
    assert (error["field"], "two decimals" in error["message"]) == ("price", True)
    assert ask(shop, PRODUCTS)["count"] == 6
    assert names(shop, "sortBy=price&order=desc&pageSize=2") == ["Enterprise", "Professional"]
    assert names(shop, "currency=EUR") == names(shop, "q=cafe%20buro") == ["Café & Büro Paket"]
    assert ask(shop, f"{PRODUCTS}/PROD-003")["price"] == "5000.00"


def _change_directly(shop: Shop) -> None:
    """After a look at what would happen."""
    change = {"price": "1650.00"}
    plan = shop.do("PUT", f"{PRODUCTS}/PROD-002?dryRun=true", change).json
    assert plan["changes"][0]["after"]["price"] == "1650.00"
    changed = shop.do("PUT", f"{PRODUCTS}/PROD-002", change)
    assert (changed.status, changed.json["price"], changed.json["version"]) == (200, "1650.00", 2)
    assert shop.do("PUT", f"{PRODUCTS}/PROD-002", change, {"if-match": '"1"'}).status == 412


def _change_through_the_queue(shop: Shop) -> None:
    """Two changes in the order of acceptance, and a refusal found later."""
    wanted = (("PUT", {"name": "Professional Plus"}), ("DELETE", None), ("PUT", {"price": "1"}))
    accepted = [shop.do(method, f"{PRODUCTS}/PROD-003", body, {"prefer": "respond-async"}) for method, body in wanted]
    assert {answer.status for answer in accepted} == {202}
    ended = [settled(shop, answer.headers["location"]) for answer in accepted]
    assert [operation["status"] for operation in ended] == ["COMPLETED", "COMPLETED", "FAILED"]
    assert ended[2]["problem"]["code"] == "product-inactive"
    assert shop.do("GET", f"{PRODUCTS}/PROD-003", key=False).status == 404
    assert names(shop, "status=inactive") == ["Professional Plus"]
    assert shop.do("PUT", f"{PRODUCTS}/PROD-003", {"active": True}).status == 200
