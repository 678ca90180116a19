"""Group commit: what is stored together, what a fault of one means to the others, and a store that has no room."""

import logging
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from bbws.engines.embedded.connections import connect_writer
from bbws.kernel.table import Conflict, Insert, Key, Remove, Replace, Unavailable
from tests.contracts.rows import change, row, sorts
from tests.embedded.conftest import Store


class Gate:
    """Holds the writer inside a task, so that everything submitted meanwhile becomes one group."""

    def __init__(self, store: Store) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=store.writer.run, args=(self._hold,))
        self._thread.start()
        self._entered.wait()

    def _hold(self, _connection: object) -> None:
        self._entered.set()
        self._opened.wait()

    def open(self) -> None:
        self._opened.set()
        self._thread.join()


def submit(store: Store, *writes: Insert | Replace | Remove, outcomes: list[BaseException | None]) -> threading.Event:
    told = threading.Event()

    def done(error: BaseException | None) -> None:
        outcomes.append(error)
        told.set()

    store.table.submit(list(writes), done)
    return told


def test_commits_of_one_group_see_each_other(store: Store) -> None:
    outcomes: list[BaseException | None] = []
    gate = Gate(store)
    group: list[list[Insert | Replace | Remove]] = [
        [Insert(row("p", "a", i=("x", "1")))],
        [Insert(row("p", "a")), Insert(row("p", "lost"))],
        [Replace(row("p", "a", version=2, i=("x", "2"), j=("x", "2")), 1)],
        [Replace(row("p", "a", version=2), 1)],
        [Remove(Key("p", "a"), 2)],
        [Remove(Key("p", "a"), 2)],
        [Insert(row("p", "a", {"last": True}, i=("x", "3"))), Insert(change(1))],
        [Insert(row("p", "b")), Insert(change(2))],
        [Remove(Key("p", "b"), 1)],
    ]
    told = [submit(store, *writes, outcomes=outcomes) for writes in group]
    gate.open()
    for each in told:
        each.wait()
    assert [isinstance(error, Conflict) for error in outcomes] == [bool(number in (1, 3, 5)) for number in range(9)]
    assert sorts(store.table, "p") == ["a"]
    assert store.table.query("x", index="i").rows == (row("p", "a", {"last": True}, i=("x", "3")),)
    assert store.table.query("x", index="j").rows == ()
    assert len(store.announced) == 1


def test_a_fault_in_one_job_does_not_fail_its_group(store: Store) -> None:
    outcomes: list[BaseException | None] = []
    gate = Gate(store)
    told = [
        submit(store, Insert(row("p", "a")), outcomes=outcomes),
        submit(store, Insert(row("p", "b", version="one")), outcomes=outcomes),  # type: ignore[arg-type]  # the fault
        submit(store, Insert(row("p", "c", version=2**63)), outcomes=outcomes),
        submit(store, Insert(row("p", "d")), outcomes=outcomes),
    ]
    gate.open()
    for each in told:
        each.wait()
    assert [type(error).__name__ for error in outcomes] == ["NoneType", "IntegrityError", "OverflowError", "NoneType"]
    assert sorts(store.table, "p") == ["a", "d"]


def test_a_task_that_fails_stores_nothing_and_tells_its_caller(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store.writer.run(lambda connection: connection.execute("DELETE FROM rows").rowcount / 0)
    assert store.writer.run(lambda connection: connection.execute("SELECT 7").fetchone()) == (7,)


def test_a_callback_that_fails_is_logged_and_harms_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_error: BaseException | None) -> None:
        raise ValueError

    with caplog.at_level(logging.ERROR, "bbws.engine"):
        store.table.submit([Insert(row("p", "a"))], fail)
        store.table.commit([Insert(row("p", "b"))])
    assert [record.message for record in caplog.records] == ["a callback of a commit failed"]
    assert sorts(store.table, "p") == ["a", "b"]


def test_what_waits_is_stored_before_the_writer_ends_and_nothing_after(store: Store) -> None:
    outcomes: list[BaseException | None] = []
    gate = Gate(store)
    waiting = [submit(store, Insert(row("p", f"{number:03}")), outcomes=outcomes) for number in range(300)]
    closing_ = threading.Thread(target=store.writer.close, args=(10,))
    closing_.start()
    gate.open()
    closing_.join()
    assert all(each.is_set() for each in waiting)
    assert outcomes == [None] * 300
    assert len(sorts(store.table, "p")) == 300
    with pytest.raises(Unavailable):
        store.table.commit([Insert(row("p", "late"))])
    with pytest.raises(Unavailable):
        store.writer.run(lambda _: None)


def test_a_full_disk_refuses_and_recovers(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    [pages] = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages + 10}")
    large = {"text": "x" * 50_000}
    with caplog.at_level(logging.ERROR, "bbws.engine"), pytest.raises(Unavailable, match="full"):
        store.table.commit([Insert(row("p", "a", large)), Insert(row("p", "b", large))])
    refused = store.writer.writable
    assert caplog.records[0].__dict__["error"] == "SQLITE_FULL: database or disk is full"
    assert sorts(store.table, "p") == []
    store.connection.execute("PRAGMA max_page_count = 100000")
    store.table.commit([Insert(row("p", "a", large)), Insert(row("p", "b", large))])
    assert (refused, store.writer.writable) == (False, True)
    assert sorts(store.table, "p") == ["a", "b"]


def test_a_locked_database_refuses_and_recovers(store: Store) -> None:
    with closing(connect_writer(store.file, "OFF", 0.0)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            store.table.commit([Insert(row("p", "a"))])
        assert store.table.get(Key("p", "a")) is None
        other.execute("ROLLBACK")
    store.table.commit([Insert(row("p", "a"))])


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import SystemClock
from bbws.kernel.table import Insert, Key, Row, RowKind, Unavailable

engine = EmbeddedEngine.open(Path(sys.argv[1]), clock=SystemClock())
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
stored = []
for number in range(1000):
    row = Row(Key("p", f"{number:04}"), RowKind.ENTITY, {"text": "x" * 5000})
    try:
        engine.table.commit([Insert(row)])
    except Unavailable:
        break
    stored.append(row.key.sort)
try:
    engine.archive.put("large", b"x" * 2_000_000)
except Unavailable as error:
    assert engine.archive.get("large") is None
    print(error)
print(engine.status().writable, [row.key.sort for row in engine.table.query("p", limit=1000).rows] == stored)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
engine.table.commit([Insert(Row(Key("p", "last"), RowKind.ENTITY, {}))])
engine.archive.put("large", b"x" * 2_000_000)
print(engine.status().writable, len(stored) > 50)
engine.stop(10)
engine = EmbeddedEngine.open(Path(sys.argv[1]), clock=SystemClock())
print([row.key.sort for row in engine.table.query("p", limit=1000).rows] == [*stored, "last"])
engine.load_rows(Row(Key("q", f"{number:04}"), RowKind.ENTITY, {"text": "x" * 5000}) for number in range(100))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
engine.stop(10)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
engine = EmbeddedEngine.open(Path(sys.argv[1]), clock=SystemClock())
print(len(engine.table.query("q", limit=1000).rows))
engine.stop(10)
"""


def test_a_disk_that_takes_no_more_loses_nothing_acknowledged(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("full")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder / "data")], capture_output=True, text=True, check=True
    )
    too_large = "the archive cannot be written: File too large"
    assert done.stdout.splitlines() == [too_large, "False True", "True True", "True", "100"]
    assert "the last checkpoint failed" in done.stderr
