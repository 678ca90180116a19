"""Carrying operations out. A killed process loses nothing and repeats at most the step it was in. Source: design §3.

Operations on one subject are carried out in the order in which they were accepted, whatever the order of messages: a
message only says that a subject's line has work, and whoever gets it works the line off from its front. A step's
effects, its end and that of the operation are one commit, made only if nobody ended the operation meanwhile.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bbws.kernel.actor import Actor
from bbws.kernel.canonical import Document
from bbws.kernel.change import EventType
from bbws.kernel.clock import Clock
from bbws.kernel.entity import Stored
from bbws.kernel.problem import FAULT, Problem
from bbws.kernel.reaction import Message
from bbws.kernel.table import Conflict, Position, Table, Unavailable
from bbws.kernel.work import UnitOfWork, transact
from bbws.operations import events, model, store
from bbws.operations.model import Operation, Status
from bbws.operations.service import OperationKind, StepFunction, kind_of

logger = logging.getLogger("bbws.operations")
_STILL = timedelta(hours=1)


class Held(Exception):  # noqa: N818 - names the finding
    """A step is being carried out by another process, or was until that was killed."""


type Begin = Callable[[Actor, str], UnitOfWork]


def carry_out(
    messages: Sequence[Message],
    *,
    table: Table,
    begin: Begin,
    kinds: Sequence[OperationKind],
    served: Collection[str],
    lease: timedelta,
) -> list[str]:
    """Work off the lines that messages point to; the ids of the messages to be handed out again.

    A line whose front is of a kind that is not ``served`` here is another consumer's: both would use up its attempts.
    Where several processes do this, a step that one of them began is left to it for the ``lease``.
    """
    failed = []
    for message in messages:
        try:
            subject, own = _announced(table, message)
            _work_off(subject, table, begin, kinds, lease, own=own, served=served)
        except Held:
            # Whoever is at it may have been killed: the message comes again.
            logger.info("operation is being carried out by another", extra={"messageId": message.id})
            failed.append(message.id)
        except Exception:
            logger.exception("operation step met a fault", extra={"messageId": message.id})
            failed.append(message.id)
    return failed


def resume_daily(table: Table, begin: Begin, kinds: Sequence[OperationKind], clock: Clock, lease: timedelta) -> None:
    """Carry out what has stood still for so long that no message can speak of it any more.

    Raises:
        Unavailable: the store cannot take it now.
    """
    resume(clock.now() - _STILL, table=table, begin=begin, kinds=kinds, lease=lease)


def resume(
    still_since: datetime, *, table: Table, begin: Begin, kinds: Sequence[OperationKind], lease: timedelta
) -> None:
    """Carry out what has not moved since: after a rebuild from the archive, or when a step kept killing its process.

    What moved later is in the hands of a consumer, and both would use up its attempts.

    Raises:
        Unavailable: the store cannot take it now.
    """
    for status in (Status.IN_PROGRESS, Status.PENDING):
        start: Position | None = None
        while True:
            operations, start = store.listed(table, starter=None, status=status, start=start, limit=100)
            for operation in operations:
                _try_to_work_off(operation.value.subject, table, begin, kinds, lease, still_since)
            if start is None:
                break


def _try_to_work_off(
    subject: str,
    table: Table,
    begin: Begin,
    kinds: Sequence[OperationKind],
    lease: timedelta,
    still_since: datetime,
) -> None:
    try:
        _work_off(subject, table, begin, kinds, lease, still_since=still_since)
    except Unavailable:
        raise  # to the others as well, and at a stop there is nothing to report
    except Exception:
        # The others are still to be resumed; this one's attempts are counted and it ends in failure at last.
        logger.exception("operation not resumed", extra={"subject": subject})


def _announced(table: Table, message: Message) -> tuple[str, str]:
    """The subject whose line has work, and the operation that the message is about."""
    row = table.get(message.change)
    if row is None:
        msg = f"the change that message {message.id} announces is not there"
        raise LookupError(msg)
    after = row.document["after"]
    return after["subject"], after["operationId"]


def _is_live(table: Table, operation_id: str) -> bool:
    row = table.get(store.operation_key(operation_id))
    return row is not None and store.OPERATION.load(row.document).live


def _work_off(  # noqa: PLR0913 - a message's two, a resumption's one, and the ports
    subject: str,
    table: Table,
    begin: Begin,
    kinds: Sequence[OperationKind],
    lease: timedelta,
    *,
    own: str | None = None,
    served: Collection[str] | None = None,
    still_since: datetime | None = None,
) -> None:
    """Work a line off from its front, as far as that is ``served`` and has not moved ``still_since`` (None: all).

    A step that met a fault is not tried again by the messages of those who stand behind it: they would use up its
    attempts within a moment. It waits for its own message, whose delays grow, or for one whose operation has ended.
    """
    while (operation_id := store.first_in_line(table, subject)) is not None:
        run = _Run(operation_id, table, begin, kinds, lease)
        if served is not None and run.kind.name not in served:
            return
        if still_since is not None and run.moved_at > still_since:
            return
        if run.met_a_fault and own not in (None, operation_id) and _is_live(table, own):
            return
        try:
            run.to_the_end()
        except Held:
            if own == operation_id:
                raise
            return  # its own message sees to it, and then to those behind it


@dataclass(frozen=True, slots=True)
class _Live:
    """A live operation as its last Change left it, with its steps so far, and at which version those were read."""

    current: Stored[Operation]
    operation: Operation
    progress: int | None

    def save(self, work: UnitOfWork, operation: Operation) -> None:
        """Keep new steps, if nobody kept others or ended the operation meanwhile."""
        store.save_progress(work, operation, self.progress)
        work.ensure(store.operation_key(operation.operation_id), self.current.version)

    def end(self, work: UnitOfWork, operation: Operation, event: EventType) -> None:
        """Put the ended operation in the place of the live one."""
        store.drop_progress(work, operation, self.progress)
        work.update(store.OPERATION, self.current, operation, event)


class _Run:
    """One operation being carried out."""

    def __init__(
        self, operation_id: str, table: Table, begin: Begin, kinds: Sequence[OperationKind], lease: timedelta
    ) -> None:
        row = table.get(store.operation_key(operation_id))
        if row is None:  # pragma: no cover - the line is derived from operations, which are never removed
            raise LookupError(operation_id)
        operation = store.OPERATION.load(row.document)
        self._id = operation_id
        self._lease = lease
        self.kind = kind_of(operation, kinds)
        self._begin = lambda: begin(operation.actor(), operation.correlation_id)
        found = store.with_progress(table, operation)
        self.met_a_fault = any(step.message for step in found.steps)
        self.moved_at = found.moved_at

    def to_the_end(self) -> None:
        """Run step after step until the operation has ended.

        Raises:
            Held: another process is at it.
            Exception: the fault that a step met, when it may be tried again.
        """
        while (place := transact(self._begin, self._start_step)) is not None:
            name, function = self.kind.steps[place]
            try:
                transact(self._begin, partial(self._finish_step, place=place, function=function))
            except Problem as problem:
                transact(self._begin, partial(self._fail, place=place, problem=problem.document()))
            except Unavailable:
                raise
            except Conflict:
                transact(self._begin, partial(self._note, place=place, message=""))  # nobody is in it any more
                raise
            except Exception as fault:
                text = f"{type(fault).__name__} in step {name}"
                logger.warning("step met a fault", extra={"operationId": self._id, "step": name, "error": text})
                if transact(self._begin, partial(self._note, place=place, message=text)):
                    raise

    def _live(self, work: UnitOfWork) -> _Live | None:
        """The operation as it is; None where it has ended."""
        current = store.load(work, self._id)
        if current is None or not current.value.live:
            return None
        operation, progress = store.read_progress(work.table, current.value)
        return _Live(current, operation, progress)

    def _start_step(self, work: UnitOfWork) -> int | None:
        """Note one more attempt at the next step; None where the operation has ended."""
        live = self._live(work)
        if live is None:
            return None
        if live.operation.held_until is not None and work.now() < live.operation.held_until:
            raise Held
        place = live.operation.next_step
        if place is None:  # pragma: no cover - the last step's end ends the operation in the same commit
            raise LookupError(self._id)
        if self._given_up(work, live, live.operation, place):
            return None
        operation = model.step_started(live.operation, place, work.now(), self._lease)
        if operation.status is Status.PENDING:
            store.save_progress(work, operation, live.progress)
            started = operation._replace(status=Status.IN_PROGRESS, updated_at=work.now(live.current))
            work.update(store.OPERATION, live.current, started, events.STARTED)
        else:
            live.save(work, operation)
        return place

    def _finish_step(self, work: UnitOfWork, *, place: int, function: StepFunction) -> None:
        """Add a step's effects and its end; both or neither are committed."""
        live = self._live(work)
        if live is None or live.operation.next_step != place:
            return
        result = function(work, live.operation)
        operation = model.step_ended(live.operation, place, Status.COMPLETED, work.now())
        operation = operation._replace(result=_merged(operation.result, result))
        if operation.next_step is None:
            moment = work.now(live.current)
            live.end(work, model.ended(operation, Status.COMPLETED, moment, result=operation.result), events.COMPLETED)
        else:
            live.save(work, operation)

    def _fail(self, work: UnitOfWork, *, place: int, problem: Document) -> None:
        live = self._live(work)
        if live is not None:
            self._end_in_failure(work, live, live.operation, place, problem)

    def _note(self, work: UnitOfWork, *, place: int, message: str) -> bool:
        """Note a fault; whether the step may be tried again. After the last attempt the operation fails."""
        live = self._live(work)
        if live is None:
            return False
        step = live.operation.steps[place]._replace(message=message)
        operation = model.with_step(live.operation, place, step)
        if self._given_up(work, live, operation, place):
            return False
        live.save(work, operation)
        return True

    def _given_up(self, work: UnitOfWork, live: _Live, operation: Operation, place: int) -> bool:
        """Fail an operation whose step has used up its attempts."""
        step = operation.steps[place]
        if step.attempts < self.kind.attempts:
            return False
        last = step.message or "the process was stopped in it"
        problem = FAULT(f"Step {step.name} was tried {step.attempts} times: {last}.")
        self._end_in_failure(work, live, operation, place, problem.document())
        return True

    @staticmethod
    def _end_in_failure(work: UnitOfWork, live: _Live, operation: Operation, place: int, problem: Document) -> None:
        moment = work.now(live.current)
        operation = model.step_ended(operation, place, Status.FAILED, moment, problem["detail"])
        operation = model.ended(operation, Status.FAILED, moment, result=operation.result, problem=problem)
        live.end(work, operation, events.FAILED)


def _merged(before: Document | None, after: Document | None) -> Document | None:
    return after if before is None else before | (after or {})
