"""SQLite connections: one that writes, and one that reads for every thread."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from bbws.engines.embedded.private import create_private, make_private
from bbws.engines.embedded.schema import recognise
from bbws.kernel.table import Unavailable

_WRITER_CACHE_KIB = 64 * 1024
_READER_CACHE_KIB = 16 * 1024
_CHECKPOINT_PAGES = 4000
_WAL_KEPT_BYTES = 64 * 1024 * 1024
_STATEMENTS = 256
# Shorter than writers wait for each other.
_EMPTYING_SECONDS = 1.0
_BESIDE = ("-wal", "-shm", "-journal")
SYNCHRONOUS = frozenset({"FULL", "NORMAL", "OFF"})


def connect_writer(file: Path, synchronous: str, busy_seconds: float) -> sqlite3.Connection:
    """The connection that does all writing. The file, and what SQLite keeps beside it, are their owner's alone.

    Raises:
        ForeignFile: it is another program's database, and stays as it is.
        OSError: the file cannot be made.
        ValueError: ``synchronous`` is not FULL, NORMAL or OFF.
        sqlite3.Error: as SQLite finds it.
    """
    if synchronous not in SYNCHRONOUS:
        msg = f"synchronous is one of {', '.join(sorted(SYNCHRONOUS))}"
        raise ValueError(msg)
    create_private(file)
    connection = _connect(f"{file.absolute().as_uri()}?mode=rw&vfs=unix-excl", busy_seconds, _WRITER_CACHE_KIB)
    try:
        recognise(connection, file)  # before the first pragma that would change another program's file
        for each in (file, *(file.with_name(file.name + suffix) for suffix in _BESIDE)):
            make_private(each)  # SQLite gives what it makes beside a file the mode of that file
        connection.execute("PRAGMA journal_mode = WAL")
        # What is removed is overwritten: of a person who is to be forgotten nothing stays in a part that nobody uses.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(file: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection that can only read."""
    return _connect(f"{file.absolute().as_uri()}?mode=ro&vfs=unix-excl", busy_seconds, _READER_CACHE_KIB)


def _connect(uri: str, busy_seconds: float, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    return connection


def empty_log(file: Path) -> None:
    """Bring what the write-ahead log holds into the database, and leave nothing in the log: also of what was removed.

    Whoever writes meanwhile waits for it.

    Raises:
        Unavailable: somebody reads what only the log has; or the disk does not take it.
    """
    uri = f"{file.absolute().as_uri()}?mode=rw&vfs=unix-excl"
    try:
        with closing(_connect(uri, _EMPTYING_SECONDS, _READER_CACHE_KIB)) as connection:
            [busy, _, _] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the write-ahead log cannot be emptied: {error}") from error
    if busy:
        raise Unavailable("the write-ahead log cannot be emptied while somebody reads from it")


class _Held:
    """Closes a connection with its thread. By itself it would last until the collector finds it: it is in a cycle."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __del__(self) -> None:
        self._connection.close()


class Readers:
    """A reading connection for every thread that asks; a thread's connection ends with the thread."""

    def __init__(self, file: Path, busy_seconds: float) -> None:
        self._file = file
        self._busy_seconds = busy_seconds
        self._local = threading.local()
        self._closed = False

    def get(self) -> sqlite3.Connection:
        """This thread's connection.

        Raises:
            Unavailable: the engine has stopped.
        """
        if self._closed:
            vars(self._local).clear()
            raise Unavailable("the store is closed")
        try:
            connection: sqlite3.Connection = self._local.connection
        except AttributeError:
            return self._add()
        return connection

    def _add(self) -> sqlite3.Connection:
        connection = connect_reader(self._file, self._busy_seconds)
        self._local.connection, self._local.held = connection, _Held(connection)
        return connection

    def close(self) -> None:
        """Give out no more connections, and close that of this thread; the others end with theirs.

        Python crashes where one thread closes what another is just reading from.
        """
        self._closed = True
        vars(self._local).clear()
