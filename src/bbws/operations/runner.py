"""Carrying operations out. A killed process loses nothing and repeats at most the step it was in. Source: design §3.

Operations on one subject are carried out in the order in which they were accepted, whatever the order of messages: a
message only says that a subject's line has work, and whoever gets it works the line off from its front. A step's
effects, its end and, for the last one, the end of the operation are one commit, made only if nobody ended the operation
meanwhile.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from bbws.kernel.actor import Actor
from bbws.kernel.canonical import Document
from bbws.kernel.entity import Stored
from bbws.kernel.problem import FAULT, Problem
from bbws.kernel.reaction import Message
from bbws.kernel.table import Conflict, Position, Table, Unavailable
from bbws.kernel.work import UnitOfWork, transact
from bbws.operations import events, model, store
from bbws.operations.model import Operation, Status
from bbws.operations.service import OperationKind, StepFunction, kind_of

logger = logging.getLogger("bbws.operations")

type Begin = Callable[[Actor, str], UnitOfWork]


def carry_out(messages: Sequence[Message], *, table: Table, begin: Begin, kinds: Sequence[OperationKind]) -> list[str]:
    """Work off the lines that messages point to; the ids of the messages to be handed out again."""
    failed = []
    for message in messages:
        try:
            _work_off(_subject(table, message), table, begin, kinds)
        except Exception:
            logger.exception("operation step met a fault", extra={"messageId": message.id})
            failed.append(message.id)
    return failed


def resume(table: Table, begin: Begin, kinds: Sequence[OperationKind]) -> None:
    """Carry out what no message speaks of any more.

    After a rebuild from the archive, or when a step kept killing its process.
    """
    for status in (Status.IN_PROGRESS, Status.PENDING):
        start: Position | None = None
        while True:
            operations, start = store.listed(table, starter=None, status=status, start=start, limit=100)
            for operation in operations:
                _try_to_work_off(operation.value.subject, table, begin, kinds)
            if start is None:
                break


def _try_to_work_off(subject: str, table: Table, begin: Begin, kinds: Sequence[OperationKind]) -> None:
    try:
        _work_off(subject, table, begin, kinds)
    except Exception:
        # The others are still to be resumed; this one's attempts are counted and it ends in failure at last.
        logger.exception("operation not resumed", extra={"subject": subject})


def _subject(table: Table, message: Message) -> str:
    row = table.get(message.change)
    if row is None:
        msg = f"the change that message {message.id} announces is not there"
        raise LookupError(msg)
    subject: str = row.document["after"]["subject"]
    return subject


def _work_off(subject: str, table: Table, begin: Begin, kinds: Sequence[OperationKind]) -> None:
    while (operation_id := store.first_in_line(table, subject)) is not None:
        _Run(operation_id, table, begin, kinds).to_the_end()


class _Run:
    """One operation being carried out."""

    def __init__(self, operation_id: str, table: Table, begin: Begin, kinds: Sequence[OperationKind]) -> None:
        row = table.get(store.operation_key(operation_id))
        if row is None:  # pragma: no cover - the line is derived from operations, which are never removed
            raise LookupError(operation_id)
        operation = store.OPERATION.load(row.document)
        self._id = operation_id
        self._kind = kind_of(operation, kinds)
        self._begin = lambda: begin(operation.actor(), operation.correlation_id)

    def to_the_end(self) -> None:
        """Run step after step until the operation has ended.

        Raises:
            Exception: the fault that a step met, when it may be tried again.
        """
        while (place := transact(self._begin, self._start_step)) is not None:
            name, function = self._kind.steps[place]
            try:
                transact(self._begin, partial(self._finish_step, place=place, function=function))
            except Problem as problem:
                transact(self._begin, partial(self._fail, place=place, problem=problem.document()))
            except (Conflict, Unavailable):
                raise
            except Exception as fault:
                text = f"{type(fault).__name__} in step {name}"
                logger.warning("step met a fault", extra={"operationId": self._id, "step": name, "error": text})
                if transact(self._begin, partial(self._note, place=place, message=text)):
                    raise

    def _live(self, work: UnitOfWork) -> tuple[Stored[Operation], Operation] | None:
        """The operation as its last Change left it, and with its steps so far; None where it has ended."""
        current = store.load(work, self._id)
        if current is None or not current.value.live:
            return None
        return current, store.with_progress(work.table, current.value)

    def _start_step(self, work: UnitOfWork) -> int | None:
        """Note one more attempt at the next step; None where the operation has ended."""
        found = self._live(work)
        if found is None:
            return None
        current, operation = found
        place = operation.next_step
        if place is None:  # pragma: no cover - the last step's end ends the operation in the same commit
            raise LookupError(self._id)
        if self._given_up(work, current, operation, place):
            return None
        operation = model.step_started(operation, place, work.now())
        store.save_progress(work, operation)
        if operation.status is Status.PENDING:
            started = replace(operation, status=Status.IN_PROGRESS, updated_at=work.now(current))
            work.update(store.OPERATION, current, started, events.STARTED)
        else:
            work.ensure(store.operation_key(self._id), current.version)
        return place

    def _finish_step(self, work: UnitOfWork, *, place: int, function: StepFunction) -> None:
        """Add a step's effects and its end; both or neither are committed."""
        found = self._live(work)
        if found is None or found[1].next_step != place:
            return
        current, operation = found
        result = function(work, operation)
        operation = model.step_ended(operation, place, Status.COMPLETED, work.now())
        operation = replace(operation, result=_merged(operation.result, result))
        if operation.next_step is None:
            ended = model.ended(operation, Status.COMPLETED, work.now(current), result=operation.result)
            store.drop_progress(work, ended)
            work.update(store.OPERATION, current, ended, events.COMPLETED)
        else:
            store.save_progress(work, operation)
            work.ensure(store.operation_key(self._id), current.version)

    def _fail(self, work: UnitOfWork, *, place: int, problem: Document) -> None:
        found = self._live(work)
        if found is not None:
            self._end_in_failure(work, *found, place, problem)

    def _note(self, work: UnitOfWork, *, place: int, message: str) -> bool:
        """Note a fault; whether the step may be tried again. After the last attempt the operation fails."""
        found = self._live(work)
        if found is None:
            return False
        current, operation = found
        operation = model.with_step(operation, place, replace(operation.steps[place], message=message))
        if self._given_up(work, current, operation, place):
            return False
        store.save_progress(work, operation)
        work.ensure(store.operation_key(self._id), current.version)
        return True

    def _given_up(self, work: UnitOfWork, current: Stored[Operation], operation: Operation, place: int) -> bool:
        """Fail an operation whose step has used up its attempts."""
        step = operation.steps[place]
        if step.attempts < self._kind.attempts:
            return False
        last = step.message or "the process was stopped in it"
        problem = FAULT(f"Step {step.name} was tried {step.attempts} times: {last}.")
        self._end_in_failure(work, current, operation, place, problem.document())
        return True

    @staticmethod
    def _end_in_failure(
        work: UnitOfWork, current: Stored[Operation], operation: Operation, place: int, problem: Document
    ) -> None:
        moment = work.now(current)
        operation = model.step_ended(operation, place, Status.FAILED, moment, problem["detail"])
        operation = model.ended(operation, Status.FAILED, moment, result=operation.result, problem=problem)
        store.drop_progress(work, operation)
        work.update(store.OPERATION, current, operation, events.FAILED)


def _merged(before: Document | None, after: Document | None) -> Document | None:
    return after if before is None else before | (after or {})
