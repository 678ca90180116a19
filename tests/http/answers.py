"""What tests of HTTP behaviour expect of answers, said once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bbws.engines.embedded.limits import RateLimiter
from tests.builders import SAMPLE, Client, Reply
from tests.fakes import Stopwatch

PRODUCTS = "/v1.0/products"
PRODUCT: Mapping[str, Any] = dict(SAMPLE)


def problem(reply: Reply, status: int, code: str) -> dict[str, Any]:
    """The document of a refusal, once status, code and media type are as expected."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = reply.json
    assert document["code"] == code
    return document


def fields(reply: Reply) -> set[str]:
    """The bad fields that a 400 names."""
    assert reply.status == 400, reply.body
    return {error["field"] for error in reply.json["errors"]}


def key(client: Client, *permissions: str, reads: int | None = None, writes: int | None = None) -> str:
    """The secret of a new key."""
    body = {
        "name": "A key",
        "permissions": permissions or ["operations:read"],
        "readsPerSecond": reads,
        "writesPerSecond": writes,
    }
    reply = client.call("POST", "/v1.0/keys", body)
    assert reply.status == 201, reply.body
    secret: str = reply.json["secret"]
    return secret


def changes(client: Client, product_id: str) -> list[dict[str, Any]]:
    """The history of a product, oldest first."""
    items: list[dict[str, Any]] = client.call("GET", f"{PRODUCTS}/{product_id}/history?pageSize=100").json["items"]
    return items[::-1]


def with_stopwatch(client: Client) -> tuple[Client, Stopwatch]:
    """The same client, its rate limits counted on a clock that stands still."""
    watch = Stopwatch()
    dispatcher = client.app.dispatcher._replace(limiter=RateLimiter(watch))
    return replace(client, app=replace(client.app, dispatcher=dispatcher)), watch
