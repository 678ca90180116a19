"""The archive as a folder: objects are written once, atomically and durably, and never overwritten."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from io import FileIO
from itertools import batched
from pathlib import Path
from typing import NamedTuple

from bbws.audit.ports import ArchiveCorrupt, check_name, check_prefix
from bbws.engines.embedded.faults import FaultPoint, point
from bbws.engines.embedded.private import opener
from bbws.kernel.table import Unavailable

ARCHIVE_FOLDER = "archive"
_TEMPORARY = ".incoming"
_MOST_AT_ONCE = 100
_WRITERS = 8


class _Target(NamedTuple):
    name: str
    path: Path
    content: bytes


class FolderArchive:
    """Objects as files below ``folder``; ``read_only`` leaves even a killed writer's leftovers."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._folder = folder
        self._incoming = folder / _TEMPORARY
        self._lock = threading.Lock()
        self._watchers: list[set[str]] = []
        self._writers = ThreadPoolExecutor(_WRITERS, "archive")
        if read_only:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        self._incoming.mkdir(mode=0o700, exist_ok=True)
        for leftover in self._incoming.iterdir():
            leftover.unlink()

    def put(self, name: str, content: bytes) -> None:
        """Store an object durably. The same bytes again are success.

        Raises:
            ArchiveCorrupt: other bytes are there.
            Unavailable: the disk cannot take it now.
            ValueError: not a name.
        """
        self.put_all([(name, content)])

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Store objects durably, with far fewer waits for the disk than one by one. Not all or nothing.

        Raises:
            ArchiveCorrupt, Unavailable, ValueError: as :meth:`put`; objects before the culprit may be stored.
        """
        targets = [_Target(name, self._folder / check_name(name), content) for name, content in objects]
        try:
            for some in batched(targets, _MOST_AT_ONCE):
                self._store(some)
        except OSError as error:
            raise Unavailable(f"the archive cannot be written: {error.strerror}") from error

    def get(self, name: str) -> bytes | None:
        """The object's bytes, None where there is none.

        Raises:
            Unavailable: the file cannot be read.
            ValueError: not a name.
        """
        try:
            return (self._folder / check_name(name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unavailable(f"the archive cannot be read: {error.strerror}") from error

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with ``prefix`` (a folder, ending in ``/``, or empty for all), streamed.

        Raises:
            ValueError: not such a prefix.
        """
        return _walk(self._folder / check_prefix(prefix), prefix)

    @contextmanager
    def watch(self, begin: Callable[[], object]) -> Iterator[Callable[[str], bool]]:
        """Call ``begin`` at a moment when no object can appear; gives a test for having appeared since."""
        fresh: set[str] = set()
        with self._lock:
            begin()
            self._watchers.append(fresh)
        try:
            yield lambda name: self._is_in(fresh, name)
        finally:
            with self._lock:
                self._watchers = [each for each in self._watchers if each is not fresh]

    def _is_in(self, fresh: set[str], name: str) -> bool:
        with self._lock:  # whoever gives a name to an object now has also noted it then
            return name in fresh

    def _store(self, targets: Sequence[_Target]) -> None:
        for folder in {target.path.parent for target in targets}:
            self._make(folder)
        temporary = self._write([target.content for target in targets])
        try:
            point(FaultPoint.ARCHIVE_AFTER_TEMPORARY)
            for path, target in zip(temporary, targets, strict=True):
                self._link(path, target)
            point(FaultPoint.ARCHIVE_AFTER_LINK)
            for folder in {target.path.parent for target in targets}:
                _flush(folder)
        finally:
            for path in temporary:
                path.unlink()

    def _make(self, folder: Path) -> None:
        """The folder and those above it, each durable in its parent."""
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            _flush(folder.parent)

    def _write(self, contents: Sequence[bytes]) -> list[Path]:
        """Durable files with these contents, several at a time.

        Every call to the system gives up the interpreter and waits for it again: one thread alone, beside a busy
        server, would write fewer objects than that server makes. Flushes at one time may also be one to the disk.
        """
        paths = [self._incoming / secrets.token_hex(8) for _ in contents]
        with _removed_on_failure(paths):
            writing = [self._writers.submit(_write, path, each) for path, each in zip(paths, contents, strict=True)]
            wait(writing)
            for each in writing:
                each.result()
        return paths

    def _link(self, temporary: Path, target: _Target) -> None:
        """Give the file its name, unless another has it."""
        with self._lock:
            try:
                os.link(temporary, target.path)
            except FileExistsError:
                _compare(target)
            else:
                for fresh in self._watchers:
                    fresh.add(target.name)


@contextmanager
def _removed_on_failure(paths: Sequence[Path]) -> Iterator[None]:
    """A full disk must not be filled further by what could not be finished."""
    try:
        yield
    except BaseException:
        for path in paths:
            path.unlink(missing_ok=True)
        raise


def _write(path: Path, content: bytes) -> None:
    with FileIO(path, "x", opener=opener) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())


def _compare(target: _Target) -> None:
    """Take the object that is there as stored if it is the same. Who put it may have died before the disk had it."""
    if target.path.read_bytes() != target.content:
        raise ArchiveCorrupt(f"{target.name} is in the archive already, with other content")
    _flush(target.path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder / entry.name, f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}"
