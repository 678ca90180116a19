"""Removes expired rows from disk. Reads do not see them anyway."""

import sqlite3

from bbws.engines.embedded.batch import drop
from bbws.engines.embedded.codec import entries_of
from bbws.engines.embedded.faults import FaultPoint, point
from bbws.engines.embedded.writer import Writer
from bbws.kernel.clock import Clock

_INTERVAL = 60.0
_MOST_SWEPT = 200
_EXPIRED = "SELECT id, partition, sort, indexes FROM rows WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"


class Sweeper:
    """Sweeps in small transactions, so that no commit waits long behind one."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def step(self) -> float | None:
        """Remove up to 200 rows; go on at once where there may be more, else in a minute.

        Raises:
            Unavailable: the store cannot take it now.
        """
        point(FaultPoint.SWEEPER_BEFORE_SWEEP)
        return 0 if self._writer.run(self._sweep) == _MOST_SWEPT else _INTERVAL

    def _sweep(self, connection: sqlite3.Connection) -> int:
        rows = connection.execute(_EXPIRED, (self._clock.now().timestamp(), _MOST_SWEPT)).fetchall()
        entries = [part for _, *key, indexes in rows for entry in entries_of(indexes) for part in (*entry, *key)]
        drop(connection, [row[0] for row in rows], entries)
        return len(rows)
