"""How a command ends: the exit codes, and failures that are one clear line with hints below."""

from collections.abc import Sequence
from enum import IntEnum
from typing import IO, Any

import click

from bbws.entrypoints.commands.text import one_line


class ExitCode(IntEnum):
    """Documented in ``bbws --help`` and docs/cli.md; scripts rely on them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    FAULT = 4
    FAILED = 5
    INTERRUPTED = 130


class Failure(click.ClickException):
    """Ends the command with one line on standard error, the hints indented below it, and its exit code."""

    def __init__(self, message: str, code: ExitCode, hints: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.exit_code = code
        self.hints = tuple(hints)

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line and the hints."""
        click.echo(f"{click.style('bbws:', fg='red', bold=True)} {one_line(self.message)}", file, err=True)
        for hint in self.hints:
            click.echo(f"  {one_line(hint)}", file, err=True)
