"""Operations over HTTP: who sees them, lists, calling off, trying again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.actor import Actor, ActorKind
from bbws.kernel.problem import Kind, ProblemType
from bbws.operations import store
from tests.http.answers import fields, key, problem
from tests.operations.world import SOMEBODY, World, world

OPERATIONS = "/v1.0/operations"
FULL = ProblemType(Kind.REFUSED, "site-full", "Site full", "No room.")


@pytest.fixture
def tested(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data") as made:
        yield made


def _failed(tested: World, **arguments: Any) -> str:
    tested.steps.acts["b"] = [FULL("No room.")]
    operation = tested.accept(**arguments)
    tested.work(operation)
    return operation


def _as(tested: World, secret: str) -> Actor:
    """The actor behind a key."""
    [newest, *_] = tested.client.call("GET", "/v1.0/keys").json["items"]
    assert secret
    return Actor(newest["keyId"], ActorKind.API_KEY)


def test_an_operation_is_seen_by_who_started_it_and_by_who_may_write_its_resource(tested: World) -> None:
    tested.clock.advance(1)
    starter = key(tested.client, "operations:read")
    mine = tested.accept(actor=_as(tested, starter))
    others = tested.accept()
    assert tested.client.call("GET", f"{OPERATIONS}/{mine}", key=starter).status == 200
    assert tested.client.call("GET", f"{OPERATIONS}/{others}", key=starter).status == 200  # operations:read sees all
    stranger = key(tested.client, "audit:read")
    for method, suffix in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
        seen = tested.client.call(method, f"{OPERATIONS}/{others}{suffix}", key=stranger)
        problem(seen, 404, "operation-not-found")
    for method, suffix in (("POST", "/cancel"), ("POST", "/retry")):
        hidden = tested.client.call(method, f"{OPERATIONS}/{others}{suffix}", key=starter)
        problem(hidden, 404, "operation-not-found")
        unknown = tested.client.call(method, f"{OPERATIONS}/op-0000000000000000{suffix}", key=starter)
        problem(unknown, 404, "operation-not-found")
    assert tested.client.call("GET", f"{OPERATIONS}/{others}").status == 200  # the first key may everything


def test_what_can_be_done_is_offered(tested: World) -> None:
    waiting, failed = tested.accept(subject="/v1.0/sites/2"), _failed(tested)
    assert set(tested.read(waiting)["_links"]) == {"self", "cancel", "collection"}
    assert set(tested.read(failed)["_links"]) == {"self", "retry", "collection"}
    assert (tested.read(waiting)["cancellable"], tested.read(failed)["cancellable"]) == (True, False)
    tested.work(waiting)
    assert set(tested.read(waiting)["_links"]) == {"self", "collection"}


def test_one_from_before_it_was_kept_whether_it_can_be_called_off_is_read(tested: World) -> None:
    row = tested.client.app.engine.table.get(store.operation_key(tested.accept()))
    assert row is not None
    document = {name: value for name, value in row.document.items() if name != "toTheEnd"}
    assert len(document) == len(row.document) - 1
    assert store.OPERATION.load(document).cancellable


def test_lists_are_newest_first_by_status_and_by_starter(tested: World) -> None:
    tested.clock.advance(1)
    starter = key(tested.client, "audit:read")
    made = []
    for number in range(6):
        actor = _as(tested, starter) if number % 2 else SOMEBODY
        made.append(tested.accept(subject=f"/v1.0/sites/{number}", actor=actor))
        tested.clock.advance(1)
    tested.work(made[0], made[1])
    newest = made[::-1]

    def listed(query: str, secret: str = "") -> list[str]:
        target, found = f"{OPERATIONS}?pageSize=2&{query}", []
        while target:
            page = tested.client.call("GET", target, key=secret).json
            found += [item["operationId"] for item in page["items"]]
            target = page["_links"]["next"]["href"] if page["moreAvailable"] else ""
        return found

    assert listed("") == newest
    assert listed("status=PENDING") == newest[:4]
    assert listed("status=COMPLETED") == newest[4:]
    assert listed("status=FAILED") == []
    assert listed("", starter) == [made[5], made[3], made[1]]
    assert listed("status=PENDING", starter) == [made[5], made[3]]
    assert listed("", key(tested.client, "operations:read")) == newest
    assert fields(tested.client.call("GET", f"{OPERATIONS}?status=DONE")) == {"status"}


@pytest.mark.parametrize("operation_id", ["op-1", "OP-0000000000000000", "op-000000000000000I", "x"])
def test_what_cannot_be_an_id_is_malformed(tested: World, operation_id: str) -> None:
    assert fields(tested.client.call("GET", f"{OPERATIONS}/{operation_id}")) == {"operationId"}


def test_calling_off_can_be_repeated(tested: World) -> None:
    operation = tested.accept()
    first, again = (tested.client.call("POST", f"{OPERATIONS}/{operation}/cancel") for _ in range(2))
    assert (first.status, first.json["status"], first.json["version"]) == (200, "CANCELLED", 2)
    assert again.json == first.json
    assert tested.work(operation) == []
    assert tested.steps.tried == []


@pytest.mark.parametrize(
    ("status", "call", "allowed"),
    [
        ("COMPLETED", "cancel", []),
        ("COMPLETED", "retry", []),
        ("FAILED", "cancel", ["PENDING"]),
        ("PENDING", "retry", ["IN_PROGRESS", "CANCELLED", "FAILED"]),
        ("CANCELLED", "retry", []),
    ],
)
def test_an_illegal_transition_says_where_it_can_go(tested: World, status: str, call: str, allowed: list[str]) -> None:
    operation = _failed(tested) if status == "FAILED" else tested.accept()
    if status == "COMPLETED":
        tested.work(operation)
    if status == "CANCELLED":
        tested.client.call("POST", f"{OPERATIONS}/{operation}/cancel")
    refused = problem(tested.client.call("POST", f"{OPERATIONS}/{operation}/{call}"), 422, "illegal-transition")
    assert (refused["currentStatus"], refused["allowedTransitions"]) == (status, allowed)
    assert tested.read(operation)["status"] == status


@pytest.mark.parametrize("call", ["cancel", "retry"])
def test_the_version_can_be_held(tested: World, call: str) -> None:
    operation = tested.accept() if call == "cancel" else _failed(tested)
    version = tested.read(operation)["version"]
    stale = tested.client.call("POST", f"{OPERATIONS}/{operation}/{call}", headers={"if-match": '"99"'})
    problem(stale, 412, "precondition-failed")
    fresh = {"if-match": f'"{version}"'}
    assert tested.client.call("POST", f"{OPERATIONS}/{operation}/{call}", headers=fresh).status == 200


@pytest.mark.parametrize(("call", "event"), [("cancel", "operation.cancelled"), ("retry", "test.requested")])
def test_a_plan_changes_nothing(tested: World, call: str, event: str) -> None:
    operation = tested.accept() if call == "cancel" else _failed(tested)
    before = tested.read(operation)
    reply = tested.client.call("POST", f"{OPERATIONS}/{operation}/{call}?dryRun=true")
    assert [change["type"] for change in reply.json["changes"]] == [event]
    assert tested.read(operation) == before


def test_a_retry_can_be_repeated_with_a_key(tested: World) -> None:
    operation = _failed(tested)
    headers = {"idempotency-key": "once"}
    first, again = (tested.client.call("POST", f"{OPERATIONS}/{operation}/retry", headers=headers) for _ in range(2))
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    problem(tested.client.call("POST", f"{OPERATIONS}/{operation}/retry"), 422, "illegal-transition")


def test_a_tag_changes_with_the_progress(tested: World) -> None:
    operation = tested.accept()
    path = f"{OPERATIONS}/{operation}"
    etag = tested.client.call("GET", path).headers["etag"]
    assert tested.client.call("GET", path, headers={"if-none-match": etag}).status == 304
    tested.steps.acts["b"] = [RuntimeError()]
    tested.work(operation)
    assert tested.client.call("GET", path, headers={"if-none-match": etag}).status == 200
