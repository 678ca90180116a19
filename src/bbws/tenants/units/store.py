"""Keys and queries of units, in the partition of their tenant. A unit names its parent, so a move rewrites one row."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from bbws.kernel.access import Access
from bbws.kernel.canonical import Document
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Ensure, Insert, Key, Position, Replace, Row, RowKind, Table, Write
from bbws.kernel.work import UnitOfWork
from bbws.tenants.model import MOST_COUNTED, Counted, fold_name, guarded_name
from bbws.tenants.store import DECIDING, UNITS, partition, path
from bbws.tenants.units.model import ABOVE, Unit, UnitKind

READING = DECIDING
LISTING = READING | Access.to(indexes=UNITS)
READING_ALL = READING | Access.to(queries="TENANT")
CREATING = READING | Access.to(puts="TENANT")
CREATING_WITHIN = CREATING | Access.to(ensures="TENANT")
RENAMING = READING | Access.to(puts="TENANT", removes="TENANT")
DELETING = Access.to(gets="TENANT", queries="TENANT", puts="TENANT", removes="TENANT", ensures="TENANT")
CHANGING = READING_ALL | CREATING_WITHIN | Access.to(removes="TENANT")
_END = "\x1f"
_TOP = "-"
_UNIT, _NAME = "UNIT#", "UNITNAME#"
_AT_ONCE = 100
_CLOSED_FOR = timedelta(seconds=30)
_OF_TREE_AT_ONCE = 1000


class Lock(NamedTuple):
    """Whether anything may come into a unit.

    Attributes:
        version: of the row; None while it was never closed.
        closed_by: the request that is deleting the unit; None: it is open.
        closed_at: since when; who has not deleted the unit for long was stopped on the way.
    """

    version: int | None
    closed_by: str | None
    closed_at: datetime | None

    def held_against(self, request: str, now: datetime) -> bool:
        """Whether another request has closed the unit, and may still be at it."""
        fresh = self.closed_at is not None and now - self.closed_at < _CLOSED_FOR
        return fresh and self.closed_by not in (None, request)


def unit_key(tenant_id: str, unit_id: str) -> Key:
    """Where a unit lies."""
    return Key(partition(tenant_id), f"{_UNIT}{unit_id}")


def name_key(tenant_id: str, parent_id: str | None, name: str) -> Key:
    """What keeps a name for one unit within its parent."""
    return Key(partition(tenant_id), f"{_names_in(parent_id)}{guarded_name(name)}")


def _names_in(parent_id: str | None) -> str:
    return f"{_NAME}{parent_id or _TOP}#"


def lock_key(tenant_id: str, unit_id: str) -> Key:
    """What whoever deletes a unit closes first, and whoever puts something into it ensures to be open."""
    return Key(partition(tenant_id), f"UNITLOCK#{unit_id}")


def units_path(tenant_id: str) -> str:
    """The path below which units are announced: one place for each, wherever it is moved to."""
    return f"{path(tenant_id)}/units"


def unit_path(tenant_id: str, ids: Iterable[str]) -> str:
    """Where a unit is read; ``ids`` lead to it from the highest on."""
    steps = (f"{kind}s/{unit_id}" for kind, unit_id in zip(UnitKind, ids, strict=False))
    return "/".join((path(tenant_id), *steps))


def _dump(unit: Unit) -> Document:
    return {
        "unitId": unit.unit_id,
        "tenantId": unit.tenant_id,
        "kind": unit.kind.value,
        "name": unit.name,
        "parentId": unit.parent_id,
        "createdAt": rfc3339(unit.created_at),
        "createdBy": unit.created_by,
        "updatedAt": rfc3339(unit.updated_at),
        "updatedBy": unit.updated_by,
        "active": unit.active,
        "entityType": "UNIT",
    }


def _load(document: Document) -> Unit:
    return Unit(
        document["unitId"],
        document["tenantId"],
        UnitKind(document["kind"]),
        document["name"],
        document["parentId"],
        parse_rfc3339(document["createdAt"]),
        document["createdBy"],
        parse_rfc3339(document["updatedAt"]),
        document["updatedBy"],
        document["active"],
    )


def _indexes(unit: Unit) -> dict[str, Key]:
    if not unit.active:
        return {}
    return {UNITS: Key(_lying_in(unit.tenant_id, unit.parent_id), f"{fold_name(unit.name)}{_END}{unit.unit_id}")}


def _lying_in(tenant_id: str, parent_id: str | None) -> str:
    return f"{partition(tenant_id)}#{parent_id or _TOP}"


def _name_row(unit: Unit) -> Iterable[Row]:
    if unit.active:
        key = name_key(unit.tenant_id, unit.parent_id, unit.name)
        yield Row(key, RowKind.DERIVED, {"unitId": unit.unit_id})


UNIT = EntityType(
    name="hierarchy",
    source="/bbws/tenants/units",
    key=lambda unit: unit_key(unit.tenant_id, unit.unit_id),
    subject=lambda unit: f"{units_path(unit.tenant_id)}/{unit.unit_id}",
    dump=_dump,
    load=_load,
    indexes=_indexes,
    derived=_name_row,
)


def load(table: Table, tenant_id: str, unit_id: str) -> Stored[Unit] | None:
    """The unit, if it is not deleted."""
    row = table.get(unit_key(tenant_id, unit_id))
    if row is None:
        return None
    current = UNIT.stored(row)
    return current if current.value.active else None


def chain(table: Table, tenant_id: str, unit_id: str) -> tuple[str, ...]:
    """A unit and those above it, the highest first; empty where it, or one of them, is not there."""
    found: list[str] = []
    above: str | None = unit_id
    while above is not None:
        current = load(table, tenant_id, above)
        if current is None:
            return ()
        found.insert(0, above)
        above = current.value.parent_id
    return tuple(found)


def chain_in(table: Table, path_of: Mapping[str, str]) -> tuple[str, ...]:
    """The units that a request's path names, if they lie in each other as it says; else none."""
    named = tuple(path_of[f"{kind}Id"] for kind in ABOVE if f"{kind}Id" in path_of)
    return named if named and chain(table, path_of["tenantId"], named[-1]) == named else ()


def holder_of_name(table: Table, key: Key) -> str | None:
    """The id of the unit that has a name where ``key`` says."""
    row = table.get(key)
    return None if row is None else row.document["unitId"]


def listed(
    table: Table, tenant_id: str, parent_id: str | None, start: Position | None, limit: int
) -> tuple[list[Stored[Unit]], Position | None]:
    """A page of what lies in a unit, or in the tenant itself, by name."""
    page = table.query(_lying_in(tenant_id, parent_id), index=UNITS, start=start, limit=limit)
    return [UNIT.stored(row) for row in page.rows], page.next


def children(table: Table, tenant_id: str, parent_id: str) -> Iterator[Stored[Unit]]:
    """What lies in a unit, as of now: found by the rows that keep their names, since an index may lag."""
    for row in _all(table, tenant_id, _names_in(parent_id), _AT_ONCE):
        current = load(table, tenant_id, row.document["unitId"])
        if current is not None and current.value.parent_id == parent_id:
            yield current


def documents(table: Table, tenant_id: str) -> Iterator[Document]:
    """All units as stored: of thousands of them nobody needs more than ids and names."""
    rows = _all(table, tenant_id, _UNIT, _OF_TREE_AT_ONCE)
    return (row.document for row in rows if row.document["active"])


def _all(table: Table, tenant_id: str, prefix: str, at_once: int) -> Iterator[Row]:
    start: Position | None = None
    while True:
        page = table.query(partition(tenant_id), prefix=prefix, start=start, limit=at_once)
        yield from page.rows
        if page.next is None:
            return
        start = page.next


def count(table: Table, tenant_id: str) -> Counted:
    """How many units a tenant has: one look at the rows that keep their names."""
    page = table.query(partition(tenant_id), prefix=_NAME, limit=MOST_COUNTED)
    return Counted(len(page.rows), page.next is not None)


def lock_of(table: Table, unit: Unit) -> Lock:
    """A unit's lock. Read before what lies in the unit, it tells whether anything can have come since."""
    row = table.get(lock_key(unit.tenant_id, unit.unit_id))
    if row is None:
        return Lock(None, None, None)
    return Lock(row.version, row.document["closedBy"], moment_or_none(row.document["closedAt"]))


def occupy(work: UnitOfWork, unit: Stored[Unit], lock: Lock) -> None:
    """Put something into a unit that is there and open: many can at once, and none once it is closed."""
    work.ensure(unit_key(unit.value.tenant_id, unit.value.unit_id), unit.version)
    if lock.closed_by is None:
        work.ensure(lock_key(unit.value.tenant_id, unit.value.unit_id), lock.version)
    else:
        work.writes.append(_locking(unit.value, lock, None, None))


def close(unit: Stored[Unit], lock: Lock, by: str, moment: datetime) -> tuple[Write, Write]:
    """Let nothing more come into a unit: what has come lies there from then on, and can be read."""
    there = Ensure(unit_key(unit.value.tenant_id, unit.value.unit_id), unit.version)
    return there, _locking(unit.value, lock, by, rfc3339(moment))


def reopen(unit: Unit, lock: Lock) -> Write:
    """Let things come into a unit again."""
    return _locking(unit, lock, None, None)


def _locking(unit: Unit, lock: Lock, closed_by: str | None, closed_at: str | None) -> Write:
    # Its version grows as long as there is the unit: whoever read the lock knows of everything that was done to it.
    key, document = lock_key(unit.tenant_id, unit.unit_id), {"closedBy": closed_by, "closedAt": closed_at}
    if lock.version is None:
        return Insert(Row(key, RowKind.EPHEMERAL, document))
    return Replace(Row(key, RowKind.EPHEMERAL, document, lock.version + 1), lock.version)


def unlock(work: UnitOfWork, unit: Unit, lock: Lock) -> None:
    """Delete a unit only if its lock is as it was."""
    key = lock_key(unit.tenant_id, unit.unit_id)
    if lock.version is None:
        work.ensure(key, None)
    else:
        work.remove(key, lock.version)
