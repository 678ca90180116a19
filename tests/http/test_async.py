from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders
from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, problem

ASYNC = {"prefer": "respond-async"}


def test_a_call_may_be_accepted_now_and_carried_out_later(client: Client) -> None:
    reply = client.call("POST", PRODUCTS, PRODUCT, headers=ASYNC)
    accepted = reply.json
    assert (reply.status, accepted["status"]) == (202, "PENDING")
    assert reply.headers["location"] == f"/v1.0/operations/{accepted['operationId']}"
    assert reply.headers["preference-applied"] == "respond-async"
    assert "etag" not in reply.headers
    assert accepted["_links"] == {"operation": {"href": reply.headers["location"]}}
    client.drain()
    operation = client.call("GET", reply.headers["location"]).json
    assert (operation["status"], operation["progress"]) == ("COMPLETED", 100)
    assert operation["result"] == {"productId": accepted["productId"]}
    assert client.call("GET", f"{PRODUCTS}/{accepted['productId']}").json["name"] == "Basic"


@pytest.mark.parametrize("prefer", ["respond-async, wait=5", "handling=lenient, Respond-Async", "respond-async; a=b"])
def test_the_preference_is_found_among_others(client: Client, prefer: str) -> None:
    assert client.call("POST", PRODUCTS, PRODUCT, headers={"prefer": prefer}).status == 202


@pytest.mark.parametrize("prefer", ["", "wait=5", "respond-asynchronously", "return=minimal"])
def test_other_preferences_change_nothing(client: Client, prefer: str) -> None:
    reply = client.call("POST", PRODUCTS, PRODUCT, headers={"prefer": prefer})
    assert reply.status == 201
    assert "preference-applied" not in reply.headers


def test_where_nothing_can_wait_the_preference_is_not_applied(client: Client) -> None:
    body = {"name": "A key", "permissions": ["audit:read"]}
    reply = client.call("POST", "/v1.0/keys", body, headers=ASYNC)
    assert reply.status == 201
    assert "preference-applied" not in reply.headers


def test_a_base_path_is_in_every_address(client: Client) -> None:
    reply = client.call("POST", PRODUCTS, PRODUCT, headers=ASYNC, base_path="/stage")
    assert reply.headers["location"].startswith("/stage/v1.0/operations/")
    assert reply.json["_links"]["operation"]["href"] == reply.headers["location"]


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[Client]:
    with builders.client(tmp_path / "data", write_mode="queued") as made:
        yield made


def test_queued_can_be_the_default(queued: Client) -> None:
    reply = queued.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})
    assert reply.status == 202
    assert "preference-applied" not in reply.headers
    assert queued.call("PUT", f"{PRODUCTS}/PROD-001", {"price": "5"}).status == 202
    assert queued.call("DELETE", f"{PRODUCTS}/PROD-001").status == 202
    queued.drain()
    kept = queued.call("GET", f"{PRODUCTS}/PROD-001").json
    assert (kept["price"], kept["active"], kept["version"]) == ("5.00", False, 3)
    assert queued.call("POST", "/v1.0/keys", {"name": "abc", "permissions": ["*"]}).status == 201
    assert queued.call("GET", PRODUCTS).status == 200


def test_what_is_refused_at_once_is_not_accepted(queued: Client) -> None:
    problem(queued.call("POST", PRODUCTS, {}), 400, "validation-error")
    problem(queued.call("PUT", f"{PRODUCTS}/PROD-999", {"price": "5"}), 404, "product-not-found")
    problem(queued.call("DELETE", f"{PRODUCTS}/PROD-999"), 404, "product-not-found")
    problem(queued.call("POST", PRODUCTS, PRODUCT, key=None), 401, "unauthorized")
    assert queued.call("GET", "/v1.0/operations").json["count"] == 0
