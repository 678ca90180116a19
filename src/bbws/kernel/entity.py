"""How a domain's values become rows: said once per kind of entity, used by writes, reads and rebuilds alike."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bbws.kernel.canonical import Document
from bbws.kernel.change import Change
from bbws.kernel.table import Key, Row, RowKind

_MOST_DECODED = 2048


class EntityType[T]:
    """A kind of entity.

    Args:
        name: what it is called, also the first word of its event types (``product.created``).
        source: CloudEvents ``source`` of its changes.
        key: where its row lies.
        subject: its resource path, CloudEvents ``subject``.
        id: what no other entity of any kind is called, the first part of its changes' ids; None: the path's last part.
        dump: its stored document, and back with ``load``.
        indexes: under which partitions and sorts it is also found.
        derived: further rows (guards, search words): a pure function of the value.
    """

    def __init__(  # noqa: PLR0913 - each is a part of the declaration
        self,
        *,
        name: str,
        source: str,
        key: Callable[[T], Key],
        subject: Callable[[T], str],
        id: Callable[[T], str] | None = None,  # noqa: A002 - the field's own name
        dump: Callable[[T], Document],
        load: Callable[[Document], T],
        indexes: Callable[[T], Mapping[str, Key]] = lambda _value: {},
        derived: Callable[[T], Iterable[Row]] = lambda _value: (),
    ) -> None:
        self.name = name
        self.source = source
        self.key = key
        self.subject = subject
        self.id = id or (lambda value: subject(value).rpartition("/")[2])
        self.dump = dump
        self.load = load
        self.indexes = indexes
        self.derived = derived
        self._decoded: dict[str, Stored[T]] = {}

    def row(self, value: T, change: Change) -> Row:
        """The entity's current row once ``change`` made it ``value``."""
        indexes = self.indexes(value)
        return Row(change.entity, RowKind.ENTITY, change.after, change.version, indexes, change.digest, change.time)

    def stored(self, row: Row) -> "Stored[T]":
        """The value in an entity's row. A digest names one state for good, so it is decoded once while remembered."""
        found = self._decoded.get(row.digest)
        if found is None:
            found = Stored(self.load(row.document), row.version, row.digest, row.changed_at)
            if len(self._decoded) >= _MOST_DECODED:
                self._decoded.clear()
            self._decoded[row.digest] = found
        return found


class Stored[T](NamedTuple):
    """A value as it was read: with its version and the head of its history."""

    value: T
    version: int
    digest: str
    changed_at: str
