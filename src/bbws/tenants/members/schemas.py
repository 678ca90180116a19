"""The schemas of a tenant's users on the wire."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from bbws.kernel.clock import rfc3339
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.work import UnitOfWork
from bbws.people.schemas import Email, ShownEmail, UserId
from bbws.people.service import values_of_user
from bbws.tenants.members.model import Difference, Explained, Membership, Origin
from bbws.tenants.permissions import Role
from bbws.tenants.schemas import TenantId
from bbws.tenants.units.model import ANY_ID_PATTERN

type UnitId = Annotated[
    str,
    Field(
        pattern=ANY_ID_PATTERN,
        examples=["div-0123456789ABCDEF"],
        description="Id of the division, group or team at which, and below which, the role is held.",
    ),
]


class UserPath(Query):
    """Which person, in which tenant."""

    tenant_id: TenantId
    user_id: UserId


class UserQuery(Paging):
    """Which users."""

    role: Role | None = Field(default=None, description="Only those with this role in the whole tenant.")


class AddUser(Wire):
    """Somebody who is to have a role."""

    email: Email
    role: Role = Field(strict=False, description="What they are to be.")
    unit_id: UnitId | None = Field(
        default=None, description="Where they are to be that; left out: in the whole tenant."
    )


class SetRole(Wire):
    """Another role."""

    role: Role = Field(strict=False, description="What they are to be.")
    unit_id: UnitId | None = Field(
        default=None,
        description="The unit at which they hold a role that this one replaces; left out: the whole tenant.",
    )


class RemoveQuery(Query):
    """What to take away."""

    unit_id: UnitId | None = Field(default=None, description="The role at this unit alone; left out: everything.")


class HeldAt(Wire):
    """A role at a unit."""

    unit_id: str = Field(description="Id of the division, group or team.")
    role: Role = Field(description="What they are there and below.")


class DifferenceBody(Wire):
    """What changes for somebody."""

    user_id: str = Field(examples=["user-thandi"], description="Subject id of the person.")
    unit_id: str | None = Field(
        description="Where: at this unit, or in the whole tenant where null, and below it, down to a unit that this "
        "person has an entry of its own for."
    )
    gains: list[str] = Field(description="What the person may do from then on.")
    loses: list[str] = Field(description="What the person may do no more.")


type AccessDifference = Annotated[
    list[DifferenceBody] | None,
    Field(
        description="Of a plan (`dryRun=true`): who gains and who loses which permissions, and where. Else null.",
    ),
]


def differences(found: Iterable[Difference] | None) -> list[DifferenceBody] | None:
    """Differences as served."""
    if found is None:
        return None
    return [
        DifferenceBody(user_id=each.user_id, unit_id=each.unit_id, gains=sorted(each.gains), loses=sorted(each.loses))
        for each in found
    ]


class UserBody(Resource):
    """What somebody is in a tenant."""

    tenant_id: TenantId
    user_id: str = Field(examples=["user-thandi"], description="Subject id of the person.")
    email: ShownEmail
    name: str | None = Field(description="What the person is called, where it is known.")
    role: Role | None = Field(description="What they are in the whole tenant; null: roles at units alone.")
    units: list[HeldAt] = Field(description="What they are at units, and below those.")
    assigned_at: str = Field(description="Since when.")
    assigned_by: str = Field(description="Subject id of who let them in.")

    @classmethod
    def of(cls, current: Stored[Membership], work: UnitOfWork, **further: Any) -> "UserBody":  # noqa: ANN401 - a field's
        """The membership as served."""
        membership = current.value
        known = values_of_user(work, membership.user_id)
        return cls(
            tenant_id=membership.tenant_id,
            user_id=membership.user_id,
            email=None if known is None else known.email,
            name=None if known is None else known.name or None,
            role=membership.role,
            units=held(membership.units),
            assigned_at=rfc3339(membership.assigned_at),
            assigned_by=membership.assigned_by,
            **further,
        )


class ChangedUserBody(UserBody):
    """A membership that was changed."""

    access_difference: AccessDifference = None


def held(units: Mapping[str, Role]) -> list[HeldAt]:
    """Roles at units as served."""
    return [HeldAt(unit_id=unit, role=role) for unit, role in sorted(units.items())]


class ReasonBody(Wire):
    """Why something is permitted."""

    role: Role = Field(description="The role that permits it.")
    unit_id: str | None = Field(description="Where it is held; null: in the whole tenant.")
    of: Origin | None = Field(
        description="`customer`: held in another tenant of the same customer; `past`: held when the tenant was "
        "deprovisioned; null: held in the tenant now."
    )


class PermissionBody(Wire):
    """Something that can be permitted."""

    permission: str = Field(examples=["tenant:read"], description="What calls ask for (`x-permission`).")
    granted: bool = Field(description="Whether the person may do it, somewhere in the tenant.")
    because: list[ReasonBody] = Field(description="Why: every role that permits it, and where it is held.")
    withheld: str | None = Field(
        examples=["The tenant is SUSPENDED."],
        description="Why not, although a role would permit it; null where it is granted, or no role permits it.",
    )


class AccessBody(Resource):
    """What somebody may do in a tenant, and why."""

    tenant_id: TenantId
    user_id: str = Field(description="Subject id of the person.")
    permissions: list[PermissionBody] = Field(description="Everything that can be permitted in a tenant.")

    @classmethod
    def of(cls, tenant_id: str, user_id: str, explained: Iterable[Explained]) -> "AccessBody":
        """The permissions as served, each explained."""
        permissions = [
            PermissionBody(
                permission=each.permission,
                granted=bool(each.because),
                because=[ReasonBody(role=why.role, unit_id=why.unit_id, of=why.of) for why in each.because],
                withheld=None if each.withheld is None else f"The tenant is {each.withheld}.",
            )
            for each in explained
        ]
        return cls(tenant_id=tenant_id, user_id=user_id, permissions=permissions)


class BelongingBody(Resource):
    """A tenant that somebody belongs to."""

    tenant_id: TenantId
    organization_name: str = Field(description="Name of the organisation.")
    status: str = Field(description="Where the tenant stands.")
    role: Role | None = Field(description="What the person is in the whole tenant.")
    units: list[HeldAt] = Field(description="What the person is at units.")
    assigned_at: str = Field(description="Since when.")
