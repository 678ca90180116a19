"""A tenant's life on both engines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.router import Router
from bbws.tables import ENDPOINTS
from tests.aws import account as aws
from tests.aws import letters, shared
from tests.aws.account import Account
from tests.stories import tenants
from tests.stories.campaigns import Said
from tests.tenants import invited
from tests.tenants.world import TENANTS, opened
from tests.tenants.world import World as Embedded

# What callers without a token send, for Client.call.
KEYS: Mapping[str, str | None] = {"key": "", "nobody": None}


@dataclass(frozen=True)
class OneMachine:
    """The embedded engine in this process."""

    world: Embedded
    tag: str = "One"

    def enrol(self, name: str) -> str:
        self.world.known(name)
        return f"user-{name}"

    def address(self, name: str) -> str:
        return f"{name}@example.com"

    def ask(self, name: str, method: str, path: str, body: object = None) -> Said:
        if name in KEYS:
            return self.world.client.call(method, path, body, key=KEYS[name])
        return self.world.ask(name, method, path, body)

    def letter(self, name: str) -> str:
        sent = [mail for mail in invited.mails(self.world) if mail["To"] == self.address(name)]
        return invited.text(sent[-1])

    def finished(self, path: str) -> Mapping[str, Any]:
        self.settle()
        found: Mapping[str, Any] = self.ask("boss", "GET", path).json
        return found

    def settle(self) -> None:
        self.world.client.drain()


@dataclass(frozen=True)
class OnAws:
    """The functions over the emulator's services, called as the gateway calls them."""

    account: Account
    tag: str
    router: Router = field(default_factory=lambda: Router(ENDPOINTS))
    subs: dict[str, str] = field(default_factory=dict)

    def enrol(self, name: str) -> str:
        self.subs[name] = self.account.enrol(f"{self.tag}-{name}")
        self.ask(name, "GET", TENANTS)
        return f"user-{self.subs[name]}"

    def address(self, name: str) -> str:
        return f"{self.tag}-{name}@example.com"

    def ask(self, name: str, method: str, path: str, body: object = None) -> Said:
        operation = self.router.match(method, path.partition("?")[0])[0].id
        if name in KEYS:
            return self.account.call(operation, path, body, key=None if name == "key" else "")
        if name == "boss":
            return self.account.call_as_admin(operation, path, body)
        return self.account.call_as_person(self.subs[name], operation, path, body)

    def letter(self, name: str) -> str:
        self.settle()
        return letters.texts(shared.address(), self.address(name))[-1]

    def finished(self, path: str) -> Mapping[str, Any]:
        self.settle()
        found: Mapping[str, Any] = self.ask("boss", "GET", path).json
        return found

    def settle(self) -> None:
        self.account.work()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    with opened(tmp_path, start=True) as world:
        yield world


def test_a_tenant_lives_on_one_machine(embedded: Embedded) -> None:
    tenants.tell(OneMachine(embedded))


def test_a_tenant_lives_on_aws() -> None:
    with aws.account() as made:
        tenants.tell(OnAws(made, made.environment))
