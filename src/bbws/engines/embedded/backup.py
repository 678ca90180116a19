"""One tar file that holds a consistent copy of a data folder, taken while it serves, and how it becomes a folder again.

Members: the database, the objects of the archive, and last a manifest with one SHA-256 over all of them in their order.
Both are copied as of one moment: an object that appears later might record a change that the copied database lacks, and
a restored server would then continue a history that the archive tells differently.
"""

import hashlib
import io
import os
import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import orjson

from bbws.audit.ports import check_name
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.connections import connect_reader, connect_writer
from bbws.engines.embedded.engine import BUSY_SECONDS, COPY_SUFFIX, EmbeddedEngine
from bbws.engines.embedded.errors import FolderUnusable, ForeignFile
from bbws.engines.embedded.faults import FaultPoint, point
from bbws.engines.embedded.lock import unusable
from bbws.engines.embedded.private import opener
from bbws.engines.embedded.schema import DATABASE_FILE, migrate, refusal
from bbws.kernel.table import Unavailable

_FORMAT = "bbws-backup-1"
_MANIFEST = "manifest.json"
_BLOCK = 256 * 1024
_PAGES_AT_ONCE = 1024

type Write = Callable[[bytes], object]


class _Sums:
    """The running sum over members: name, size and content of each."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._members = 0

    def begin(self, name: str, size: int) -> None:
        self._hash.update(f"{name}\0{size}\0".encode())
        self._members += 1

    def through(self, source: IO[bytes]) -> "_Reading":
        return _Reading(source, self._hash.update)

    def manifest(self) -> bytes:
        """What the last member says."""
        return orjson.dumps({"format": _FORMAT, "members": self._members, "sha256": self._hash.hexdigest()})


class _Reading(io.RawIOBase):
    """A source of bytes that tells ``update`` of each block that is read."""

    def __init__(self, source: IO[bytes], update: Callable[[bytes], None]) -> None:
        self._source = source
        self._update = update

    def read(self, size: int = -1, /) -> bytes:
        block = self._source.read(size)
        self._update(block)
        return block


class _Sink(io.RawIOBase):
    """What tarfile writes to."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def write(self, block: bytes, /) -> int:  # type: ignore[override]  # tarfile gives nothing but bytes
        self._write(block)
        return len(block)


def write_backup(engine: EmbeddedEngine, write: Write) -> None:
    """Stream a consistent copy of the engine's folder as one tar file to ``write``, while the engine goes on serving.

    Raises:
        Unavailable: the store cannot be read, or there is no room for the copy of the database beside it.
    """
    try:
        _stream(engine, write)
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the database cannot be copied: {error}") from error


def _stream(engine: EmbeddedEngine, write: Write) -> None:
    sums = _Sums()
    with (
        _snapshot(engine.folder) as (begin, copy),
        engine.archive.watch(begin) as is_newer,
        tarfile.open(mode="w|", fileobj=_Sink(write), bufsize=_BLOCK, format=tarfile.PAX_FORMAT) as tar,
    ):
        path = copy()
        with path.open("rb") as database:
            path.unlink()  # whoever is killed from here on leaves nothing behind
            _add(tar, sums, DATABASE_FILE, database)
        for name in engine.archive.names(""):
            if not is_newer(name):
                with (engine.folder / ARCHIVE_FOLDER / name).open("rb") as content:
                    _add(tar, sums, f"{ARCHIVE_FOLDER}/{name}", content)
        _add_manifest(tar, sums.manifest())


@contextmanager
def _snapshot(folder: Path) -> Iterator[tuple[Callable[[], object], Callable[[], Path]]]:
    """Two steps: fix the moment of the copy, which takes no time, and copy the database as of then into a file."""
    target = folder / f"{secrets.token_hex(8)}{COPY_SUFFIX}"
    with closing(connect_reader(folder / DATABASE_FILE, BUSY_SECONDS)) as source:
        source.execute("BEGIN")
        try:
            yield (
                lambda: source.execute("SELECT count(*) FROM sqlite_schema").fetchone(),
                lambda: _copy(source, target),
            )
        finally:
            target.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, target: Path) -> Path:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy, pages=_PAGES_AT_ONCE)
    source.execute("ROLLBACK")  # an open snapshot keeps the write-ahead log from being emptied
    point(FaultPoint.BACKUP_AFTER_SNAPSHOT)
    return target


def _add(tar: tarfile.TarFile, sums: _Sums, name: str, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.mode = 0o600
    member.size = os.fstat(content.fileno()).st_size
    sums.begin(name, member.size)
    tar.addfile(member, sums.through(content))


def _add_manifest(tar: tarfile.TarFile, manifest: bytes) -> None:
    member = tarfile.TarInfo(_MANIFEST)
    member.size = len(manifest)
    tar.addfile(member, io.BytesIO(manifest))


def restore(file: Path, data_dir: Path) -> None:
    """Make a data folder of a backup. Either it is there whole at the end, or nothing is.

    Raises:
        FolderUnusable: ``data_dir`` holds something, or cannot be written.
        ForeignFile: the backup is damaged, cut off or none of BBWS.
        NewerSchema: a newer BBWS made it.
    """
    try:
        opened = file.open("rb")
    except OSError as error:
        raise _bad(file, f"it cannot be read ({error.strerror})") from error
    with opened:
        _restore(opened, file, data_dir)


def _restore(opened: IO[bytes], file: Path, data_dir: Path) -> None:
    staging = data_dir.absolute().parent / f".{data_dir.name}.{secrets.token_hex(4)}.restoring"
    try:
        if data_dir.exists() and any(data_dir.iterdir()):
            raise FolderUnusable(f"{data_dir} is not empty.", "Restore into a folder that does not exist yet.")
        staging.mkdir(mode=0o700, parents=True)
        try:
            _unpack(opened, file, staging)
            os.sync()  # one wait for all files; each by itself would take hours for a large archive
            point(FaultPoint.RESTORE_BEFORE_RENAME)
            staging.rename(data_dir)
        except BaseException:
            shutil.rmtree(staging)
            raise
    except OSError as error:
        raise unusable(data_dir, error) from error


def _unpack(opened: IO[bytes], file: Path, staging: Path) -> None:
    try:
        with tarfile.open(mode="r|", fileobj=opened, bufsize=_BLOCK) as tar:
            _extract(file, tar, staging)
    except tarfile.TarError as error:
        raise _bad(file, str(error)) from error
    database = staging / DATABASE_FILE
    try:
        with closing(connect_writer(database, "FULL", BUSY_SECONDS)) as connection:
            migrate(connection, database)
    except sqlite3.DatabaseError as error:
        raise refusal(database, error) from error


def _extract(file: Path, tar: tarfile.TarFile, staging: Path) -> None:
    sums = _Sums()
    said = b""
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or said:
            raise _bad(file, f"{member.name} does not belong there")
        if member.name == _MANIFEST:
            said = content.read(_BLOCK)
        else:
            target = staging / _checked(file, member.name)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sums.begin(member.name, member.size)
            with open(target, "xb", opener=opener) as written:
                shutil.copyfileobj(sums.through(content), written, _BLOCK)
    if said != sums.manifest():
        raise _bad(file, "its content does not match its manifest" if said else "it has been cut off")


def _checked(file: Path, name: str) -> str:
    """The member's name, if it may be one."""
    folder, _, rest = name.partition("/")
    if name == DATABASE_FILE:
        return name
    try:
        if folder == ARCHIVE_FOLDER:
            return f"{folder}/{check_name(rest)}"
    except ValueError as error:
        raise _bad(file, "a member has a name that leads astray") from error
    raise _bad(file, f"{name} does not belong there")


def _bad(file: Path, why: str) -> ForeignFile:
    return ForeignFile(f"{file} is not a whole BBWS backup: {why}.", "Use another backup. Nothing was restored.")
