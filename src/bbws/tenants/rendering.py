"""What the calls about a tenant have in common: their answers, their links, how they are declared."""

from collections.abc import Callable, Mapping
from typing import Any

from bbws.kernel.endpoint import Answer, Call, Endpoint, Link
from bbws.kernel.entity import Stored
from bbws.operations.model import Operation
from bbws.tenants import store
from bbws.tenants.access import stand_anew
from bbws.tenants.lifecycle import Moved
from bbws.tenants.lifecycle_schemas import AcceptedLifecycle, MovedTenant, WarningBody
from bbws.tenants.model import ACCOUNT_SUSPENDED, TENANT_NOT_FOUND, Status, Tenant, Transition
from bbws.tenants.schemas import TenantBody, TenantPath

SERVICE = "tenant-api"
ONE = f"{store.BASE}/{{tenantId}}"
REFUSALS = (TENANT_NOT_FOUND, ACCOUNT_SUSPENDED)


def _in(*statuses: Status) -> Callable[[Mapping[str, Any]], bool]:
    return lambda tenant: tenant["status"] in statuses


_REBUILDING = WarningBody(code="rebuilding", message="The sites are being brought back; this takes up to 15 minutes.")
_LIVE = tuple(status for status in Status if status is not Status.DEPROVISIONED)
LINKS = (
    Link("self", "getTenant"),
    Link("update", "updateTenant", _in(*_LIVE)),
    Link("delete", "deleteTenant", _in(*_LIVE)),
    Link("activate", "setTenantStatus", _in(Status.PENDING)),
    Link("park", "parkTenant", _in(Status.ACTIVE)),
    Link("unpark", "unparkTenant", _in(Status.PARKED)),
    Link("suspend", "suspendTenant", _in(Status.ACTIVE)),
    Link("resume", "resumeTenant", _in(Status.SUSPENDED)),
    Link("users", "listUsers"),
    Link("divisions", "listDivisions"),
    Link("tree", "getTree"),
    Link("collection", "listTenants"),
)
TENANT = {"response": TenantBody, "links": LINKS, "secret_fields": ("contactEmail",)}


def answer(call: Call[Any, Any, Any], current: Stored[Tenant], *, new: bool = False) -> Answer:
    """The tenant."""
    body = TenantBody.of(current, call.work)
    return Answer(body, current.version, location=store.path(current.value.tenant_id) if new else None)


def moved(call: Call[Any, Any, Any], moved: Moved) -> Answer:
    """The tenant in its new status, or the operation that this led to."""
    current, operation = moved.tenant, moved.operation
    if operation is not None:
        return _accepted(current.value, operation.value)
    stand_anew(call.work, current.value)
    shown = dict(TenantBody.of(current, call.work))
    message = f"{current.value.organization_name} is {current.value.status}."
    warnings = [_REBUILDING] if moved.transition is Transition.UNPARK else []
    return Answer(MovedTenant(**{**shown, "message": message, "warnings": warnings}), current.version)


def _accepted(tenant: Tenant, operation: Operation) -> Answer:
    body = AcceptedLifecycle(
        operation_id=operation.operation_id,
        status=operation.status,
        tenant_id=tenant.tenant_id,
        tenant_status=tenant.status,
        message=f"{tenant.organization_name} is {tenant.status} from now on.",
    )
    return Answer(body, location=store.operation_path(tenant.tenant_id, operation.operation_id), queued=True)


def endpoint(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - Endpoint's own
    """A call about tenants."""
    return Endpoint(id=endpoint_id, service=SERVICE, method=method, path=path, cli=("tenants", verb), **further)


def one(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - the same
    """A call about one tenant."""
    problems = (*REFUSALS, *further.pop("problems", ()))
    return endpoint(endpoint_id, method, path, verb, problems=problems, **({"path_schema": TenantPath} | further))
