"""Keys and queries of units, in the partition of their tenant. A unit names its parent, so a move rewrites one row."""

from collections.abc import Iterable, Mapping

from bbws.kernel.canonical import Document
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Row, RowKind, Table
from bbws.tenants.model import fold_name
from bbws.tenants.store import UNITS, partition, path
from bbws.tenants.units.model import ABOVE, Unit, UnitKind

_END = "\x1f"
_TOP = "-"


def unit_key(tenant_id: str, unit_id: str) -> Key:
    """Where a unit lies."""
    return Key(partition(tenant_id), f"UNIT#{unit_id}")


def name_key(tenant_id: str, parent_id: str | None, name: str) -> Key:
    """What keeps a name for one unit within its parent."""
    return Key(partition(tenant_id), f"UNITNAME#{parent_id or _TOP}#{fold_name(name)}")


def units_path(tenant_id: str) -> str:
    """The path below which units are announced: one place for each, wherever it is moved to."""
    return f"{path(tenant_id)}/units"


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
    parent = f"{partition(unit.tenant_id)}#{unit.parent_id or _TOP}"
    return {UNITS: Key(parent, f"{fold_name(unit.name)}{_END}{unit.unit_id}")}


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
