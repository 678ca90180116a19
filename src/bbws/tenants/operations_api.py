"""Operations of a tenant, for its people.

They are the same as at ``/v1.0/operations``, which on AWS lies behind keys alone: a gateway's method takes a key or a
token, and no method takes both.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from bbws.kernel.access import Access
from bbws.kernel.endpoint import Answer, Call, Link
from bbws.kernel.entity import Stored
from bbws.kernel.problem import FORBIDDEN
from bbws.operations import service as operations
from bbws.operations.api import OperationBody, has_failed, is_cancellable
from bbws.operations.model import ID_PATTERN, ILLEGAL_TRANSITION, OPERATION_NOT_FOUND, Operation
from bbws.operations.ports import Subjects
from bbws.operations.schemas import EXAMPLE_ID
from bbws.operations.service import OperationKind, Scope
from bbws.operations.store import ACCEPTING, CANCELLING
from bbws.tenants import permissions, store
from bbws.tenants.rendering import ONE, one
from bbws.tenants.schemas import TenantId, TenantPath


class TenantOperationPath(TenantPath):
    """Which operation of a tenant."""

    operation_id: str = Field(pattern=ID_PATTERN, examples=[EXAMPLE_ID], description="Id of the operation.")


class TenantOperationBody(OperationBody):
    """An operation of a tenant."""

    tenant_id: TenantId


def _get(call: Call[TenantOperationPath, Any, Any], subjects: Subjects) -> Answer:
    return _answer(call, operations.get(call.work, call.path.operation_id, _scope(call, subjects)))


def _cancel(call: Call[TenantOperationPath, Any, Any], subjects: Subjects) -> Answer:
    return _answer(call, operations.cancel(call.work, call.path.operation_id, _scope(call, subjects)))


def _retry(call: Call[TenantOperationPath, Any, Any], kinds: Sequence[OperationKind], subjects: Subjects) -> Answer:
    return _answer(call, operations.retry(call.work, call.path.operation_id, kinds, _scope(call, subjects)))


def _scope(call: Call[TenantOperationPath, Any, Any], subjects: Subjects) -> Scope:
    """Those of this tenant: for its Admins everybody's."""
    return Scope(subjects, store.path(call.path.tenant_id), call.work.actor.may(permissions.LIFECYCLE))


def _answer(call: Call[TenantOperationPath, Any, Any], current: Stored[Operation]) -> Answer:
    shown = OperationBody.of(current, call.work.table).model_dump()
    return Answer(TenantOperationBody(tenant_id=call.path.tenant_id, **shown), current.version)


_ONE = f"{ONE}/operations/{{operationId}}"
_SHOWING = {
    "path_schema": TenantOperationPath,
    "response": TenantOperationBody,
    "links": (
        Link("self", "getTenantOperation"),
        Link("cancel", "cancelTenantOperation", is_cancellable),
        Link("retry", "retryTenantOperation", has_failed),
        Link("tenant", "getTenant"),
    ),
}
_STEERING = {"problems": (OPERATION_NOT_FOUND, FORBIDDEN, ILLEGAL_TRANSITION), **_SHOWING}
_READING = store.DECIDING | Access.to(gets="OPERATION")
ENDPOINTS = (
    one(
        "getTenantOperation",
        "GET",
        _ONE,
        "operation",
        permission=permissions.READ,
        access=_READING,
        summary="Get an operation of a tenant with its steps",
        description="For who started it, while they may read what it is about, and for the tenant's Admins.",
        handler=_get,
        problems=(OPERATION_NOT_FOUND,),
        **_SHOWING,
    ),
    one(
        "cancelTenantOperation",
        "POST",
        f"{_ONE}/cancel",
        "cancel-operation",
        permission=permissions.UNITS_READ,
        access=_READING | CANCELLING,
        summary="Call off an operation of a tenant that has not ended",
        description="For who may do by themselves what it does. Taking leave of a tenant goes on to its end.",
        handler=_cancel,
        **_STEERING,
    ),
    one(
        "retryTenantOperation",
        "POST",
        f"{_ONE}/retry",
        "retry-operation",
        permission=permissions.UNITS_READ,
        access=_READING | ACCEPTING,
        summary="Put a failed operation of a tenant back in line",
        description="For who may do by themselves what it does. Completed steps stay completed.",
        handler=_retry,
        **_STEERING,
    ),
)
