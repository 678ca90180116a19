"""The kernel's Table over SQLite. Reads run where they are called; writes wait for the writer's group commit."""

import sqlite3
from collections.abc import Callable, Sequence

from bbws.engines.embedded import reads
from bbws.engines.embedded.batch import broken, find, live_versions
from bbws.engines.embedded.cache import LARGEST_BYTES, RowCache
from bbws.engines.embedded.codec import prepare, row_of
from bbws.engines.embedded.connections import Readers
from bbws.engines.embedded.writer import Writer
from bbws.kernel.clock import Clock
from bbws.kernel.table import Key, Page, Position, Row, Unavailable, Write


class EmbeddedTable:
    """Rows in one SQLite file."""

    def __init__(self, readers: Readers, writer: Writer, cache: RowCache, clock: Clock) -> None:
        self._readers = readers
        self._writer = writer
        self._cache = cache
        self._clock = clock

    def get(self, key: Key) -> Row | None:
        """The live row at ``key``.

        Raises:
            Unavailable: the file cannot be read, or the engine has stopped.
        """
        readers = self._readers.get()
        kept = self._cache.get(key)
        if kept is not None:
            return kept
        generation = self._cache.generation
        try:
            columns = readers.execute(reads.GET, (*key, self._clock.now().timestamp())).fetchone()
        except sqlite3.DatabaseError as error:
            raise unreadable(error) from error
        if columns is None:
            return None
        row = row_of(columns)
        if row.expires_at is None and len(columns[4]) <= LARGEST_BYTES:
            self._cache.keep(row, generation)
        return row

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
        """The live rows of a partition (of an index), in code point order of (sort, key): see the port.

        Raises:
            Unavailable: the file cannot be read, or the engine has stopped.
        """
        query = reads.Query(partition, index, prefix, start, limit, descending)
        sql, parameters = reads.select(query, self._clock.now().timestamp())
        try:
            found = self._readers.get().execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise unreadable(error) from error
        rows = tuple(row_of(columns) for columns in found[:limit])
        return Page(rows, rows[-1].position(index) if len(found) > limit else None)

    def commit(self, writes: Sequence[Write]) -> None:
        """Store all writes durably or none; returns after the group's fsync.

        Raises:
            Conflict, InvalidCommit, InvalidDocument, Unavailable: see the port.
        """
        self._writer.store(prepare(writes))

    def submit(self, writes: Sequence[Write], done: Callable[[BaseException | None], object]) -> None:
        """Have the writes stored without waiting; ``done`` is called from the writer's thread after the group's fsync.

        Raises:
            InvalidCommit, InvalidDocument: a programming error; ``done`` is not called.
            Unavailable: the engine has stopped; ``done`` is not called.
        """
        self._writer.submit(prepare(writes), done)

    def check(self, writes: Sequence[Write]) -> None:
        """Raise what :meth:`commit` would raise, and store nothing.

        Raises:
            Conflict, InvalidCommit, InvalidDocument, Unavailable: see the port.
        """
        prepared = prepare(writes)
        try:
            found = find(self._readers.get(), [write.key for write in prepared])
        except sqlite3.DatabaseError as error:
            raise unreadable(error) from error
        conflict = broken(prepared, live_versions(found, self._clock.now().timestamp()))
        if conflict is not None:
            raise conflict


def unreadable(error: sqlite3.Error) -> Unavailable:
    """What a failed read means to the caller."""
    return Unavailable(f"the store cannot be read: {error}")
