# ruff: noqa: S608 - statements are put together from constants
"""The embedded engine: table, feed, queues, archive and daily work of one machine, in one data folder."""

import logging
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any, cast

from bbws.engines.embedded.archive import ARCHIVE_FOLDER, FolderArchive
from bbws.engines.embedded.cache import RowCache
from bbws.engines.embedded.codec import COLUMNS, prepare_one, row_of
from bbws.engines.embedded.connections import Readers, connect_reader, connect_writer
from bbws.engines.embedded.errors import ForeignFile
from bbws.engines.embedded.feed import Relay
from bbws.engines.embedded.lock import FolderLock, unusable
from bbws.engines.embedded.loop import Loop, Signal
from bbws.engines.embedded.queues import EmbeddedQueues, give_back
from bbws.engines.embedded.scheduler import Scheduler
from bbws.engines.embedded.schema import DATABASE_FILE, migrate, refusal
from bbws.engines.embedded.sweeper import Sweeper
from bbws.engines.embedded.table import EmbeddedTable, unreadable
from bbws.engines.embedded.worker import Worker
from bbws.engines.embedded.writer import Writer
from bbws.kernel.canonical import check_document
from bbws.kernel.clock import Clock
from bbws.kernel.reaction import Daily, Reaction
from bbws.kernel.table import Conflict, Insert, Key, Row, RowKind
from bbws.platform.ports import QueueState

BUSY_SECONDS = 2.0
COPY_SUFFIX = ".backup-copy"
_log = logging.getLogger("bbws.engine")
_LOAD_AT_ONCE = 1000
_EMPTY = "SELECT NOT EXISTS (SELECT 1 FROM feed) AND NOT EXISTS (SELECT 1 FROM messages)"


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How the engine is doing.

    Attributes:
        feed_waiting: changes that are committed and in no queue yet.
        feed_lag_seconds: the age of the oldest of them, None where there is none.
        queues: every queue, by name.
        writable: whether the last transaction was stored.
    """

    feed_waiting: int
    feed_lag_seconds: float | None
    queues: Sequence[QueueState]
    writable: bool


class EmbeddedEngine:
    """Everything that BBWS needs from outside itself, in one folder. Made by :meth:`open`.

    Attributes:
        table: the kernel's Table.
        queues: the kernel's Queues.
        archive: the audit domain's Archive; ``folder``: the data folder.
        stopped: whether it let go of it.
    """

    def __init__(
        self, folder: Path, lock: FolderLock, connection: sqlite3.Connection, clock: Clock, busy: float
    ) -> None:
        self.folder = folder
        self.archive = FolderArchive(folder / ARCHIVE_FOLDER)
        self._lock = lock
        self._connection = connection
        self._clock = clock
        self._quiet = Signal()
        self._loops: dict[str, Loop] = {}
        self._relay: Loop | None = None
        self.stopped = False
        self._readers = Readers(folder / DATABASE_FILE, busy)
        cache = RowCache()
        self._writer = Writer(connection, clock, cache, self._changed)
        self.table = EmbeddedTable(self._readers, self._writer, cache, clock)
        self.queues = EmbeddedQueues(self._readers, self._writer, clock)

    @classmethod
    def open(
        cls, data_dir: Path, *, clock: Clock, synchronous: str = "FULL", busy_seconds: float = BUSY_SECONDS
    ) -> "EmbeddedEngine":
        """Make or open the folder (mode 0700), take its lock, bring its database to this program's schema.

        ``busy_seconds`` is how long to wait for another program that has the database locked.

        Raises:
            StoreError: the folder is locked or unusable, the file foreign, damaged or newer than this program.
        """
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(data_dir, error) from error
        lock = FolderLock.take(data_dir, clock)
        try:
            return cls._opened(data_dir, lock, clock, synchronous, busy_seconds)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _opened(
        cls, folder: Path, lock: FolderLock, clock: Clock, synchronous: str, busy_seconds: float
    ) -> "EmbeddedEngine":
        file = folder / DATABASE_FILE
        with ExitStack() as undo:
            try:
                _tidy(folder)
                connection = connect_writer(file, synchronous, busy_seconds)
                undo.callback(connection.close)
                migrate(connection, file)
                _check_belongs(connection, folder)
                engine = cls(folder, lock, connection, clock, busy_seconds)
            except sqlite3.DatabaseError as error:
                raise refusal(file, error) from error
            except OSError as error:
                raise unusable(folder, error) from error
            undo.pop_all()
        return engine

    def start(self, reactions: Sequence[Reaction], dailies: Sequence[Daily], further: Iterable[Loop] = ()) -> None:
        """Start relay, workers, sweeper, scheduler, ``further``. Handlers are called with ``messages=`` or nothing.

        Raises:
            ValueError: two reactions share a queue.
            Unavailable: the store cannot take it now.
        """
        queues = [reaction.queue for reaction in reactions]
        if len(set(queues)) != len(queues):
            msg = "every reaction has a queue of its own"
            raise ValueError(msg)
        self._writer.run(give_back)
        self.queues.attach(queues, self._wake)
        relay = Relay(self._writer, reactions, self._moved)
        jitter = secrets.SystemRandom().random
        for reaction in reactions:
            worker = Worker(reaction, self._writer, self._clock, jitter=jitter, settled=self._quiet.notify)
            self._loops[reaction.queue] = Loop(f"worker-{reaction.queue}", worker.step, finish=worker.finish)
        self._loops |= {
            ".relay": Loop("relay", relay.step),
            ".sweeper": Loop("sweeper", Sweeper(self._writer, self._clock).step),
            ".scheduler": Loop("scheduler", Scheduler(dailies, self._writer, self._clock).step),
            **{f".{loop.name}": loop for loop in further},
        }
        self._relay = self._loops[".relay"]
        for loop in self._loops.values():
            loop.start()

    def stop(self, timeout: float) -> None:
        """Take no new work, finish what is held, store what waits, close, let go of the folder.

        A handler that takes longer than ``timeout`` seconds is left behind; its messages come again.
        """
        deadline = time.monotonic() + timeout
        for loop in self._loops.values():
            loop.ask_to_stop()
        for loop in self._loops.values():
            loop.join(max(0.0, deadline - time.monotonic()))
        if self._writer.close(max(1.0, deadline - time.monotonic())) and not self.stopped:
            self.stopped = True
            self._readers.close()
            _close(self._connection)
            self._lock.release()
        self._quiet.notify()  # whoever waits for it finds the store closed

    def wake(self) -> None:
        """Have every thread look at the clock and at its work: after the clock was moved."""
        for loop in self._loops.values():
            loop.signal.notify()

    def status(self) -> EngineStatus:
        """How the engine is doing.

        Raises:
            Unavailable: the file cannot be read, or the engine has stopped.
        """
        waiting, oldest = self._one("SELECT count(*), min(committed_at) FROM feed")
        lag = None if oldest is None else max(0.0, self._clock.now().timestamp() - oldest)
        return EngineStatus(waiting, lag, self.queues.states(), self._writer.writable)

    def drain(self, timeout: float) -> bool:
        """Wait until feed and queues are empty (dead letters aside); whether they were within ``timeout`` seconds.

        It gives up at once where the engine stops.

        Raises:
            Unavailable: the file cannot be read.
        """
        deadline = time.monotonic() + timeout
        while not self.stopped:
            seen = self._quiet.count
            if self._one(_EMPTY) == (1,):
                return True
            if not self._quiet.wait(seen, max(0.0, deadline - time.monotonic())):
                break
        return False

    def secret(self, name: str, length: int = 32) -> bytes:
        """Random bytes that are made once and stay the same: ``length`` of them the first time.

        Raises:
            Unavailable: the store cannot take it now.
        """
        key = Key(f"SECRET#{name}", "VALUE")
        row = self.table.get(key)
        if row is None:
            made = Row(key, RowKind.SECRET, {"value": secrets.token_hex(length)})
            try:
                self.table.commit([Insert(made)])
            except Conflict:
                return self.secret(name, length)
            row = made
        return bytes.fromhex(row.document["value"])

    def load_rows(self, rows: Iterable[Row]) -> None:
        """Insert any number of rows, a thousand in a transaction. Changes not marked as replayed go to the feed.

        Raises:
            Conflict: a row is there already; earlier thousands are stored.
            InvalidDocument, Unavailable: as a commit.
        """
        for some in batched(rows, _LOAD_AT_ONCE):
            self._writer.store([prepare_one(Insert(row), check_document(row.document)) for row in some])

    def rows(self, kinds: Collection[RowKind]) -> Iterator[Row]:
        """The live rows of these kinds in the order of their keys, as they are at the first step, streamed.

        Raises:
            Unavailable: the file cannot be read.
        """
        wanted = ", ".join("?" * len(kinds))
        sql = f"""SELECT {COLUMNS} FROM rows WHERE kind IN ({wanted})
            AND (expires_at IS NULL OR expires_at > ?) ORDER BY partition, sort"""
        connection = connect_reader(self.folder / DATABASE_FILE, BUSY_SECONDS)
        try:
            for columns in connection.execute(sql, (*kinds, self._clock.now().timestamp())):
                yield row_of(columns)
        except sqlite3.DatabaseError as error:
            raise unreadable(error) from error
        finally:
            connection.close()

    def _changed(self) -> None:
        if self._relay is not None:
            self._relay.signal.notify()

    def _moved(self, queues: set[str]) -> None:
        self._wake(queues)
        self._quiet.notify()

    def _wake(self, queues: set[str]) -> None:
        for name in queues & self._loops.keys():
            self._loops[name].signal.notify()

    def _one(self, sql: str) -> tuple[Any, ...]:
        try:
            return cast("tuple[Any, ...]", self._readers.get().execute(sql).fetchone())
        except sqlite3.DatabaseError as error:
            raise unreadable(error) from error


def _check_belongs(connection: sqlite3.Connection, folder: Path) -> None:
    """Refuse an empty database beside an archive: new histories would contradict the ones that are told there.

    Raises:
        ForeignFile: says how to get the database back.
    """
    if next(FolderArchive(folder / ARCHIVE_FOLDER, read_only=True).names(""), None) is None:
        return
    [empty] = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM rows)").fetchone()
    if empty:
        raise ForeignFile(
            f"{folder} holds an archive, but its database is empty or missing.",
            "Move the archive away and make a new folder of it with `bbws audit rebuild`, or restore a backup.",
        )


def _tidy(folder: Path) -> None:
    """Remove what a backup left behind when it was killed."""
    for leftover in folder.glob(f"*{COPY_SUFFIX}*"):
        leftover.unlink()


def _close(connection: sqlite3.Connection) -> None:
    """Leave one tidy file behind where the disk allows it; the write-ahead log holds everything anyway."""
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        _log.warning("the last checkpoint failed", extra={"error": str(error)})
    finally:
        connection.close()
