"""The kernel's Table in memory, so that a comparison of frameworks compares no databases.

It keeps the promises of the port: tests/bench.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from bbws.kernel.clock import Clock
from bbws.kernel.table import Conflict, Ensure, Insert, Key, Page, Position, Replace, Row, Write, check_writes


class MemoryTable:
    """Rows in a dict, and a sorted list of positions for each partition of each index. For one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[Key, Row] = {}
        self._order: dict[tuple[str | None, str], list[Position]] = defaultdict(list)

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
        places = self._order[index, partition]
        if start is not None:
            places = places[: bisect_left(places, start)] if descending else places[bisect_right(places, start) :]
        rows_in_order = (self._rows[place.key] for place in (reversed(places) if descending else places))
        live = (row for row in rows_in_order if row.position(index).sort.startswith(prefix) and self._lives(row))
        found = list(islice(live, limit + 1))
        rows = tuple(found[:limit])
        return Page(rows, rows[-1].position(index) if len(found) > limit else None)

    def commit(self, writes: Sequence[Write]) -> None:
        """See :meth:`bbws.kernel.table.Table.commit`."""
        self.check(writes)
        for write in writes:
            if not isinstance(write, Ensure):
                self._remove(write.key)
            if isinstance(write, Insert | Replace):
                self._add(write.row)

    def check(self, writes: Sequence[Write]) -> None:
        """See :meth:`bbws.kernel.table.Table.check`."""
        check_writes(writes)
        for write in writes:
            row = self.get(write.key)
            if (None if row is None else row.version) != _expected(write):
                raise Conflict(write.key)

    def _lives(self, row: Row) -> bool:
        return row.expires_at is None or row.expires_at > self._clock.now().timestamp()

    def _add(self, row: Row) -> None:
        self._rows[row.key] = row
        for order, position in _places(row):
            insort(self._order[order], position)

    def _remove(self, key: Key) -> None:
        row = self._rows.pop(key, None)
        for order, position in _places(row) if row is not None else ():
            places = self._order[order]
            del places[bisect_left(places, position)]


def _expected(write: Write) -> int | None:
    if isinstance(write, Insert):
        return None
    return write.version if isinstance(write, Ensure) else write.expected_version


def _places(row: Row) -> list[tuple[tuple[str | None, str], Position]]:
    primary: tuple[tuple[str | None, str], Position] = ((None, row.key.partition), row.position())
    return [primary, *(((name, key.partition), row.position(name)) for name, key in row.indexes.items())]
