"""The storage port: rows, conditional writes, pages. Every store is written once above it. Source: design §3."""

import heapq
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from bbws.kernel.canonical import Document, check_document

MAX_WRITES = 100
MAX_COMMIT_BYTES = 4 * 1024 * 1024


class Key(NamedTuple):
    """Where a row lies: its partition, and its place within it."""

    partition: str
    sort: str


class Position(NamedTuple):
    """A place in a query's order, after which the next page starts: the sort value and the key of the row there."""

    sort: str
    key: Key


class RowKind(StrEnum):
    """The classes of rows (design §2)."""

    ENTITY = "entity"
    CHANGE = "change"
    DERIVED = "derived"
    EPHEMERAL = "ephemeral"
    SECRET = "secret"  # noqa: S105 - the name of a class of rows
    # What is known of a person, and can be forgotten: in no Change, event, archive, log or stored answer.
    PERSONAL = "personal"


_NO_INDEXES: Mapping[str, Key] = MappingProxyType({})


class Row(NamedTuple):
    """One stored document.

    Attributes:
        key: where it lies.
        kind: its class, which decides whether it is announced, archived and rebuilt.
        document: strings, booleans, null, lists, maps and integers within 53 bits; 16 levels, 100 KB.
        version: from 1, raised by one with every replacement.
        indexes: index name → partition and sort under which the row is also found.
        digest: entity rows: the digest of the last Change (hexadecimal SHA-256).
        changed_at: entity rows: the time of the last Change (RFC 3339).
        expires_at: ephemeral rows: seconds since 1970 from which on the row is absent everywhere.
        replayed: change rows: written by a rebuild or a replica, so never announced again.
    """

    key: Key
    kind: RowKind
    document: Document
    version: int = 1
    indexes: Mapping[str, Key] = _NO_INDEXES
    digest: str = ""
    changed_at: str = ""
    expires_at: float | None = None
    replayed: bool = False

    def position(self, index: str | None = None) -> Position:
        """This row's place in the order of ``index``, or of its partition."""
        return Position(self.key.sort if index is None else self.indexes[index].sort, self.key)


class Insert(NamedTuple):
    """Write a row that must not exist (an expired one does not)."""

    row: Row

    @property
    def key(self) -> Key:
        """The key it touches."""
        return self.row.key


class Replace(NamedTuple):
    """Write a row over the one that must have ``expected_version``."""

    row: Row
    expected_version: int

    @property
    def key(self) -> Key:
        """The key it touches."""
        return self.row.key


class Remove(NamedTuple):
    """Remove the row that must have ``expected_version``."""

    key: Key
    expected_version: int


class Ensure(NamedTuple):
    """Write nothing, but the row must have ``version``, or be absent where that is None."""

    key: Key
    version: int | None


type Write = Insert | Replace | Remove | Ensure
_WITH_ROW = (Insert, Replace)


class Conflict(Exception):  # noqa: N818 - names the finding
    """A write's expectation about the row at ``key`` failed; nothing of the commit was stored."""

    def __init__(self, key: Key) -> None:
        super().__init__(f"the row at {key.partition} / {key.sort} is not as expected")
        self.key = key


class Unavailable(Exception):  # noqa: N818 - names the finding
    """The store cannot answer just now (locked, full, shutting down); nothing of the commit was stored."""


class Uncertain(Unavailable):
    """The store did not answer in time what it was asked to store: it may be stored all the same."""


class InvalidCommit(ValueError):  # noqa: N818 - names the finding
    """A commit breaks the limits that every engine shares: a programming error."""


class Page(NamedTuple):
    """Rows of one query in its order, and where to go on (None at the end)."""

    rows: tuple[Row, ...]
    next: Position | None


def merged(
    pages: Sequence[Page], index: str | None, limit: int, *, descending: bool
) -> tuple[Sequence[Row], Position | None]:
    """Pages of one query of several partitions as one page: its rows, and where the next one starts."""
    if len(pages) == 1:
        return pages[0].rows, pages[0].next
    found = list(heapq.merge(*(page.rows for page in pages), key=lambda row: row.position(index), reverse=descending))
    more = len(found) > limit or any(page.next is not None for page in pages)
    rows = found[:limit]
    return rows, rows[-1].position(index) if more and rows else None


class Table(Protocol):
    """The storage port.

    Reads by key see every finished commit. Index reads may lag on AWS, and no rule depends on them.
    """

    def get(self, key: Key) -> Row | None:
        """The live row at ``key``."""
        ...

    def query(
        self,
        partition: str,
        *,
        index: str | None = None,
        prefix: str = "",
        start: Position | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        """The live rows of a partition (of an index) whose sort begins with ``prefix``, ordered by (sort, key).

        Order is by code point. ``start`` is exclusive. A page holds ``limit`` rows unless the rows end there; ``next``
        is None only at the end.
        """
        ...

    def commit(self, writes: Sequence[Write]) -> None:
        """Store all writes durably or none.

        Raises:
            Conflict: an expectation failed.
            InvalidCommit, InvalidDocument: over 100 writes, over 4 MB, one key twice, or a document no
            engine may store.
            Unavailable: the store cannot take it now; Uncertain: it may have.
        """
        ...

    def check(self, writes: Sequence[Write]) -> None:
        """Raise what :meth:`commit` would raise, and store nothing."""
        ...


def check_writes(writes: Sequence[Write]) -> list[bytes]:
    """The canonical documents of the writes, one each (empty for those without a row), once all limits are met.

    Raises:
        InvalidCommit, InvalidDocument: see :meth:`Table.commit`.
    """
    if len(writes) > MAX_WRITES:
        msg = f"a commit may have {MAX_WRITES} writes at most, this one has {len(writes)}"
        raise InvalidCommit(msg)
    if len({write.key for write in writes}) != len(writes):
        msg = "a commit may touch a key once only"
        raise InvalidCommit(msg)
    # Derived rows share one document, which is looked at once.
    encoded: dict[int, bytes] = {}
    documents = []
    for write in writes:
        if not isinstance(write, _WITH_ROW):
            documents.append(b"")
            continue
        document = write.row.document
        if id(document) not in encoded:
            encoded[id(document)] = check_document(document)
        documents.append(encoded[id(document)])
    if sum(map(len, documents)) > MAX_COMMIT_BYTES:
        msg = f"a commit may have {MAX_COMMIT_BYTES} bytes at most"
        raise InvalidCommit(msg)
    return documents
