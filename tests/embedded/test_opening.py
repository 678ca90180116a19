"""Which folders and files the engine opens, which it refuses, and how it says so."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.errors import FolderLocked, FolderUnusable, ForeignFile, NewerSchema, StoreError
from bbws.engines.embedded.schema import APPLICATION_ID, DATABASE_FILE, MIGRATIONS, migrate
from bbws.kernel.table import Insert, Key, Unavailable
from tests.contracts.rows import row
from tests.fakes import FakeClock

NOBODY = 65534


def open_engine(folder: Path, busy_seconds: float = 0.01) -> EmbeddedEngine:
    return EmbeddedEngine.open(folder, clock=FakeClock(), synchronous="OFF", busy_seconds=busy_seconds)


def filled(folder: Path) -> Path:
    """A database with a few hundred pages."""
    engine = open_engine(folder)
    engine.load_rows(row("p", f"{number:04}", {"text": "x" * 1000}) for number in range(1000))
    engine.stop(10)
    return folder / DATABASE_FILE


def refused(folder: Path, kind: type[StoreError]) -> StoreError:
    with pytest.raises(kind) as refusal:
        open_engine(folder)
    assert "\n" not in str(refusal.value)
    assert refusal.value.hint
    return refusal.value


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    open_engine(folder).stop(10)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(entry.name for entry in folder.iterdir()) == ["archive", "bbws.db", "bbws.lock"]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {entry.name: entry.stat().st_mode & 0o777 for entry in folder.iterdir() if entry.is_file()}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
def test_every_file_is_its_owners_alone(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        engine = open_engine(tmp_path)
        engine.table.commit([Insert(row("p", "a"))])
        assert modes(tmp_path) == dict.fromkeys(("bbws.db", "bbws.db-wal", "bbws.lock"), 0o600)
    with umask(0o000):
        engine.stop(10)
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as other:
            other.execute("SELECT count(*) FROM rows").fetchone()
            assert set(modes(tmp_path).values()) == {0o600}


def test_files_that_were_open_to_others_are_closed_to_them(tmp_path: Path) -> None:
    open_engine(tmp_path).stop(10)
    (tmp_path / "bbws.db-wal").touch()
    for name in modes(tmp_path):
        (tmp_path / name).chmod(0o644)
    engine = open_engine(tmp_path)
    assert modes(tmp_path) == dict.fromkeys(("bbws.db", "bbws.db-wal", "bbws.lock"), 0o600)
    engine.stop(10)


def test_the_database_of_another_program_keeps_its_mode(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    (tmp_path / DATABASE_FILE).chmod(0o640)
    refused(tmp_path, ForeignFile)
    assert modes(tmp_path)[DATABASE_FILE] == 0o640


def test_the_lock_names_the_process_that_holds_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from bbws.kernel.clock import SystemClock;"
        "from bbws.engines.embedded.engine import EmbeddedEngine;"
        "EmbeddedEngine.open(Path(sys.argv[1]), clock=SystemClock()); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        refusal = refused(tmp_path, FolderLocked)
        other.kill()
    assert str(tmp_path) in str(refusal)
    assert f"process {other.pid} on " in str(refusal)
    open_engine(tmp_path).stop(10)


def test_a_lock_that_is_not_yet_signed_is_held_by_another_process(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    (tmp_path / "bbws.lock").write_bytes(b"")
    assert "another process" in str(refused(tmp_path, FolderLocked))
    engine.stop(10)


def test_a_stopped_engine_lets_go_of_its_folder(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    engine.stop(10)
    engine.stop(10)
    open_engine(tmp_path).stop(10)


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_the_place_of_the_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    assert "cannot be used" in str(refused(tmp_path / "file" / below, FolderUnusable))


@contextmanager
def somebody_else() -> Iterator[None]:
    """Without the superuser's right to write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with somebody_else():
        assert "Permission denied" in str(refused(tmp_path, FolderUnusable))
        assert "Permission denied" in str(refused(tmp_path / "new", FolderUnusable))
    tmp_path.chmod(0o700)


def test_an_archive_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "archive").touch()
    assert "cannot be used" in str(refused(tmp_path, FolderUnusable))
    (tmp_path / "archive").unlink()
    open_engine(tmp_path).stop(10)


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).mkdir()
    assert "cannot be opened" in str(refused(tmp_path, StoreError))


def test_the_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    assert "another program" in str(refused(tmp_path, ForeignFile))


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(content)
    assert "bbws restore" in refused(tmp_path, ForeignFile).hint


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_database(tmp_path: Path, kept: float) -> None:
    file = filled(tmp_path)
    os.truncate(file, int(file.stat().st_size * kept))
    assert "damaged" in str(refused(tmp_path, ForeignFile))


def test_a_damaged_page_is_no_answer_and_no_traceback(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with file.open("r+b") as opened:
        opened.seek(4096 * 20)
        opened.write(b"\xff" * (file.stat().st_size - 4096 * 40))
    engine = open_engine(tmp_path)
    with pytest.raises(Unavailable):
        engine.table.query("p", limit=1000)
    with pytest.raises(Unavailable):
        engine.table.get(Key("p", "0500"))
    with pytest.raises(Unavailable):
        engine.table.check([Insert(row("p", "0500"))])
    with pytest.raises(Unavailable):
        list(engine.rows([*{each.kind for each in [row("p", "a")]}]))
    with pytest.raises(Unavailable):
        engine.table.commit([Insert(row("p", "0500"))])
    engine.stop(10)


def test_a_database_that_another_program_has_locked(tmp_path: Path) -> None:
    file = filled(tmp_path)
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE');"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        refusal = refused(tmp_path, StoreError)
        other.kill()
    assert "database is locked" in str(refusal)
    engine = open_engine(tmp_path)
    assert engine.table.get(Key("p", "0500")) is not None
    engine.stop(10)


def test_synchronous_is_one_of_three(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="FULL"):
        EmbeddedEngine.open(tmp_path, clock=FakeClock(), synchronous="SOMETIMES")
    open_engine(tmp_path).stop(10)


def connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None)


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with closing(connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    refusal = refused(tmp_path, NewerSchema)
    assert f"version {len(MIGRATIONS) + 1}" in str(refusal)
    assert f"up to {len(MIGRATIONS)}" in str(refusal)
    assert "newer BBWS" in refusal.hint


FUTURE = (*MIGRATIONS, ("ALTER TABLE rows ADD COLUMN colour TEXT", "UPDATE rows SET colour = 'blue'"))


def test_an_older_file_is_brought_forward_with_its_rows(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with closing(connect(file)) as connection:
        migrate(connection, file, FUTURE)
        migrate(connection, file, FUTURE)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(FUTURE),)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("SELECT count(*) FROM rows WHERE colour = 'blue'").fetchone() == (1000,)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with closing(connect(file)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            migrate(connection, file, (*FUTURE, ("CREATE TABLE added (a)", "DROP TABLE none")))
        assert connection.execute("PRAGMA user_version").fetchone() == (len(FUTURE),)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'added'").fetchone() == (0,)


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_an_archive_without_its_database_is_refused(tmp_path: Path, left: str) -> None:
    """A new history beside the old archive would make that one unsound."""
    engine = EmbeddedEngine.open(tmp_path, clock=FakeClock(), synchronous="OFF")
    engine.archive.put("2026/11/20/PROD-001_20261120T120000.000000Z-1.json", b"{}")
    engine.stop(timeout=10)
    for file in tmp_path.glob("bbws.db*"):
        file.unlink()
    if left == "an empty file":
        (tmp_path / "bbws.db").touch()
    with pytest.raises(ForeignFile, match="holds an archive") as refused:
        EmbeddedEngine.open(tmp_path, clock=FakeClock(), synchronous="OFF")
    assert "bbws audit rebuild" in refused.value.hint
