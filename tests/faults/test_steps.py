"""kill -9 in, before and after every step of an operation: it goes on, and every effect is there once."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bbws.bootstrap.embedded import verify_archive
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.faults import FaultPoint
from bbws.kernel.table import RowKind
from bbws.operations import store
from bbws.operations.model import Operation, Status
from bbws.platform.ports import DeadLetter
from tests.faults.checking import opened
from tests.faults.stepping import QUEUE, STEPS, effect_key, lines
from tests.faults.supervision import Supervisor

_TRANSACTIONS = (1, 2, 3)  # after the function of a step: its end, the next one's start, and one more
_IN_A_STEP = [{"step": step, "place": place} for step in STEPS for place in ("before", "after")]
_BETWEEN_STEPS = [
    {"step": step, "place": place, "hit": hit}
    for step in STEPS
    for place in (FaultPoint.WRITER_BEFORE_COMMIT, FaultPoint.WRITER_AFTER_COMMIT)
    for hit in _TRANSACTIONS
]


def _live(supervisor: Supervisor, folder: Path, **plan: object) -> int:
    """One life of a process that carries operations out; its exit code."""
    supervisor.begin("steps", {"folder": str(folder), "plan": plan})
    return supervisor.ending().code


def _operations(folder: Path) -> list[Operation]:
    """In the order of their acceptance."""
    with opened(folder / "data") as engine:
        found, _ = store.listed(engine.table, starter=None, status=None, start=None, limit=10)
    return [operation.value for operation in found][::-1]


def _dead_letters(folder: Path) -> list[DeadLetter]:
    with opened(folder / "data") as engine:
        engine.queues.attach([QUEUE], lambda _queues: None)
        return list(engine.queues.dead_letters(QUEUE, None, 10))


def _check_effects(folder: Path, operations: list[Operation]) -> None:
    """All steps of all operations once, inside and outside, and nothing else."""
    keys = [f"{operation.operation_id} {step}" for operation in operations for step in STEPS]
    assert lines(folder, "effects") == keys
    with opened(folder / "data") as engine:
        for operation in operations:
            for step in STEPS:
                assert engine.table.get(effect_key(operation.operation_id, step)) is not None
            assert engine.table.get(store.progress_key(operation.operation_id)) is None
        assert [state for state in engine.queues.states() if state.waiting + state.dead] == []
        changes = [row.document["type"] for row in engine.rows({RowKind.CHANGE})]
    each = ["operation.completed", "operation.started", "test.requested"]
    assert sorted(changes) == sorted(each * len(operations))
    assert verify_archive(folder / "data" / ARCHIVE_FOLDER).findings == []


def _die(supervisor: Supervisor, folder: Path, death: Mapping[str, Any], **plan: object) -> None:
    """One life that ends in a kill -9 at a place."""
    supervisor.begin("steps", {"folder": str(folder), "plan": {"death": death, **plan}})
    ending = supervisor.ending()
    assert ending.killed_at(f"{death.get('step', '')} {death['place']}"), f"{ending}: {supervisor.complaints()}"


def _statuses(folder: Path) -> list[Status]:
    return [operation.status for operation in _operations(folder)]


@pytest.mark.parametrize("death", [*_IN_A_STEP, *_BETWEEN_STEPS], ids=lambda death: " ".join(map(str, death.values())))
def test_a_killed_operation_goes_on_with_the_step_it_was_in(
    death: Mapping[str, Any], running_supervisor: Supervisor, tmp_path: Path
) -> None:
    _die(running_supervisor, tmp_path, death)
    assert _live(running_supervisor, tmp_path) == 0

    operations = _operations(tmp_path)
    assert [operation.status for operation in operations] == [Status.COMPLETED] * 2
    assert operations[0].result == dict.fromkeys(STEPS, "done")
    _check_effects(tmp_path, operations)
    assert sum(Counter(lines(tmp_path, "starts")).values()) <= 2 * len(STEPS) + 1  # repeats at most one step
    assert sum(step.attempts for operation in operations for step in operation.steps) <= 2 * len(STEPS) + 1


def test_a_step_that_is_killed_twice_is_done_the_third_time(running_supervisor: Supervisor, tmp_path: Path) -> None:
    for place in ("before", "after"):
        _die(running_supervisor, tmp_path, {"step": "install", "place": place})
    assert _live(running_supervisor, tmp_path) == 0
    operations = _operations(tmp_path)
    _check_effects(tmp_path, operations)
    assert [step.attempts for step in operations[0].steps] == [1, 1, 3, 1]


def test_a_step_that_always_kills_its_process_fails_its_operation_which_can_be_retried(
    running_supervisor: Supervisor, tmp_path: Path
) -> None:
    death = {"step": "install", "place": "after"}
    for _ in range(3):
        _die(running_supervisor, tmp_path, death)
    # The fourth start gives the first operation up and goes on with the next, which dies of the same.
    for _ in range(3):
        _die(running_supervisor, tmp_path, death)
    assert _live(running_supervisor, tmp_path, death=death) == 0

    operations = _operations(tmp_path)
    assert [operation.status for operation in operations] == [Status.FAILED] * 2
    assert [step.attempts for step in operations[0].steps] == [1, 1, 3, 0]
    assert operations[0].problem is not None
    assert operations[0].problem["detail"] == "Step install was tried 3 times: the process was stopped in it."
    assert _dead_letters(tmp_path) == []

    assert _live(running_supervisor, tmp_path, first="retry") == 0
    assert _statuses(tmp_path) == [Status.COMPLETED] * 2
    assert sorted(lines(tmp_path, "effects")) == sorted(set(lines(tmp_path, "effects")))


def test_faults_in_every_step_leave_no_operation_behind_a_parked_message(
    running_supervisor: Supervisor, tmp_path: Path
) -> None:
    assert _live(running_supervisor, tmp_path, faulty=STEPS, count=1) == 0
    assert _dead_letters(tmp_path) == []
    assert [step.attempts for step in _operations(tmp_path)[0].steps] == [2] * len(STEPS)
    _check_effects(tmp_path, _operations(tmp_path))


@pytest.mark.parametrize("remedy", ["redrive", "resume"])
def test_an_operation_whose_message_is_parked_goes_on_when_somebody_cares_or_on_the_next_day(
    remedy: str, running_supervisor: Supervisor, tmp_path: Path
) -> None:
    for _ in range(len(STEPS) * 3):  # handed out more often than all steps may be tried, and never begun
        _die(running_supervisor, tmp_path, {"place": FaultPoint.WORKER_AFTER_CLAIM}, count=1, audited=False)
    assert _live(running_supervisor, tmp_path, faulty=["reserve"]) == 0
    assert _statuses(tmp_path) == [Status.IN_PROGRESS]
    [letter] = _dead_letters(tmp_path)
    assert letter.error == "the handler reported a failure"

    assert _live(running_supervisor, tmp_path, first=remedy) == 0
    assert _statuses(tmp_path) == [Status.COMPLETED]
    assert lines(tmp_path, "effects") == [f"{_operations(tmp_path)[0].operation_id} {step}" for step in STEPS]
    assert _live(running_supervisor, tmp_path, first="redrive") == 0
    assert _dead_letters(tmp_path) == []
