"""How rows lie in the tables ``rows`` and ``entries``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from bbws.kernel.table import (
    Ensure,
    Insert,
    InvalidCommit,
    Key,
    Remove,
    Replace,
    Row,
    RowKind,
    Write,
    check_writes,
)

COLUMNS = "partition, sort, kind, version, document, indexes, digest, changed_at, expires_at, replayed"
_KINDS: Mapping[str, RowKind] = {str(kind): kind for kind in RowKind}

type Entry = tuple[str, str, str]  # index name, partition, sort


class Prepared(NamedTuple):
    """A write, ready to be stored.

    Attributes:
        key: the key that it touches.
        expects: the version that must be there, None where nothing must.
        row: the row that it leaves there.
        columns: that row's values of :data:`COLUMNS`.
        removes: whether it leaves nothing there. Without a row either, it changes nothing.
        feed: id, type, subject, partition and sort of a change to be announced, else None.
    """

    key: Key
    expects: int | None
    row: Row | None = None
    columns: tuple[Any, ...] = ()
    removes: bool = False
    feed: tuple[str, ...] | None = None


def prepare(writes: Sequence[Write]) -> list[Prepared]:
    """The writes with all limits met.

    Raises:
        InvalidCommit, InvalidDocument: see :meth:`bbws.kernel.table.Table.commit`.
    """
    return [prepare_one(write, document) for write, document in zip(writes, check_writes(writes), strict=True)]


def prepare_one(write: Write, document: bytes) -> Prepared:
    """One write whose canonical document is ``document``.

    Raises:
        InvalidCommit: a key or an index is not valid Unicode.
    """
    try:
        match write:
            case Insert(row):
                return Prepared(_valid(row.key), None, row, _columns(row, document), feed=_feed(row))
            case Replace(row, version):
                return Prepared(_valid(row.key), version, row, _columns(row, document))
            case Remove(key, version):
                return Prepared(_valid(key), version, removes=True)
            case Ensure(key, expects):
                return Prepared(_valid(key), expects)
    except (UnicodeEncodeError, TypeError) as error:
        msg = "keys and indexes are strings of valid Unicode"
        raise InvalidCommit(msg) from error


def _valid(key: Key) -> Key:
    if not (key.partition.isascii() and key.sort.isascii()):
        "".join(key).encode()
    return key


def _columns(row: Row, document: bytes) -> tuple[Any, ...]:
    return (
        *row.key,
        row.kind,
        row.version,
        document,
        orjson.dumps({name: [*place] for name, place in row.indexes.items()}) if row.indexes else b"",
        row.digest,
        row.changed_at,
        row.expires_at,
        row.replayed,
    )


def _feed(row: Row) -> tuple[str, ...] | None:
    if row.kind is not RowKind.CHANGE or row.replayed:
        return None
    return (row.document["id"], row.document["type"], row.document["subject"], *row.key)


def row_of(columns: Sequence[Any]) -> Row:
    """The row whose columns are as in :data:`COLUMNS`."""
    partition, sort, kind, version, document, indexes, digest, changed_at, expires_at, replayed = columns
    return Row(
        Key(partition, sort),
        _KINDS[kind],
        orjson.loads(document),
        version,
        StoredIndexes(indexes) if indexes else {},
        digest,
        changed_at,
        expires_at,
        replayed == 1,
    )


class StoredIndexes(Mapping[str, Key]):
    """The indexes of a stored row, decoded when somebody looks: most reads never do, and it is half of their cost."""

    __slots__ = ("_decoded", "_stored")

    def __init__(self, stored: bytes) -> None:
        self._stored = stored
        self._decoded: dict[str, Key] | None = None

    def __getitem__(self, name: str) -> Key:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> dict[str, Key]:
        if self._decoded is None:
            self._decoded = {name: Key(*key) for name, key in orjson.loads(self._stored).items()}
        return self._decoded


def entries_of(stored: bytes) -> set[Entry]:
    """The entries that a stored row has."""
    return entries_in(orjson.loads(stored)) if stored else set()


def entries_in(indexes: Mapping[str, Sequence[str]]) -> set[Entry]:
    """The entries that these indexes ask for."""
    return {(name, place[0], place[1]) for name, place in indexes.items()}
