"""Where a command writes: what it was asked for on standard output, everything else on standard error."""

from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.text import Text

from bbws.entrypoints.commands.text import json_text, one_line

# Wide enough that nothing wraps or is cut where a program reads along.
_PIPE_WIDTH = 100_000


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output and standard error. Colours and progress appear only on a terminal, and not with NO_COLOR."""

    out: Console
    err: Console
    as_json: bool = False

    @classmethod
    def open(cls, *, as_json: bool) -> "Screen":
        """The process's own."""
        return cls(open_console(stderr=False), open_console(stderr=True), as_json)

    def document(self, document: object) -> None:
        """Write JSON for a program."""
        self.write(json_text(document, indent=2))

    def write(self, text: str) -> None:
        """Write a line as it is, unwrapped and uncoloured."""
        self.out.file.write(text + "\n")

    def show(self, renderable: RenderableType) -> None:
        """Write for a person; to a pipe without the spaces that fill up columns."""
        if self.out.is_terminal:
            self.out.print(renderable)
            return
        with self.out.capture() as captured:
            self.out.print(renderable)
        self.write("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))

    def note(self, message: str, style: str = "") -> None:
        """Say something beside the output."""
        self.err.print(Text(one_line(message), style=style), soft_wrap=True)


def open_console(*, stderr: bool, file: IO[str] | None = None) -> Console:
    """Standard output, standard error, or ``file`` in its place."""
    console = Console(stderr=stderr, file=file, highlight=False)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, file=file, highlight=False, width=_PIPE_WIDTH)


def compact(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value within one line: text as it is, the rest as JSON."""
    if isinstance(value, str):
        return one_line(value)
    return json_text(value)
