"""Rows read lately, kept decoded: the two reads of a request (key and resource) were a third of its cost.

One process owns the file, so whatever changes in it passes the writer and is forgotten here.
"""

import threading
from collections.abc import Iterable

from bbws.kernel.table import Key, Row

_MOST_ROWS = 4096
LARGEST_BYTES = 8 * 1024


class RowCache:
    """At most 4,096 rows of at most 8 KB, none that expires. Rows are shared: nobody may change a row's document."""

    def __init__(self) -> None:
        self.generation = 0
        self._rows: dict[Key, Row] = {}
        self._lock = threading.Lock()

    def get(self, key: Key) -> Row | None:
        """The row, if it is kept."""
        return self._rows.get(key)

    def keep(self, row: Row, generation: int) -> None:
        """Keep a row that was read after ``generation`` was looked at, unless a commit came between: it may be old."""
        with self._lock:
            if generation == self.generation:
                if len(self._rows) >= _MOST_ROWS:
                    self._rows.clear()
                self._rows[row.key] = row

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget rows that a commit touched: after it is durable, before anybody is told."""
        with self._lock:
            self.generation += 1
            for key in keys:
                self._rows.pop(key, None)
