"""Use cases of who belongs to a tenant. Source: specification tenants §4, Decisions 4, 5, 9."""

from collections.abc import Collection

from bbws.kernel.entity import Stored
from bbws.kernel.problem import Problem
from bbws.kernel.table import MAX_WRITES, Position
from bbws.kernel.work import UnitOfWork
from bbws.people import service as people
from bbws.people.model import SHARED_ADDRESS, USER_NOT_FOUND
from bbws.people.service import EmailKey
from bbws.tenants import events, service
from bbws.tenants import store as tenants_store
from bbws.tenants.access import Standing, standing_of
from bbws.tenants.members import model, store
from bbws.tenants.members.model import ALREADY_ASSIGNED, LAST_ADMIN, Membership
from bbws.tenants.model import Status, Tenant, require, require_not
from bbws.tenants.permissions import USERS_WRITE, Role
from bbws.tenants.units import service as units
from bbws.tenants.units import store as units_store

# Writes that end a membership: itself, its change, and what says that it is an Admin's, of the tenant and the customer.
_OF_MEMBER = 4


def get(work: UnitOfWork, tenant_id: str, user_id: str) -> Stored[Membership]:
    """Somebody who belongs to a tenant.

    Raises:
        Problem: 404.
    """
    service.get(work, tenant_id)
    current = store.find(work, tenant_id, user_id)
    if current is None:
        raise _not_found(user_id)
    return current


def standing(work: UnitOfWork, tenant_id: str, user_id: str) -> Standing:
    """How somebody stands to a tenant who may do anything in it.

    An Admin of its customer is shown to who looks after its people: others would learn of the customer's other tenants.

    Raises:
        Problem: 404.
    """
    service.get(work, tenant_id)
    found = standing_of(work.table, tenant_id, user_id)
    if found is None or (found.membership is None and not work.actor.may(USERS_WRITE)):
        raise _not_found(user_id)
    return found


def _not_found(user_id: str) -> Problem:
    return USER_NOT_FOUND(f"There is no user {user_id} in this tenant.")


def add(
    work: UnitOfWork, email_key: EmailKey, tenant_id: str, email: str, role: Role, unit_id: str | None = None
) -> Stored[Membership]:
    """Give somebody who is known by an address a role in the whole tenant, or at a unit of it.

    Raises:
        Problem: 404 where nobody with this address has signed in, and for a unit that is not there; 409 for who has
            such a role; 422 unless the tenant is active, and where several have signed in with the address.
    """
    tenant = service.get(work, tenant_id)
    require(tenant.value, Status.ACTIVE)
    found = people.users_of(work.table, email_key, email)
    if not found:
        raise USER_NOT_FOUND("Nobody with this address has signed in yet. Invite them instead.")
    if len(found) > 1:
        raise SHARED_ADDRESS("Several people have signed in with this address. Invite the one you mean instead.")
    return assign(work, tenant, found[0], role, unit_id)


def assign(
    work: UnitOfWork, tenant: Stored[Tenant], user_id: str, role: Role, unit_id: str | None = None
) -> Stored[Membership]:
    """Give a person a role in the tenant, or at a unit of it, which must still be there at the commit.

    Raises:
        Problem: 404 for a unit that is not there, and for who was forgotten; 409 where there is a role already, or the
            unit is being deleted.
    """
    people.require_remembered(work, user_id)
    if unit_id is not None:
        _enter(work, tenant.value.tenant_id, unit_id)
    current = store.load(work.table, tenant.value.tenant_id, user_id)
    # Whoever ends the tenant meanwhile must not find somebody in it afterwards.
    work.ensure(tenants_store.tenant_key(tenant.value.tenant_id), tenant.version)
    now, by = work.now(current), work.actor.subject
    if current is None:
        fresh = Membership(tenant.value.tenant_id, user_id, tenant.value.customer_id, None, {}, now, by)
        return work.create(store.MEMBERSHIP, model.with_role(fresh, role, unit_id), events.ASSIGNED)
    held = current.value.role if unit_id is None else current.value.units.get(unit_id)
    if held is not None:
        raise ALREADY_ASSIGNED(f"This person is {held} there already. Change the role instead.", userId=user_id)
    membership = model.with_role(current.value, role, unit_id)
    if not current.value.active:
        membership = membership._replace(assigned_at=now, assigned_by=by)
    return work.update(store.MEMBERSHIP, current, membership, events.ASSIGNED)


def _enter(work: UnitOfWork, tenant_id: str, unit_id: str) -> None:
    unit = units_store.load(work.table, tenant_id, unit_id)
    if unit is None:
        raise units.not_found(unit_id)
    units.enter(work, unit)


def change_role(
    work: UnitOfWork, tenant_id: str, user_id: str, role: Role, unit_id: str | None = None
) -> Stored[Membership]:
    """Give a member another role in the whole tenant, or in place of the one held at a unit.

    Raises:
        Problem: 404, 412, 422 for the last Admin, and for a deprovisioned tenant.
    """
    tenant, current = _to_change(work, tenant_id, user_id)
    if unit_id is not None:
        _require_in(current.value, unit_id)
    membership = model.with_role(current.value, role, unit_id)
    if membership == current.value:
        return current
    if current.value.is_admin and not membership.is_admin:
        _keep_an_admin(work, tenant.value, user_id)
    return work.update(store.MEMBERSHIP, current, membership, events.ROLE_CHANGED)


def remove(work: UnitOfWork, tenant_id: str, user_id: str) -> None:
    """Take a member out of a tenant, and out of all its units; of one that has left, who may still read its record.

    Raises:
        Problem: 404, 412, or 422 for the last Admin.
    """
    tenant, kept = service.get(work, tenant_id), store.load(work.table, tenant_id, user_id)
    reads = kept is not None and model.ended_with(tenant.value, kept.value)
    current = kept if kept is not None and reads else get(work, tenant_id, user_id)
    work.match(current)
    if current.value.is_admin and tenant.value.status is not Status.DEPROVISIONED:
        _keep_an_admin(work, tenant.value, user_id)
    work.update(store.MEMBERSHIP, current, model.removed(current.value), events.REMOVED)


def end(work: UnitOfWork, tenant_id: str, start: Position | None) -> Position | None:
    """End memberships of a tenant that has left, as many as one commit takes; where to go on. No Admin has to stay."""
    found, following = store.all_after(work.table, tenant_id, start)
    done = start
    for place, current in found:
        if current.value.active:
            if len(work.writes) + _most_writes(current.value) > MAX_WRITES:
                return done
            work.now(current)
            work.update(store.MEMBERSHIP, current, model.ended(current.value), events.REMOVED)
        done = place
    return following


def _most_writes(membership: Membership) -> int:
    return _OF_MEMBER + len(membership.units)


def forget(work: UnitOfWork, tenant_id: str, user_id: str) -> None:
    """End what somebody who is forgotten holds in a tenant, the last Admin too."""
    current = store.find(work, tenant_id, user_id)
    if current is not None:
        work.update(store.MEMBERSHIP, current, model.removed(current.value), events.REMOVED)


def leave_unit(work: UnitOfWork, tenant_id: str, user_id: str, unit_id: str) -> None:
    """Take away the role that a member holds at a unit itself.

    Raises:
        Problem: 404 or 412.
    """
    _, current = _to_change(work, tenant_id, user_id)
    _require_in(current.value, unit_id)
    _leave(work, current, [unit_id])


def leave_deleted(work: UnitOfWork, tenant_id: str, user_id: str, deleted: Collection[str]) -> None:
    """Take away the roles that somebody holds at units which are being deleted."""
    current = store.find(work, tenant_id, user_id)
    if current is not None and not current.value.units.keys().isdisjoint(deleted):
        _leave(work, current, deleted)


def _leave(work: UnitOfWork, current: Stored[Membership], left: Collection[str]) -> None:
    membership = model.without(current.value, left)
    event = events.ROLE_CHANGED if membership.active else events.REMOVED
    work.update(store.MEMBERSHIP, current, membership, event)


def _require_in(membership: Membership, unit_id: str) -> None:
    if unit_id not in membership.units:
        raise USER_NOT_FOUND(f"There is no user {membership.user_id} with a role at this unit.")


def _to_change(work: UnitOfWork, tenant_id: str, user_id: str) -> tuple[Stored[Tenant], Stored[Membership]]:
    tenant = service.get(work, tenant_id)
    require_not(tenant.value, Status.DEPROVISIONED)
    current = get(work, tenant_id, user_id)
    work.match(current)
    return tenant, current


def _keep_an_admin(work: UnitOfWork, tenant: Tenant, leaving: str) -> None:
    """Of two Admins who go at the same moment one stays: each commit asks that the other is still there."""
    other = store.another_admin(work, tenant.tenant_id, leaving)
    if other is None:
        detail = "This is the tenant's only Admin. Make somebody else Admin first."
        raise LAST_ADMIN(detail, userId=leaving)
    work.ensure(store.member_key(tenant.tenant_id, other.value.user_id), other.version)
