"""Following an operation until it ends, with live progress."""

from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bbws.entrypoints.commands.client import Ask, document, hints, sentence
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.render import record, styled
from bbws.entrypoints.commands.screen import compact
from bbws.entrypoints.commands.session import App, Session, common_options
from bbws.entrypoints.commands.values import Segment
from bbws.operations.model import LIVE, Status

type Json = Mapping[str, Any]

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.1, 2.0, 1.5


def watch_command(app: App) -> click.Command:
    """``bbws operations watch ID``."""

    def watch(operation_id: str, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        with app.session(given) as session:
            follow(session, app.endpoint("getOperation").path.replace("{operationId}", quote(operation_id, safe="")))

    return click.Command(
        "watch",
        params=[click.Argument(["operation_id"], type=Segment(), metavar="OPERATION_ID"), *common_options()],
        callback=watch,
        short_help="Follow an operation until it has ended",
        help="Follow an operation until it has ended, with its steps. Exit code 5 where it did not complete.",
    )


def follow(session: Session, path: str) -> None:
    """Wait until an operation has ended and show how.

    Raises:
        Failure: it ended otherwise than completed, or the server cannot be asked.
    """
    operation = _until_ended(session, path)
    if session.screen.as_json:
        session.screen.document(operation)
    else:
        session.screen.show(record({name: value for name, value in operation.items() if name != "problem"}))
    if operation.get("status") != Status.COMPLETED:
        raise _unfinished(operation)


def _until_ended(session: Session, path: str) -> Json:
    pause = _FIRST_PAUSE
    with _Progress(session.screen.err) as progress:
        while True:
            operation = document(session.client.send(Ask("GET", path)).content)
            progress.show(operation)
            if operation.get("status") not in LIVE:
                return operation
            session.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * _GROWTH)


def _unfinished(operation: Json) -> Failure:
    problem = operation.get("problem") or {}
    reason = f": {sentence(problem)}" if problem else ""
    return Failure(
        f"operation {operation.get('operationId')} is {operation.get('status')}{reason}",
        ExitCode.FAILED,
        hints(problem),
    )


class _Progress:
    """Steps and a bar on a terminal, a line for each change otherwise."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, operation: Json) -> None:
        if self._live is not None:
            self._live.update(_picture(operation), refresh=True)
            return
        for line in [*_steps(operation), f"{operation.get('operationId')}: {operation.get('status')}"]:
            if line not in self._said:
                self._said.add(line)
                self._console.print(Text(line))


def _steps(operation: Json) -> list[str]:
    return [
        f"{compact(step['name'])}: {step['status']}, attempt {step['attempts']}{_message(step)}"
        for step in operation.get("steps", [])
        if step["attempts"]
    ]


def _message(step: Json) -> str:
    return f" ({compact(step['message'])})" if step["message"] else ""


def _picture(operation: Json) -> RenderableType:
    head = Table.grid(padding=(0, 1))
    progress = operation.get("progress", 0)
    head.add_row(str(operation.get("operationId")), ProgressBar(100, progress, width=30), f"{progress} %")
    steps = Table.grid(padding=(0, 2, 0, 0))
    for step in operation.get("steps", []):
        tries = f"attempt {step['attempts']}" if step["attempts"] > 1 else ""
        steps.add_row("  " + compact(step["name"]), styled(step["status"]), tries, compact(step["message"]))
    return Group(head, steps)
