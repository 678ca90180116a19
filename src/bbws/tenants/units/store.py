"""Keys and queries of units, in the partition of their tenant. A unit names its parent, so a move rewrites one row."""

from collections.abc import Iterable, Iterator, Mapping

from bbws.kernel.access import Access
from bbws.kernel.canonical import Document
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.tenants.model import fold_name
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
_UNIT = "UNIT#"
_AT_ONCE = 100
_OF_TREE_AT_ONCE = 1000


def unit_key(tenant_id: str, unit_id: str) -> Key:
    """Where a unit lies."""
    return Key(partition(tenant_id), f"{_UNIT}{unit_id}")


def name_key(tenant_id: str, parent_id: str | None, name: str) -> Key:
    """What keeps a name for one unit within its parent."""
    return Key(partition(tenant_id), f"{_names_in(parent_id)}{fold_name(name)}")


def _names_in(parent_id: str | None) -> str:
    return f"UNITNAME#{parent_id or _TOP}#"


def lock_key(tenant_id: str, unit_id: str) -> Key:
    """What is written by whoever puts something into a unit, and ensured by whoever deletes the unit."""
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


def occupy(work: UnitOfWork, unit: Stored[Unit]) -> None:
    """Put something into a unit: who deletes it meanwhile fails, or who puts it there."""
    key = lock_key(unit.value.tenant_id, unit.value.unit_id)
    work.ensure(unit_key(unit.value.tenant_id, unit.value.unit_id), unit.version)
    version = lock_version(work.table, unit.value)
    if version is None:
        work.insert(Row(key, RowKind.EPHEMERAL, {}))
    else:
        work.replace(Row(key, RowKind.EPHEMERAL, {}, version + 1), version)


def lock_version(table: Table, unit: Unit) -> int | None:
    """How often something was put into a unit; None: never. Read before what lies in it, it tells what came after."""
    row = table.get(lock_key(unit.tenant_id, unit.unit_id))
    return None if row is None else row.version


def unlock(work: UnitOfWork, unit: Unit, version: int | None) -> None:
    """Delete a unit only if nothing was put into it since its lock had ``version``."""
    key = lock_key(unit.tenant_id, unit.unit_id)
    if version is None:
        work.ensure(key, None)
    else:
        work.remove(key, version)
