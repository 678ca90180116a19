"""What follows from suspending, resuming and deprovisioning a tenant, as an operation that can be watched.

The status itself is changed by the commit that answers: from then on it holds, whatever becomes of the operation.
"""

from bbws.kernel.access import Access
from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.canonical import Document
from bbws.kernel.entity import Stored
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from bbws.operations.service import OperationKind, accept
from bbws.tenants import events, service, store
from bbws.tenants.model import Tenant, Transition


def suspend(work: UnitOfWork, tenant_id: str, reason: str) -> tuple[Stored[Tenant], Stored[Operation]]:
    """Let nobody of a tenant in, from this commit on.

    Raises:
        Problem: 404, 412, or 422 where it is not active.
    """
    return _moved(work, service.move(work, tenant_id, Transition.SUSPEND, reason), Transition.SUSPEND)


def resume(work: UnitOfWork, tenant_id: str) -> tuple[Stored[Tenant], Stored[Operation]]:
    """Let the people of a suspended tenant in again.

    Raises:
        Problem: 404, 412, or 422 where it is not suspended.
    """
    return _moved(work, service.move(work, tenant_id, Transition.RESUME), Transition.RESUME)


def deprovision(
    work: UnitOfWork, tenant_id: str, confirm: str | None, *, force: bool
) -> tuple[Stored[Tenant], Stored[Operation]]:
    """Take leave of a tenant: its record stays, its name is free.

    Raises:
        Problem: 404, 412, 422 for one that has gone; for one that runs, unless it is forced; for force that does not
            name the organisation.
    """
    current = service.get(work, tenant_id)
    service.require_confirmed(work, tenant_id, confirm, force=force)
    if not force:
        service.require_idle(current.value)
    return _moved(work, service.move(work, tenant_id, Transition.DEPROVISION), Transition.DEPROVISION)


def _moved(
    work: UnitOfWork, current: Stored[Tenant], transition: Transition
) -> tuple[Stored[Tenant], Stored[Operation]]:
    tenant_id = current.value.tenant_id
    operation = accept(
        work,
        TENANT_LIFECYCLE,
        subject=store.path(tenant_id),
        permission=PLATFORM_ADMIN,
        content={"tenantId": tenant_id, "transition": transition.value},
    )
    return current, operation


def settle(work: UnitOfWork, operation: Operation) -> Document:
    """Say where the tenant stands by now: later changes may have overtaken this one.

    Raises:
        Problem: 404.
    """
    tenant = service.get(work, operation.input["tenantId"]).value
    return {"tenantId": tenant.tenant_id, "status": tenant.status.value}


TENANT_LIFECYCLE = OperationKind(
    "tenant.lifecycle", events.LIFECYCLE_ASKED, (("settle", settle),), access=Access.to(gets="TENANT")
)
