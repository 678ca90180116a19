"""The schemas of a tenant's users on the wire."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bbws.kernel.clock import rfc3339
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.work import UnitOfWork
from bbws.people.schemas import Email, ShownEmail
from bbws.people.service import values_of_user
from bbws.tenants.members.model import Membership, reasons
from bbws.tenants.permissions import GIVEN, Role
from bbws.tenants.schemas import TenantId

type UserId = Annotated[
    str,
    Field(pattern=r"^user-[A-Za-z0-9-]{1,64}$", examples=["user-thandi"], description="Subject id of the person."),
]


class UserPath(Query):
    """Which person, in which tenant."""

    tenant_id: TenantId
    user_id: UserId


class PersonPath(Query):
    """Which person."""

    user_id: UserId


class UserQuery(Paging):
    """Which users."""

    role: Role | None = Field(default=None, description="Only those with this role in the whole tenant.")


class AddUser(Wire):
    """Somebody who is to have a role."""

    email: Email
    role: Role = Field(strict=False, description="What they are to be in the whole tenant.")


class SetRole(Wire):
    """Another role."""

    role: Role = Field(strict=False, description="What they are to be in the whole tenant.")


class HeldAt(Wire):
    """A role at a unit."""

    unit_id: str = Field(description="Id of the division, group or team.")
    role: Role = Field(description="What they are there and below.")


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
    def of(cls, current: Stored[Membership], work: UnitOfWork) -> "UserBody":
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
        )


def held(units: Mapping[str, Role]) -> list[HeldAt]:
    """Roles at units as served."""
    return [HeldAt(unit_id=unit, role=role) for unit, role in sorted(units.items())]


class ReasonBody(Wire):
    """Why something is permitted."""

    role: Role = Field(description="The role that permits it.")
    unit_id: str | None = Field(description="Where it is held; null: in the whole tenant.")


class PermissionBody(Wire):
    """Something that can be permitted."""

    permission: str = Field(examples=["tenant:read"], description="What calls ask for (`x-permission`).")
    granted: bool = Field(description="Whether the person may do it, somewhere in the tenant.")
    because: list[ReasonBody] = Field(description="Why: every role that permits it, and where it is held.")


class AccessBody(Resource):
    """What somebody may do in a tenant, and why."""

    tenant_id: TenantId
    user_id: str = Field(description="Subject id of the person.")
    permissions: list[PermissionBody] = Field(description="Everything that can be permitted in a tenant.")

    @classmethod
    def of(cls, membership: Membership) -> "AccessBody":
        """The membership's permissions, each explained."""
        everywhere = tuple(membership.units)
        explained = []
        for permission in GIVEN:
            why = reasons(membership, permission, everywhere)
            because = [ReasonBody(role=reason.role, unit_id=reason.unit_id) for reason in why]
            explained.append(PermissionBody(permission=permission, granted=bool(why), because=because))
        return cls(tenant_id=membership.tenant_id, user_id=membership.user_id, permissions=explained)


class BelongingBody(Resource):
    """A tenant that somebody belongs to."""

    tenant_id: TenantId
    organization_name: str = Field(description="Name of the organisation.")
    status: str = Field(description="Where the tenant stands.")
    role: Role | None = Field(description="What the person is in the whole tenant.")
    units: list[HeldAt] = Field(description="What the person is at units.")
    assigned_at: str = Field(description="Since when.")
