"""One process per data folder: a lock that the kernel of the system releases when its holder dies."""

import fcntl
import os
import socket
from pathlib import Path

import orjson

from bbws.engines.embedded.errors import FolderLocked, FolderUnusable
from bbws.engines.embedded.private import create_private, make_private
from bbws.kernel.clock import Clock, rfc3339

LOCK_FILE = "bbws.lock"


class FolderLock:
    """Holds ``bbws.lock`` in a folder until :meth:`release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, clock: Clock) -> "FolderLock":
        """Take the lock and write into it who holds it.

        Raises:
            FolderLocked: another process holds it; the message names it.
            FolderUnusable: the lock file cannot be written.
        """
        try:
            create_private(folder / LOCK_FILE)
            descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise unusable(folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(os.pread(descriptor, 4096, 0))
            os.close(descriptor)
            raise FolderLocked(
                f"The data folder {folder} is in use by {holder}.",
                "Stop that process, or give this one another folder with BBWS_DATA_DIR.",
            ) from None
        make_private(folder / LOCK_FILE)
        _sign(descriptor, clock)
        return cls(descriptor)

    def release(self) -> None:
        """Let another process have the folder. Doing it twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def unusable(folder: Path, error: OSError) -> FolderUnusable:
    """The refusal for a folder that cannot be used."""
    return FolderUnusable(
        f"The data folder {folder} cannot be used: {error.strerror}.",
        "Give the user of this process read and write access to it, or choose another with BBWS_DATA_DIR.",
    )


def _sign(descriptor: int, clock: Clock) -> None:
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": rfc3339(clock.now())}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, orjson.dumps(holder), 0)


def _holder(content: bytes) -> str:
    """Who holds the lock; between taking and signing it is nobody's name yet."""
    try:
        holder = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "another process"
    return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
