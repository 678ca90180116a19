"""Making every row again from the archive: entities, changes, and all rows derived from them. Source: design §2."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bbws.audit.model import parse_record
from bbws.audit.ports import Archive
from bbws.audit.reading import ahead
from bbws.audit.store import index_row
from bbws.audit.verify import record_names
from bbws.kernel.change import Change, change_key
from bbws.kernel.entity import EntityType
from bbws.kernel.table import Key, Row, Table

type Load = Callable[[Iterable[Row]], None]


def rebuild(
    archive: Archive, table: Table, load: Load, entities: Mapping[str, EntityType[Any]], progress: Callable[[int], None]
) -> int:
    """Write all rows into an empty store; how many changes there were. The archive must have been verified.

    Args:
        archive: where the changes are.
        table: the store, for reading back.
        load: writes rows in bulk and announces nothing.
        entities: name → kind of entity, for all kinds that the archive may hold.
        progress: told the number of changes read so far.
    """
    heads: dict[Key, tuple[str, int]] = {}
    load(_change_rows(archive, heads, progress))
    load(_entity_rows(table, heads, entities))
    return sum(version for _, version in heads.values())


def _change_rows(archive: Archive, heads: dict[Key, tuple[str, int]], progress: Callable[[int], None]) -> Iterator[Row]:
    for count, (_, content) in enumerate(ahead(archive.get, record_names(archive)), 1):
        change, _ = parse_record(content or b"")
        heads[change.entity] = (change.source, change.version)
        yield change.row(replayed=True)
        yield index_row(change)
        progress(count)


def _entity_rows(
    table: Table, heads: Mapping[Key, tuple[str, int]], entities: Mapping[str, EntityType[Any]]
) -> Iterator[Row]:
    keys = (change_key(key, version) for key, (_, version) in heads.items())
    for (key, (source, _)), (_, row) in zip(heads.items(), ahead(table.get, keys), strict=True):
        if row is None:  # pragma: no cover - it was loaded a moment ago
            raise LookupError(key)
        change = Change.from_document(row.document)
        entity = entities[source]
        value = entity.load(change.after)
        yield entity.row(value, change)
        yield from entity.derived(value)
