"""Who may do what in the tenant that a request is about: the kernel's Authority.

Everything is read by key, consistently, on every request: what was taken away is gone with the next one. Whoever has no
business in a tenant is told that there is none, in the same words as where there is none.

Source: specification tenants §5, Decisions 3, 4, 7, 8.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bbws.kernel.actor import IN_TENANT, PLATFORM_ADMIN, Actor, ActorKind
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.problem import FORBIDDEN, Problem
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import (
    Explained,
    Membership,
    Origin,
    Reason,
    ended_with,
    is_above,
    permitted,
    reasons,
    roles,
)
from bbws.tenants.model import ACCOUNT_SUSPENDED, TENANT_NOT_FOUND, Status, Tenant
from bbws.tenants.permissions import GIVEN, LEFT, LIFECYCLE, READ, SELF, UNITS_DELETE, UNITS_READ, Role, given
from bbws.tenants.store import TENANT, tenant_in, tenant_key
from bbws.tenants.units.store import chain, chain_in

_SELF = frozenset({SELF})


class Standing(NamedTuple):
    """How somebody stands to a tenant. ``membership``: None for an Admin of another tenant of the same customer."""

    tenant: Tenant
    membership: Membership | None


class Roles:
    """The kernel's Authority over stored roles."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def within(self, actor: Actor, endpoint: Endpoint, path: Mapping[str, str]) -> Actor:
        """The person with what it may do in the tenant of the path, and in the unit of it that the path names.

        Raises:
            Problem: 404 for a tenant that is not the caller's; 403 for one that is suspended or parked.
        """
        person = actor.kind is ActorKind.PERSON and not actor.may(PLATFORM_ADMIN)
        if not person or not endpoint.permission.startswith(IN_TENANT):
            return actor
        tenant_id = path.get("tenantId")
        if tenant_id is None:
            return actor._replace(permissions=_SELF)
        standing = standing_of(self._table, tenant_id, actor.subject)
        if standing is None:
            raise not_found(tenant_id)
        left = LEFT.get(standing.tenant.status)
        if left is not None and endpoint.permission not in left:
            raise closed(standing.tenant.status)
        placed = standing.membership is not None and standing.membership.units
        return actor._replace(permissions=_permitted(standing, chain_in(self._table, path) if placed else ()))


def standing_of(table: Table, tenant_id: str, user_id: str) -> Standing | None:
    """How somebody stands to a tenant; None where it is none of theirs, or there is none."""
    row = table.get(tenant_key(tenant_id))
    if row is None:
        return None
    tenant = TENANT.stored(row).value
    membership = members_store.load(table, tenant_id, user_id)
    if membership is not None and (membership.value.active or ended_with(tenant, membership.value)):
        return Standing(tenant, membership.value._replace(active=True))
    if members_store.is_admin_of_customer(table, tenant.customer_id, user_id):
        return Standing(tenant, None)
    return None


def _permitted(standing: Standing, place: tuple[str, ...]) -> frozenset[str]:
    """What somebody may do at a place, in the status that the tenant has."""
    held, left = _held(standing, place), LEFT.get(standing.tenant.status)
    return _SELF | (held if left is None else held & left)


def _held(standing: Standing, place: tuple[str, ...]) -> frozenset[str]:
    """What somebody's roles give at a place, whatever the status."""
    return frozenset({READ}) if standing.membership is None else permitted(standing.membership, place)


def explain(standing: Standing) -> list[Explained]:
    """Each permission, with why somebody holds it somewhere in the tenant, or what takes it from them."""
    everywhere = () if standing.membership is None else tuple(standing.membership.units)
    held, now, status = _held(standing, everywhere), _permitted(standing, everywhere), standing.tenant.status
    return [
        Explained(
            permission,
            _reasons(standing, permission, everywhere) if permission in now else [],
            status if permission in held - now else None,
        )
        for permission in GIVEN
    ]


def _reasons(standing: Standing, permission: str, place: tuple[str, ...]) -> list[Reason]:
    if standing.membership is None:
        return [Reason(Role.ADMIN, None, Origin.CUSTOMER)]
    past = Origin.PAST if standing.tenant.status is Status.DEPROVISIONED else None
    return [reason._replace(of=past) for reason in reasons(standing.membership, permission, place)]


def stand_anew(work: UnitOfWork, tenant: Tenant) -> None:
    """Have whoever acts hold what the status that the tenant is about to have leaves: the answer's links are by it."""
    standing = standing_of(work.table, tenant.tenant_id, work.actor.subject)
    if standing is not None and not work.actor.may(PLATFORM_ADMIN):
        permitted_now = _permitted(standing._replace(tenant=tenant), ())
        work.actor = work.actor._replace(permissions=permitted_now)


class Subjects:
    """The operations' Subjects: of those that are about a tenant, or what lies in one, its people see what is left."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def readable(self, actor: Actor, subject: str) -> bool:
        """Whether somebody may read the tenant or the unit of a path; of other paths it is not asked."""
        return self._permits(actor, subject, READ, UNITS_READ)

    def writable(self, actor: Actor, subject: str) -> bool:
        """Whether somebody may also take the tenant to another status, or delete the unit."""
        return self._permits(actor, subject, LIFECYCLE, UNITS_DELETE)

    def _permits(self, actor: Actor, subject: str, of_tenant: str, of_unit: str) -> bool:
        tenant_id, within = tenant_in(subject)
        if tenant_id is None:
            return True
        standing = standing_of(self._table, tenant_id, actor.subject)
        if standing is None:
            return False
        # Of a unit that is gone the chain is empty: then a role in the whole tenant is asked for.
        place = chain(self._table, tenant_id, subject.rpartition("/")[2]) if within else ()
        return (of_unit if within else of_tenant) in _permitted(standing, place)


def roles_at(work: UnitOfWork, tenant_id: str, chain: tuple[str, ...]) -> frozenset[Role]:
    """The roles of whoever acts at a place of a tenant; the platform's people are as its Admins."""
    if work.actor.may(PLATFORM_ADMIN):
        return frozenset({Role.ADMIN})
    current = members_store.find(work, tenant_id, work.actor.subject)
    return frozenset() if current is None else roles(current.value, chain)


def require_at(work: UnitOfWork, tenant_id: str, permission: str, chain: tuple[str, ...]) -> None:
    """Refuse unless whoever acts may do something at a further place than that of the request's path.

    Raises:
        Problem: 403.
    """
    if permission not in given(roles_at(work, tenant_id, chain)):
        where = chain[-1] if chain else "the whole tenant"
        raise FORBIDDEN(f"You may not do this: you lack {permission} at {where}.", requiredPermission=permission)


def require_not_above(work: UnitOfWork, tenant_id: str, role: Role, chain: tuple[str, ...]) -> None:
    """Refuse to give or to take a role above those that whoever acts holds at the place.

    Raises:
        Problem: 403.
    """
    if is_above(role, roles_at(work, tenant_id, chain)):
        detail = f"You hold no role there that is as high as {role}: you can neither give nor take it."
        raise FORBIDDEN(detail)


def not_found(tenant_id: str) -> Problem:
    """The same for a tenant that is not there, and for one that is not the caller's."""
    return TENANT_NOT_FOUND(f"There is no tenant {tenant_id} that you belong to.")


def closed(status: Status) -> Problem:
    """What those who belong to a tenant are told while it is closed to them."""
    return ACCOUNT_SUSPENDED(f"This tenant is {_WHY_CLOSED[status]}.", currentStatus=status.value)


_WHY_CLOSED = {
    Status.SUSPENDED: "suspended: write to support",
    Status.PARKED: "parked: its Admin can unpark it",
    Status.DEPROVISIONED: "deprovisioned: nothing but its record is left",
}
