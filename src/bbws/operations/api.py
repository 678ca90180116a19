"""The endpoint table of operations, and their schemas on the wire."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from bbws.kernel.access import Access
from bbws.kernel.actor import SIGNED_IN
from bbws.kernel.clock import rfc3339, rfc3339_or_none
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed, Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.problem import FORBIDDEN
from bbws.kernel.table import Table
from bbws.operations import service, store
from bbws.operations.model import (
    ID_PATTERN,
    ILLEGAL_TRANSITION,
    OPERATION_NOT_FOUND,
    Operation,
    Status,
    StepState,
)
from bbws.operations.ports import Subjects
from bbws.operations.schemas import EXAMPLE_ID
from bbws.operations.service import OperationKind, Scope

SERVICE = "operations-api"


class OperationPath(Query):
    """Which operation."""

    operation_id: str = Field(pattern=ID_PATTERN, examples=[EXAMPLE_ID], description="Id of the operation.")


class OperationQuery(Paging):
    """Which operations."""

    status: Status | None = Field(default=None, description="Only those in this status.")


class StepBody(Wire):
    """A step of an operation."""

    name: str = Field(description="What the step does.")
    status: Status = Field(description="Where it stands.")
    attempts: int = Field(description="How often it was started.")
    started_at: str | None = Field(description="When it was started first.")
    ended_at: str | None = Field(description="When it ended.")
    message: str = Field(description="The last fault it met, if any.")

    @classmethod
    def of(cls, step: StepState) -> "StepBody":
        """The step as served."""
        return cls.model_validate({**store.dump_step(step), "status": step.status})


class OperationBody(Resource):
    """An operation."""

    operation_id: str = Field(examples=[EXAMPLE_ID], description="Id of the operation.")
    kind: str = Field(examples=["product.change"], description="What kind of work it is.")
    subject: str = Field(description="Path of the resource it is about.")
    status: Status = Field(description="Where it stands.")
    progress: int = Field(ge=0, le=100, description="Per cent of its steps that are completed.")
    steps: list[StepBody] = Field(description="Its steps in order.")
    input: dict[str, Any] = Field(description="What was asked for.")
    result: dict[str, Any] | None = Field(description="What came of it.")
    problem: dict[str, Any] | None = Field(description="Why it failed (RFC 9457).")
    cancellable: bool = Field(description="Whether it can be called off: it has not ended, and may be left half done.")
    started_by: str = Field(description="Subject id of whoever started it.")
    created_at: str = Field(description="When it was accepted.")
    updated_at: str = Field(description="When its status changed last.")
    finished_at: str | None = Field(description="When it ended.")
    version: int = Field(description="Rises with every change of status.")

    @classmethod
    def of(cls, current: Stored[Operation], table: Table) -> "OperationBody":
        """The operation as served, with the steps of a live one as they are now."""
        operation = store.with_progress(table, current.value)
        return cls(
            operation_id=operation.operation_id,
            kind=operation.kind,
            subject=operation.subject,
            status=operation.status,
            progress=operation.progress,
            steps=[StepBody.of(step) for step in operation.steps],
            input=operation.input,
            result=operation.result,
            problem=operation.problem,
            cancellable=operation.cancellable,
            started_by=operation.started_by,
            created_at=rfc3339(operation.created_at),
            updated_at=rfc3339(operation.updated_at),
            finished_at=rfc3339_or_none(operation.finished_at),
            version=current.version,
        )


def _get(call: Call[OperationPath, Any, Any], subjects: Subjects) -> Answer:
    return _answer(call, service.get(call.work, call.path.operation_id, Scope(subjects)))


def _list(call: Call[Any, OperationQuery, Any], subjects: Subjects) -> Listed:
    query = call.query
    operations, following = service.list_operations(call.work, query.status, call.start, query.page_size, subjects)
    return Listed([OperationBody.of(o, call.work.table) for o in operations], following)


def _cancel(call: Call[OperationPath, Any, Any], subjects: Subjects) -> Answer:
    return _answer(call, service.cancel(call.work, call.path.operation_id, Scope(subjects)))


def _retry(call: Call[OperationPath, Any, Any], kinds: Sequence[OperationKind], subjects: Subjects) -> Answer:
    return _answer(call, service.retry(call.work, call.path.operation_id, kinds, Scope(subjects)))


def _answer(call: Call[Any, Any, Any], current: Stored[Operation]) -> Answer:
    return Answer(OperationBody.of(current, call.work.table), current.version)


def is_cancellable(operation: Mapping[str, Any]) -> bool:
    """Whether an operation as served can be called off."""
    return bool(operation["cancellable"])


def has_failed(operation: Mapping[str, Any]) -> bool:
    """Whether one can be put back in line."""
    return Status(operation["status"]) is Status.FAILED


LINKS = (
    Link("self", "getOperation"),
    Link("cancel", "cancelOperation", is_cancellable),
    Link("retry", "retryOperation", has_failed),
    Link("collection", "listOperations"),
)

ENDPOINTS = (
    Endpoint(
        id="listOperations",
        method="GET",
        path=store.BASE,
        summary="List operations, newest first",
        description="With the permission `operations:read` all of them, else those that the caller "
        "started and whose resource they may still read: a page may be short and still have a next one.",
        handler=_list,
        cli=("operations", "list"),
        query_schema=OperationQuery,
        response=OperationBody,
        item_links=LINKS,
        service=SERVICE,
        permission=SIGNED_IN,
        access=Access(gets=frozenset({"OPERATION"}), indexes=frozenset(store.STORE.indexes)),
    ),
    Endpoint(
        id="getOperation",
        method="GET",
        path=f"{store.BASE}/{{operationId}}",
        summary="Get an operation with its steps",
        handler=_get,
        cli=("operations", "get"),
        path_schema=OperationPath,
        response=OperationBody,
        problems=(OPERATION_NOT_FOUND,),
        links=LINKS,
        service=SERVICE,
        permission=SIGNED_IN,
        access=Access.to(gets="OPERATION"),
    ),
    Endpoint(
        id="cancelOperation",
        method="POST",
        path=f"{store.BASE}/{{operationId}}/cancel",
        summary="Call off an operation that has not ended",
        handler=_cancel,
        cli=("operations", "cancel"),
        path_schema=OperationPath,
        response=OperationBody,
        problems=(OPERATION_NOT_FOUND, FORBIDDEN, ILLEGAL_TRANSITION),
        links=LINKS,
        service=SERVICE,
        permission=SIGNED_IN,
        access=Access.to(gets="OPERATION") | store.CANCELLING,
    ),
    Endpoint(
        id="retryOperation",
        method="POST",
        path=f"{store.BASE}/{{operationId}}/retry",
        summary="Put a failed operation back in line",
        description="Completed steps stay completed.",
        handler=_retry,
        cli=("operations", "retry"),
        path_schema=OperationPath,
        response=OperationBody,
        problems=(OPERATION_NOT_FOUND, FORBIDDEN, ILLEGAL_TRANSITION),
        links=LINKS,
        service=SERVICE,
        permission=SIGNED_IN,
        access=Access.to(gets="OPERATION") | store.ACCEPTING,
    ),
)
