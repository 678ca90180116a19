"""The queued write path, step by step: no background work runs unless a test starts it. Source: products §6."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.actor import system
from bbws.kernel.reaction import Message
from bbws.kernel.table import RowKind
from bbws.operations.service import accept
from bbws.products import store
from bbws.products.queued import PRODUCT_CHANGE
from bbws.products.service import WRITE
from tests import builders
from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, changes, problem

ASYNC = {"prefer": "respond-async"}
ONE = f"{PRODUCTS}/PROD-001"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Nothing is applied until ``_apply`` starts the work."""
    with builders.client(tmp_path / "data", start=False) as made:
        yield made


def _accept(client: Client, method: str, path: str, body: object = None, **headers: str) -> str:
    sent = ASYNC | {name.replace("_", "-"): value for name, value in headers.items()}
    reply = client.call(method, path, body, headers=sent)
    assert reply.status == 202, reply.body
    location: str = reply.headers["location"]
    return location


def _apply(client: Client) -> None:
    client.app.start()
    client.drain()


def _ended(client: Client, *operations: str) -> list[Any]:
    return [client.call("GET", operation).json["status"] for operation in operations]


def test_changes_apply_in_the_order_of_acceptance(client: Client) -> None:
    operations = [_accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001", "price": "1"})]
    operations += [_accept(client, "PUT", ONE, {"price": str(price)}) for price in range(2, 8)]
    operations.append(_accept(client, "DELETE", ONE))
    operations.append(_accept(client, "PUT", ONE, {"active": True, "features": ["last one"]}))
    problem(client.call("GET", ONE), 404, "product-not-found")
    _apply(client)
    assert _ended(client, *operations) == ["COMPLETED"] * 9
    history = changes(client, "PROD-001")
    assert [change["after"]["price"] for change in history[:7]] == [f"{n}.00" for n in range(1, 8)]
    assert [change["type"].partition(".")[2] for change in history[7:]] == ["deleted", "restored"]
    assert client.call("GET", ONE).json["features"] == ["last one"]


def test_an_accepted_id_is_reserved(client: Client) -> None:
    _accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})
    body = {**PRODUCT, "productId": "PROD-001"}
    problem(client.call("POST", PRODUCTS, body), 409, "product-exists")
    problem(client.call("POST", PRODUCTS, body, headers=ASYNC), 409, "product-exists")
    problem(client.call("GET", ONE), 404, "product-not-found")


def _failed_creation(client: Client) -> str:
    """A creation that met a fault too often, so that its id is free again; its path."""
    work = client.app.begin(system("test"), "R1")
    content = {"eventType": "CREATE", "productId": "PROD-001", "productData": {"no": "product"}, "ifMatch": None}
    hold = store.hold_key("PROD-001")
    made = accept(work, PRODUCT_CHANGE, subject=ONE, permission=WRITE, content=content, holds=(hold,))
    client.app.engine.table.commit(work.writes)
    [change] = work.changes
    [reaction] = (each for each in client.app.reactions if PRODUCT_CHANGE.requested.name in each.events)
    for _ in range(PRODUCT_CHANGE.attempts):
        reaction.handler(messages=[Message(change.id, change.type, change.subject, change.key)])
    path = f"/v1.0/operations/{made.value.operation_id}"
    assert _ended(client, path) == ["FAILED"]
    return path


def test_a_failed_creation_is_retried_where_its_id_is_free(client: Client) -> None:
    created = _failed_creation(client)
    assert client.call("POST", f"{created}/retry?dryRun=true").status == 200
    assert client.call("POST", f"{created}/retry").json["status"] == "PENDING"
    problem(client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"}), 409, "product-exists")


@pytest.mark.parametrize("by", ["a product", "an operation"])
def test_a_failed_creation_whose_id_was_taken_is_told_by_what(client: Client, by: str) -> None:
    created = _failed_creation(client)
    if by == "a product":
        client.create(productId="PROD-001")
        reason = "A product PROD-001 exists already."
    else:
        other = _accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"}).rpartition("/")[2]
        reason = f"The id PROD-001 is reserved by operation {other}, which is to create it."
    refused = problem(client.call("POST", f"{created}/retry"), 409, "product-exists")
    assert refused["detail"].startswith(reason)
    assert refused["productId"] == "PROD-001"
    assert _ended(client, created) == ["FAILED"]


def test_an_id_that_exists_is_refused_at_once(client: Client) -> None:
    client.create(productId="PROD-001")
    problem(client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"}, headers=ASYNC), 409, "product-exists")


def test_a_change_of_what_nobody_knows_is_refused_at_once(client: Client) -> None:
    for method, body in (("PUT", {"price": "5"}), ("DELETE", None)):
        problem(client.call(method, ONE, body, headers=ASYNC), 404, "product-not-found")


def test_a_refusal_found_later_fails_the_operation_with_the_problem(client: Client) -> None:
    client.create(productId="PROD-001")
    first = _accept(client, "DELETE", ONE)
    refused = _accept(client, "PUT", ONE, {"price": "5"})
    after = _accept(client, "PUT", ONE, {"active": True})
    _apply(client)
    assert _ended(client, first, refused, after) == ["COMPLETED", "FAILED", "COMPLETED"]
    operation = client.call("GET", refused).json
    assert (operation["problem"]["code"], operation["problem"]["status"]) == ("product-inactive", 422)
    assert operation["problem"]["currentStatus"] == "inactive"
    assert (operation["progress"], operation["result"]) == (0, None)
    assert operation["steps"][0]["status"] == "FAILED"
    assert client.call("GET", ONE).json["price"] == "1500.00"


def test_a_creation_called_off_frees_its_id_and_what_stood_behind_it_fails(client: Client) -> None:
    created = _accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})
    behind = _accept(client, "PUT", ONE, {"price": "5"})
    assert client.call("POST", f"{created}/cancel").json["status"] == "CANCELLED"
    problem(client.call("PUT", ONE, {"price": "6"}, headers=ASYNC), 404, "product-not-found")
    assert client.create(productId="PROD-001", price="7")["version"] == 1
    _apply(client)
    assert _ended(client, created, behind) == ["CANCELLED", "COMPLETED"]
    assert client.call("GET", ONE).json["price"] == "5.00"


def test_nothing_is_left_of_a_creation_called_off(client: Client) -> None:
    created = _accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})
    behind = _accept(client, "PUT", ONE, {"price": "5"})
    client.call("POST", f"{created}/cancel")
    _apply(client)
    assert _ended(client, created, behind) == ["CANCELLED", "FAILED"]
    assert client.call("GET", behind).json["problem"]["code"] == "product-not-found"
    assert [row.key for row in client.app.engine.rows([RowKind.DERIVED]) if row.key.sort == "HOLD"] == []


def test_a_version_named_with_an_accepted_change_is_held_when_it_applies(client: Client) -> None:
    client.create(productId="PROD-001")
    problem(client.call("PUT", ONE, {"price": "5"}, headers={**ASYNC, "if-match": '"7"'}), 412, "precondition-failed")
    first = _accept(client, "PUT", ONE, {"price": "5"}, if_match='"1"')
    second = _accept(client, "PUT", ONE, {"price": "6"}, if_match='"1"')
    third = _accept(client, "DELETE", ONE, if_match='"1", "2"')
    _apply(client)
    assert _ended(client, first, second, third) == ["COMPLETED", "FAILED", "COMPLETED"]
    assert client.call("GET", second).json["problem"]["code"] == "precondition-failed"
    kept = client.call("GET", ONE).json
    assert (kept["price"], kept["active"]) == ("5.00", False)


def test_the_change_is_on_behalf_of_who_asked(client: Client) -> None:
    location = _accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})
    asked = client.call("GET", location).json
    _apply(client)
    [change] = changes(client, "PROD-001")
    assert change["actor"] == asked["startedBy"]
    requested = client.call("GET", f"/v1.0/audit/records?subject={location}").json["items"][-1]
    assert (requested["type"], requested["correlationId"]) == ("product.change-requested", change["correlationId"])


def test_the_message_is_that_of_the_specification(client: Client) -> None:
    location = _accept(client, "POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})
    content = client.call("GET", location).json["input"]
    assert (content["eventType"], content["productId"]) == ("CREATE", "PROD-001")
    assert content["productData"] == {**PRODUCT, "currency": "ZAR", "active": True}
    deleted = client.call("GET", _accept(client, "DELETE", ONE)).json["input"]
    assert (deleted["eventType"], deleted["productData"]) == ("DELETE", {})


def test_direct_and_queued_changes_of_one_product_do_not_get_lost(client: Client) -> None:
    client.create(productId="PROD-001")
    queued = _accept(client, "PUT", ONE, {"price": "5"})
    client.call("PUT", ONE, {"name": "Direct"})
    _apply(client)
    assert _ended(client, queued) == ["COMPLETED"]
    kept = client.call("GET", ONE).json
    assert (kept["name"], kept["price"], kept["version"]) == ("Direct", "5.00", 3)
