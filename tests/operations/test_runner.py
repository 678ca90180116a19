"""Carrying operations out: every step once, in order, whatever happens in between. Source: design §3, Operation."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bbws.kernel.problem import Kind, ProblemType
from bbws.kernel.table import Conflict, Key, RowKind, Unavailable
from bbws.operations import store
from tests.operations.world import SITE, World, world

FULL = ProblemType(Kind.REFUSED, "site-full", "Site full", "No room.")
HELD = Key("SITE#new", "HOLD")


@pytest.fixture
def tested(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data") as made:
        yield made


def test_steps_are_done_in_order_and_end_the_operation(tested: World) -> None:
    operation = tested.accept()
    waiting = tested.read(operation)
    assert (waiting["status"], waiting["progress"], waiting["finishedAt"]) == ("PENDING", 0, None)
    tested.clock.advance(5)
    assert tested.work(operation) == []
    assert tested.steps.tried == tested.effects(operation) == ["a", "b", "c"]
    ended = tested.read(operation)
    assert (ended["status"], ended["progress"], ended["problem"]) == ("COMPLETED", 100, None)
    assert ended["result"] == {"a": "done", "b": "done", "c": "done"}
    assert [(step["name"], step["status"], step["attempts"], step["message"]) for step in ended["steps"]] == [
        (name, "COMPLETED", 1, "") for name in "abc"
    ]
    assert ended["finishedAt"] >= ended["steps"][0]["startedAt"] > ended["createdAt"]
    assert tested.types(operation) == ["test.requested", "operation.started", "operation.completed"]


def test_steps_act_on_behalf_of_who_asked(tested: World) -> None:
    operation = tested.accept()
    tested.work(operation)
    [row, *_] = tested.client.app.engine.table.query(f"EFFECT#{operation}").rows
    assert row.document == {"by": "key-SOMEBODY"}
    assert tested.read(operation)["startedBy"] == "key-SOMEBODY"


def test_a_fault_is_tried_again_from_the_step_it_came_in(tested: World) -> None:
    tested.steps.acts["b"] = [RuntimeError("secret detail"), OSError("secret detail")]
    operation = tested.accept()
    for attempt in (1, 2):
        assert tested.work(operation) == [f"{operation}.1"]
        step = tested.read(operation)["steps"][1]
        assert (step["status"], step["attempts"]) == ("IN_PROGRESS", attempt)
        assert step["message"] == ("RuntimeError in step b" if attempt == 1 else "OSError in step b")
        assert tested.read(operation)["progress"] == 33
    assert tested.work(operation) == []
    assert tested.steps.tried == ["a", "b", "b", "b", "c"]
    ended = tested.read(operation)
    assert (ended["status"], [step["attempts"] for step in ended["steps"]]) == ("COMPLETED", [1, 3, 1])
    assert "secret detail" not in str(ended)


def test_an_effect_is_committed_with_the_end_of_its_step_or_not_at_all(tested: World) -> None:
    tested.steps.acts["a"] = [RuntimeError()]
    operation = tested.accept()
    tested.work(operation)
    assert tested.effects(operation) == []
    tested.work(operation)
    assert tested.effects(operation) == ["a", "b", "c"]


def test_after_the_last_attempt_the_operation_has_failed(tested: World) -> None:
    tested.steps.acts["b"] = [RuntimeError("secret detail") for _ in range(3)]
    operation = tested.accept()
    assert [bool(tested.work(operation)) for _ in range(3)] == [True, True, False]
    ended = tested.read(operation)
    assert (ended["status"], ended["problem"]["code"], ended["problem"]["status"]) == ("FAILED", "internal-error", 500)
    assert ended["problem"]["detail"] == "Step b was tried 3 times: RuntimeError in step b."
    assert [step["status"] for step in ended["steps"]] == ["COMPLETED", "FAILED", "PENDING"]
    assert tested.types(operation)[-1] == "operation.failed"
    assert tested.effects(operation) == ["a"]
    assert tested.work(operation) == []
    assert len(tested.steps.tried) == 4


def test_a_refusal_fails_at_once(tested: World) -> None:
    tested.steps.acts["b"] = [FULL("There is no room.", currentStatus="full")]
    operation = tested.accept(holds=(HELD,))
    assert tested.work(operation) == []
    ended = tested.read(operation)
    assert (ended["status"], ended["problem"]["code"], ended["problem"]["status"]) == ("FAILED", "site-full", 422)
    assert ended["problem"]["currentStatus"] == "full"
    assert ended["steps"][1]["message"] == "There is no room."
    assert tested.steps.tried == ["a", "b"]
    assert tested.client.app.engine.table.get(HELD) is None


@pytest.mark.parametrize("fault", [Unavailable("full"), Conflict(Key("P", "k"))], ids=["unavailable", "conflict"])
def test_a_store_that_cannot_is_no_fault_of_the_step(tested: World, fault: Exception) -> None:
    tested.steps.acts["a"] = [fault, fault, fault, fault]
    operation = tested.accept()
    assert tested.work(operation) != []
    assert tested.read(operation)["steps"][0]["message"] == ""


def test_what_is_held_is_reserved_until_the_end(tested: World) -> None:
    table = tested.client.app.engine.table
    operation = tested.accept(holds=(HELD,))
    with pytest.raises(Conflict):
        tested.accept(holds=(HELD,))
    assert table.get(HELD) is not None
    tested.work(operation)
    assert table.get(HELD) is None


def test_retrying_keeps_what_is_completed(tested: World) -> None:
    tested.steps.acts["b"] = [FULL("No room.")]
    operation = tested.accept(holds=(HELD,))
    tested.work(operation)
    again = tested.client.call("POST", f"/v1.0/operations/{operation}/retry").json
    assert (again["status"], again["problem"], again["finishedAt"]) == ("PENDING", None, None)
    assert [(step["status"], step["attempts"]) for step in again["steps"]] == [
        ("COMPLETED", 1),
        ("PENDING", 0),
        ("PENDING", 0),
    ]
    assert tested.client.app.engine.table.get(HELD) is not None
    assert tested.work(operation) == []
    assert tested.steps.tried == ["a", "b", "b", "c"]
    ended = tested.read(operation)
    assert (ended["status"], ended["result"]) == ("COMPLETED", {"a": "done", "b": "done", "c": "done"})


def test_operations_on_one_subject_are_done_in_order_whatever_the_order_of_messages(tested: World) -> None:
    first, second, third = (tested.accept() for _ in range(3))
    other = tested.accept(subject="/v1.0/sites/site-2")
    tested.steps.acts["a"] = [RuntimeError()]
    assert tested.work(third, other) == [f"{third}.1"]
    assert tested.work(second) == [], "whoever stands behind does not use up the attempts of the first"
    states = {name: tested.read(name)["status"] for name in (first, second, third, other)}
    assert states == {first: "IN_PROGRESS", second: "PENDING", third: "PENDING", other: "COMPLETED"}
    assert tested.work(first) == []
    ended = [tested.read(name) for name in (first, second, third)]
    assert {each["status"] for each in ended} == {"COMPLETED"}
    assert ended[0]["finishedAt"] <= ended[1]["finishedAt"] <= ended[2]["finishedAt"]
    assert tested.work(first, second, third) == []
    assert len(tested.steps.tried) == 13


def test_a_message_that_comes_twice_is_harmless(tested: World) -> None:
    operation = tested.accept()
    assert tested.work(operation, operation, operation) == []
    assert tested.steps.tried == ["a", "b", "c"]


def test_a_message_about_nothing_comes_again(tested: World) -> None:
    operation = tested.accept()
    lost = replace(tested.message(operation), change=Key("P", "k"))
    [reaction] = (each for each in tested.client.app.reactions if each.name == "tester")
    assert reaction.handler(messages=[lost]) == [lost.id]


def test_what_no_message_speaks_of_is_resumed(tested: World) -> None:
    waiting, begun, broken = (tested.accept(subject=f"/v1.0/sites/{name}") for name in ("1", "2", "3"))
    tested.steps.acts["a"] = [RuntimeError()]
    tested.work(begun)
    tested.steps.acts["a"] = []
    tested.steps.acts["c"] = [RuntimeError()]
    tested.resume()
    states = [tested.read(name)["status"] for name in (waiting, begun, broken)]
    assert sorted(states) == ["COMPLETED", "COMPLETED", "IN_PROGRESS"]
    tested.resume()
    assert {tested.read(name)["status"] for name in (waiting, begun, broken)} == {"COMPLETED"}


def test_what_moved_lately_is_left_to_its_message(tested: World) -> None:
    accepted, begun = tested.accept(subject="/v1.0/sites/1"), tested.accept(subject="/v1.0/sites/2")
    tested.clock.advance(3000)
    tested.steps.acts["b"] = [RuntimeError()]
    tested.work(begun)
    tested.resume(after=600)
    assert [tested.read(name)["status"] for name in (accepted, begun)] == ["COMPLETED", "IN_PROGRESS"]


def test_who_stands_behind_what_moved_lately_waits_as_well(tested: World) -> None:
    first, second = tested.accept(), tested.accept()
    tested.clock.advance(3600)
    tested.steps.acts["b"] = [lambda _work, _operation: tested.resume(after=600)]
    assert tested.work(first) == []
    assert [[step["attempts"] for step in tested.read(name)["steps"]] for name in (first, second)] == [[1, 1, 1]] * 2


def test_a_store_that_cannot_ends_a_resumption_without_a_fault(tested: World, caplog: pytest.LogCaptureFixture) -> None:
    operations = [tested.accept(subject=f"/v1.0/sites/{name}") for name in ("1", "2")]
    tested.steps.acts["a"] = [Unavailable("closed")]
    with pytest.raises(Unavailable):
        tested.resume()
    assert caplog.records == []
    tested.resume()
    assert {tested.read(operation)["status"] for operation in operations} == {"COMPLETED"}


def test_many_are_resumed(tested: World) -> None:
    operations = [tested.accept(subject=f"/v1.0/sites/{number}") for number in range(103)]
    tested.resume()
    assert {tested.read(operation)["status"] for operation in operations} == {"COMPLETED"}


def test_the_running_program_does_it_all_by_itself(tmp_path: Path) -> None:
    with world(tmp_path / "data", start=True) as tested:
        tested.steps.acts["a"] = [RuntimeError()]
        tested.steps.acts["b"] = [RuntimeError(), RuntimeError()]
        operations = [tested.accept() for _ in range(3)]
        tested.client.drain()
        assert [tested.read(operation)["status"] for operation in operations] == ["COMPLETED"] * 3
        assert tested.client.call("GET", "/v1.0/queues").json["items"][2]["dead"] == 0


def test_who_stands_behind_one_called_off_is_next(tmp_path: Path) -> None:
    with world(tmp_path / "data") as tested:
        first, second = tested.accept(), tested.accept()
        tested.client.call("POST", f"/v1.0/operations/{first}/cancel")
        tested.client.app.start()
        tested.client.drain()
        assert [tested.read(operation)["status"] for operation in (first, second)] == ["CANCELLED", "COMPLETED"]


def test_nothing_is_left_of_an_operation_but_itself(tested: World) -> None:
    done, failed, called_off = (tested.accept(subject=f"{SITE}{n}", holds=(Key("H", str(n)),)) for n in range(3))
    tested.client.call("POST", f"/v1.0/operations/{called_off}/cancel")
    tested.work(done)
    tested.steps.acts["b"] = [FULL("No room.")]
    tested.work(failed)
    left = [row.key for row in tested.client.app.engine.rows([RowKind.DERIVED, RowKind.EPHEMERAL])]
    assert [key for key in left if key.partition.startswith(("LINE#", "H")) or key.sort == "PROGRESS"] == []


def test_progress_is_kept_beside_the_operation(tested: World) -> None:
    operation = tested.accept()
    tested.steps.acts["b"] = [RuntimeError()]
    tested.work(operation)
    row = tested.client.app.engine.table.get(store.progress_key(operation))
    assert row is not None
    assert row.kind is RowKind.EPHEMERAL  # an attempt is not a Change
    assert row.document["result"] == {"a": "done"}
    assert tested.types(operation) == ["test.requested", "operation.started"]
