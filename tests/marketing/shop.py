"""Campaigns of a shop whose clock is moved: what tests of the marketing domain through its API share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from bbws.bootstrap.wiring import Catalogue
from bbws.engines.embedded.limits import RateLimiter
from bbws.kernel.actor import system
from bbws.kernel.clock import rfc3339
from bbws.marketing import service
from tests import builders
from tests.builders import Client, Reply
from tests.fakes import NOON, FakeClock

CAMPAIGNS = "/v1.0/campaigns"
ADMIN = "/v1.0/admin/campaigns"
PRODUCT_ID = "PROD-001"
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
TERMS = "For new orders, while it lasts."


def text(moment: datetime) -> str:
    """A time as it is sent and answered."""
    return rfc3339(moment)


def day(days: float) -> str:
    """The time so many days after the shop opened."""
    return text(NOON + days * DAY)


def campaign(**fields: Any) -> dict[str, Any]:
    """The body of a campaign that runs from the first to the tenth day, with these fields."""
    body = {
        "code": "SUMMER",
        "name": "Summer sale",
        "productId": PRODUCT_ID,
        "discountPercent": 20,
        "termsAndConditions": TERMS,
        "fromDate": day(1),
        "toDate": day(10),
    }
    return body | fields


@dataclass(frozen=True, slots=True)
class Shop:
    """A client, the token of an administrator, and the clock."""

    client: Client
    clock: FakeClock

    @property
    def token(self) -> str:
        """The administrator's, by the clock of the shop."""
        return self.client.token()

    def admin(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, **sent: Any
    ) -> Reply:
        """A call by the administrator; ``path`` follows that of the campaigns unless it is a whole one."""
        target = path if path.startswith("/") else f"{ADMIN}{'/' if path and path[0] != '?' else ''}{path}"
        return self.client.call(method, target, body, headers=headers, token=self.token, **sent)

    def public(self, target: str) -> Reply:
        """A read without credentials."""
        return self.client.call("GET", target, key=None)

    def read(self, target: str, *, admin: bool = False) -> Any:
        """What a read gives anybody, or the administrator, without its links."""
        reply = self.admin("GET", target) if admin else self.public(target)
        assert reply.status == 200, reply.body
        return _without_links(reply.json)

    def items(self, target: str, *, admin: bool = False) -> list[Any]:
        """All of a list, by pages of two."""
        first = f"{target}{'&' if '?' in target else '?'}pageSize=2"
        page = self.read(first, admin=admin)
        found: list[Any] = page["items"]
        while page["moreAvailable"]:
            page = self.read(f"{first}&startAt={page['nextToken']}", admin=admin)
            found += page["items"]
        return found

    def create(self, **fields: Any) -> dict[str, Any]:
        """A campaign made by the administrator."""
        reply = self.admin("POST", "", campaign(**fields))
        assert reply.status == 201, reply.body
        document: dict[str, Any] = reply.json
        return document

    def change(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A change by the administrator that succeeds."""
        reply = self.admin(method, path, body)
        assert reply.status == 200, reply.body
        document: dict[str, Any] = reply.json
        return document

    def go_to(self, days: float) -> None:
        """Set the clock so many days after the shop opened."""
        self.clock.set(NOON + days * DAY)

    def price(self, price: str, product_id: str = PRODUCT_ID, **fields: Any) -> None:
        """Give the product another price."""
        reply = self.client.call("PUT", f"/v1.0/products/{product_id}", {"price": price, **fields})
        assert reply.status == 200, reply.body

    def add(self, **fields: Any) -> None:
        """A campaign written by the use case, so that a test may have many of them."""
        whole = campaign(**fields)
        new = {
            "code": whole["code"],
            "name": whole["name"],
            "description": None,
            "product_id": whole["productId"],
            "discount_percent": whole["discountPercent"],
            "list_price": None,
            "terms": TERMS,
            "special_conditions": None,
            "from_date": datetime.fromisoformat(whole["fromDate"]),
            "to_date": datetime.fromisoformat(whole["toDate"]),
        }
        work = self.client.app.begin(system("test"), "test")
        table = self.client.app.engine.table
        service.create(work, Catalogue(table), new, draft=whole.get("draft", False))
        table.commit(work.writes)


@contextmanager
def empty(data_dir: Path, *, start: bool = False, clock: FakeClock | None = None) -> Iterator[Shop]:
    """A shop that sells what its folder holds. A second passes between calls for their rate."""
    clock = clock or FakeClock()
    with builders.client(data_dir, clock=clock, start=start) as client:
        dispatcher = client.app.dispatcher._replace(limiter=RateLimiter(count(1.0).__next__))
        yield Shop(replace(client, app=replace(client.app, dispatcher=dispatcher)), clock)


@contextmanager
def opened(data_dir: Path) -> Iterator[Shop]:
    """A shop that sells one product for 1,500 ZAR since a day ago."""
    with empty(data_dir, clock=FakeClock(NOON - DAY)) as made:
        made.client.create(productId=PRODUCT_ID)
        made.go_to(0)
        yield made


def _without_links(document: Any) -> Any:
    if isinstance(document, list):
        return [_without_links(each) for each in document]
    if isinstance(document, dict):
        return {name: _without_links(value) for name, value in document.items() if name != "_links"}
    return document
