"""Daily work, with a clock that the tests move."""

import logging
from datetime import UTC, datetime, time
from threading import Event

import pytest

from bbws.engines.embedded.loop import Loop
from bbws.engines.embedded.scheduler import Scheduler
from bbws.kernel.reaction import Daily
from bbws.kernel.table import Insert, Unavailable
from tests.contracts.rows import row
from tests.embedded.conftest import Store
from tests.fakes import FakeClock

HOUR = 3600.0
DAY = 24 * HOUR
WAIT = 60.0


class Work:
    """Daily work that counts its runs, and fails as told."""

    def __init__(self) -> None:
        self.runs: list[datetime] = []
        self.attempts = 0
        self.fails = False

    def daily(self, clock: FakeClock, hour: int = 3) -> Daily:
        def run() -> None:
            self.attempts += 1
            if self.fails:
                raise ValueError
            self.runs.append(clock.now())

        return Daily("work", time(hour), run)


@pytest.fixture
def work() -> Work:
    return Work()


def scheduler(store: Store, *dailies: Daily) -> Scheduler:
    return Scheduler(dailies, store.writer, store.clock)


def test_a_new_folder_has_missed_nothing(store: Store, clock: FakeClock, work: Work) -> None:
    assert scheduler(store, work.daily(clock)).step() == 15 * HOUR
    assert work.runs == []


def test_it_runs_once_when_its_time_comes(store: Store, clock: FakeClock, work: Work) -> None:
    running = scheduler(store, work.daily(clock))
    running.step()
    clock.advance(15 * HOUR - 1)
    assert running.step() == 1
    clock.advance(1)
    assert running.step() == DAY
    assert running.step() == DAY
    assert work.runs == [datetime(2026, 11, 21, 3, tzinfo=UTC)]


def test_a_missed_run_is_made_up_for_once_at_the_next_start(store: Store, clock: FakeClock, work: Work) -> None:
    scheduler(store, work.daily(clock)).step()
    clock.advance(3 * DAY)
    scheduler(store, work.daily(clock)).step()
    scheduler(store, work.daily(clock)).step()
    assert work.runs == [clock.now()]


def test_a_failed_run_is_tried_again_with_growing_delays(store: Store, clock: FakeClock, work: Work) -> None:
    running = scheduler(store, work.daily(clock))
    running.step()
    clock.advance(15 * HOUR)
    work.fails = True
    waits = []
    for _ in range(8):
        waits.append(running.step())
        assert running.step() == waits[-1]
        clock.advance(waits[-1] or 0)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert work.attempts == 8
    work.fails = False
    running.step()
    assert (work.attempts, len(work.runs)) == (9, 1)


def test_one_that_fails_does_not_hold_up_another(store: Store, clock: FakeClock, work: Work) -> None:
    other = Work()
    other.fails = True
    failing = other.daily(clock)
    running = scheduler(store, Daily("failing", failing.at, failing.handler), work.daily(clock, 4))
    running.step()
    clock.advance(DAY)
    assert running.step() == 60
    assert len(work.runs) == 1


@pytest.mark.parametrize("back", [HOUR, 2 * DAY, 400 * DAY])
def test_a_clock_that_goes_back(store: Store, clock: FakeClock, work: Work, back: float) -> None:
    running = scheduler(store, work.daily(clock))
    running.step()
    clock.advance(DAY)
    running.step()
    clock.advance(-back)
    running.step()
    assert len(work.runs) == 1
    clock.advance(DAY)
    running.step()
    assert len(work.runs) == 2


def test_a_retry_put_off_before_the_clock_went_back_is_not_waited_for(
    store: Store, clock: FakeClock, work: Work
) -> None:
    running = scheduler(store, work.daily(clock))
    running.step()
    clock.advance(DAY)
    work.fails = True
    running.step()
    clock.advance(-5 * HOUR)
    running.step()
    assert work.attempts == 2


def test_work_that_a_stop_leaves_behind_ends_quietly(
    store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    begun, closed = Event(), Event()

    def begin() -> None:
        begun.set()
        assert closed.wait(WAIT)
        store.table.commit([Insert(row("p", "made by the work"))])

    running = scheduler(store, Daily("first", time(3), begin), Daily("second", time(4), begin))
    running.step()
    clock.advance(DAY)
    loop = Loop("scheduler", running.step)
    with caplog.at_level(logging.INFO, "bbws.engine"):
        loop.start()
        assert begun.wait(WAIT)
        loop.ask_to_stop()
        store.close()
        closed.set()
        assert loop.join(WAIT)
    assert {record.levelno for record in caplog.records} == {logging.INFO}
    assert [record.message for record in caplog.records] == ["daily work is left to the next start"] * 2


def test_without_daily_work_there_is_nothing_to_wait_for(store: Store) -> None:
    assert scheduler(store).step() is None


def test_a_store_that_cannot_be_written_is_no_failure_of_the_work(store: Store, clock: FakeClock, work: Work) -> None:
    running = scheduler(store, work.daily(clock))
    store.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable):
        running.step()
    store.connection.execute("PRAGMA query_only = OFF")
    running.step()
    assert work.attempts == 0
