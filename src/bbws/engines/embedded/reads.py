# ruff: noqa: S608 - statements are put together from constants
"""Reading rows: by key, and in pages in the order of a partition or an index."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from bbws.engines.embedded.codec import COLUMNS
from bbws.kernel.table import Position

GET = f"""SELECT {COLUMNS} FROM rows
    WHERE partition = ? AND sort = ? AND (expires_at IS NULL OR expires_at > ?)"""
_LAST = 0x10FFFF
_BEFORE_SURROGATES = 0xD7FF
_AFTER_SURROGATES = 0xE000


@dataclass(frozen=True, slots=True)
class Query:
    """What :meth:`bbws.kernel.table.Table.query` asks for."""

    partition: str
    index: str | None
    prefix: str
    start: Position | None
    limit: int
    descending: bool


def after_prefix(prefix: str) -> str | None:
    """The first string after all that begin with ``prefix``, in code point order; None where there is none."""
    for place in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[place])
        if code < _LAST:
            return prefix[:place] + chr(_AFTER_SURROGATES if code == _BEFORE_SURROGATES else code + 1)
    return None


@dataclass(frozen=True, slots=True)
class _Order:
    """Where the rows of a query come from, and the columns that order them."""

    source: str
    sort: str
    columns: tuple[str, ...]


_PRIMARY = _Order("rows AS r WHERE r.partition = ?", "r.sort", ("r.sort",))
_INDEXED = _Order(
    "entries AS e CROSS JOIN rows AS r ON r.id = e.row_id WHERE e.idx = ? AND e.partition = ?",
    "e.sort",
    ("e.sort", "e.row_partition", "e.row_sort"),
)
_COLUMNS = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))


def select(query: Query, now: float) -> tuple[str, list[Any]]:
    """The statement that reads one row more than the page holds, and its parameters.

    A bound is a comparison and its values: none, the sort value, or sort value and key. ``start`` takes the place of
    the prefix's bound on its side wherever it is the narrower one.
    """
    start, end = query.start, after_prefix(query.prefix)
    lower = (">=", [query.prefix]) if query.prefix else ("", [])
    upper = ("<", [end]) if end is not None else ("", [])
    if start is not None and query.descending and (end is None or start.sort < end):
        upper = ("start <", _beyond(query, start))
    elif start is not None and not query.descending and start.sort >= query.prefix:
        lower = ("start >", _beyond(query, start))
    sql = _sql(query.index is not None, lower[0], upper[0], query.descending)
    head = [query.partition] if query.index is None else [query.index, query.partition]
    return sql, [*head, *lower[1], *upper[1], now, query.limit + 1]


def _beyond(query: Query, start: Position) -> list[str]:
    return [start.sort] if query.index is None else [start.sort, *start.key]


@cache
def _sql(indexed: bool, lower: str, upper: str, descending: bool) -> str:  # noqa: FBT001 - the key of a cache
    order = _INDEXED if indexed else _PRIMARY
    bounds = "".join(f" AND {_bound(order, bound)}" for bound in (lower, upper) if bound)
    by = ", ".join(f"{column} DESC" if descending else column for column in order.columns)
    return f"""SELECT {_COLUMNS} FROM {order.source}{bounds}
        AND (r.expires_at IS NULL OR r.expires_at > ?) ORDER BY {by} LIMIT ?"""


def _bound(order: _Order, bound: str) -> str:
    if not bound.startswith("start"):
        return f"{order.sort} {bound} ?"
    return f"({', '.join(order.columns)}) {bound[-1]} ({', '.join('?' * len(order.columns))})"
