"""Following an operation: --async, --no-wait and watch."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import builders
from tests.cli.shell import URL, Shell, answering, on

UPDATE = ("products", "update", "PROD-001", "--price", "12")
STEP = {"name": "apply", "status": "IN_PROGRESS", "attempts": 1, "startedAt": None, "endedAt": None, "message": ""}


def _operation(status: str, *steps: dict[str, Any], **members: object) -> dict[str, Any]:
    return {"operationId": "op-1", "status": status, "progress": 0, "steps": list(steps), "problem": None, **members}


def _following(tmp_path: Path, *states: dict[str, Any]) -> Shell:
    """A server that accepts a change and then tells these states, one at each question."""
    remaining = iter(states)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=next(remaining))
        headers = {"location": "/v1.0/operations/op-1"}
        return httpx.Response(202, headers=headers, json={"operationId": "op-1", "status": "PENDING"})

    return answering(answer, tmp_path)


def test_async_is_followed_until_it_has_ended(bbws: Shell, client: builders.Client) -> None:
    client.create(productId="PROD-001")
    result = bbws(*UPDATE, "--async")
    assert bbws.sent[0].headers["prefer"] == "respond-async"
    assert "status       COMPLETED" in result.stdout.splitlines()
    assert "apply: COMPLETED, attempt 1" in result.stderr
    assert client.call("GET", "/v1.0/products/PROD-001").json["price"] == "12.00"


def test_no_wait_shows_what_was_accepted(bbws: Shell, client: builders.Client) -> None:
    client.create(productId="PROD-001")
    accepted = bbws.json(*UPDATE, "--async", "--no-wait")
    assert accepted["status"] == "PENDING"
    assert len(bbws.sent) == 1
    client.drain()


def test_a_server_that_queues_by_itself_is_followed_too(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", write_mode="queued") as client:
        body = json.dumps(dict(builders.SAMPLE))
        result = on(client)("products", "create", "--body", "-", stdin=body)
        assert "status       COMPLETED" in result.stdout.splitlines()
        assert client.call("GET", "/v1.0/products").json["count"] == 1


def test_a_refusal_found_later_ends_with_its_problem(tmp_path: Path) -> None:
    problem = {"title": "Validation error", "detail": "Bad.", "errors": [{"field": "price", "message": "too small"}]}
    shell = _following(tmp_path, _operation("PENDING"), _operation("FAILED", problem=problem))
    result = shell(*UPDATE, "--async", code=5)
    assert result.stderr.endswith("bbws: operation op-1 is FAILED: Validation error: Bad.\n  price: too small\n")


def test_an_operation_that_was_called_off_did_not_complete(tmp_path: Path) -> None:
    result = _following(tmp_path, _operation("CANCELLED"))(*UPDATE, "--async", code=5)
    assert result.stderr.endswith("bbws: operation op-1 is CANCELLED\n")


def test_progress_is_a_line_for_each_change(tmp_path: Path) -> None:
    failed = STEP | {"message": "disk\x1b full", "attempts": 2}
    states = (
        _operation("PENDING", STEP | {"status": "PENDING", "attempts": 0}),
        _operation("IN_PROGRESS", STEP),
        _operation("IN_PROGRESS", STEP),
        _operation("IN_PROGRESS", failed),
        _operation("COMPLETED", STEP | {"status": "COMPLETED", "attempts": 3}),
    )
    shell = _following(tmp_path, *states)
    assert shell(*UPDATE, "--async").stderr.splitlines() == [
        "accepted as op-1; following it",
        "op-1: PENDING",
        "apply: IN_PROGRESS, attempt 1",
        "op-1: IN_PROGRESS",
        "apply: IN_PROGRESS, attempt 2 (disk\\x1b full)",
        "apply: COMPLETED, attempt 3",
        "op-1: COMPLETED",
    ]


def test_questions_come_further_apart(tmp_path: Path) -> None:
    shell = _following(tmp_path, *[_operation("IN_PROGRESS", STEP)] * 12, _operation("COMPLETED"))
    shell(*UPDATE, "--async")
    assert shell.pauses == sorted(shell.pauses)
    assert (shell.pauses[0], shell.pauses[-1]) == (0.1, 2.0)


def test_watch_follows_by_id(tmp_path: Path) -> None:
    shell = _following(tmp_path, _operation("COMPLETED"))
    assert shell.json("operations", "watch", "op-1/x")["status"] == "COMPLETED"
    assert str(shell.last.url) == f"{URL}/v1.0/operations/op-1%2Fx"


def test_watch_of_an_unknown_operation_is_a_refusal(bbws: Shell) -> None:
    assert "Operation not found" in bbws("operations", "watch", "op-0123456789ABCDEF", code=1).stderr


@pytest.mark.parametrize("base", ["", "/stage"])
def test_location_may_have_the_base_path_of_a_gateway(tmp_path: Path, base: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(202, headers={"location": f"{base}/v1.0/operations/op-1"}, json={})
        return httpx.Response(200, json=_operation("COMPLETED"))

    shell = answering(answer, tmp_path)
    shell(*UPDATE, "--async", "--url", f"{URL}{base}")
    assert str(shell.last.url) == f"{URL}{base}/v1.0/operations/op-1"
