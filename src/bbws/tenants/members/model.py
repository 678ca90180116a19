"""Who belongs to a tenant. Pure. Source: specification tenants §1, Decisions 4, 9."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.problem import Kind, ProblemType
from bbws.tenants.model import Status, Tenant
from bbws.tenants.permissions import AT_UNITS, GIVEN, OF_ANY_MEMBER, Role, given

ALREADY_ASSIGNED = ProblemType(
    Kind.CONFLICT, "already-assigned", "Already assigned", "This person has a role there already. Change it instead."
)
LAST_ADMIN = ProblemType(
    Kind.REFUSED,
    "last-admin",
    "Last Admin",
    "A tenant that is not deprovisioned keeps an Admin for the whole of it. Make somebody else Admin first.",
)


TOO_MANY_UNIT_ROLES = ProblemType(
    Kind.REFUSED,
    "too-many-unit-roles",
    "Too many roles at units",
    "Somebody holds roles at eighty units of a tenant at most. A role at a division reaches everything below it.",
)
# Each is a row, and all of them go with the commit that removes somebody, which takes a hundred writes.
MOST_UNIT_ROLES = 80


class Membership(NamedTuple):
    """What one person is in one tenant.

    Attributes:
        customer_id: the tenant's.
        role: in the whole tenant; None where roles are held at units alone.
        units: unit id → the role held there and below.
        active: whether anything is held. Of one that ended with its tenant ``role`` and ``units`` say what was.
    """

    tenant_id: str
    user_id: str
    customer_id: str
    role: Role | None
    units: Mapping[str, Role]
    assigned_at: datetime
    assigned_by: str
    active: bool = True

    @property
    def is_admin(self) -> bool:
        """Whether it is an Admin of the whole tenant."""
        return self.active and self.role is Role.ADMIN


class Origin(StrEnum):
    """Where a role counts from, if not from the tenant as it is."""

    CUSTOMER = "customer"
    PAST = "past"


class Reason(NamedTuple):
    """Why a permission is held: which role, at which unit (None: in the whole tenant), from where (None: held now)."""

    role: Role
    unit_id: str | None
    of: Origin | None = None


class Explained(NamedTuple):
    """Why somebody holds a permission, or which status of the tenant takes it from them; neither: no role gives it."""

    permission: str
    because: list[Reason]
    withheld: Status | None


class Difference(NamedTuple):
    """What changes for somebody at a unit (None: in the whole tenant) and below it.

    Where there is another of the same person for a unit further down, that one holds there.
    """

    user_id: str
    unit_id: str | None
    gains: frozenset[str]
    loses: frozenset[str]


def with_role(membership: Membership, role: Role | None, unit_id: str | None = None) -> Membership:
    """The membership with a role in the whole tenant, or at a unit; None takes it away.

    Raises:
        Problem: 422 for a role at one unit too many.
    """
    if unit_id is None:
        membership = membership._replace(role=role)
    else:
        units = {held: at for held, at in membership.units.items() if held != unit_id}
        if role is not None and len(units) >= MOST_UNIT_ROLES:
            detail = f"This person holds roles at {MOST_UNIT_ROLES} units. Give one at a unit above, or in the tenant."
            raise TOO_MANY_UNIT_ROLES(detail, userId=membership.user_id)
        membership = membership._replace(units=units if role is None else {**units, unit_id: role})
    return membership._replace(active=membership.role is not None or bool(membership.units))


def without(membership: Membership, units: Iterable[str]) -> Membership:
    """The membership without the roles at units."""
    for unit in units:
        membership = with_role(membership, None, unit)
    return membership


def difference(
    before: Membership, after: Membership, unit_id: str | None, was: tuple[str, ...], will_be: tuple[str, ...]
) -> Difference:
    """What changes for somebody at a place, to which the units of ``was`` lead before, of ``will_be`` afterwards."""
    had, has = permitted(before, was), permitted(after, will_be)
    return Difference(before.user_id, unit_id, has - had, had - has)


def ended(membership: Membership) -> Membership:
    """The membership in a tenant that has left: it permits nothing, and says what was held until then."""
    return membership._replace(active=False)


def ended_with(tenant: Tenant, membership: Membership) -> bool:
    """Whether somebody belonged to a tenant when it left: its record is still theirs to read."""
    held = membership.role is not None or bool(membership.units)
    return tenant.status is Status.DEPROVISIONED and held


def removed(membership: Membership) -> Membership:
    """The membership of somebody who is out."""
    return membership._replace(role=None, units={}, active=False)


def permitted(membership: Membership, chain: tuple[str, ...] = ()) -> frozenset[str]:
    """What the membership permits at a place: ``chain`` holds the units from the root to it, empty for the tenant."""
    if not membership.active:
        return frozenset()
    whole = frozenset() if membership.role is None else given([membership.role])
    there = given(membership.units[unit] for unit in chain if unit in membership.units)
    return whole | (there & AT_UNITS) | OF_ANY_MEMBER


def roles(membership: Membership, chain: tuple[str, ...] = ()) -> frozenset[Role]:
    """The roles held at a place: in the whole tenant, and at the units from the root to it."""
    if not membership.active:
        return frozenset()
    at_units = (membership.units[unit] for unit in chain if unit in membership.units)
    return frozenset({*at_units} if membership.role is None else {membership.role, *at_units})


def is_above(role: Role, held: frozenset[Role]) -> bool:
    """Whether a role is above all of those that are held. The first is the highest."""
    order = list(Role)
    return all(order.index(role) < order.index(each) for each in held)


def reasons(membership: Membership, permission: str, chain: tuple[str, ...] = ()) -> list[Reason]:
    """Why the membership permits something at a place; empty where it does not."""
    if not membership.active:
        return []
    found = []
    if membership.role in GIVEN[permission]:
        found.append(Reason(Role(membership.role), None))
    for unit, role in membership.units.items():
        if permission in OF_ANY_MEMBER or (permission in AT_UNITS and unit in chain and role in GIVEN[permission]):
            found.append(Reason(role, unit))
    return found
