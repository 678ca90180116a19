"""Use cases of who is in a team: people of the tenant who hold a role at the team itself."""

from bbws.kernel.entity import Stored
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork
from bbws.people.model import USER_NOT_FOUND
from bbws.tenants import service as tenants
from bbws.tenants.access import require_not_above
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import Membership
from bbws.tenants.permissions import Role
from bbws.tenants.units import service
from bbws.tenants.units.service import Chain


def listed(
    work: UnitOfWork, tenant_id: str, chain: Chain, start: Position | None, limit: int
) -> tuple[list[Stored[Membership]], Position | None]:
    """A page of a team's members, by id.

    Raises:
        Problem: 404.
    """
    service.get(work, tenant_id, chain)
    users, following = members_store.of_unit(work.table, tenant_id, chain[-1], start, limit)
    found = (members_store.find(work, tenant_id, user_id) for user_id in users)
    return [current for current in found if current is not None and chain[-1] in current.value.units], following


def get(work: UnitOfWork, tenant_id: str, chain: Chain, user_id: str) -> Stored[Membership]:
    """A member of a team.

    Raises:
        Problem: 404.
    """
    service.get(work, tenant_id, chain)
    current = members_store.find(work, tenant_id, user_id)
    if current is None or chain[-1] not in current.value.units:
        raise _not_found(user_id)
    return current


def add(work: UnitOfWork, tenant_id: str, chain: Chain, user_id: str, role: Role) -> Stored[Membership]:
    """Give somebody of the tenant a role at a team.

    Raises:
        Problem: 403 for a role above those of whoever gives it; 404; 409 for who has one there; 422 unless the tenant
            is active.
    """
    service.require_active(work, tenant_id)
    service.get(work, tenant_id, chain)
    require_not_above(work, tenant_id, role, chain)
    if members_store.find(work, tenant_id, user_id) is None:
        raise _not_found(user_id)
    return members.assign(work, tenants.get(work, tenant_id), user_id, role, chain[-1])


def remove(work: UnitOfWork, tenant_id: str, chain: Chain, user_id: str) -> None:
    """Take away the role that somebody holds at a team. Who holds no other is no user of the tenant any more.

    Raises:
        Problem: 403 for a role above those of whoever takes it; 404; 412; 422 unless the tenant is active.
    """
    service.require_active(work, tenant_id)
    current = get(work, tenant_id, chain, user_id)
    require_not_above(work, tenant_id, current.value.units[chain[-1]], chain)
    members.leave_unit(work, tenant_id, user_id, chain[-1])


def _not_found(user_id: str) -> Exception:
    return USER_NOT_FOUND(f"There is no user {user_id} in this place.")
