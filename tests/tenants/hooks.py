"""Webhooks for tests: an address that answers as it is told, and time that is moved."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from bbws.kernel.change import Change
from bbws.kernel.reaction import Message
from bbws.kernel.table import Insert, Row, RowKind, Table
from bbws.tenants.model import Environment, Status, Tenant
from bbws.tenants.store import TENANT, tenant_key
from bbws.tenants.webhooks.delivering import announce, deliver_next
from bbws.tenants.webhooks.ports import Forbidden, Sent
from bbws.tenants.webhooks.turns import Shares
from tests.fakes import FakeClock
from tests.http.answers import problem
from tests.tenants.world import World, opened, tenant_path

URL = "https://hooks.example.com/bbws"
OK, BROKEN = Sent(200), Sent(500)


class Called(NamedTuple):
    """A call of a webhook."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """What it tells of."""
        return json.loads(self.body)


@dataclass
class FakeSender:
    """Answers by address, and keeps what it was asked to send."""

    answers: dict[str, Sent] = field(default_factory=dict)
    calls: list[Called] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def checked(self, url: str) -> str:
        if not url.startswith("https://"):
            raise Forbidden("The address must begin with https://.")
        return url

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        self.calls.append(Called(url, headers, body))
        self.meanwhile()
        return self.answers.get(url, OK)

    def events(self) -> list[str]:
        """What was sent, by name."""
        return [call.event["type"] for call in self.calls]


@dataclass(frozen=True)
class Hooks:
    """A world with tenants and their webhooks. Nothing is announced or sent before a test says so."""

    world: World
    clock: FakeClock
    sender: FakeSender
    announced: set[tuple[str, str]] = field(default_factory=set)

    def make(self, tenant: Mapping[str, Any], who: str = "ann", **fields: Any) -> dict[str, Any]:
        """A new webhook."""
        reply = self.world.ask(who, "POST", tenant_path(tenant, "webhooks"), {"url": URL, **fields})
        assert reply.status == 201, reply.body
        document: dict[str, Any] = reply.json
        return document

    def tenant(self, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """A tenant of ann's, and its webhook, which has been told everything so far."""
        tenant = self.world.active("ann")
        webhook = self.make(tenant, **fields)
        self.forget()
        return tenant, webhook

    def of(self, webhook: Mapping[str, Any], *further: str) -> str:
        """Where something of a webhook is."""
        return tenant_path(webhook, "webhooks", webhook["webhookId"], *further)

    def read(self, webhook: Mapping[str, Any], *further: str, who: str = "ann") -> Any:
        """What is there."""
        reply = self.world.ask(who, "GET", self.of(webhook, *further))
        assert reply.status == 200, reply.body
        return reply.json

    def post(self, webhook: Mapping[str, Any], *further: str, who: str = "ann") -> Any:
        """What is answered to a call there."""
        reply = self.world.ask(who, "POST", self.of(webhook, *further))
        assert reply.status in {200, 202}, reply.body
        return reply.json

    def deliveries(self, webhook: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What was sent to a webhook, or is to be."""
        found: list[dict[str, Any]] = self.read(webhook, "deliveries")["items"]
        return found

    def changes(self) -> list[Change]:
        """Everything that happened, in order."""
        rows = self.world.client.app.engine.rows({RowKind.CHANGE})
        return sorted((Change.from_document(row.document) for row in rows), key=lambda change: change.time)

    def announce(self, *, again: bool = False) -> None:
        """Tell the announcer what happened since, or everything once more."""
        new = [change for change in self.changes() if again or change.key not in self.announced]
        self.announced.update(change.key for change in new)
        messages = [Message(change.id, change.type, change.subject, change.key) for change in new]
        self.tell(messages)

    def tell(self, messages: Sequence[Message]) -> None:
        app = self.world.client.app
        assert announce(messages, table=app.engine.table, begin=app.begin, hasten=lambda: None) == []

    def deliver(self) -> int:
        """Deliver what is due; how many turns that took."""
        app, turns = self.world.client.app, 0
        while deliver_next(app.engine.table, app.begin, self.sender, Shares(app.engine.table)):
            turns += 1
        return turns

    def pass_on(self) -> None:
        """Announce and deliver."""
        self.announce()
        self.deliver()

    def forget(self) -> None:
        """Have announced what happened so far, and nothing sent."""
        self.announced.update(change.key for change in self.changes())
        self.sender.calls.clear()

    def wait(self, delay: timedelta) -> int:
        """Let time pass; how many tries were due at its end."""
        self.clock.set(self.clock.now() + delay)
        return self.deliver()

    def update(self, tenant: Mapping[str, Any], who: str = "ann", **fields: Any) -> None:
        """Change a tenant."""
        said = fields or {"metadata": {"number": len(self.changes())}}
        assert self.world.ask(who, "PUT", tenant_path(tenant), said).status == 200

    def refused(self, who: str, method: str, target: str, json: Any, *expected: Any) -> Mapping[str, Any]:
        """The problem that a call is answered with."""
        return problem(self.world.ask(who, method, target, json), *expected)


def keep_active(table: Table, tenant_id: str, now: datetime) -> None:
    """Put an active tenant into a table that has none of the indexes of tenants."""
    parts = (Environment.DEV, Status.ACTIVE, None, None, None)
    tenant = Tenant(tenant_id, "customer", "Acme", "contact", *parts, {}, now, "user-ann", now, "user-ann", {})
    digest = sha256(tenant_id.encode()).hexdigest()  # what is loaded is remembered by it
    table.commit([Insert(Row(tenant_key(tenant_id), RowKind.ENTITY, TENANT.dump(tenant), digest=digest))])


@contextmanager
def hooked(folder: Path, start: datetime | None = None) -> Iterator[Hooks]:
    """A new world with webhooks."""
    clock, sender = FakeClock() if start is None else FakeClock(start), FakeSender()
    with opened(folder, clock=clock, sender=sender) as world:
        yield Hooks(world, clock, sender)
