# ruff: noqa: S608 - statements are put together from constants
"""Queues of messages in the same file: what operators see, and what workers take and settle."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from bbws.engines.embedded.connections import Readers
from bbws.engines.embedded.table import unreadable
from bbws.engines.embedded.writer import Writer
from bbws.kernel.clock import Clock, rfc3339
from bbws.kernel.reaction import Message, Policy
from bbws.kernel.table import Key, Position
from bbws.platform.ports import DeadLetter, QueueState

_SHARED = "queue, seq, id, type, subject, partition, sort, enqueued_at"
_DUE = "SELECT seq FROM messages WHERE queue = ? AND due <= ? ORDER BY due, seq LIMIT ?"
_CLAIM = f"""SELECT json_group_array(json_array(seq, id, type, subject, partition, sort, receives + 1))
    FROM messages WHERE queue = ? AND seq IN ({_DUE})"""
_MARK = f"""UPDATE messages SET receives = receives + 1, claimed = 1, due = ?
    WHERE queue = ? AND seq IN ({_DUE})"""
_NEXT_DUE = "SELECT min(due) FROM messages WHERE queue = ?"
_CHOSEN = "queue = ? AND seq IN (SELECT value FROM json_each(?))"
_ACK = f"DELETE FROM messages WHERE {_CHOSEN}"
_DELAY = "UPDATE messages SET claimed = 0, due = ? WHERE queue = ? AND seq = ?"
_PARK = f"""INSERT OR REPLACE INTO dead_letters ({_SHARED}, receives, parked_at, error)
    SELECT {_SHARED}, receives, ?, ? FROM messages WHERE {_CHOSEN}"""
_GIVE_BACK = "UPDATE messages SET claimed = 0, due = 0 WHERE claimed = 1"
_REDRIVE = f"""INSERT OR IGNORE INTO messages ({_SHARED}, receives, due, claimed)
    SELECT {_SHARED}, 0, 0, 0 FROM dead_letters WHERE queue = ?"""
_FORGET = "DELETE FROM dead_letters WHERE queue = ?"
_NAMES = "SELECT queue FROM messages UNION SELECT queue FROM dead_letters"
_STATES = """SELECT value,
    (SELECT count(*) FROM messages AS m WHERE m.queue = value),
    (SELECT total(claimed) FROM messages AS m WHERE m.queue = value),
    (SELECT count(*) FROM dead_letters AS d WHERE d.queue = value),
    (SELECT enqueued_at FROM messages AS m WHERE m.queue = value ORDER BY seq LIMIT 1)
    FROM json_each(?) ORDER BY value"""
_DEAD_LETTERS = """SELECT seq, id, type, subject, partition, sort, receives, parked_at, error
    FROM dead_letters WHERE queue = ? AND (parked_at, seq) > (?, ?) ORDER BY parked_at, seq LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Held:
    """A message that is handed out: its place in the queue, and itself."""

    seq: int
    message: Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: places that are done, places to hand out again after seconds, places to park and why."""

    done: Sequence[int] = ()
    delayed: Mapping[int, float] = field(default_factory=dict)
    parked: Sequence[int] = ()
    error: str = ""


NOTHING = Outcome()


def claim(connection: sqlite3.Connection, queue: str, policy: Policy, now: float) -> list[Held]:
    """Hand out up to a batch of messages that are due, oldest first, and hide them for the visibility timeout."""
    due = _due_until(connection, queue, policy, now)
    chosen = (queue, due, policy.batch)
    [found] = connection.execute(_CLAIM, (queue, *chosen)).fetchone()
    held = [
        Held(seq, Message(id_, type_, subject, Key(partition, sort), receives))
        for seq, id_, type_, subject, partition, sort, receives in sorted(orjson.loads(found))
    ]
    if held:
        connection.execute(_MARK, (now + policy.visibility, queue, *chosen))
    return held


def _due_until(connection: sqlite3.Connection, queue: str, policy: Policy, now: float) -> float:
    """Up to which time messages are due: ``now``, unless the clock went back.

    No delay is longer than the policy allows, so when even the first is further away the clock was set back since.
    """
    [first] = connection.execute(_NEXT_DUE, (queue,)).fetchone()
    if first is not None and first - now > max(policy.visibility, policy.longest_delay):
        return float(first)
    return now


def next_due(connection: sqlite3.Connection, queue: str) -> float | None:
    """When the first message of the queue is due (seconds since 1970), None when it is empty."""
    [first] = connection.execute(_NEXT_DUE, (queue,)).fetchone()
    return None if first is None else float(first)


def settle(connection: sqlite3.Connection, queue: str, outcome: Outcome, now: float) -> None:
    """Record what became of a batch."""
    if outcome.parked:
        connection.execute(_PARK, (now, outcome.error, queue, _places(outcome.parked)))
    if outcome.done or outcome.parked:
        connection.execute(_ACK, (queue, _places([*outcome.done, *outcome.parked])))
    connection.executemany(_DELAY, [(now + delay, queue, seq) for seq, delay in outcome.delayed.items()])


def _places(places: Iterable[int]) -> str:
    return orjson.dumps([*places]).decode()


def give_back(connection: sqlite3.Connection) -> None:
    """Make every message that a former process held available at once: the folder's lock proves that process gone."""
    connection.execute(_GIVE_BACK)


class EmbeddedQueues:
    """The kernel's Queues."""

    def __init__(self, readers: Readers, writer: Writer, clock: Clock) -> None:
        self._readers = readers
        self._writer = writer
        self._clock = clock
        self._names: set[str] = set()
        self._wake: Callable[[set[str]], None] = _nobody

    def attach(self, names: Iterable[str], wake: Callable[[set[str]], None]) -> None:
        """Know the queues of the program's reactions and any others in the file, and whom to tell of messages put back.

        Raises:
            Unavailable: the file cannot be read.
        """
        self._names = {*names, *(name for (name,) in self._read(_NAMES, ()))}
        self._wake = wake

    def states(self) -> Sequence[QueueState]:
        """Every queue, by name.

        Raises:
            Unavailable: the file cannot be read.
        """
        now = self._clock.now().timestamp()
        rows = self._read(_STATES, (orjson.dumps([*self._names]).decode(),))
        return [
            QueueState(name, total - int(held), int(held), dead, None if first is None else max(0.0, now - first))
            for name, total, held, dead, first in rows
        ]

    def dead_letters(self, queue: str, start: Position | None, limit: int) -> Sequence[DeadLetter]:
        """Parked messages of a queue after ``start``, oldest first.

        Raises:
            KeyError: no such queue.
            Unavailable: the file cannot be read.
        """
        self._known(queue)
        after = (0.0, 0) if start is None else (float(start.sort), int(start.key.sort))
        return [_dead_letter(queue, *columns) for columns in self._read(_DEAD_LETTERS, (queue, *after, limit))]

    def redrive(self, queue: str) -> int:
        """Put every parked message back, as new; how many there were.

        Raises:
            KeyError: no such queue.
            Unavailable: the store cannot take it now.
        """
        self._known(queue)
        number = self._writer.run(lambda connection: _redrive(connection, queue))
        self._wake({queue})
        return number

    def _known(self, queue: str) -> None:
        if queue not in self._names:
            raise KeyError(queue)

    def _read(self, sql: str, parameters: Sequence[object]) -> list[Any]:
        try:
            return self._readers.get().execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise unreadable(error) from error


def _nobody(_queues: set[str]) -> None:
    """Nobody works yet: workers look for messages when they start."""


def _redrive(connection: sqlite3.Connection, queue: str) -> int:
    connection.execute(_REDRIVE, (queue,))
    return connection.execute(_FORGET, (queue,)).rowcount


def _dead_letter(queue: str, *columns: Any) -> DeadLetter:  # noqa: ANN401 - a row of SQLite's
    seq, id_, type_, subject, partition, sort, receives, parked_at, error = columns
    message = {"id": id_, "type": type_, "subject": subject, "change": {"partition": partition, "sort": sort}}
    parked = rfc3339(datetime.fromtimestamp(parked_at, UTC))
    return DeadLetter(id_, queue, message, receives, parked, error, Position(repr(parked_at), Key(queue, str(seq))))
