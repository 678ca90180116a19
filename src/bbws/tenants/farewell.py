"""What follows when a tenant is deprovisioned: its webhooks, invitations and memberships end.

Each step goes through what there is part by part, each a commit of its own. Nothing can come after the tenant has left,
since whoever adds something ensures that the tenant is as it was read: a step that is repeated goes on where it was.
"""

from functools import partial
from typing import Protocol

from bbws.kernel.canonical import Document
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork, transact
from bbws.operations.model import Operation
from bbws.operations.service import OperationKind, StepFunction
from bbws.tenants import events, service
from bbws.tenants.invitations import service as invitations
from bbws.tenants.invitations import store as invitations_store
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.webhooks import service as webhooks
from bbws.tenants.webhooks import store as webhooks_store


class _Part(Protocol):
    """Ends as much as one commit takes, from a position on, and says where to go on."""

    def __call__(self, work: UnitOfWork, tenant_id: str, start: Position | None) -> Position | None: ...


def _ending(part: _Part) -> StepFunction:
    return partial(_go_through, part)


def _go_through(part: _Part, work: UnitOfWork, operation: Operation) -> Document:
    tenant_id: str = operation.input["tenantId"]
    start: Position | None = None

    def begin() -> UnitOfWork:
        return UnitOfWork(work.table, work.clock, work.actor, work.correlation_id)

    while True:
        start = transact(begin, partial(part, tenant_id=tenant_id, start=start))
        if start is None:
            return {"tenantId": tenant_id, "status": service.get(work, tenant_id).value.status.value}


DEPROVISIONING = OperationKind(
    "tenant.deprovisioning",
    events.LIFECYCLE_ASKED,
    (
        # First, so that none of the many events that follow is on its way to one.
        ("webhooks", _ending(webhooks.end)),
        ("invitations", _ending(invitations.end)),
        # Last: whoever asked for it watches it as somebody who belongs to it.
        ("members", _ending(members.end)),
    ),
    to_the_end=True,
    # A killed process goes on where it was, so that each attempt brings the farewell nearer to its end.
    attempts=10,
    access=webhooks_store.ENDING | invitations_store.ENDING | members_store.ENDING,
)
