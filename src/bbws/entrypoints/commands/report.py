"""The report of an import: each result as a line of JSON, in the file as soon as it is told."""

import json
import os
from pathlib import Path
from typing import Any, Self

from bbws.entrypoints.commands.failures import ExitCode, Failure


class ReportFile:
    """The report's file, written anew or continued. Use it as a context.

    Raises:
        Failure: it cannot be written.
    """

    def __init__(self, path: Path, *, go_on: bool) -> None:
        self._path = path
        try:
            # Unbuffered: what is told is there, and a full disk shows at the row that did not fit.
            self._file = path.open("ab" if go_on else "wb", buffering=0)
        except OSError as error:
            raise _unwritable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, document: dict[str, Any]) -> None:
        """Add a line, or nothing of it.

        Raises:
            Failure: it cannot be written.
        """
        line = (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        written = 0
        try:
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError as error:
            self._take_back(written)
            raise _unwritable(self._path, error, "Make room there, or name another report.") from error

    def _take_back(self, count: int) -> None:
        """Half a line would spoil the one that comes after it when the import goes on."""
        if count and self._file.seekable():
            os.ftruncate(self._file.fileno(), self._file.tell() - count)


def _unwritable(path: Path, error: OSError, *hints: str) -> Failure:
    return Failure(f"cannot write {path}: {error.strerror}", ExitCode.USAGE, hints)
