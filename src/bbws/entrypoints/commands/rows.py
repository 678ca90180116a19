"""Rows of a catalogue file, CSV or JSON lines. Each is handled by itself: a bad one never takes others with it."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.lines import Line, Lines
from bbws.entrypoints.commands.parameters import Field
from bbws.kernel.parsing import parse_json
from bbws.kernel.problem import Problem

# How far a quoted field may reach over line ends before its opening quote counts as a mistake in its own row.
_MOST_LINES = 100
_MOST_CHARACTERS = 10 * 1024
_DELIMITERS = ",;\t"
_LIST_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file.

    Attributes:
        number: from 1, the header not counted.
        line: the line on which it starts.
        end: the offset in bytes at which the next row starts.
        fields: wire name → value, of what the row gives.
        fault: why the row cannot be read; empty where it can.
    """

    number: int
    line: int
    end: int
    fields: dict[str, Any]
    fault: str = ""


def json_rows(stream: BinaryIO) -> Iterator[Row]:
    """One JSON object a line; empty lines are skipped."""
    filled = (line for line in Lines(stream) if line.fault or line.text.strip())
    for number, line in enumerate(filled, 1):
        yield _json_row(number, line)


def _json_row(number: int, line: Line) -> Row:
    if line.fault:
        return Row(number, line.number, line.end, {}, line.fault)
    try:
        fields = parse_json(line.text.encode())
    except Problem as problem:
        fault = problem.detail.replace("The body", "the line", 1)
        return Row(number, line.number, line.end, {}, fault)
    return Row(number, line.number, line.end, fields)


def csv_rows(stream: BinaryIO, fields: Sequence[Field]) -> Iterator[Row]:
    """Comma-separated values (RFC 4180) under a line that names the columns; empty lines are skipped.

    Raises:
        Failure: the first line names no columns.
    """
    lines = Lines(stream)
    table = _Table(lines, {field.name: field for field in fields})
    number = 0
    for line in lines:
        if line.fault or line.text.strip():
            number += 1
            yield table.row(number, line)


class _Table:
    """The rows below a header."""

    def __init__(self, lines: Lines, fields: dict[str, Field]) -> None:
        self._lines = lines
        self._fields = fields
        first = next(lines, Line(1, "", 0))
        self._delimiter = max(_DELIMITERS, key=first.text.count)
        self._header = self._read_header(first)

    def _read_header(self, first: Line) -> list[str]:
        names = [] if first.fault else [name.strip() for name in self._cells([first.text]) or []]
        if not self._fields.keys() & set(names):
            known = ", ".join(self._fields)
            reason = f" ({first.fault})" if first.fault else ""
            raise Failure(f"the first line must name the columns{reason}; known are {known}", ExitCode.USAGE)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Failure(f"the first line names a column twice: {', '.join(twice)}", ExitCode.USAGE)
        return names

    def row(self, number: int, line: Line) -> Row:
        if line.fault:
            return Row(number, line.number, line.end, {}, line.fault)
        record = self._record(line)
        cells = self._cells([one.text for one in record])
        if cells is None:
            return Row(number, line.number, line.end, {}, "the quotes of the row do not match")
        if len(cells) != len(self._header):
            fault = f"the row has {len(cells)} columns, the first line of the file {len(self._header)}"
            return Row(number, line.number, line.end, {}, fault)
        return Row(number, line.number, record[-1].end, self._values(cells))

    def _record(self, line: Line) -> list[Line]:
        """The lines of a record: more than one where a quoted field reaches over line ends and the whole then fits."""
        record = [line]
        quotes, size = line.text.count('"'), len(line.text)
        while quotes % 2 and len(record) < _MOST_LINES and size < _MOST_CHARACTERS:
            following = next(self._lines, None)
            if following is None:
                break
            record.append(following)
            quotes += following.text.count('"')
            size += len(following.text)
        if len(record) > 1 and not self._fits(record):
            self._lines.put_back(record[1:])
            return [line]
        return record

    def _fits(self, record: list[Line]) -> bool:
        if any(line.fault for line in record):
            return False
        cells = self._cells([line.text for line in record])
        return cells is not None and len(cells) == len(self._header)

    def _cells(self, texts: list[str]) -> list[str] | None:
        """The cells of one record; None where its quotes do not match."""
        ended = [text + "\n" for text in texts[:-1]] + texts[-1:]
        try:
            records = list(csv.reader(ended, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return records[0] if len(records) == 1 else None

    def _values(self, cells: list[str]) -> dict[str, Any]:
        named = zip(self._header, (cell.strip() for cell in cells), strict=True)
        return {name: self._value(name, cell) for name, cell in named if cell}

    def _value(self, name: str, cell: str) -> Any:  # noqa: ANN401 - any JSON value
        """A cell as its field wants it; one that is not so is left to the server, which says what is allowed."""
        field = self._fields.get(name)
        kind = field.schema.get("type") if field else None
        if kind == "array":
            return [item.strip() for item in cell.split(_LIST_SEPARATOR) if item.strip()]
        if kind == "boolean" and cell.lower() in {"true", "false"}:
            return cell.lower() == "true"
        return cell
