"""An operation of four steps for crash tests: each has an effect inside, a row, and one outside, a line in a file."""

import errno
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bbws.bootstrap.embedded import App, build
from bbws.engines.embedded import faults
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.faults import FaultPoint
from bbws.kernel.actor import system
from bbws.kernel.canonical import Document
from bbws.kernel.change import EventType
from bbws.kernel.clock import SystemClock
from bbws.kernel.reaction import Policy
from bbws.kernel.table import Key, Row, RowKind
from bbws.kernel.work import UnitOfWork, transact
from bbws.operations import store
from bbws.operations.model import Operation, Status
from bbws.operations.reactions import consumer
from bbws.operations.service import OperationKind, Scope, accept, retry
from bbws.settings import Settings
from bbws.tables import REACTIONS
from bbws.tenants.access import Subjects

STEPS = ("reserve", "prepare", "install", "announce")
REQUESTED = EventType("test.requested", "REQUEST", "A test asked for four steps.")
SUBJECT = "/v1.0/tests/one"
QUEUE = "test-steps"
_POLICY = Policy(max_receives=3, first_delay=0.01, longest_delay=0.05)
_DRAIN_SECONDS = 60.0

type Die = Callable[[str], None]


def effect_key(operation_id: str, step: str) -> Key:
    """Where a step leaves its row."""
    return Key(f"EFFECT#{operation_id}", step)


def lines(folder: Path, name: str) -> list[str]:
    """What the steps wrote outside: ``starts`` has a line for every start of one, ``effects`` for every effect."""
    file = folder / name
    return file.read_text().splitlines() if file.exists() else []


def _write_line(folder: Path, name: str, line: str) -> None:
    with (folder / name).open("a") as file:
        file.write(f"{line}\n")


class Death:
    """Where a life ends, if at all.

    ``place`` is ``before`` or ``after`` the effects of ``step``, or a fault point; then it is the ``hit``-th hit of it
    after the function of the step has returned, or since the start where no step is named.
    """

    def __init__(self, die: Die, step: str = "", place: str = "", hit: int = 1) -> None:
        self._die = die
        self._step = step
        self._place = place
        self._hits_left = hit
        self._counts = not step
        if place in set(FaultPoint):
            faults.install(self._hook)

    def at(self, step: str, place: str) -> None:
        """Die, if this is where."""
        if (step, place) == (self._step, self._place):
            self._die(f"{step} {place}")

    def returned(self, step: str) -> None:
        """From here on hits count."""
        self._counts = self._counts or step == self._step

    def _hook(self, name: str) -> None:
        if self._counts and name == self._place:
            self._hits_left -= 1
            if self._hits_left == 0:
                self._die(f"{self._step} {name}")


def _run_step(
    work: UnitOfWork, operation: Operation, *, name: str, folder: Path, death: Death, faulty: Collection[str]
) -> Document:
    key = f"{operation.operation_id} {name}"
    _write_line(folder, "starts", key)
    death.at(name, "before")
    if name in faulty and key not in lines(folder, "faults"):
        _write_line(folder, "faults", key)
        raise OSError(errno.EIO, "the outside does not answer")
    if key not in lines(folder, "effects"):
        _write_line(folder, "effects", key)
    work.insert(Row(effect_key(operation.operation_id, name), RowKind.DERIVED, {"step": name}))
    death.at(name, "after")
    death.returned(name)
    return {name: "done"}


def _kind(folder: Path, death: Death, faulty: Collection[str]) -> OperationKind:
    run = partial(_run_step, folder=folder, death=death, faulty=faulty)
    return OperationKind("test.steps", REQUESTED, tuple((name, partial(run, name=name)) for name in STEPS))


def _accept(app: App, steps: OperationKind, count: int) -> None:
    """Put operations in the line of one subject, unless it was done in an earlier life."""
    if store.listed(app.engine.table, starter=None, status=None, start=None, limit=1)[0]:
        return
    for _ in range(count):
        transact(
            lambda: app.begin(system("test"), "test"),
            lambda work: accept(work, steps, subject=SUBJECT, permission="tests:write", content={}),
        )


def _retry(app: App, steps: OperationKind) -> None:
    failed, _ = store.listed(app.engine.table, starter=None, status=Status.FAILED, start=None, limit=10)
    for operation in failed[::-1]:
        scope = Scope(Subjects(app.engine.table))
        again = partial(retry, operation_id=operation.value.operation_id, kinds=[steps], scope=scope)
        transact(lambda: app.begin(system("test"), "test"), again)


def carry_out(folder: Path, plan: Mapping[str, Any], die: Die) -> int:
    """Work until the queues are empty; 0 when they are.

    ``plan``: ``count`` operations are accepted in the first life; ``death`` is where to die; ``faulty`` steps meet a
    fault once; ``first`` is what an operator or the daily work does first: ``retry``, ``redrive`` or ``resume``; with
    ``audited`` false the queue of the operations is the only one.
    """
    death = Death(die, **plan.get("death", {}))
    engine = EmbeddedEngine.open(folder / "data", clock=SystemClock())
    try:
        steps = _kind(folder, death, plan.get("faulty", ()))
        others = REACTIONS if plan.get("audited", True) else ()
        reactions = (consumer("test-steps", QUEUE, (steps,), _POLICY), *others)
        app = build(Settings.of(data_dir=folder / "data"), engine, kinds=(steps,), reactions=reactions)
        _accept(app, steps, plan.get("count", 2))
        first: Mapping[str, Callable[[], object]] = {
            "retry": lambda: _retry(app, steps),
            "redrive": lambda: engine.queues.redrive(QUEUE),
            "resume": lambda: app.resume(SystemClock().now()),
            "nothing": lambda: None,
        }
        replace(app, daily=()).start()  # or they would join in when a test runs at their time of day
        first[plan.get("first", "nothing")]()
        return 0 if engine.drain(_DRAIN_SECONDS) else 2
    finally:
        engine.stop(_DRAIN_SECONDS)
