"""Daily work: run once a day, made up for when it was missed, tried again when it failed."""

import logging
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bbws.engines.embedded.faults import FaultPoint, point
from bbws.engines.embedded.worker import one_line
from bbws.engines.embedded.writer import Writer
from bbws.kernel.clock import Clock
from bbws.kernel.reaction import Daily

_log = logging.getLogger("bbws.engine")
_DAY = timedelta(days=1)
_FIRST_RETRY = timedelta(minutes=1)
_LONGEST_RETRY = timedelta(hours=1)
_LAST = "SELECT day FROM daily_runs WHERE name = ?"
_RECORD = "INSERT OR REPLACE INTO daily_runs VALUES (?, ?)"


def due_day(daily: Daily, now: datetime) -> date:
    """The last day whose run is due at ``now`` (UTC)."""
    return now.date() if now.time() >= daily.at else now.date() - _DAY


class _Job:
    """One daily work and how it stands. ``last``: the day of its last run."""

    def __init__(self, daily: Daily, last: date | None) -> None:
        self.daily = daily
        self.last = last
        self.failures = 0
        self.retry_at: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether it must run now. A retry further ahead than any delay was set before the clock went back."""
        if self.last is None or self.last >= due_day(self.daily, now):
            return False
        return self.retry_at is None or not now < self.retry_at <= now + _LONGEST_RETRY

    def next(self, now: datetime) -> datetime:
        """When to look again."""
        if self.retry_at is not None:
            return self.retry_at
        return datetime.combine(due_day(self.daily, now) + _DAY, self.daily.at, UTC)

    def failed(self, now: datetime) -> None:
        """Put the next attempt off."""
        self.retry_at = now + min(_FIRST_RETRY * 2 ** min(self.failures, 10), _LONGEST_RETRY)
        self.failures += 1


class Scheduler:
    """Runs the daily works one after the other."""

    def __init__(self, dailies: Sequence[Daily], writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._dailies = dailies
        self._jobs: list[_Job] | None = None

    def step(self) -> float | None:
        """Run what is due; how long until something will be.

        Raises:
            Unavailable: the store cannot take it now.
        """
        if self._jobs is None:
            self._jobs = [_Job(daily, self._last(daily)) for daily in self._dailies]
        for job in self._jobs:
            self._heed_clock(job)
            if job.due(self._clock.now()):
                self._run(job)
        if not self._jobs:
            return None
        now = self._clock.now()
        return max(0.001, (min(job.next(now) for job in self._jobs) - now).total_seconds())

    def _last(self, daily: Daily) -> date | None:
        found = self._writer.run(lambda connection: connection.execute(_LAST, (daily.name,)).fetchone())
        return None if found is None else date.fromisoformat(found[0])

    def _heed_clock(self, job: _Job) -> None:
        """Begin counting from today in a new folder, and again after a clock that had run ahead."""
        today = due_day(job.daily, self._clock.now())
        if job.last is None or job.last > today + _DAY:
            self._record(job, today)

    def _run(self, job: _Job) -> None:
        day = due_day(job.daily, self._clock.now())
        point(FaultPoint.SCHEDULER_BEFORE_RUN)
        try:
            job.daily.handler()
        except Exception as error:  # noqa: BLE001 - any fault means "try again later"
            if self._writer.closed:
                # No fault of the work: the program stops, and its next start makes up for the run.
                _log.info("daily work is left to the next start", extra={"daily": job.daily.name})
                return
            job.failed(self._clock.now())
            _log.error("daily work failed", extra={"daily": job.daily.name, "error": one_line(error)})
        else:
            point(FaultPoint.SCHEDULER_AFTER_RUN)
            self._record(job, day)

    def _record(self, job: _Job, day: date) -> None:
        self._writer.run(lambda connection: _record(connection, job.daily.name, day))
        job.last, job.failures, job.retry_at = day, 0, None


def _record(connection: sqlite3.Connection, name: str, day: date) -> None:
    connection.execute(_RECORD, (name, day.isoformat()))
