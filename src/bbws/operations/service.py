"""Use cases of operations: accept, read, retry, cancel. Carrying them out is in :mod:`bbws.operations.runner`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bbws.kernel.access import NOTHING, Access
from bbws.kernel.canonical import Document
from bbws.kernel.change import EventType
from bbws.kernel.entity import Stored
from bbws.kernel.ids import random_id
from bbws.kernel.table import Key, Position
from bbws.kernel.work import UnitOfWork
from bbws.operations import events, model, store
from bbws.operations.model import ID_PREFIX, ID_RANDOM_LENGTH, OPERATION_NOT_FOUND, Operation, Status, StepState

READ_ALL = "operations:read"

type StepFunction = Callable[[UnitOfWork, Operation], Document | None]


class OperationKind(NamedTuple):
    """A kind of operation.

    Attributes:
        name: such as ``product.change``.
        requested: what accepting (and retrying) one announces.
        steps: names and functions in order. A function adds its effects to the unit of work, which is committed
            together with
            the step's end; what it does outside must be safe to repeat. What it returns becomes the result.
        attempts: how often a step that meets a fault is started before the operation fails.
        access: the rows that its steps touch; ``retrying``: those that ``again`` does, and reserving what it held anew.
        again: refuses the retry of an operation that has become impossible meanwhile, such as for want of what it held.
    """

    name: str
    requested: EventType
    steps: tuple[tuple[str, StepFunction], ...]
    attempts: int = 3
    again: Callable[[UnitOfWork, Operation], object] = lambda _work, _operation: None
    access: Access = NOTHING
    retrying: Access = NOTHING


def accept(
    work: UnitOfWork,
    kind: OperationKind,
    *,
    subject: str,
    permission: str,
    content: Document,
    holds: Sequence[Key] = (),
) -> Stored[Operation]:
    """Put work in the line of its subject. The same commit announces it and reserves ``holds``."""
    moment = work.now()
    operation = Operation(
        operation_id=ID_PREFIX + random_id(ID_RANDOM_LENGTH),
        kind=kind.name,
        subject=subject,
        permission=permission,
        input=content,
        status=Status.PENDING,
        steps=tuple(StepState(name) for name, _ in kind.steps),
        sequence=store.next_sequence(work.table, subject),
        holds=tuple(holds),
        started_by=work.actor.subject,
        started_by_kind=work.actor.kind,
        correlation_id=work.correlation_id,
        created_at=moment,
        updated_at=moment,
    )
    return work.create(store.OPERATION, operation, kind.requested)


def get(work: UnitOfWork, operation_id: str) -> Stored[Operation]:
    """An operation that the actor may see.

    Raises:
        Problem: 404.
    """
    return _found(work, operation_id, anybodys=work.actor.may(READ_ALL))


def _found(work: UnitOfWork, operation_id: str, *, anybodys: bool = False) -> Stored[Operation]:
    current = store.load(work, operation_id)
    if current is None or not (anybodys or current.value.visible_to(work.actor)):
        detail = f"There is no operation {operation_id} that you may see."
        raise OPERATION_NOT_FOUND(detail)
    return current


def list_operations(
    work: UnitOfWork, status: Status | None, start: Position | None, limit: int
) -> tuple[list[Stored[Operation]], Position | None]:
    """Operations, newest first: all of them with ``operations:read``, else those that the actor started."""
    starter = None if work.actor.may(READ_ALL) else work.actor.subject
    return store.listed(work.table, starter=starter, status=status, start=start, limit=limit)


def cancel(work: UnitOfWork, operation_id: str) -> Stored[Operation]:
    """Call off a live operation; one that was called off already stays so.

    Raises:
        Problem: 404, 412, or 422 where it has ended otherwise.
    """
    current = _found(work, operation_id)
    work.match(current)
    if current.value.status is Status.CANCELLED:
        return current
    operation, progress = store.read_progress(work.table, current.value)
    operation = model.ended(operation, Status.CANCELLED, work.now(current), result=operation.result)
    store.drop_progress(work, operation, progress)
    return work.update(store.OPERATION, current, operation, events.CANCELLED)


def retry(work: UnitOfWork, operation_id: str, kinds: Sequence[OperationKind]) -> Stored[Operation]:
    """Put a failed operation back at the end of its subject's line.

    Raises:
        Problem: 404, 412, or 422 where it has not failed; or what its kind refuses.
    """
    current = _found(work, operation_id)
    work.match(current)
    sequence = store.next_sequence(work.table, current.value.subject)
    operation = model.again(current.value, sequence, work.now(current))
    kind = kind_of(operation, kinds)
    kind.again(work, operation)
    return work.update(store.OPERATION, current, operation, kind.requested)


def kind_of(operation: Operation, kinds: Sequence[OperationKind]) -> OperationKind:
    """The declaration that an operation was accepted under.

    Raises:
        KeyError: this program does not know the kind.
    """
    return {kind.name: kind for kind in kinds}[operation.kind]
