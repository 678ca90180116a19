"""Several processes carry operations out: a step that one of them began is left to it for the lease."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bbws.kernel.table import Conflict, Key
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from bbws.operations.runner import carry_out
from tests.operations.world import World, world

LEASE = timedelta(seconds=60)


class Killed(BaseException):
    """As good as SIGKILL: nothing is caught or written after it."""


def work(tested: World, *operations: str) -> list[str]:
    """Another process is handed the announcements of these operations; those that must come again."""
    return carry_out(
        [tested.message(operation) for operation in operations],
        table=tested.client.app.engine.table,
        begin=tested.client.app.begin,
        kinds=(tested.kind,),
        served={tested.kind.name},
        lease=LEASE,
    )


@pytest.fixture
def tested(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data") as made:
        yield made


def test_a_step_that_another_process_is_in_is_left_to_it(tested: World) -> None:
    first, second = tested.accept(), tested.accept()
    outcomes: list[list[str]] = []

    def meanwhile(_work: UnitOfWork, _operation: Operation) -> None:
        outcomes.append(work(tested, first))
        outcomes.append(work(tested, second))

    tested.steps.acts["b"] = [meanwhile]
    assert work(tested, first) == []
    # The message of the operation itself comes again, should this process die; the other's work is done by this one.
    assert outcomes == [[f"{first}.1"], []]
    assert tested.steps.tried == ["a", "b", "c"] * 2
    for operation in (first, second):
        ended = tested.read(operation)
        assert (ended["status"], [step["attempts"] for step in ended["steps"]]) == ("COMPLETED", [1, 1, 1])


def test_a_step_whose_process_was_killed_is_taken_over_when_the_lease_is_over(tested: World) -> None:
    operation = tested.accept()

    def killed(_work: UnitOfWork, _operation: Operation) -> None:
        raise Killed

    tested.steps.acts["b"] = [killed]
    again = partial(work, tested, operation)
    with pytest.raises(Killed):
        again()
    assert again() == [f"{operation}.1"]
    assert tested.steps.tried == ["a", "b"]
    tested.clock.advance(LEASE.total_seconds())
    assert again() == []
    ended = tested.read(operation)
    assert (ended["status"], [step["attempts"] for step in ended["steps"]]) == ("COMPLETED", [1, 2, 1])


def test_a_step_that_met_a_fault_is_nobodys_any_more(tested: World) -> None:
    operation = tested.accept()
    tested.steps.acts["b"] = [RuntimeError("a fault")]
    assert work(tested, operation) == [f"{operation}.1"]
    assert work(tested, operation) == []
    assert tested.read(operation)["status"] == "COMPLETED"


def test_a_step_that_lost_its_races_is_nobodys_any_more(tested: World) -> None:
    operation = tested.accept()

    def lost(_work: UnitOfWork, _operation: Operation) -> None:
        raise Conflict(Key("SITE#x", "METADATA"))

    tested.steps.acts["b"] = [lost]
    assert work(tested, operation) == [f"{operation}.1"]
    assert work(tested, operation) == []
    assert tested.read(operation)["status"] == "COMPLETED"
