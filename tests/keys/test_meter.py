"""Keys are made known to the gateway that counts their calls (src/bbws/keys/ports.py)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bbws.bootstrap.wiring import bound
from bbws.kernel.dispatch import Dispatcher
from bbws.kernel.table import Conflict, Key, Unavailable, Write
from bbws.keys.api import ENDPOINTS
from tests.builders import Client
from tests.fakes import TableProxy
from tests.http.answers import PRODUCTS, problem

KEYS = "/v1.0/keys"
SHOP = {"name": "Web shop", "permissions": ["products:write"]}


@dataclass
class Gateway:
    """A meter that remembers which secrets it would let in."""

    secrets: dict[str, str] = field(default_factory=dict)
    down: bool = False

    def register(self, key_id: str, secret: str) -> None:
        self._answer()
        self.secrets[key_id] = secret

    def forget(self, key_id: str) -> None:
        self._answer()
        self.secrets.pop(key_id, None)

    def _answer(self) -> None:
        if self.down:
            msg = "the gateway cannot be reached"
            raise Unavailable(msg)


class Lost(TableProxy):
    """A table whose next commits are lost to somebody else."""

    def __init__(self, client: Client, times: int) -> None:
        super().__init__(client.app.engine.table)
        self._times = times

    def commit(self, writes: Sequence[Write]) -> None:
        self._times -= 1
        if self._times >= 0:
            raise Conflict(Key("X", "x"))
        super().commit(writes)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def metered(client: Client, gateway: Gateway) -> Client:
    return _metered(client, gateway, Lost(client, 0))


def _metered(client: Client, gateway: Gateway, table: TableProxy) -> Client:
    ports = {"meter": gateway, "environment": "local", "permissions": frozenset({"products:write"})}
    was = client.app.dispatcher
    dispatcher = Dispatcher.over(
        [bound(endpoint, ports) for endpoint in ENDPOINTS],
        table=table,
        clock=was.clock,
        authenticator=was.authenticator,
        cursors=was.cursors,
        limiter=was.limiter,
        cors=was.cors,
    )
    return replace(client, app=replace(client.app, dispatcher=dispatcher))


def test_a_key_that_was_made_is_known_and_one_that_was_revoked_is_not(metered: Client, gateway: Gateway) -> None:
    made = metered.call("POST", KEYS, SHOP).json
    assert gateway.secrets == {made["keyId"]: made["secret"]}
    assert metered.call("DELETE", f"{KEYS}/{made['keyId']}").status == 204
    assert gateway.secrets == {}


def test_a_dry_run_tells_the_gateway_nothing(metered: Client, gateway: Gateway) -> None:
    assert metered.call("POST", f"{KEYS}?dryRun=true", SHOP).status == 200
    assert gateway.secrets == {}
    made = metered.call("POST", KEYS, SHOP).json
    assert metered.call("DELETE", f"{KEYS}/{made['keyId']}?dryRun=true").status == 200
    assert gateway.secrets == {made["keyId"]: made["secret"]}


def test_what_is_refused_is_told_to_nobody(metered: Client, gateway: Gateway) -> None:
    problem(metered.call("POST", KEYS, {**SHOP, "permissions": ["moon:land"]}), 422, "unknown-permission")
    made = metered.call("POST", KEYS, SHOP).json
    problem(
        metered.call("DELETE", f"{KEYS}/{made['keyId']}", headers={"if-match": '"7-x"'}), 412, "precondition-failed"
    )
    assert gateway.secrets == {made["keyId"]: made["secret"]}


def test_no_key_is_made_that_the_gateway_does_not_know(metered: Client, client: Client, gateway: Gateway) -> None:
    gateway.down = True
    problem(metered.call("POST", KEYS, SHOP), 503, "service-unavailable")
    assert client.call("GET", KEYS).json["count"] == 1


def test_a_key_is_revoked_though_the_gateway_is_down(
    metered: Client, client: Client, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    made = metered.call("POST", KEYS, SHOP).json
    gateway.down = True
    with caplog.at_level(logging.WARNING, "bbws.keys"):
        assert metered.call("DELETE", f"{KEYS}/{made['keyId']}").status == 204
    assert caplog.messages == ["the gateway still knows a revoked key"]
    problem(client.call("GET", PRODUCTS, key=made["secret"]), 401, "unauthorized")
    gateway.down = False
    assert metered.call("DELETE", f"{KEYS}/{made['keyId']}").status == 204
    assert gateway.secrets == {}


def test_a_secret_whose_commit_was_lost_is_let_in_nowhere(client: Client, gateway: Gateway) -> None:
    metered = _metered(client, gateway, Lost(client, 1))
    made = metered.call("POST", KEYS, SHOP).json
    assert len(gateway.secrets) == 2
    [orphan] = set(gateway.secrets.values()) - {made["secret"]}
    problem(client.call("GET", PRODUCTS, key=orphan), 401, "unauthorized")
    assert client.call("GET", PRODUCTS, key=made["secret"]).status == 200
