"""What an operator sees: health, queues and dead letters, pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bbws.bootstrap.embedded import build, ensure_first_key
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import SystemClock
from bbws.kernel.reaction import EVERY_EVENT, Message, Policy, Reaction
from bbws.settings import Settings
from bbws.tables import REACTIONS
from tests import builders
from tests.builders import Client
from tests.fakes import FakeClock
from tests.http.answers import PRODUCTS, fields, problem

QUEUES = "/v1.0/queues"


@dataclass
class Moody:
    """A consumer that fails as long as it is told to."""

    failing: bool = True
    seen: list[str] = field(default_factory=list)

    def handle(self, messages: Sequence[Message]) -> None:
        if self.failing:
            raise RuntimeError("it told 'somebody' about it")
        self.seen += [message.type for message in messages]


@dataclass(frozen=True)
class World:
    client: Client
    consumer: Moody


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The shipped reactions, and one more that is moody."""
    moody = Moody()
    policy = Policy(max_receives=2, first_delay=0.0)
    reaction = Reaction("moody", "test-moody", frozenset({EVERY_EVENT}), moody.handle, policy)
    settings = Settings.of(data_dir=tmp_path / "data")
    engine = EmbeddedEngine.open(tmp_path / "data", clock=SystemClock(), synchronous="OFF")
    try:
        app = build(settings, engine, reactions=(*REACTIONS, reaction))
        ensure_first_key(app, settings)
        app.start()
        yield World(Client(app, settings.key_file.read_text().strip(), settings), moody)
    finally:
        engine.stop(timeout=30)


def _queue(client: Client, name: str) -> Any:
    [found] = (item for item in client.call("GET", QUEUES).json["items"] if item["name"] == name)
    return found


def test_a_message_that_always_fails_is_parked_and_can_be_put_back(world: World) -> None:
    client = world.client
    client.create(productId="PROD-001")
    client.drain()
    state = _queue(client, "test-moody")
    assert (state["waiting"], state["inFlight"], state["dead"], state["oldestSeconds"]) == (0, 0, 2, None)
    assert set(state["_links"]) == {"deadLetters", "redrive"}
    letters = client.call("GET", state["_links"]["deadLetters"]["href"]).json["items"]
    assert [letter["message"]["type"] for letter in letters] == ["key.created", "product.created"]
    assert (letters[1]["receives"], letters[1]["queue"], letters[1]["id"]) == (2, "test-moody", "PROD-001.1")
    assert letters[1]["error"] == "RuntimeError: it told … about it"
    assert letters[1]["message"]["subject"] == f"{PRODUCTS}/PROD-001"
    redrive = state["_links"]["redrive"]["href"]
    plan = {"dryRun": True, "changes": [], "queue": "test-moody", "redriven": 2}
    assert client.call("POST", f"{redrive}?dryRun=true").json == plan
    assert _queue(client, "test-moody") == state
    world.consumer.failing = False
    redriven = client.call("POST", redrive)
    assert (redriven.status, redriven.json["redriven"]) == (200, 2)
    client.drain()
    assert world.consumer.seen == ["key.created", "product.created"]
    assert set(_queue(client, "test-moody")["_links"]) == {"deadLetters"}


def test_a_failing_consumer_holds_up_nobody_else(world: World) -> None:
    world.client.create(productId="PROD-001")
    world.client.drain()
    found = world.client.call("GET", f"/v1.0/audit/records?subject={PRODUCTS}/PROD-001").json
    assert found["count"] == 1
    assert _queue(world.client, "product-audit")["dead"] == 0


def test_pages_of_dead_letters_are_as_long_as_asked_for(world: World) -> None:
    world.client.create()
    world.client.drain()
    assert world.client.call("GET", f"{QUEUES}/test-moody/dead-letters?pageSize=1").json["count"] == 1


def test_an_unknown_queue_is_not_found(client: Client) -> None:
    problem(client.call("GET", f"{QUEUES}/nothing/dead-letters"), 404, "queue-not-found")
    for query in ("", "?dryRun=true"):
        problem(client.call("POST", f"{QUEUES}/nothing/redrive{query}"), 404, "queue-not-found")
    assert fields(client.call("GET", f"{QUEUES}/Not%20a%20name/dead-letters")) == {"queue"}


def test_every_consumer_has_a_queue(client: Client) -> None:
    names = [item["name"] for item in client.call("GET", QUEUES).json["items"]]
    assert names == sorted({reaction.queue for reaction in REACTIONS})
    assert {"product-audit", "product-change"} < set(names)


def test_health_tells_how_far_behind_the_feed_is(tmp_path: Path) -> None:
    clock = FakeClock()
    with builders.client(tmp_path / "data", clock=clock, start=False) as client:
        client.create()
        healthy = client.call("GET", "/health", key=None)
        assert (healthy.status, healthy.json["status"]) == (200, "ok")
        assert healthy.json["details"]["feedWaiting"] == 2
        clock.advance(59)
        assert client.call("GET", "/health").json["details"]["feedLagSeconds"] == 59
        clock.advance(1)
        behind = problem(client.call("GET", "/health", key=None), 503, "service-unavailable")
        assert behind["details"]["feedLagSeconds"] == 60
        client.app.start()
        client.drain()
        details = client.call("GET", "/health").json["details"]
    assert (details["feedWaiting"], details["feedLagSeconds"], details["writable"]) == (0, None, True)
    assert details["queues"]["product-audit"] == {"waiting": 0, "inFlight": 0, "dead": 0}


def test_a_stopped_store_is_unavailable_and_not_a_fault(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        client.app.engine.stop(timeout=10)
        for path in ("/health", PRODUCTS, QUEUES):
            problem(client.call("GET", path), 503, "service-unavailable")


def test_the_pages_are_served(client: Client) -> None:
    docs = client.call("GET", "/docs", key=None)
    assert (docs.status, docs.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in docs.headers["content-security-policy"]
    script = client.call("GET", "/docs/swagger-ui-bundle.js", key=None)
    assert script.headers["cache-control"] == "max-age=86400"
    problem(client.call("GET", "/docs/nothing.js"), 404, "not-found")
    document = client.call("GET", "/openapi.json", key=None)
    assert document.json["openapi"] == "3.0.3"
    assert "/v1.0/products" in document.json["paths"]
    index = client.call("GET", "/", key=None, base_path="/stage")
    assert index.status in {302, 303, 307, 308}
    assert index.headers["location"].endswith("docs")
    metrics = client.call("GET", "/metrics", key=None)
    assert (metrics.status, metrics.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
