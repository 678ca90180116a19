"""Keys and queries of operations, written once over the kernel's Table."""

from collections.abc import Iterable, Mapping

from bbws.kernel.access import Access, Store
from bbws.kernel.actor import ActorKind
from bbws.kernel.canonical import Document
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339, rfc3339_or_none
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation, Status, StepState

BASE = "/v1.0/operations"
ALL = "OperationsIndex"
BY_STATUS = "OperationsByStatusIndex"
BY_STARTER = "OperationsByStarterIndex"
BY_STARTER_AND_STATUS = "OperationsByStarterAndStatusIndex"
_DIGITS = 10

STORE = Store("operations", ("OPERATION",), ("LINE",), (ALL, BY_STATUS, BY_STARTER, BY_STARTER_AND_STATUS))
ACCEPTING = Access.to(queries="LINE", puts="OPERATION LINE")
CANCELLING = Access.to(puts="OPERATION", removes="OPERATION LINE")


def operation_key(operation_id: str) -> Key:
    """Where an operation lies."""
    return Key(f"OPERATION#{operation_id}", "METADATA")


def progress_key(operation_id: str) -> Key:
    """Where the steps of a live operation are kept: ephemeral, so that an attempt is not a Change."""
    return Key(f"OPERATION#{operation_id}", "PROGRESS")


def line_partition(subject: str) -> str:
    """The partition in which the live operations of one subject stand in line."""
    return f"LINE#{subject}"


def path(operation_id: str) -> str:
    """The resource path."""
    return f"{BASE}/{operation_id}"


def dump_step(step: StepState) -> Document:
    """A step as stored."""
    return {
        "name": step.name,
        "status": step.status.value,
        "attempts": step.attempts,
        "startedAt": rfc3339_or_none(step.started_at),
        "endedAt": rfc3339_or_none(step.ended_at),
        "message": step.message,
    }


def _load_step(document: Document) -> StepState:
    return StepState(
        document["name"],
        Status(document["status"]),
        document["attempts"],
        moment_or_none(document["startedAt"]),
        moment_or_none(document["endedAt"]),
        document["message"],
    )


def _dump(operation: Operation) -> Document:
    return {
        "operationId": operation.operation_id,
        "kind": operation.kind,
        "subject": operation.subject,
        "permission": operation.permission,
        "input": operation.input,
        "status": operation.status.value,
        "steps": [dump_step(step) for step in operation.steps],
        "sequence": operation.sequence,
        "holds": [list(key) for key in operation.holds],
        "startedBy": operation.started_by,
        "startedByKind": operation.started_by_kind.value,
        "correlationId": operation.correlation_id,
        "createdAt": rfc3339(operation.created_at),
        "updatedAt": rfc3339(operation.updated_at),
        "finishedAt": rfc3339_or_none(operation.finished_at),
        "result": operation.result,
        "problem": operation.problem,
        "toTheEnd": operation.to_the_end,
        "entityType": "OPERATION",
    }


def _load(document: Document) -> Operation:
    return Operation(
        operation_id=document["operationId"],
        kind=document["kind"],
        subject=document["subject"],
        permission=document["permission"],
        input=document["input"],
        status=Status(document["status"]),
        steps=tuple(_load_step(step) for step in document["steps"]),
        sequence=document["sequence"],
        holds=tuple(Key(*key) for key in document["holds"]),
        started_by=document["startedBy"],
        started_by_kind=ActorKind(document["startedByKind"]),
        correlation_id=document["correlationId"],
        created_at=parse_rfc3339(document["createdAt"]),
        updated_at=parse_rfc3339(document["updatedAt"]),
        finished_at=moment_or_none(document["finishedAt"]),
        result=document["result"],
        problem=document["problem"],
        to_the_end=document.get("toTheEnd", False),  # rows from before it was kept have none
    )


def _indexes(operation: Operation) -> Mapping[str, Key]:
    sort = f"{rfc3339(operation.created_at)}#{operation.operation_id}"
    starter, status = operation.started_by, operation.status.value
    return {
        ALL: Key("OPERATION", sort),
        BY_STATUS: Key(status, sort),
        BY_STARTER: Key(starter, sort),
        BY_STARTER_AND_STATUS: Key(f"{starter}#{status}", sort),
    }


def _held_rows(operation: Operation) -> Iterable[Row]:
    """A live operation's place in its subject's line, and what it reserves."""
    if not operation.live:
        return
    document: Document = {"operationId": operation.operation_id}
    place = Key(line_partition(operation.subject), f"{operation.sequence:0{_DIGITS}}")
    yield Row(place, RowKind.DERIVED, document)
    for key in operation.holds:
        yield Row(key, RowKind.DERIVED, document)


OPERATION = EntityType(
    name="operation",
    source="/bbws/operations",
    key=lambda operation: operation_key(operation.operation_id),
    subject=lambda operation: path(operation.operation_id),
    dump=_dump,
    load=_load,
    indexes=_indexes,
    derived=_held_rows,
)


def load(work: UnitOfWork, operation_id: str) -> Stored[Operation] | None:
    """The operation as its last Change left it."""
    return work.load(OPERATION, operation_key(operation_id))


def with_progress(table: Table, operation: Operation) -> Operation:
    """The operation with the steps, and the result so far, that a live one keeps apart."""
    return read_progress(table, operation)[0]


def read_progress(table: Table, operation: Operation) -> tuple[Operation, int | None]:
    """As :func:`with_progress`, and the version of what is kept apart, None where nothing is."""
    row = table.get(progress_key(operation.operation_id)) if operation.live else None
    if row is None:
        return operation, None
    steps = tuple(_load_step(step) for step in row.document["steps"])
    held_until = moment_or_none(row.document.get("heldUntil"))
    return operation._replace(steps=steps, result=row.document["result"], held_until=held_until), row.version


def save_progress(work: UnitOfWork, operation: Operation, version: int | None) -> None:
    """Keep the steps of a live operation in the place of those that were read at ``version``."""
    key = progress_key(operation.operation_id)
    document: Document = {
        "steps": [dump_step(step) for step in operation.steps],
        "result": operation.result,
        "heldUntil": rfc3339_or_none(operation.held_until),
    }
    if version is None:
        work.insert(Row(key, RowKind.EPHEMERAL, document))
    else:
        work.replace(Row(key, RowKind.EPHEMERAL, document, version + 1), version)


def drop_progress(work: UnitOfWork, operation: Operation, version: int | None) -> None:
    """Forget what was read at ``version``; the ended operation itself holds its steps."""
    if version is not None:
        work.remove(progress_key(operation.operation_id), version)


def next_sequence(table: Table, subject: str) -> int:
    """The place at the end of a subject's line."""
    last = table.query(line_partition(subject), limit=1, descending=True).rows
    return int(last[0].key.sort) + 1 if last else 1


def first_in_line(table: Table, subject: str) -> str | None:
    """The id of the operation that a subject's line waits for."""
    first = table.query(line_partition(subject), limit=1).rows
    return first[0].document["operationId"] if first else None


def listed(
    table: Table, *, starter: str | None, status: Status | None, start: Position | None, limit: int
) -> tuple[list[Stored[Operation]], Position | None]:
    """A page of operations, newest first: of one starter or of all, in one status or in any."""
    index, partition = ALL, "OPERATION"
    if starter is not None and status is not None:
        index, partition = BY_STARTER_AND_STATUS, f"{starter}#{status}"
    elif starter is not None:
        index, partition = BY_STARTER, starter
    elif status is not None:
        index, partition = BY_STATUS, status.value
    page = table.query(partition, index=index, start=start, limit=limit, descending=True)
    return [OPERATION.stored(row) for row in page.rows], page.next
