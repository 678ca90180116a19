"""Keys and queries of memberships, in the partition of their tenant."""

from collections.abc import Iterable, Iterator

from bbws.kernel.access import Access
from bbws.kernel.canonical import Document
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.people import store as people_store
from bbws.people.service import is_erased
from bbws.tenants.members.model import Membership
from bbws.tenants.model import MOST_COUNTED, Counted
from bbws.tenants.permissions import LEFT, Role
from bbws.tenants.store import BY_USER, DECIDING, TENANT, USERS, USERS_OF_ROLE, partition, path, tenant_key

SHOWING = DECIDING | people_store.SHOWING
LISTING = SHOWING | Access.to(indexes=f"{USERS} {USERS_OF_ROLE}")
BELONGING = Access.to(gets="TENANT", indexes=BY_USER)
REMOVING = DECIDING | Access.to(queries="TENANT", puts="TENANT", removes="TENANT CUSTOMER", ensures="TENANT")
CHANGING = REMOVING | Access.to(puts="CUSTOMER")
LETTING_IN = people_store.REMEMBERED | Access.to(puts="TENANT CUSTOMER", ensures="TENANT")
ADDING = SHOWING | people_store.FINDING | LETTING_IN
ENDING = Access.to(gets="TENANT", queries="TENANT", puts="TENANT", removes="TENANT CUSTOMER")
OF_UNITS = DECIDING | Access.to(queries="TENANT")
LEAVING_TEAM = DECIDING | Access.to(puts="TENANT", removes="TENANT")
ADDING_TO_TEAM = SHOWING | people_store.REMEMBERED | Access.to(puts="TENANT", ensures="TENANT")
_ADMIN, _AT, _MEMBER = "ADMIN#", "AT#", "MEMBER#"
_AT_ONCE = 100
_FEW = 10


def member_key(tenant_id: str, user_id: str) -> Key:
    """Where a membership lies."""
    return Key(partition(tenant_id), f"{_MEMBER}{user_id}")


def users_path(tenant_id: str) -> str:
    """The path of a tenant's users."""
    return f"{path(tenant_id)}/users"


def _dump(membership: Membership) -> Document:
    return {
        "tenantId": membership.tenant_id,
        "userId": membership.user_id,
        "customerId": membership.customer_id,
        "role": None if membership.role is None else membership.role.value,
        "units": {unit: role.value for unit, role in membership.units.items()},
        "assignedAt": rfc3339(membership.assigned_at),
        "assignedBy": membership.assigned_by,
        "active": membership.active,
        "entityType": "MEMBER",
    }


def _load(document: Document) -> Membership:
    return Membership(
        document["tenantId"],
        document["userId"],
        document["customerId"],
        None if document["role"] is None else Role(document["role"]),
        {unit: Role(role) for unit, role in document["units"].items()},
        parse_rfc3339(document["assignedAt"]),
        document["assignedBy"],
        document["active"],
    )


def _indexes(membership: Membership) -> dict[str, Key]:
    if not membership.active:
        return {}
    since = f"{rfc3339(membership.assigned_at)}#{membership.user_id}"
    own = partition(membership.tenant_id)
    return {
        BY_USER: Key(f"USER#{membership.user_id}", own),
        USERS: Key(own, since),
        USERS_OF_ROLE: Key(f"{own}#{membership.role or ''}", since),
    }


def _derived(membership: Membership) -> Iterable[Row]:
    """Rows by which an Admin of a tenant, an Admin of a customer, and those of a unit are found by key."""
    if not membership.active:
        return []
    own, user, document = partition(membership.tenant_id), membership.user_id, {"userId": membership.user_id}
    keys = [Key(own, f"{_AT}{unit}#{user}") for unit in membership.units]
    if membership.is_admin:
        keys += [Key(own, f"{_ADMIN}{user}"), admin_key(membership.customer_id, user, membership.tenant_id)]
    return [Row(key, RowKind.DERIVED, document) for key in keys]


MEMBERSHIP = EntityType(
    name="member",
    source="/bbws/tenants/users",
    key=lambda membership: member_key(membership.tenant_id, membership.user_id),
    subject=lambda membership: f"{users_path(membership.tenant_id)}/{membership.user_id}",
    id=lambda membership: f"{membership.user_id}.{membership.tenant_id}",
    dump=_dump,
    load=_load,
    indexes=_indexes,
    derived=_derived,
)


def admin_key(customer_id: str, user_id: str, tenant_id: str) -> Key:
    """What says that somebody is an Admin of one of a customer's tenants."""
    return Key(f"CUSTOMER#{customer_id}", f"{_ADMIN}{user_id}#{tenant_id}")


def load(table: Table, tenant_id: str, user_id: str) -> Stored[Membership] | None:
    """The membership, active or not."""
    row = table.get(member_key(tenant_id, user_id))
    return None if row is None else MEMBERSHIP.stored(row)


def find(work: UnitOfWork, tenant_id: str, user_id: str) -> Stored[Membership] | None:
    """The membership, if it is active."""
    current = load(work.table, tenant_id, user_id)
    return current if current is not None and current.value.active else None


def is_admin_of_customer(table: Table, customer_id: str, user_id: str) -> bool:
    """Whether somebody is Admin of one of a customer's tenants that is open to its people."""
    start: Position | None = None
    while True:
        page = table.query(f"CUSTOMER#{customer_id}", prefix=f"{_ADMIN}{user_id}#", start=start, limit=_AT_ONCE)
        for found in page.rows:
            row = table.get(tenant_key(found.key.sort.rpartition("#")[2]))
            if row is not None and TENANT.stored(row).value.status not in LEFT:
                return True
        if page.next is None:
            return False
        start = page.next


def another_admin(work: UnitOfWork, tenant_id: str, but: str) -> Stored[Membership] | None:
    """An Admin of the whole tenant who is not ``but``, and not forgotten."""
    for user_id in admins(work.table, tenant_id):
        found = find(work, tenant_id, user_id)
        if found is None or not found.value.is_admin or user_id == but:
            continue
        if not is_erased(work.table, user_id):
            return found
    return None


def admins(table: Table, tenant_id: str) -> Iterator[str]:
    """The ids of a tenant's Admins, as far as they are asked for; some of them may be forgotten."""
    start: Position | None = None
    while True:
        page = table.query(partition(tenant_id), prefix=_ADMIN, start=start, limit=_FEW)
        yield from (row.document["userId"] for row in page.rows)
        if page.next is None:
            return
        start = page.next


def of_unit(
    table: Table, tenant_id: str, unit_id: str, start: Position | None, limit: int
) -> tuple[list[str], Position | None]:
    """A page of the ids of those who hold a role at a unit itself."""
    page = table.query(partition(tenant_id), prefix=f"{_AT}{unit_id}#", start=start, limit=limit)
    return [row.document["userId"] for row in page.rows], page.next


def all_of_unit(table: Table, tenant_id: str, unit_id: str) -> Iterator[str]:
    """The ids of all who hold a role at a unit itself, as far as they are asked for."""
    start: Position | None = None
    while True:
        users, start = of_unit(table, tenant_id, unit_id, start, _AT_ONCE)
        yield from users
        if start is None:
            return


def all_after(
    table: Table, tenant_id: str, start: Position | None
) -> tuple[list[tuple[Position, Stored[Membership]]], Position | None]:
    """A page of all who ever belonged to a tenant, as of now, each with its place."""
    page = table.query(partition(tenant_id), prefix=_MEMBER, start=start, limit=_AT_ONCE)
    return [(row.position(), MEMBERSHIP.stored(row)) for row in page.rows], page.next


def listed(
    table: Table, tenant_id: str, role: Role | None, start: Position | None, limit: int
) -> tuple[list[Stored[Membership]], Position | None]:
    """A page of a tenant's members, the longest assigned first; those of one role where it is given."""
    own, index = partition(tenant_id), USERS
    if role is not None:
        own, index = f"{own}#{role}", USERS_OF_ROLE
    page = table.query(own, index=index, start=start, limit=limit)
    return [MEMBERSHIP.stored(row) for row in page.rows], page.next


def count(table: Table, tenant_id: str) -> Counted:
    """How many belong to a tenant: one look at an index, which may lag."""
    found, following = listed(table, tenant_id, None, None, MOST_COUNTED)
    return Counted(len(found), following is not None)


def of_user(table: Table, user_id: str) -> list[Stored[Membership]]:
    """Everything that a person belongs to."""
    found: list[Stored[Membership]] = []
    start: Position | None = None
    while True:
        page = table.query(f"USER#{user_id}", index=BY_USER, start=start, limit=_AT_ONCE)
        found += [MEMBERSHIP.stored(row) for row in page.rows]
        if page.next is None:
            return found
        start = page.next
