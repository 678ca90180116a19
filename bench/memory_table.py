"""The kernel's Table in memory, so that a comparison of frameworks compares no databases.

It keeps the promises of the port: tests/bench. Rows are sorted when a query asks: in AWS the database keeps indexes,
and no function pays for it.
"""

from collections.abc import Sequence

from bbws.kernel.clock import Clock
from bbws.kernel.table import Conflict, Ensure, Insert, Key, Page, Position, Replace, Row, Write, check_writes


class MemoryTable:
    """Rows in a dict. For one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[Key, Row] = {}

    def get(self, key: Key) -> Row | None:
        """The live row at ``key``."""
        row = self._rows.get(key)
        return row if row is not None and self._lives(row) else None

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
        """See :meth:`bbws.kernel.table.Table.query`."""
        found = [
            row
            for row in self._rows.values()
            if _partition(row, index) == partition
            and row.position(index).sort.startswith(prefix)
            and self._lives(row)
            and (start is None or _beyond(row.position(index), start, descending=descending))
        ]
        found.sort(key=lambda row: row.position(index), reverse=descending)
        rows = tuple(found[:limit])
        return Page(rows, rows[-1].position(index) if len(found) > limit else None)

    def commit(self, writes: Sequence[Write]) -> None:
        """See :meth:`bbws.kernel.table.Table.commit`."""
        self.check(writes)
        for write in writes:
            if isinstance(write, Insert | Replace):
                self._rows[write.key] = write.row
            elif not isinstance(write, Ensure):
                del self._rows[write.key]

    def check(self, writes: Sequence[Write]) -> None:
        """See :meth:`bbws.kernel.table.Table.check`."""
        check_writes(writes)
        for write in writes:
            row = self.get(write.key)
            if (None if row is None else row.version) != _expected(write):
                raise Conflict(write.key)

    def _lives(self, row: Row) -> bool:
        return row.expires_at is None or row.expires_at > self._clock.now().timestamp()


def _expected(write: Write) -> int | None:
    if isinstance(write, Insert):
        return None
    return write.version if isinstance(write, Ensure) else write.expected_version


def _partition(row: Row, index: str | None) -> str | None:
    if index is None:
        return row.key.partition
    key = row.indexes.get(index)
    return None if key is None else key.partition


def _beyond(position: Position, start: Position, *, descending: bool) -> bool:
    return position < start if descending else position > start
