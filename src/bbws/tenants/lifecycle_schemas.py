"""The schemas of a tenant's way from one status to another. Source: specification tenants §2, §3, Decision 6."""

from typing import Annotated

from pydantic import Field

from bbws.kernel.endpoint import Query, Wire
from bbws.kernel.text import LINES
from bbws.operations.schemas import Accepted
from bbws.tenants.model import Status
from bbws.tenants.schemas import TenantBody, TenantId

_SHORTEST_REASON, _LONGEST_REASON = 10, 500

type Reason = Annotated[
    str,
    Field(
        min_length=_SHORTEST_REASON,
        max_length=_LONGEST_REASON,
        examples=["No payment for 60 days"],
        description="Why; it is kept with the change.",
    ),
    LINES,
]


class DeleteQuery(Query):
    """How to take leave."""

    force: bool = Field(default=False, description="Also of a tenant whose environment runs; needs `confirm`.")
    confirm: str | None = Field(default=None, max_length=100, description="The name of the organisation.")


class SetStatus(Wire):
    """A status to take a tenant to."""

    status: Status = Field(strict=False, description="Where it is to stand.")
    reason: Reason


class WithReason(Wire):
    """Why."""

    reason: Reason


class WarningBody(Wire):
    """Something to know about what was done."""

    code: str = Field(examples=["rebuilding"], description="What it is about.")
    message: str = Field(description="What to know.")


class MovedTenant(TenantBody):
    """A tenant whose status was changed."""

    message: str = Field(description="What was done.")
    warnings: list[WarningBody] = Field(description="What to know about it.")


class AcceptedLifecycle(Accepted):
    """A change of status that was made, and what follows from it: see `Location`."""

    tenant_id: TenantId
    tenant_status: Status = Field(description="Where the tenant stands from now on.")
    message: str = Field(description="What was done.")
