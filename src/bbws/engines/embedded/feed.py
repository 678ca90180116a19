"""The relay: committed changes go from the feed to the queue of every reaction that wants them."""

import sqlite3
from collections.abc import Callable, Sequence

import orjson

from bbws.engines.embedded import bulk
from bbws.engines.embedded.faults import FaultPoint, point
from bbws.engines.embedded.writer import Writer
from bbws.kernel.reaction import Reaction

_MOST_MOVED = 1000
_LOOK = """SELECT max(seq), json_group_array(DISTINCT type)
    FROM (SELECT seq, type FROM feed ORDER BY seq LIMIT ?)"""
# "OR IGNORE": a reaction may want an event by its name and by "*".
_MOVE = """WITH routes (queue, type) AS ({values})
    INSERT OR IGNORE INTO messages (queue, seq, id, type, subject, partition, sort, enqueued_at, receives, due, claimed)
    SELECT q.queue, f.seq, f.id, f.type, f.subject, f.partition, f.sort, f.committed_at, 0, 0, 0
    FROM feed AS f JOIN routes AS q ON q.type IN (f.type, '*') WHERE f.seq <= ?"""
_CONSUME = "DELETE FROM feed WHERE seq <= ?"


class Relay:
    """Moves the feed. ``wake`` is told the queues that got messages."""

    def __init__(self, writer: Writer, reactions: Sequence[Reaction], wake: Callable[[set[str]], None]) -> None:
        self._writer = writer
        self._reactions = reactions
        self._wake = wake
        self._routes = [
            part for reaction in reactions for event in sorted(reaction.events) for part in (reaction.queue, event)
        ]

    def step(self) -> float | None:
        """Move up to 1,000 changes; then look again at once, or wait for the next commit where there were none.

        Raises:
            Unavailable: the store cannot take it now.
        """
        point(FaultPoint.RELAY_BEFORE_MOVE)
        types = self._writer.run(self._move)
        point(FaultPoint.RELAY_AFTER_MOVE)
        if not types:
            return None
        self._wake({r.queue for r in self._reactions if any(map(r.wants, types))})
        return 0

    def _move(self, connection: sqlite3.Connection) -> list[str]:
        last, types = connection.execute(_LOOK, (_MOST_MOVED,)).fetchone()
        if last is None:
            return []
        if self._routes:
            sql, parameters = bulk.statement(_MOVE, 2, self._routes)
            connection.execute(sql, [*parameters, last])
        connection.execute(_CONSUME, (last,))
        decoded: list[str] = orjson.loads(types)
        return decoded
