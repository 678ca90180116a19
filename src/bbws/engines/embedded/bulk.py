"""Many rows in one statement.

Python gives up the interpreter lock around every step of a statement and has to win it back from the server's busy
thread. A statement per row would cost a group commit that many handovers, so each table is written by one statement,
whose number of rows is padded to a power of two for the statement cache's sake.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

MOST_ROWS = 1024  # times the columns of the widest table, below SQLite's 32,766 parameters


def execute(connection: sqlite3.Connection, template: str, width: int, values: Sequence[Any]) -> None:
    """Run ``template`` with ``{values}`` standing for rows: ``values`` holds ``width`` for each of them.

    The template must leave out rows whose first column is null: they are padding.
    """
    step = width * MOST_ROWS
    for place in range(0, len(values), step):
        connection.execute(*statement(template, width, values[place : place + step]))


def statement(template: str, width: int, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """The statement for at most :data:`MOST_ROWS` rows, and its parameters."""
    size = 1 << (len(values) // width - 1).bit_length()
    return _sql(template, width, size), [*values, *[None] * (width * size - len(values))]


@cache
def _sql(template: str, width: int, size: int) -> str:
    row = f"({','.join('?' * width)})"
    return template.format(values=f"VALUES {','.join([row] * size)}")
