"""Tables and records for people. Programs get the server's own JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from bbws.entrypoints.commands.screen import compact
from bbws.entrypoints.commands.text import some_lines
from bbws.kernel.endpoint import Endpoint

type Json = Mapping[str, Any]

# What of a resource fits on a line, by call or by schema; one that is not named shows its first plain fields.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "listAuditRecords": ("time", "type", "subject", "actor", "version"),
    "ProductBody": ("productId", "name", "price", "currency", "period", "active"),
    "OperationBody": ("operationId", "kind", "subject", "status", "progress", "createdAt"),
    "ChangeBody": ("version", "time", "changeType", "type", "actor"),
    "QueueBody": ("name", "waiting", "inFlight", "dead", "oldestSeconds"),
    "DeadLetterBody": ("id", "receives", "parkedAt", "error"),
    "KeyBody": ("keyId", "name", "permissions", "createdAt", "lastUsedAt", "revokedAt"),
    "CampaignBody": ("code", "productId", "price", "currency", "status", "fromDate", "toDate"),
    "AdminCampaignBody": ("code", "productId", "price", "status", "fromDate", "toDate", "active"),
    "HistoryEntryBody": ("version", "modifiedAt", "changeType", "fieldChanged", "previousValue", "newValue"),
}
# The same for lists within a resource, by their name.
_INNER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "offers": ("code", "price", "discountPercent", "wins", "fromDate", "toDate"),
    "notApplying": ("code", "reason", "price", "discountPercent", "fromDate", "toDate"),
    "permissions": ("permission", "granted", "because", "withheld"),
}
_MOST_COLUMNS = 7
_GAP = 2
_PLAIN = (str, int, float, bool)
_STYLES: Mapping[str, str] = {
    "COMPLETED": "green",
    "FAILED": "red",
    "CANCELLED": "yellow",
    "ROLLED_BACK": "yellow",
    "IN_PROGRESS": "cyan",
    "PENDING": "dim",
}


def styled(value: Any) -> Text:  # noqa: ANN401 - any JSON value
    """A value as shown in a table: lists joined, what is within them by its values, null as nothing."""
    if value is None:
        return Text("")
    if isinstance(value, bool):
        return Text("yes" if value else "no", style="" if value else "dim")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return Text(", ".join(compact(item) for item in value))
    if _is_table(value):
        return Text(", ".join(_label(item) for item in value))
    text = compact(value)
    return Text(text, style=_STYLES.get(text, ""))


class Pages:
    """A list shown page by page, as they come, under one heading: the first page decides the widths.

    Args:
        columns: what of each item is shown; empty: its first plain fields.
        width: of the screen. What does not fit is folded, never cut.
    """

    def __init__(self, columns: tuple[str, ...], width: int) -> None:
        self._width_of_screen = width
        self._known = columns
        self._widths: dict[str, int] = {}

    def table(self, items: Sequence[Json]) -> Table:
        """The next page. ``items`` must not be empty."""
        first = not self._widths
        if first:
            self._widths = {name: self._width(name, items) for name in self._known or _plain_columns(items)}
        fits = sum(self._widths.values()) + _GAP * len(self._widths) <= self._width_of_screen
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=first, header_style="bold")
        for name, width in self._widths.items():
            table.add_column(name, min_width=width if fits else None, overflow="fold")
        for item in items:
            table.add_row(*(styled(item.get(name)) for name in self._widths))
        return table

    @staticmethod
    def _width(name: str, items: Sequence[Json]) -> int:
        return min(40, max(cell_len(name), *(styled(item.get(name)).cell_len for item in items)))


def columns_of(endpoint: Endpoint) -> tuple[str, ...]:
    """What of a call's items fits on a line."""
    schema = endpoint.response.__name__ if endpoint.response else ""
    return _COLUMNS.get(endpoint.id) or _COLUMNS.get(schema, ())


def _plain_columns(items: Sequence[Json]) -> list[str]:
    names = dict.fromkeys(name for item in items for name, value in item.items() if isinstance(value, _PLAIN))
    return list(names)[:_MOST_COLUMNS]


def record(document: Json) -> RenderableType:
    """One resource, a field a line; lists of objects as tables below, as trees where these hold others."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    below: list[RenderableType] = []
    for name, value in document.items():
        if name == "_links" or value is None:
            continue
        if _is_table(value) and name not in _INNER_COLUMNS and any(map(_branches, value)):
            below += [Text(), _grow(Tree(Text(name, style="bold"), guide_style="dim"), value)]
        elif _is_table(value):
            table = Pages(_INNER_COLUMNS.get(name, ()), 0).table(value)
            below += [Text(f"\n{name}", style="bold"), Padding(table, (0, 0, 0, 2))]
        else:
            grid.add_row(name, _paragraph(value))
    return Group(grid, *below)


def _branches(item: Json) -> list[Json]:
    return [below for value in item.values() if _is_table(value) for below in value]


def _grow(tree: Tree, items: Sequence[Json]) -> Tree:
    for item in items:
        _grow(tree.add(Text(_label(item))), _branches(item))
    return tree


def _label(item: Json) -> str:
    return " ".join(compact(value) for value in item.values() if isinstance(value, _PLAIN))


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _paragraph(value: Any) -> Text:  # noqa: ANN401 - any JSON value
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return Text("\n".join(f"• {compact(item)}" for item in value))
    if isinstance(value, str) and "\n" in value:
        return Text(some_lines(value))
    return styled(value)
