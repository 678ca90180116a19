"""Keys and queries of tenants, over the kernel's Table. Source: specification tenants §7, Decisions 5, 15."""

from collections.abc import Collection, Iterable
from itertools import product

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table, merged
from bbws.kernel.work import UnitOfWork
from bbws.people.store import REMEMBERED
from bbws.tenants.model import (
    MOST_FOUNDED,
    Environment,
    Mark,
    Quota,
    Status,
    Tenant,
    Transition,
    fold_name,
    guarded_name,
)

BASE = "/v1.0/tenants"
BY_AGE, BY_NAME = "TenantsByAgeIndex", "TenantsByNameIndex"
OF_STATUS_BY_AGE, OF_STATUS_BY_NAME = "TenantsOfStatusByAgeIndex", "TenantsOfStatusByNameIndex"
OF_CUSTOMER_BY_AGE, OF_CUSTOMER_BY_NAME = "TenantsOfCustomerByAgeIndex", "TenantsOfCustomerByNameIndex"
BY_USER, USERS, USERS_OF_ROLE = "TenantsByUserIndex", "UsersIndex", "UsersByRoleIndex"
UNITS = "UnitsByParentIndex"
_OWN = (BY_AGE, BY_NAME, OF_STATUS_BY_AGE, OF_STATUS_BY_NAME, OF_CUSTOMER_BY_AGE, OF_CUSTOMER_BY_NAME)
STORE = Store(
    "tenants", ("TENANT",), ("TENANTNAME", "CUSTOMER", "FOUNDER"), (*_OWN, BY_USER, USERS, USERS_OF_ROLE, UNITS)
)
ORDERS = {
    "createdAt": (BY_AGE, OF_STATUS_BY_AGE, OF_CUSTOMER_BY_AGE),
    "organizationName": (BY_NAME, OF_STATUS_BY_NAME, OF_CUSTOMER_BY_NAME),
}
# What deciding about a caller reads, and what every call in a tenant therefore does.
DECIDING = Access.to(gets="TENANT", queries="CUSTOMER")
READING = DECIDING | Access.to(gets="CONTACT")
LISTING = READING | Access.to(indexes=" ".join((*_OWN, BY_USER)))
FOUNDING = REMEMBERED | Access.to(
    gets="TENANTNAME", queries="CUSTOMER FOUNDER", puts="TENANT TENANTNAME CUSTOMER FOUNDER"
)
CHANGING = DECIDING | Access.to(gets="TENANTNAME", puts="TENANT TENANTNAME", removes="TENANTNAME")
PASSING = DECIDING | Access.to(puts="TENANT")
LEAVING = PASSING | Access.to(removes="TENANTNAME CUSTOMER FOUNDER")
_EVERY = "TENANT"
_FOUNDED = "FOUNDED#"
_END = "\x1f"


def partition(tenant_id: str) -> str:
    """Where everything of a tenant lies."""
    return f"TENANT#{tenant_id}"


def tenant_key(tenant_id: str) -> Key:
    """Where a tenant lies."""
    return Key(partition(tenant_id), "METADATA")


def name_key(name: str) -> Key:
    """What keeps an organisation's name for one tenant."""
    return Key(f"TENANTNAME#{guarded_name(name)}", "TENANT")


def path(tenant_id: str) -> str:
    """The resource path, CloudEvents subject."""
    return f"{BASE}/{tenant_id}"


def operation_path(tenant_id: str, operation_id: str) -> str:
    """Where the tenant's people follow an operation."""
    return f"{path(tenant_id)}/operations/{operation_id}"


def tenant_in(subject: str) -> tuple[str | None, bool]:
    """The tenant that a resource path leads to or into, None where it does not; and whether it leads further."""
    inside, _, rest = subject.removeprefix(f"{BASE}/").partition("/")
    return (inside, bool(rest)) if subject.startswith(f"{BASE}/") else (None, False)


def _dump(tenant: Tenant) -> Document:
    return {
        "tenantId": tenant.tenant_id,
        "customerId": tenant.customer_id,
        "organizationName": tenant.organization_name,
        "contactId": tenant.contact_id,
        "environment": tenant.environment.value,
        "status": tenant.status.value,
        "division": tenant.division,
        "group": tenant.group,
        "team": tenant.team,
        "metadata": tenant.metadata,
        "createdAt": rfc3339(tenant.created_at),
        "createdBy": tenant.created_by,
        "updatedAt": rfc3339(tenant.updated_at),
        "updatedBy": tenant.updated_by,
        "marks": {name.value: _dump_mark(mark) for name, mark in tenant.marks.items()},
        "places": {quota.value: number for quota, number in tenant.places.items()},
        "entityType": "TENANT",
    }


def _dump_mark(mark: Mark) -> Document:
    return {"at": rfc3339(mark.at), "by": mark.by, "reason": mark.reason}


def _load(document: Document) -> Tenant:
    marks = {
        Transition(name): Mark(parse_rfc3339(mark["at"]), mark["by"], mark["reason"])
        for name, mark in document["marks"].items()
    }
    return Tenant(
        document["tenantId"],
        document["customerId"],
        document["organizationName"],
        document["contactId"],
        Environment(document["environment"]),
        Status(document["status"]),
        document["division"],
        document["group"],
        document["team"],
        document["metadata"],
        parse_rfc3339(document["createdAt"]),
        document["createdBy"],
        parse_rfc3339(document["updatedAt"]),
        document["updatedBy"],
        marks,
        {Quota(name): number for name, number in document.get("places", {}).items()},
    )


def _of_status(status: Status, environment: Environment) -> str:
    return f"{status}#{environment}"


def sort_of(tenant: Tenant, order: str) -> str:
    """A tenant's place in an order."""
    value = rfc3339(tenant.created_at) if order == "createdAt" else fold_name(tenant.organization_name)
    return f"{value}{_END}{tenant.tenant_id}"


def _indexes(tenant: Tenant) -> dict[str, Key]:
    partitions = (_EVERY, _of_status(tenant.status, tenant.environment), _of_customer(tenant.customer_id))
    return {
        index: Key(own, sort_of(tenant, order))
        for order, indexes in ORDERS.items()
        for index, own in zip(indexes, partitions, strict=True)
    }


def _of_customer(customer_id: str) -> str:
    return f"CUSTOMER#{customer_id}"


def _guards(tenant: Tenant) -> Iterable[Row]:
    """What keeps its name, and its places among those of its founder and its customer, until it leaves."""
    if tenant.status is not Status.DEPROVISIONED:
        keys = [name_key(tenant.organization_name)]
        owners = {Quota.FOUNDER: tenant.created_by, Quota.CUSTOMER: tenant.customer_id}
        keys += [_place_key(quota, owners[quota], number) for quota, number in tenant.places.items()]
        for key in keys:
            yield Row(key, RowKind.DERIVED, {"tenantId": tenant.tenant_id})


def _place_key(quota: Quota, owner: str, number: int) -> Key:
    return Key(f"{quota.name}#{owner}", f"{_FOUNDED}{number:02}")


def free_place(work: UnitOfWork, quota: Quota, owner: str) -> int | None:
    """A place that none of somebody's tenants has: of two who take it at the same moment one does not commit."""
    rows = work.table.query(f"{quota.name}#{owner}", prefix=_FOUNDED, limit=MOST_FOUNDED).rows
    taken = {row.key for row in rows}
    return next((each for each in range(MOST_FOUNDED) if _place_key(quota, owner, each) not in taken), None)


TENANT = EntityType(
    name="tenant",
    source="/bbws/tenants",
    key=lambda tenant: tenant_key(tenant.tenant_id),
    subject=lambda tenant: path(tenant.tenant_id),
    dump=_dump,
    load=_load,
    indexes=_indexes,
    derived=_guards,
)


def load(work: UnitOfWork, tenant_id: str) -> Stored[Tenant] | None:
    """The tenant, whatever its status."""
    return work.load(TENANT, tenant_key(tenant_id))


def holder_of_name(work: UnitOfWork, name: str) -> str | None:
    """The id of the tenant that has a name, case and blanks apart."""
    row = work.table.get(name_key(name))
    return None if row is None else row.document["tenantId"]


def listed(  # noqa: PLR0913 - each is a part of the question
    table: Table,
    *,
    statuses: Collection[Status],
    environments: Collection[Environment],
    order: str,
    descending: bool,
    start: Position | None,
    limit: int,
) -> tuple[list[Stored[Tenant]], Position | None]:
    """A page of all tenants in an order; of those of some statuses or environments where they are named."""
    index, partitions = ORDERS[order][0], [_EVERY]
    if statuses or environments:
        index = ORDERS[order][1]
        partitions = [_of_status(*pair) for pair in product(statuses or Status, environments or Environment)]
    pages = [table.query(p, index=index, start=start, limit=limit, descending=descending) for p in partitions]
    rows, following = merged(pages, index, limit, descending=descending)
    return [TENANT.stored(row) for row in rows], following


def of_customers(
    table: Table, customers: Collection[str], order: str, start: Position | None, limit: int, *, descending: bool
) -> tuple[list[tuple[Position, str]], Position | None]:
    """A page of some customers' tenants in an order: places and ids, as an index has them."""
    index = ORDERS[order][2]
    pages = [
        table.query(_of_customer(each), index=index, start=start, limit=limit, descending=descending)
        for each in customers
    ]
    rows, following = merged(pages, index, limit, descending=descending)
    return [(row.position(index), row.document["tenantId"]) for row in rows], following
