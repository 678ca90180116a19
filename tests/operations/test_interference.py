"""What may happen while operations are carried out: kills, races, and somebody calling them off."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from bbws.kernel.problem import Kind, ProblemType
from bbws.kernel.table import Insert, Key, Row, RowKind
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from bbws.operations.runner import carry_out
from tests.fakes import Overtaken
from tests.operations.world import World, world

FULL = ProblemType(Kind.REFUSED, "site-full", "Site full", "No room.")
HELD = Key("SITE#new", "HOLD")


@pytest.fixture
def tested(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data") as made:
        yield made


def test_a_killed_process_counts_as_an_attempt(tested: World) -> None:
    class Killed(BaseException):
        """As good as SIGKILL: nothing is caught or written after it."""

    def die(_work: UnitOfWork, _operation: Operation) -> None:
        raise Killed

    operation = tested.accept()
    tested.steps.acts["b"] = [die, die]
    for attempts in (1, 2):
        with pytest.raises(Killed):
            tested.work(operation)
        assert tested.read(operation)["steps"][1]["attempts"] == attempts
    assert tested.work(operation) == []
    assert tested.read(operation)["status"] == "COMPLETED"
    assert tested.steps.tried == ["a", "b", "b", "b", "c"]
    tested.steps.acts["a"] = [die, die, die]
    deadly = tested.accept()
    for _ in range(3):
        with pytest.raises(Killed):
            tested.work(deadly)
    assert tested.work(deadly) == []
    ended = tested.read(deadly)
    assert (ended["status"], ended["problem"]["detail"]) == (
        "FAILED",
        "Step a was tried 3 times: the process was stopped in it.",
    )


def test_calling_off_between_steps_leaves_what_is_done_and_starts_nothing(tested: World) -> None:
    operation = tested.accept()

    def cancel(_work: UnitOfWork, _operation: Operation) -> None:
        assert tested.client.call("POST", f"/v1.0/operations/{operation}/cancel").status == 200

    tested.steps.acts["b"] = [cancel]
    assert tested.work(operation) == []
    ended = tested.read(operation)
    assert (ended["status"], ended["progress"]) == ("CANCELLED", 33)
    assert ended["result"] == {"a": "done"}
    assert tested.effects(operation) == ["a"]  # b was running: its effects are not committed
    assert tested.steps.tried == ["a", "b"]
    assert tested.types(operation)[-1] == "operation.cancelled"


@pytest.mark.parametrize("last", [FULL("No room."), RuntimeError("broken")], ids=["refused", "broken"])
def test_what_was_called_off_does_not_fail_any_more(tested: World, last: Exception) -> None:
    operation = tested.accept()

    def cancel_and_fail(_work: UnitOfWork, _operation: Operation) -> None:
        tested.client.call("POST", f"/v1.0/operations/{operation}/cancel")
        raise last

    tested.steps.acts["b"] = [cancel_and_fail]
    assert tested.work(operation) == []
    assert tested.read(operation)["status"] == "CANCELLED"


def test_a_fault_of_the_first_and_then_of_the_second_leaves_neither_behind(tmp_path: Path) -> None:
    with world(tmp_path / "data") as tested:
        first, second = tested.accept(), tested.accept()
        tested.steps.acts["a"] = [RuntimeError(), lambda _work, _operation: None, RuntimeError()]
        assert tested.work(first, second) == [f"{first}.1"]  # the second's message is used up
        assert tested.work(first) == [f"{first}.1"]
        assert [tested.read(operation)["status"] for operation in (first, second)] == ["COMPLETED", "IN_PROGRESS"]
        assert tested.work(first) == []  # so this one must carry the second
        assert tested.read(second)["status"] == "COMPLETED"


def test_two_runners_have_one_effect(tmp_path: Path) -> None:
    with world(tmp_path / "data", attempts=99) as tested:
        for _ in range(5):
            operation, barrier = tested.accept(), Barrier(2)
            tested.steps.acts["a"] = [lambda _w, _o, barrier=barrier: _meet(barrier)] * 2  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(tested.work, [operation, operation]))
            tested.work(operation)
            ended = tested.read(operation)
            assert (ended["status"], tested.effects(operation)) == ("COMPLETED", ["a", "b", "c"])
            assert tested.types(operation).count("operation.completed") == 1


def test_a_consumer_leaves_the_operations_of_another_alone(tested: World) -> None:
    first, second = tested.accept(), tested.accept()
    tested.client.call("POST", f"/v1.0/operations/{first}/cancel")
    tested.work(first, by="product-creator")
    assert (tested.read(second)["status"], tested.steps.tried) == ("PENDING", [])
    tested.work(first)
    assert tested.read(second)["status"] == "COMPLETED"


def _meet(barrier: Barrier) -> None:
    """Both are inside the step before either goes on."""
    barrier.wait(timeout=30)


def test_a_runner_never_undoes_what_another_has_done_meanwhile(tested: World) -> None:
    operation = tested.accept()
    tested.steps.acts["c"] = [RuntimeError()]
    engine = tested.client.app.engine
    table = Overtaken(engine.table, lambda key: key.sort == "PROGRESS", lambda: tested.work(operation))
    table.armed = False

    def arm(_work: UnitOfWork, _operation: Operation) -> None:
        table.armed = True  # for the look at the progress before the next step

    tested.steps.acts["a"] = [arm]
    failed = carry_out(
        [tested.message(operation)],
        table=table,
        begin=lambda actor, request: UnitOfWork(table, tested.clock, actor, request),
        kinds=(tested.kind,),
        served={tested.kind.name},
        lease=timedelta(0),
    )
    assert (failed, table.result) == ([], [f"{operation}.1"])
    assert tested.steps.tried == ["a", "b", "c", "c"]
    ended = tested.read(operation)
    assert (ended["status"], [step["attempts"] for step in ended["steps"]]) == ("COMPLETED", [1, 1, 2])


def test_a_step_may_lose_a_race_and_is_run_again_from_its_reads(tested: World) -> None:
    table = tested.client.app.engine.table
    operation = tested.accept()
    key = Key("P", "counter")

    def count(work: UnitOfWork, _operation: Operation) -> None:
        if table.get(key) is None:
            work.insert(Row(key, RowKind.DERIVED, {"by": "step"}))
            table.commit([Insert(Row(key, RowKind.DERIVED, {"by": "somebody else"}))])

    tested.steps.acts["a"] = [count, count]
    assert tested.work(operation) == []
    row = table.get(key)
    assert row is not None
    assert row.document == {"by": "somebody else"}
    assert tested.read(operation)["steps"][0]["attempts"] == 1
