"""From one status to another, and what follows from it as an operation that can be watched.

The status itself is changed by the commit that answers: from then on it holds, whatever becomes of the operation.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bbws.kernel.access import Access
from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.canonical import Document
from bbws.kernel.entity import Stored
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from bbws.operations.service import OperationKind, accept
from bbws.tenants import events, service, store
from bbws.tenants.farewell import DEPROVISIONING
from bbws.tenants.model import Status, Tenant, Transition


class Moved(NamedTuple):
    """A tenant in its new status, what led there, and what follows from it, if anything does."""

    tenant: Stored[Tenant]
    transition: Transition
    operation: Stored[Operation] | None


def move(work: UnitOfWork, tenant_id: str, transition: Transition, reason: str = "") -> Moved:
    """Take a tenant through a transition. Of who is suspended nobody is let in, from this commit on.

    Raises:
        Problem: 404, 412, or 422 where the status does not allow it.
    """
    current = service.move(work, tenant_id, transition, reason)
    kind = _FOLLOWED_BY.get(transition)
    operation = None
    if kind is not None:
        content: Document = {"tenantId": tenant_id, "transition": transition.value}
        operation = accept(work, kind, subject=store.path(tenant_id), permission=PLATFORM_ADMIN, content=content)
    return Moved(current, transition, operation)


def set_status(work: UnitOfWork, tenant_id: str, status: Status, reason: str) -> Moved:
    """Take a tenant to a status, by whatever transition leads there.

    Raises:
        Problem: 403 for a transition that the caller may not make; 404, 412, 422.
    """
    transition = service.way_to(work, tenant_id, status)
    if transition is Transition.DEPROVISION:
        service.require_idle(service.get(work, tenant_id).value)
    return move(work, tenant_id, transition, reason)


def deprovision(work: UnitOfWork, tenant_id: str, confirm: str | None, *, force: bool) -> Moved:
    """Take leave of a tenant: its record stays, its name is free.

    Raises:
        Problem: 404, 412, 422 for one that has gone; for one that runs, unless it is forced; for force that does not
            name the organisation.
    """
    current = service.get(work, tenant_id)
    service.require_confirmed(work, tenant_id, confirm, force=force)
    if not force:
        service.require_idle(current.value)
    return move(work, tenant_id, Transition.DEPROVISION)


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
_FOLLOWED_BY: Mapping[Transition, OperationKind] = {
    Transition.SUSPEND: TENANT_LIFECYCLE,
    Transition.RESUME: TENANT_LIFECYCLE,
    Transition.DEPROVISION: DEPROVISIONING,
}
