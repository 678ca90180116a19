"""The main journey over real HTTP: a catalogue is loaded, searched, changed both ways, audited and verified."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bbws.bootstrap import embedded as bootstrap
from tests import builders
from tests.builders import Server
from tests.server.support import Answer, call

PRODUCTS = "/v1.0/products"
CATALOGUE = Path(__file__).parents[1] / "data" / "catalogue.csv"


@dataclass(frozen=True)
class Shop:
    """A person with the first key in their hand."""

    server: Server

    def ask(self, path: str) -> Any:
        answer = call(self.server, "GET", path)
        assert answer.status == 200, answer.body
        return answer.json

    def names(self, query: str) -> list[str]:
        return [item["name"] for item in self.ask(f"{PRODUCTS}?{query}")["items"]]

    def do(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        return call(self.server, method, path, body, headers=headers)

    def settled(self, operation: str) -> Any:
        """The operation once it has ended: asking is how a client waits."""
        while (found := self.ask(operation))["status"] in {"PENDING", "IN_PROGRESS"}:
            pass
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with builders.server(tmp_path / "data") as server:
        yield Shop(server)


def _rows() -> list[dict[str, Any]]:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: value for name, value in row.items() if value} | {"features": row["features"].split("|")} for row in rows
    ]


def test_a_catalogue_from_its_file_to_a_verified_archive(shop: Shop) -> None:
    # Loaded: six rows, and one that is refused while the others load.
    answers = [shop.do("POST", PRODUCTS, row) for row in _rows()]
    assert [answer.status for answer in answers] == [201] * 6 + [400]
    [error] = answers[-1].json["errors"]
    assert (error["field"], "two decimals" in error["message"]) == ("price", True)

    # Listed and searched.
    assert shop.ask(PRODUCTS)["count"] == 6
    assert shop.names("sortBy=price&order=desc&pageSize=2") == ["Enterprise", "Professional"]
    assert shop.names("currency=EUR") == shop.names("q=cafe%20buro") == ["Café & Büro Paket"]
    assert shop.ask(f"{PRODUCTS}/PROD-003")["price"] == "5000.00"

    # Changed directly, after a look at what would happen.
    change = {"price": "1650.00"}
    plan = shop.do("PUT", f"{PRODUCTS}/PROD-002?dryRun=true", change).json
    assert plan["changes"][0]["after"]["price"] == "1650.00"
    before = shop.ask(f"{PRODUCTS}/PROD-002")
    changed = shop.do("PUT", f"{PRODUCTS}/PROD-002", change)
    assert (changed.status, changed.json["price"], changed.json["version"]) == (200, "1650.00", 2)
    assert shop.do("PUT", f"{PRODUCTS}/PROD-002", change, **{"if-match": '"1"'}).status == 412

    # Changed through the queue: two changes in the order of acceptance, and a refusal found later.
    wanted = (("PUT", {"name": "Professional Plus"}), ("DELETE", None), ("PUT", {"price": "1"}))
    accepted = [shop.do(method, f"{PRODUCTS}/PROD-003", body, prefer="respond-async") for method, body in wanted]
    assert {answer.status for answer in accepted} == {202}
    ended = [shop.settled(answer.headers["location"]) for answer in accepted]
    assert [operation["status"] for operation in ended] == ["COMPLETED", "COMPLETED", "FAILED"]
    assert ended[2]["problem"]["code"] == "product-inactive"
    assert call(shop.server, "GET", f"{PRODUCTS}/PROD-003", key=False).status == 404
    assert shop.names("status=inactive") == ["Professional Plus"]
    assert shop.do("PUT", f"{PRODUCTS}/PROD-003", {"active": True}).status == 200

    # Its history, and what it was before.
    history = shop.ask(f"{PRODUCTS}/PROD-003/history")["items"]
    assert [item["changeType"] for item in history] == ["UPDATE", "DELETE", "UPDATE", "CREATE"]
    was = shop.ask(f"{PRODUCTS}/PROD-002?asOf={before['updatedAt']}")
    assert (was["price"], was["version"]) == ("1500.00", 1)

    # Audited, verified offline after a clean stop, and built again from the archive alone.
    assert shop.do("POST", "/v1.0/audit/checkpoints").status == 201
    assert shop.server.stop() == 0
    archive = shop.server.data_dir / "archive"
    report = bootstrap.verify_archive(archive)
    assert (report.sound, report.checkpoints, report.newer) == (True, 1, 0)
    again = shop.server.data_dir.parent / "again"
    assert bootstrap.rebuild(archive, again, lambda _: None) == report.records
    with builders.client(again, start=False) as rebuilt:
        items = rebuilt.call("GET", f"{PRODUCTS}?status=all").json["items"]
        assert {item["name"] for item in items} == {row["name"] for row in _rows()[:6]} - {"Professional"} | {
            "Professional Plus"
        }
