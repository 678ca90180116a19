"""Many rows in one statement.

Python gives up the interpreter lock around every step of a statement and has to win it back from the server's busy
thread. A statement per row would cost a group commit that many handovers, so each table is written by one statement,
whose number of rows is padded to a power of two for the statement cache's sake.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import batched, chain
from typing import Any

_MOST_ROWS = 1024  # times the columns of the widest table, below SQLite's 32,766 parameters


def execute(connection: sqlite3.Connection, template: str, width: int, rows: Iterable[Sequence[Any]]) -> None:
    """Run ``template`` with ``{values}`` standing for the rows, each ``width`` wide.

    The template must leave out rows whose first column is null: they are padding.
    """
    for chunk in batched(rows, _MOST_ROWS):
        connection.execute(*statement(template, width, chunk))


def statement(template: str, width: int, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """The statement for at most 1,024 rows, and its parameters."""
    size = 1 << (len(rows) - 1).bit_length()
    parameters = list(chain.from_iterable(rows))
    parameters.extend([None] * (width * size - len(parameters)))
    return _sql(template, width, size), parameters


@cache
def _sql(template: str, width: int, size: int) -> str:
    row = f"({','.join('?' * width)})"
    return template.format(values=f"VALUES {','.join([row] * size)}")
