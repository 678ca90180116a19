"""The engine as a whole, with its threads: they wake by themselves and stop cleanly."""

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from pathlib import Path

import pytest

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.loop import Loop
from bbws.engines.embedded.sweeper import Sweeper
from bbws.kernel.reaction import EVERY_EVENT, Daily, Message, Policy, Reaction
from bbws.kernel.table import Conflict, Insert, Key, RowKind, Table, Unavailable
from bbws.platform.ports import QueueState
from tests.contracts.rows import change, row
from tests.embedded.conftest import Probe, Store
from tests.fakes import FakeClock

EVERYTHING = frozenset({EVERY_EVENT})
WAIT = 60.0


def test_a_commit_wakes_relay_and_worker(engine: EmbeddedEngine) -> None:
    probe = Probe()
    engine.start([Reaction("r", "q", EVERYTHING, probe)], [])
    for number in range(3):
        engine.table.commit([Insert(change(number))])
        assert engine.drain(WAIT)
    assert probe.ids == [["c0"], ["c1"], ["c2"]]
    assert engine.status().queues == [QueueState("q", 0, 0, 0, None)]


def test_what_was_committed_before_the_start_is_announced(engine: EmbeddedEngine, clock: FakeClock) -> None:
    engine.table.commit([Insert(change(1))])
    clock.advance(7)
    status = engine.status()
    assert (status.feed_waiting, status.feed_lag_seconds, status.writable) == (1, 7.0, True)
    probe = Probe()
    engine.start([Reaction("r", "q", EVERYTHING, probe)], [])
    assert engine.drain(WAIT)
    assert probe.ids == [["c1"]]
    status = engine.status()
    assert (status.feed_waiting, status.feed_lag_seconds) == (0, None)


def test_a_reaction_that_commits_changes_sets_off_others(engine: EmbeddedEngine) -> None:
    probe = Probe()

    def react(messages: list[Message]) -> None:
        for message in messages:
            number = int(message.id[1:])
            if number < 20:
                engine.table.commit([Insert(change(number + 1))])

    engine.start([Reaction("chain", "chain", EVERYTHING, react), Reaction("seen", "seen", EVERYTHING, probe)], [])
    engine.table.commit([Insert(change(1))])
    assert engine.drain(WAIT)
    assert sorted(name for batch in probe.ids for name in batch) == sorted(f"c{number}" for number in range(1, 21))


def test_a_delayed_message_comes_again_when_the_clock_says_so(engine: EmbeddedEngine, clock: FakeClock) -> None:
    probe = Probe(reported={"c1"})
    engine.start([Reaction("r", "q", EVERYTHING, probe, Policy(first_delay=86_400, longest_delay=86_400))], [])
    engine.table.commit([Insert(change(1))])
    while not probe.ids or engine.status().queues[0].in_flight:
        assert not engine.drain(0.01)
    probe.reported.clear()
    while not engine.drain(0.01):
        clock.advance(86_400)
        engine.wake()
    assert probe.ids == [["c1"], ["c1"]]


def test_redriven_messages_wake_their_worker(engine: EmbeddedEngine) -> None:
    probe = Probe(raised=ValueError("no"))
    engine.start([Reaction("r", "q", EVERYTHING, probe, Policy(max_receives=1))], [])
    engine.table.commit([Insert(change(1))])
    assert engine.drain(WAIT)
    assert engine.status().queues == [QueueState("q", 0, 0, 1, None)]
    probe.raised = None
    assert engine.queues.redrive("q") == 1
    assert engine.drain(WAIT)
    assert engine.status().queues == [QueueState("q", 0, 0, 0, None)]


def test_stopping_finishes_what_is_held_and_takes_nothing_new(tmp_path: Path, clock: FakeClock) -> None:
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    entered, finish = threading.Event(), threading.Event()
    seen: list[str] = []

    def slow(messages: list[Message]) -> None:
        entered.set()
        finish.wait()
        seen.extend(message.id for message in messages)

    engine.start([Reaction("r", "q", EVERYTHING, slow, Policy(batch=1))], [])
    engine.table.commit([Insert(change(1)), Insert(change(2))])
    entered.wait()
    stopping = threading.Thread(target=engine.stop, args=(WAIT,))
    stopping.start()
    finish.set()
    stopping.join()
    for attempt in (
        lambda: engine.table.commit([Insert(row("p", "a"))]),
        lambda: engine.table.get(Key("p", "a")),
        lambda: engine.table.query("p"),
        lambda: engine.table.check([Insert(row("p", "a"))]),
        engine.status,
        engine.queues.states,
    ):
        with pytest.raises(Unavailable):
            attempt()
    again = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    probe = Probe()
    again.start([Reaction("r", "q", EVERYTHING, probe)], [])
    assert again.drain(WAIT)
    again.stop(WAIT)
    assert sorted([*seen, *(name for batch in probe.ids for name in batch)]) == ["c1", "c2"]


def test_a_handler_that_does_not_end_is_left_behind(tmp_path: Path, clock: FakeClock) -> None:
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    entered, finish, ended = threading.Event(), threading.Event(), threading.Event()

    def stuck(messages: list[Message]) -> None:
        entered.set()
        finish.wait()
        assert messages
        ended.set()

    engine.start([Reaction("r", "q", EVERYTHING, stuck)], [])
    engine.table.commit([Insert(change(1))])
    entered.wait()
    engine.stop(0)
    again = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    probe = Probe()
    again.start([Reaction("r", "q", EVERYTHING, probe)], [])
    assert again.drain(WAIT)
    finish.set()
    ended.wait()
    again.stop(WAIT)
    assert [message.receives for message in probe.batches[0]] == [2]


def test_a_thread_that_never_read_gets_its_own_connection_until_the_end(engine: EmbeddedEngine) -> None:
    engine.table.commit([Insert(row("p", "a"))])
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(engine.table.get(Key("p", "a"))))
    thread.start()
    thread.join()
    assert found == [row("p", "a")]
    engine.stop(WAIT)
    late = threading.Thread(target=lambda: found.append(unavailable(engine.table)))
    late.start()
    late.join()
    assert found[1:] == [True]


def unavailable(table: Table) -> bool:
    try:
        table.get(Key("p", "a"))
    except Unavailable:
        return True
    return False


def test_every_reaction_has_a_queue_of_its_own(engine: EmbeddedEngine) -> None:
    with pytest.raises(ValueError, match="queue of its own"):
        engine.start([Reaction("a", "q", EVERYTHING, Probe()), Reaction("b", "q", EVERYTHING, Probe())], [])


def test_daily_work_runs_by_itself_when_its_time_comes(engine: EmbeddedEngine, clock: FakeClock) -> None:
    ran = threading.Event()
    engine.start([], [Daily("d", time(3), ran.set)])
    while not ran.wait(0.01):
        clock.advance(86_400)
        engine.wake()


def test_a_secret_is_made_once(engine: EmbeddedEngine) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(engine.secret("cursor"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {engine.secret("cursor")}
    assert len(engine.secret("cursor")) == 32
    assert len(engine.secret("other", 64)) == 64
    assert engine.secret("other") != engine.secret("cursor")


def test_a_secret_is_the_same_after_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    made = []
    for _ in range(2):
        engine = EmbeddedEngine.open(tmp_path / "data", clock=clock)
        made.append(engine.secret("cursor"))
        engine.stop(WAIT)
    assert made[0] == made[1]


def test_rows_in_bulk_come_out_in_the_order_of_keys(engine: EmbeddedEngine, clock: FakeClock) -> None:
    rows = [row(f"p{number % 3}", f"{number:05}", i=("x", f"{number % 5}")) for number in range(2500)]
    engine.load_rows(rows)
    engine.load_rows([change(1, replayed=True), row("e", "1", expires_at=clock.now().timestamp())])
    assert list(engine.rows([RowKind.ENTITY])) == sorted(rows, key=lambda each: each.key)
    assert [each.key for each in engine.rows([RowKind.CHANGE, RowKind.EPHEMERAL])] == [change(1).key]
    assert list(engine.rows([])) == []
    assert engine.status().feed_waiting == 0
    engine.load_rows([change(2)])
    assert engine.status().feed_waiting == 1
    with pytest.raises(Conflict):
        engine.load_rows(rows[:1])
    assert len(engine.table.query("x", index="i", limit=5000).rows) == 2500


def test_expired_rows_leave_the_disk(store: Store, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    for batch in range(3):
        rows = [row("p", f"{batch}-{n}", expires_at=now + 10 + batch, i=("x", str(n)), j=("y", "")) for n in range(90)]
        store.table.commit([Insert(each) for each in rows])
    store.table.commit([Insert(row("p", "stays", i=("x", "")))])
    sweeper = Sweeper(store.writer, clock)
    assert sweeper.step() == 60
    clock.advance(12)
    assert [sweeper.step(), sweeper.step()] == [0, 60]
    for table, left in {"rows": 1, "entries": 1}.items():
        [number] = store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - two names above
        assert number == left


def test_a_loop_survives_faults_and_a_store_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    faults: list[Exception] = [ValueError("first"), Unavailable("second")]
    done = threading.Event()

    def step() -> float | None:
        if faults:
            raise faults.pop(0)
        done.set()
        return None

    def finish() -> None:
        raise Unavailable("at the end")

    loop = Loop("tested", step, finish=finish)
    with caplog.at_level(logging.WARNING, "bbws.engine"):
        loop.start()
        while not done.is_set():
            loop.signal.notify()
        loop.ask_to_stop()
        assert loop.join(WAIT)
    assert [record.getMessage() for record in caplog.records] == [
        "tested failed",
        "tested waits for the store",
        "tested could not record its last work",
    ]


def test_a_read_that_is_under_way_at_a_stop_is_finished(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(lambda: store.readers.get().execute("SELECT 1 UNION SELECT 2")).result()
        store.readers.close()
        assert pool.submit(under_way.fetchall).result() == [(1,), (2,)]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        under_way.fetchall()
    with pytest.raises(Unavailable, match="closed"):
        store.readers.get()
