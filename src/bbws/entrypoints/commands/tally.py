"""What an import tells while it runs and at its end: a line for each row, the progress, the report, the summary."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from bbws.entrypoints.commands.importer import Outcome, Result
from bbws.entrypoints.commands.report import ReportFile
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.text import one_line

_STYLES = {
    Outcome.CREATED: "green",
    Outcome.UNCHANGED: "bright_black",
    Outcome.CONFLICT: "yellow",
    Outcome.REFUSED: "red",
}
_FINE = frozenset({Outcome.CREATED, Outcome.UNCHANGED})


class Tally:
    """Counts results and tells them. Use it as a context.

    Args:
        screen: where to tell.
        quiet: whether rows that are as they should be go without a line.
        report: receives each result as a line of JSON.
        size: bytes of the file, None where nobody knows.
        first: the number of the first row.
    """

    def __init__(self, screen: Screen, report: ReportFile | None, *, quiet: bool, size: int | None, first: int) -> None:
        self.counts: Counter[Outcome] = Counter()
        self.next_row = first
        self._screen = screen
        self._quiet = quiet
        self._report = report
        self._started = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=screen.err, transient=True, disable=not screen.err.is_terminal)
        self._task = self._bar.add_task("", total=size)
        self._write = self._line_writer()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _line_writer(self) -> Callable[[Text], None]:
        """Lines go to standard output, or to standard error where that holds JSON; above the bar if there is one."""
        if self._screen.as_json:
            return self._screen.err.print
        if not self._bar.disable and self._screen.out.is_terminal:
            return self._bar.console.print
        if self._screen.out.is_terminal:
            return self._screen.out.print
        return lambda line: self._screen.write(line.plain)

    def tell(self, result: Result) -> None:
        """Count a result and tell it. Rows come in their order.

        Raises:
            Failure: the report cannot be written. An import that goes on starts at this row, so that none is missing.
        """
        self.counts[result.outcome] += 1
        if self._report is not None:
            self._report.write(result.document())
        self.next_row = result.row.number + 1
        if result.outcome not in _FINE or not (self._quiet or self._screen.as_json):
            for line in _lines(result):
                self._write(line)
        if not self._bar.disable:
            self._bar.update(self._task, completed=result.row.end, description=self._counted())

    @property
    def bad(self) -> int:
        """How many rows were refused or in conflict."""
        return sum(count for outcome, count in self.counts.items() if outcome not in _FINE)

    def _counted(self) -> str:
        return ", ".join(f"{self.counts[outcome]:,} {outcome}" for outcome in Outcome)

    def summary(self, *, dry_run: bool) -> None:
        """Say what came of all rows."""
        rows, seconds = self.counts.total(), time.monotonic() - self._started
        if self._screen.as_json:
            counts = {outcome.value: self.counts[outcome] for outcome in Outcome}
            document: dict[str, Any] = {"rows": rows, **counts, "dryRun": dry_run, "nextRow": self.next_row}
            self._screen.document(document | {"seconds": round(seconds, 3)})
            return
        planned = " (dry run: nothing was changed)" if dry_run else ""
        self._screen.write(f"{rows:,} rows in {seconds:,.1f} s: {self._counted()}{planned}")


def _lines(result: Result) -> list[Text]:
    style = _STYLES[result.outcome]
    name = one_line(str(result.row.fields.get("name", "")))
    identity = result.product_id or "-"
    head = Text.assemble(f"row {result.row.number}  ", (f"{result.outcome:<9}", style), f"  {identity:<17}  {name}")
    if result.errors:
        return [head, *(Text(f"    {one_line(error)}") for error in result.errors)]
    reason = [Text(f"    {one_line(result.message)}")] if result.message else []
    head.rstrip()
    return [head, *reason]
