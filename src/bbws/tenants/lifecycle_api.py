"""The endpoints that take a tenant from one status to another. Source: specification tenants §2, §3, Decisions 6, 7."""

from typing import Any

from bbws.kernel.endpoint import Answer, Call, Endpoint
from bbws.operations.model import ILLEGAL_TRANSITION
from bbws.operations.store import ACCEPTING
from bbws.tenants import lifecycle, permissions, store
from bbws.tenants.lifecycle_schemas import AcceptedLifecycle, DeleteQuery, MovedTenant, SetStatus, WithReason
from bbws.tenants.model import CONFIRMATION, DEPENDENCIES, Transition
from bbws.tenants.rendering import LINKS, ONE, moved, one
from bbws.tenants.schemas import TenantPath

_WHY = {"reason": "No payment for 60 days"}
_MOVED = {"response": MovedTenant, "links": LINKS, "secret_fields": ("contactEmail",)}
_ACCEPTED = {"accepted": AcceptedLifecycle, "status": 202}
_PASSING = store.PASSING | store.READING


def _delete(call: Call[TenantPath, DeleteQuery, Any]) -> Answer:
    query = call.query
    return moved(call, lifecycle.deprovision(call.work, call.path.tenant_id, query.confirm, force=query.force))


def _set_status(call: Call[TenantPath, Any, SetStatus]) -> Answer:
    return moved(call, lifecycle.set_status(call.work, call.path.tenant_id, call.body.status, call.body.reason))


def _park(call: Call[TenantPath, Any, WithReason]) -> Answer:
    return moved(call, lifecycle.move(call.work, call.path.tenant_id, Transition.PARK, call.body.reason))


def _unpark(call: Call[TenantPath, Any, Any]) -> Answer:
    return moved(call, lifecycle.move(call.work, call.path.tenant_id, Transition.UNPARK))


def _suspend(call: Call[TenantPath, Any, WithReason]) -> Answer:
    return moved(call, lifecycle.move(call.work, call.path.tenant_id, Transition.SUSPEND, call.body.reason))


def _resume(call: Call[TenantPath, Any, Any]) -> Answer:
    return moved(call, lifecycle.move(call.work, call.path.tenant_id, Transition.RESUME))


def _move(endpoint_id: str, verb: str, permission: str, **further: Any) -> Endpoint:  # noqa: ANN401 - the same
    return one(
        endpoint_id,
        "POST",
        f"{ONE}/lifecycle/{verb}",
        verb,
        permission=permission,
        problems=(ILLEGAL_TRANSITION,),
        **further,
    )


ENDPOINTS = (
    one(
        "deleteTenant",
        "DELETE",
        ONE,
        "delete",
        permission=permissions.DELETE,
        access=store.LEAVING | ACCEPTING,
        summary="Take leave of a tenant",
        description="Its record stays and its name is free. One whose environment runs is parked first, or forced.",
        handler=_delete,
        query_schema=DeleteQuery,
        problems=(ILLEGAL_TRANSITION, DEPENDENCIES, CONFIRMATION),
        **_ACCEPTED,
    ),
    one(
        "setTenantStatus",
        "PATCH",
        f"{ONE}/status",
        "status",
        permission=permissions.STATUS,
        access=store.LEAVING | store.READING | ACCEPTING,
        summary="Take a tenant to a status, by whatever transition leads there",
        description="As the calls of these transitions do: 202 with an operation for suspending, resuming and leaving. "
        "While the tenant is parked its Admin can ask for ACTIVE alone.",
        handler=_set_status,
        body_schema=SetStatus,
        problems=(ILLEGAL_TRANSITION, DEPENDENCIES),
        accepted=AcceptedLifecycle,
        example={"status": "ACTIVE", "reason": "The environment is ready"},
        **_MOVED,
    ),
    _move(
        "parkTenant",
        "park",
        permissions.LIFECYCLE,
        access=_PASSING,
        summary="Take a tenant's sites down and keep its data",
        description="From then on its people can read the tenant alone, and its Admin can unpark or delete it.",
        handler=_park,
        body_schema=WithReason,
        example=_WHY,
        **_MOVED,
    ),
    _move(
        "unparkTenant",
        "unpark",
        permissions.UNPARK,
        access=_PASSING,
        summary="Bring a parked tenant's sites back",
        handler=_unpark,
        **_MOVED,
    ),
    _move(
        "suspendTenant",
        "suspend",
        permissions.LIFECYCLE,
        access=store.PASSING | ACCEPTING,
        summary="Let nobody of a tenant in",
        description="From this answer on. Only the platform's people can resume it.",
        handler=_suspend,
        body_schema=WithReason,
        example=_WHY,
        **_ACCEPTED,
    ),
    _move(
        "resumeTenant",
        "resume",
        permissions.RESUME,
        access=store.PASSING | ACCEPTING,
        summary="Let the people of a suspended tenant in again",
        handler=_resume,
        **_ACCEPTED,
    ),
)
