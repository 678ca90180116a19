"""The one thread that writes. It takes everything that waits and stores it as one transaction: group commit."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, TypeGuard

from bbws.engines.embedded.batch import Batch
from bbws.engines.embedded.cache import RowCache
from bbws.engines.embedded.codec import Prepared
from bbws.engines.embedded.faults import FaultPoint, point
from bbws.kernel.clock import Clock
from bbws.kernel.table import Unavailable

_log = logging.getLogger("bbws.engine")
_LARGEST_GROUP = 256
_OF_THE_JOB = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.NotSupportedError)

type Done = Callable[[BaseException | None], object]
type Task[T] = Callable[[sqlite3.Connection], T]


@dataclass(frozen=True, slots=True)
class _Job:
    """A commit (``writes``), or the engine's own work (``task``); ``done`` is told outcome and result."""

    done: Callable[[BaseException | None, Any], object]
    writes: Sequence[Prepared] = ()
    task: Task[Any] | None = None


type _Outcome = tuple[BaseException | None, Any]


class Writer:
    """Owns the writing connection.

    ``cache`` forgets what a transaction touched; ``on_feed`` is called after one that holds changes to announce.
    """

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, cache: RowCache, on_feed: Callable[[], None]
    ) -> None:
        self.writable = True
        self._connection = connection
        self._clock = clock
        self._cache = cache
        self._on_feed = on_feed
        self._ids = count(connection.execute("SELECT ifnull(max(id), 0) + 1 FROM rows").fetchone()[0])
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="bbws-writer", daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it takes nothing more."""
        return self._closed

    def submit(self, writes: Sequence[Prepared], done: Done) -> None:
        """Have the writes stored; ``done`` is called from the writer's thread when they are durable, or were refused.

        Raises:
            Unavailable: the engine has stopped.
        """
        self._put(_Job(lambda error, _result: done(error), writes))

    def store(self, writes: Sequence[Prepared]) -> None:
        """Have the writes stored, and wait until they are durable.

        Raises:
            Conflict: an expectation failed.
            Unavailable: the engine has stopped or the store cannot take it.
        """
        outcome: SimpleQueue[BaseException | None] = SimpleQueue()
        self.submit(writes, outcome.put)
        error = outcome.get()
        if error is not None:
            raise error

    def run[T](self, task: Task[T]) -> T:
        """Run ``task`` inside a transaction and return its result once that is durable.

        Raises:
            Unavailable: the engine has stopped or the store cannot take it; else what the task raises.
        """
        outcomes: SimpleQueue[tuple[BaseException | None, T]] = SimpleQueue()
        self._put(_Job(lambda error, result: outcomes.put((error, result)), task=task))
        error, result = outcomes.get()
        if error is not None:
            raise error
        return result

    def close(self, timeout: float) -> bool:
        """Take nothing more, store what waits, end the thread; whether it ended within ``timeout`` seconds."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _put(self, job: _Job) -> None:
        with self._gate:
            if self._closed:
                raise Unavailable("the store is closed")
            self._jobs.put(job)

    def _run(self) -> None:
        open_ = True
        while open_:
            group, open_ = self._take()
            if group:
                self._process(group)

    def _take(self) -> tuple[list[_Job], bool]:
        """Everything that waits, and whether more may come."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == _LARGEST_GROUP:
                return group, True
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _process(self, group: Sequence[_Job]) -> None:
        """Store a group. A fault in one job's values must not fail the others, so then each is stored by itself."""
        try:
            outcomes = self._store(group)
        except Exception as fault:  # noqa: BLE001 - handed to those whose job it is
            if len(group) > 1 and not _is_of_the_store(fault):
                for job in group:
                    self._process([job])
                return
            outcomes = [(self._judge(fault), None)] * len(group)
        for job, (error, result) in zip(group, outcomes, strict=True):
            _tell(job, error, result)

    def _judge(self, error: Exception) -> Exception:
        """What the jobs are told: a fault of the store is no fault of theirs."""
        if not _is_of_the_store(error):
            return error
        self.writable = False
        _log.error("store refused a transaction", extra={"error": f"{error.sqlite_errorname}: {error}"})
        return Unavailable(f"the store cannot be written: {error}")

    def _store(self, group: Sequence[_Job]) -> list[_Outcome]:
        point(FaultPoint.WRITER_BEFORE_BEGIN)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            batch, outcomes = self._apply(group)
            point(FaultPoint.WRITER_BEFORE_COMMIT)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        point(FaultPoint.WRITER_AFTER_COMMIT)
        self.writable = True
        if batch.final:
            self._cache.forget(batch.final)
        if batch.feed:
            self._on_feed()
        return outcomes

    def _apply(self, group: Sequence[_Job]) -> tuple[Batch, list[_Outcome]]:
        """Commits first and all at once, then the engine's own work."""
        now = self._clock.now().timestamp()
        batch = Batch.read(self._connection, [job.writes for job in group], now)
        outcomes: list[_Outcome] = [(batch.add(job.writes), None) for job in group]
        batch.store(self._connection, self._ids, now)
        for place, job in enumerate(group):
            if job.task is not None:
                outcomes[place] = (None, job.task(self._connection))
        return batch, outcomes


def _is_of_the_store(error: Exception) -> TypeGuard[sqlite3.DatabaseError]:
    """Whether the file, the disk or a lock is the reason, and not the values of one job."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, _OF_THE_JOB)


def _tell(job: _Job, error: BaseException | None, result: object) -> None:
    try:
        job.done(error, result)
    except Exception:  # noqa: BLE001 - the writer serves others too; logged with its traceback
        _log.exception("a callback of a commit failed")
