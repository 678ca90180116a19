"""No body is an empty one: what must be said is named, and where nothing must be said nothing need be sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bbws.bootstrap.embedded import build
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import SystemClock
from bbws.kernel.endpoint import Answer, Call, Endpoint, Resource, Wire
from bbws.platform import openapi
from bbws.settings import Settings
from tests.builders import SAMPLE, Client


class Wish(Wire):
    reason: str | None = None


class Granted(Resource):
    reason: str | None


def _grant(call: Call[Any, Any, Wish]) -> Answer:
    return Answer(Granted(reason=call.body.reason))


WISH = Endpoint(
    id="grantWish",
    service="wish-api",
    method="PATCH",
    path="/v1.0/wish",
    summary="Grant a wish",
    handler=_grant,
    body_schema=Wish,
    response=Granted,
)


@pytest.fixture
def wishes(tmp_path: Path) -> Iterator[Client]:
    engine = EmbeddedEngine.open(tmp_path / "wishes", clock=SystemClock(), synchronous="OFF")
    settings = Settings.of(data_dir=tmp_path / "wishes")
    yield Client(build(settings, engine, endpoints=[WISH]), "", settings)
    engine.stop(timeout=10)


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_where_nothing_must_be_said_nothing_need_be_sent(wishes: Client, body: bytes) -> None:
    reply = wishes.call("PATCH", "/v1.0/wish", raw=body, key=None)
    assert (reply.status, reply.json["reason"]) == (200, None)


def test_the_document_says_so() -> None:
    [document] = openapi.documents([WISH], version="1").values()
    assert document["paths"]["/v1.0/wish"]["patch"]["requestBody"]["required"] is False


def test_what_must_be_said_is_named_where_nothing_was_sent(client: Client) -> None:
    reply = client.call("POST", "/v1.0/products")
    assert reply.status == 400
    assert {error["field"] for error in reply.json["errors"]} == {"name", "description", "price", "period"}


@pytest.mark.parametrize(("method", "target", "body"), [
    ("GET", "/v1.0/products?page_size=1", None),
    ("POST", "/v1.0/products", {**SAMPLE, "product_id": "PROD-SNAKE"}),
])  # fmt: skip
def test_names_of_the_program_are_no_names_of_the_api(client: Client, method: str, target: str, body: object) -> None:
    reply = client.call(method, target, body)
    assert (reply.status, reply.json["code"]) == (400, "validation-error")
