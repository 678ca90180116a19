"""``bbws products import``: the command around the importer: which file, what format, and how to go on."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

import click
import httpx

from bbws.entrypoints.commands.client import TIMEOUT, Server
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.importer import Importer, in_order
from bbws.entrypoints.commands.parameters import fields_of
from bbws.entrypoints.commands.report import ReportFile
from bbws.entrypoints.commands.rows import Row, csv_rows, json_rows
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.session import JSON_OPTION, URL_OPTION, App, common_options
from bbws.entrypoints.commands.tally import Tally

_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_STDIN = Path("-")
_HELP = """\
Load a catalogue: CSV with a line of column names, or JSON lines.

Columns and keys are those of `products create`; | separates features. A row whose productId is free is created; where
the product exists and says the same it is unchanged, otherwise in conflict. A row without productId gets one that
follows from what it says, so loading a file twice changes nothing. A bad row is refused with its reason and the others
load.

Interrupted? Load the file again, or go on with --from-row. Exit code 5 where a row was refused or in conflict."""


def import_command(app: App) -> click.Command:
    """``bbws products import FILE``."""

    def load(**given: Any) -> None:  # noqa: ANN401 - click's parameters
        server, screen = app.server(given[URL_OPTION]), Screen.open(as_json=given.pop(JSON_OPTION))
        _Import(app, server, screen, **given).run()

    return click.Command(
        "import",
        params=[*_parameters(), *common_options()],
        callback=load,
        short_help="Load a catalogue from a CSV or JSON lines file",
        help=_HELP,
    )


def _parameters() -> Iterator[click.Parameter]:
    yield click.Argument(["file"], type=click.Path(allow_dash=True, path_type=Path), metavar="FILE")
    formats = "What FILE is; otherwise its name tells (.csv, .jsonl, .ndjson)."
    yield click.Option(["--format", "kind"], type=click.Choice(["csv", "jsonl"]), help=formats)
    first = "Start at this row; the line of column names does not count."
    yield click.Option(["--from-row"], type=click.IntRange(1), default=1, metavar="N", help=first)
    yield click.Option(["--dry-run"], is_flag=True, help="Check every row, and change nothing.")
    report = "Write each row's result to FILE, one JSON object a line."
    yield click.Option(["--report"], type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=report)
    yield click.Option(["--quiet", "-q"], is_flag=True, help="Name only the rows that were refused or in conflict.")
    at_once = "Requests on their way at the same time."
    limits = click.IntRange(1, 256)
    yield click.Option(["--at-once"], type=limits, default=16, show_default=True, metavar="N", help=at_once)


@dataclass(frozen=True, slots=True)
class _Import:
    app: App
    server: Server
    screen: Screen
    url: str | None
    file: Path
    kind: str | None
    from_row: int
    dry_run: bool
    report: Path | None
    quiet: bool
    at_once: int

    def run(self) -> None:
        with ExitStack() as stack:
            source = self._open(stack)
            rows = self._rows(source)
            report = stack.enter_context(self._report_file(self.report)) if self.report else None
            size = None if self.file == _STDIN else self.file.stat().st_size
            tally = Tally(self.screen, report, quiet=self.quiet, size=size, first=self.from_row)
            self._load(rows, tally)
        if tally.bad:
            raise Failure(f"{tally.bad:,} of {tally.counts.total():,} rows did not load", ExitCode.FAILED)

    def _load(self, rows: Iterator[Row], tally: Tally) -> None:
        try:
            with tally:
                self._send(rows, tally)
        except KeyboardInterrupt:
            tally.summary(dry_run=self.dry_run)
            raise Failure("interrupted", ExitCode.INTERRUPTED, [self._how_to_go_on(tally)]) from None
        except Failure as failure:
            # Where the file is not what it should be, there is nothing to go on with.
            if tally.counts or failure.exit_code != ExitCode.USAGE:
                tally.summary(dry_run=self.dry_run)
                failure.hints = (*failure.hints, self._how_to_go_on(tally))
            raise
        tally.summary(dry_run=self.dry_run)

    def _send(self, rows: Iterator[Row], tally: Tally) -> None:
        limits = httpx.Limits(max_connections=self.at_once, max_keepalive_connections=self.at_once)
        proxies = not self.server.on_this_machine
        stop = Event()
        with httpx.Client(transport=self.app.transport, limits=limits, timeout=TIMEOUT, trust_env=proxies) as http:
            path = self.app.endpoint("createProduct").path
            importer = Importer(http, self.server, path, self.dry_run, stop.wait)
            in_order(rows, importer.load, tally.tell, self.at_once, stop)

    def _open(self, stack: ExitStack) -> BinaryIO:
        if self.file == _STDIN:
            return sys.stdin.buffer
        try:
            return stack.enter_context(self.file.open("rb"))
        except OSError as error:
            raise Failure(f"cannot read {self.file}: {error.strerror}", ExitCode.USAGE) from error

    def _report_file(self, path: Path) -> ReportFile:
        if path.exists() and self.file.exists() and path.samefile(self.file):
            raise click.UsageError(f"The report would replace {str(self.file)!r}; name another file.")
        return ReportFile(path, go_on=self.from_row > 1)

    def _rows(self, source: BinaryIO) -> Iterator[Row]:
        kind = self.kind or _FORMATS.get(self.file.suffix.lower())
        if kind is None:
            raise click.UsageError(f"The name of {str(self.file)!r} does not tell its format; add --format.")
        fields = fields_of(self.app.endpoint("createProduct").body_schema, "body")
        rows = csv_rows(source, fields) if kind == "csv" else json_rows(source)
        return dropwhile(lambda row: row.number < self.from_row, rows)

    def _how_to_go_on(self, tally: Tally) -> str:
        again = ["bbws", "products", "import", str(self.file), "--from-row", str(tally.next_row)]
        again += ["--url", self.url] if self.url else []
        again += ["--dry-run"] if self.dry_run else []
        again += ["--format", self.kind] if self.kind else []
        again += ["--report", str(self.report)] if self.report else []
        return f"go on with: {shlex.join(again)}"
