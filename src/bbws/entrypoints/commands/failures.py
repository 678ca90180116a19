"""How a command ends: the exit codes, and failures that are one clear line with hints below."""

from collections.abc import Sequence
from enum import IntEnum
from typing import IO, Any

import click
from rich.text import Text

from bbws.entrypoints.commands.screen import open_console
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
        self.exit_code = code  # type: ignore[misc]  # click declares it for the class and reads it from the instance
        self.hints = tuple(hints)

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line and the hints."""
        console = open_console(stderr=True, file=file)
        console.print(Text.assemble(("bbws:", "bold red"), f" {one_line(self.message)}"), soft_wrap=True)
        for hint in self.hints:
            console.print(Text(f"  {one_line(hint)}"), soft_wrap=True)
