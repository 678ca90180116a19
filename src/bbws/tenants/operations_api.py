"""Operations of a tenant, for its people.

They are the same as at ``/v1.0/operations``, which on AWS lies behind keys alone: a gateway's method takes a key or a
token, and no method takes both.
"""

from typing import Any

from pydantic import Field

from bbws.kernel.access import Access
from bbws.kernel.endpoint import Answer, Call, Link
from bbws.operations import service as operations
from bbws.operations.api import OperationBody
from bbws.operations.model import ID_PATTERN, OPERATION_NOT_FOUND
from bbws.operations.ports import Subjects
from bbws.operations.schemas import EXAMPLE_ID
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
    tenant_id, operation_id = call.path.tenant_id, call.path.operation_id
    own = store.path(tenant_id)
    steering = call.work.actor.may(permissions.LIFECYCLE)
    current = operations.get(call.work, operation_id, subjects, within=own, anybodys=steering)
    shown = OperationBody.of(current, call.work.table).model_dump()
    return Answer(TenantOperationBody(tenant_id=tenant_id, **shown), current.version)


ENDPOINTS = (
    one(
        "getTenantOperation",
        "GET",
        f"{ONE}/operations/{{operationId}}",
        "operation",
        permission=permissions.READ,
        access=store.DECIDING | Access.to(gets="OPERATION"),
        summary="Get an operation of a tenant with its steps",
        description="For who started it, while they may read what it is about, and for the tenant's Admins.",
        handler=_get,
        path_schema=TenantOperationPath,
        response=TenantOperationBody,
        problems=(OPERATION_NOT_FOUND,),
        links=(Link("self", "getTenantOperation"), Link("tenant", "getTenant")),
    ),
)
