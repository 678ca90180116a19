"""Use cases of operations: accept, read, retry, cancel. Carrying them out is in :mod:`bbws.operations.runner`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bbws.kernel.access import NOTHING, Access
from bbws.kernel.actor import Actor
from bbws.kernel.canonical import Document
from bbws.kernel.change import EventType
from bbws.kernel.entity import Stored
from bbws.kernel.ids import random_id
from bbws.kernel.problem import FORBIDDEN
from bbws.kernel.table import Key, Position
from bbws.kernel.work import UnitOfWork
from bbws.operations import events, model, store
from bbws.operations.model import ID_PREFIX, ID_RANDOM_LENGTH, OPERATION_NOT_FOUND, Operation, Status, StepState
from bbws.operations.ports import Subjects

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
        to_the_end: whether it cannot be called off, since what was done by halves could not be undone.
    """

    name: str
    requested: EventType
    steps: tuple[tuple[str, StepFunction], ...]
    attempts: int = 3
    again: Callable[[UnitOfWork, Operation], object] = lambda _work, _operation: None
    access: Access = NOTHING
    retrying: Access = NOTHING
    to_the_end: bool = False


class Scope(NamedTuple):
    """Which operations a call is about.

    Attributes:
        subjects: who may look at what operations are about.
        within: the path at or below which what an operation is about must lie.
        anybodys: whether the actor may see those that others started, too.
    """

    subjects: Subjects
    within: str = ""
    anybodys: bool = False


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
        to_the_end=kind.to_the_end,
    )
    return work.create(store.OPERATION, operation, kind.requested)


def get(work: UnitOfWork, operation_id: str, scope: Scope) -> Stored[Operation]:
    """An operation that the actor may see.

    Raises:
        Problem: 404.
    """
    return _found(work, operation_id, scope._replace(anybodys=scope.anybodys or work.actor.may(READ_ALL)))


def _found(work: UnitOfWork, operation_id: str, scope: Scope) -> Stored[Operation]:
    current = store.load(work, operation_id)
    there = current is not None and f"{current.value.subject}/".startswith(scope.within and f"{scope.within}/")
    if current is None or not (there and (scope.anybodys or _is_visible(work.actor, current.value, scope.subjects))):
        raise OPERATION_NOT_FOUND(f"There is no operation {operation_id} that you may see.")
    return current


def _is_visible(actor: Actor, operation: Operation, subjects: Subjects) -> bool:
    """Readable by who may write its resource, and by who started it while they may read that resource (design §3)."""
    own = actor.subject == operation.started_by
    return actor.may(operation.permission) or (own and subjects.readable(actor, operation.subject))


def _to_steer(work: UnitOfWork, operation_id: str, scope: Scope) -> Stored[Operation]:
    current = _found(work, operation_id, scope)
    permission = current.value.permission
    if not (work.actor.may(permission) or scope.subjects.writable(work.actor, current.value.subject)):
        detail = "You may watch this operation, and neither cancel nor retry it."
        raise FORBIDDEN(detail, requiredPermission=permission)
    work.match(current)
    return current


def list_operations(
    work: UnitOfWork, status: Status | None, start: Position | None, limit: int, subjects: Subjects
) -> tuple[list[Stored[Operation]], Position | None]:
    """Operations, newest first: all of them with ``operations:read``, else those that the actor started.

    Those of what the actor may not read any more are left out: a page may be short and still have a next one.
    """
    anybodys = work.actor.may(READ_ALL)
    starter = None if anybodys else work.actor.subject
    found, following = store.listed(work.table, starter=starter, status=status, start=start, limit=limit)
    return [each for each in found if anybodys or _is_visible(work.actor, each.value, subjects)], following


def cancel(work: UnitOfWork, operation_id: str, scope: Scope) -> Stored[Operation]:
    """Call off a live operation; one that was called off already stays so.

    Raises:
        Problem: 403 for who may only watch it; 404, 412, or 422 where it has ended otherwise or goes on to its end.
    """
    current = _to_steer(work, operation_id, scope)
    if current.value.status is Status.CANCELLED:
        return current
    if current.value.live and current.value.to_the_end:
        raise model.not_to_be_called_off(current.value)
    operation, progress = store.read_progress(work.table, current.value)
    operation = model.ended(operation, Status.CANCELLED, work.now(current), result=operation.result)
    store.drop_progress(work, operation, progress)
    return work.update(store.OPERATION, current, operation, events.CANCELLED)


def retry(work: UnitOfWork, operation_id: str, kinds: Sequence[OperationKind], scope: Scope) -> Stored[Operation]:
    """Put a failed operation back at the end of its subject's line.

    Raises:
        Problem: 403 for who may only watch it; 404, 412, or 422 where it has not failed; or what its kind refuses.
    """
    current = _to_steer(work, operation_id, scope)
    sequence = store.next_sequence(work.table, current.value.subject)
    operation = model.again(current.value, sequence, work.now(current))
    kind = kind_of(operation, kinds)
    kind.again(work, operation)
    return work.update(store.OPERATION, current, operation, kind.requested)


def goes_on(work: UnitOfWork, operation: Operation) -> bool:
    """Whether an operation has not been called off; then what is done for it is committed only while that is so.

    For steps that commit by themselves, a part after the other.
    """
    current = store.load(work, operation.operation_id)
    if current is None or not current.value.live:
        return False
    work.ensure(store.operation_key(operation.operation_id), current.version)
    return True


def kind_of(operation: Operation, kinds: Sequence[OperationKind]) -> OperationKind:
    """The declaration that an operation was accepted under.

    Raises:
        KeyError: this program does not know the kind.
    """
    return {kind.name: kind for kind in kinds}[operation.kind]
