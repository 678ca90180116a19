"""Files that are their owner's alone, whatever the umask and whoever made them."""

import logging
import os
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger("bbws.engine")
MODE = 0o600


def opener(path: str | Path, flags: int) -> int:
    """For ``open`` and its like: what it makes is private. A umask can only take more away."""
    return os.open(path, flags | os.O_CLOEXEC, MODE)


def create_private(file: Path) -> None:
    """Make an empty file, unless something has its name.

    Raises:
        OSError: it cannot be made.
    """
    with suppress(FileExistsError):
        os.close(opener(file, os.O_CREAT | os.O_EXCL))


def make_private(file: Path) -> None:
    """Take from others what they may do with a file, if it is there.

    A folder for which that cannot be done (another's, or on a disk that knows no owners) is told of and used as it is.
    """
    try:
        if file.is_file() and file.stat().st_mode & 0o777 != MODE:
            file.chmod(MODE)
    except OSError as error:
        _log.warning("a file cannot be made private", extra={"file": file.name, "error": error.strerror})
