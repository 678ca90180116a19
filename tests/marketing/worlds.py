"""A shop in one process whose clock a test moves, and campaigns made in it through the API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bbws.engines.embedded.identity import LocalTokens
from bbws.engines.embedded.limits import RateLimiter
from bbws.kernel.clock import rfc3339
from tests import builders
from tests.builders import Client, Reply
from tests.fakes import FakeClock

CAMPAIGNS = "/v1.0/campaigns"
ADMIN = "/v1.0/admin/campaigns"


@dataclass(frozen=True)
class Shop:
    """What anybody and what an administrator may ask of it."""

    client: Client
    clock: FakeClock
    token: str

    def ask(self, method: str, path: str, body: object = None, *, admin: bool = False) -> Reply:
        """What is answered to somebody without credentials, or to an administrator."""
        headers = {"authorization": f"Bearer {self.token}"} if admin else {}
        return self.client.call(method, path, body, headers=headers, key=None)

    def read(self, path: str, *, admin: bool = False) -> Any:
        """What a read gives, without its links."""
        reply = self.ask("GET", path, admin=admin)
        assert reply.status == 200, reply.body
        return _without_links(reply.json)

    def items(self, path: str, *, admin: bool = False) -> list[Any]:
        """All of a list, by pages of two."""
        found: list[Any] = []
        page = self.read(f"{path}{'&' if '?' in path else '?'}pageSize=2", admin=admin)
        found += page["items"]
        while page["moreAvailable"]:
            following = f"{path}{'&' if '?' in path else '?'}pageSize=2&startAt={page['nextToken']}"
            page = self.read(following, admin=admin)
            found += page["items"]
        return found

    def change(self, method: str, path: str, body: object = None) -> Any:
        """What an administrator's change gives."""
        reply = self.ask(method, f"{ADMIN}{path}", body, admin=True)
        assert reply.status in {200, 201, 204}, reply.body
        return reply.json if reply.body else None

    def campaign(self, code: str, product_id: str, begin: datetime, end: datetime, **fields: Any) -> Any:
        """A new campaign."""
        told: Mapping[str, Any] = {
            "code": code,
            "name": "Summer sale",
            "productId": product_id,
            "discountPercent": 20,
            "termsAndConditions": "For new orders.",
            "fromDate": rfc3339(begin),
            "toDate": rfc3339(end),
        }
        return self.change("POST", "", {**told, **fields})


def in_query(moment: datetime) -> str:
    """A time as a query holds it."""
    return quote(rfc3339(moment))


@contextmanager
def shop(folder: Path, *, start: bool = False) -> Iterator[Shop]:
    """An empty one in which no caller is limited."""
    clock = FakeClock()
    with builders.client(folder, clock=clock, start=start) as client:
        token = LocalTokens(folder, client.settings.environment).issue("operator", timedelta(hours=1), admin=True)
        # A second passes with every call.
        dispatcher = client.app.dispatcher._replace(limiter=RateLimiter(count(0.0).__next__))
        yield Shop(replace(client, app=replace(client.app, dispatcher=dispatcher)), clock, token)


def _without_links(document: Any) -> Any:
    if isinstance(document, list):
        return [_without_links(each) for each in document]
    if isinstance(document, dict):
        return {name: _without_links(value) for name, value in document.items() if name != "_links"}
    return document
