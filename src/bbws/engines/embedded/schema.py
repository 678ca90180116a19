"""The database file: its tables, its version, and how an older file is brought forward."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from bbws.engines.embedded.errors import ForeignFile, NewerSchema, StoreError
from bbws.engines.embedded.faults import FaultPoint, point

DATABASE_FILE = "bbws.db"
APPLICATION_ID = 0x42425753  # "BBWS"

_MESSAGE_COLUMNS = """
    queue TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    partition TEXT NOT NULL,
    sort TEXT NOT NULL,
    enqueued_at REAL NOT NULL,
    receives INTEGER NOT NULL,
"""

_FIRST = (
    """CREATE TABLE rows (
        id INTEGER PRIMARY KEY,
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        document BLOB NOT NULL,
        indexes BLOB NOT NULL,
        digest TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        expires_at REAL,
        replayed INTEGER NOT NULL,
        UNIQUE (partition, sort)
    ) STRICT""",
    "CREATE INDEX rows_by_expiry ON rows (expires_at) WHERE expires_at IS NOT NULL",
    """CREATE TABLE entries (
        idx TEXT NOT NULL,
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        row_partition TEXT NOT NULL,
        row_sort TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        PRIMARY KEY (idx, partition, sort, row_partition, row_sort)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE feed (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        subject TEXT NOT NULL,
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        committed_at REAL NOT NULL
    ) STRICT""",
    # due: 0 at once, else seconds since 1970. claimed: handed out, and given back when the process starts again.
    f"""CREATE TABLE messages ({_MESSAGE_COLUMNS}
        due REAL NOT NULL,
        claimed INTEGER NOT NULL,
        PRIMARY KEY (queue, seq)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX messages_by_due ON messages (queue, due, seq, claimed)",
    f"""CREATE TABLE dead_letters ({_MESSAGE_COLUMNS}
        parked_at REAL NOT NULL,
        error TEXT NOT NULL,
        PRIMARY KEY (queue, seq)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE daily_runs (name TEXT PRIMARY KEY, day TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

# A search word was found by two indexes; it is found by its own key and one index.
_WORDS_BY_KEY = (
    """UPDATE rows SET
        partition = 'WORDS#' || json_extract(CAST(indexes AS TEXT), '$.ProductsByWordIndex[0]'),
        sort = json_extract(CAST(indexes AS TEXT), '$.ProductsByWordIndex[1]'),
        indexes = CAST(json_remove(CAST(indexes AS TEXT), '$.ProductsByWordIndex') AS BLOB)
        WHERE id IN (SELECT row_id FROM entries WHERE idx = 'ProductsByWordIndex')""",
    "DELETE FROM entries WHERE idx = 'ProductsByWordIndex'",
    """UPDATE entries SET
        row_partition = (SELECT r.partition FROM rows AS r WHERE r.id = row_id),
        row_sort = (SELECT r.sort FROM rows AS r WHERE r.id = row_id)
        WHERE idx = 'CurrencyProductsByWordIndex'""",
)

type Migration = Sequence[str]

# The n-th brings a file from version n-1 to n. Published ones never change: add another.
MIGRATIONS: Sequence[Migration] = (_FIRST, _WORDS_BY_KEY)


def migrate(connection: sqlite3.Connection, file: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the file to the program's version, each step all or nothing.

    Raises:
        ForeignFile: another program's database.
        NewerSchema: a newer BBWS wrote it.
        sqlite3.DatabaseError: as SQLite finds it; see :func:`refusal`.
    """
    version = recognise(connection, file)
    if version > len(migrations):
        raise NewerSchema(
            f"{file} has schema version {version}; this BBWS knows versions up to {len(migrations)}.",
            "Use the newer BBWS that wrote it, or another data folder.",
        )
    for number in range(version + 1, len(migrations) + 1):
        _step(connection, number, migrations[number - 1])


def recognise(connection: sqlite3.Connection, file: Path) -> int:
    """The schema version of a file of ours, 0 for a new one. Changes nothing.

    Raises:
        ForeignFile: another program's database.
        sqlite3.DatabaseError: as SQLite finds it; see :func:`refusal`.
    """
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise ForeignFile(
            f"{file} is a database of another program.",
            "Move it away, or choose another data folder with BBWS_DATA_DIR.",
        )
    return int(version)


def refusal(file: Path, error: sqlite3.Error) -> StoreError:
    """Why a file that SQLite refuses cannot be opened, and what to do."""
    if isinstance(error, sqlite3.OperationalError):
        return StoreError(
            f"{file} cannot be opened: {error}.",
            "Check that the disk has room, this user may write the folder, and no other program uses the file.",
        )
    return ForeignFile(
        f"{file} is damaged or not a BBWS database: {error}.",
        "Restore a backup into a new folder with `bbws restore`, or rebuild it there with `bbws audit rebuild`.",
    )


def _step(connection: sqlite3.Connection, number: int, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in migration:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number}")
        point(FaultPoint.MIGRATION_BEFORE_COMMIT)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
