"""Queries: from the kernel's question to bounds on DynamoDB's sort key, and pages that are really full.

The start of a page is a bound too, not an ``ExclusiveStartKey``: that one must lie within the other bounds, and a
cursor may name a row that is gone.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bbws.engines.aws.codec import (
    LONGEST_PARTITION,
    LONGEST_SORT,
    escaped,
    index_sort,
    length,
    row_of,
    sort_value,
)
from bbws.kernel.table import Page, Position, Row

# DynamoDB ends a page of its own at 1 MB; it is asked for a few more rows than wanted, as some may have expired.
_SPARE = 2
_LAST = "\U0010ffff"
_SURROGATES = (0xD800, 0xE000)

type Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Query(NamedTuple):
    """What is asked of one table; see :meth:`bbws.kernel.table.Table.query`."""

    partition: str
    index_name: str | None
    prefix: str
    start: Position | None
    limit: int
    descending: bool


def page(query: Query, table: str, ask: Ask, now: float) -> Page:
    """The page that answers a query of one table.

    Args:
        query: the question.
        table: the table's name.
        ask: sends a ``Query`` to DynamoDB.
        now: seconds since 1970; what expired by then is absent.
    """
    wanted = query.limit
    rows: list[Row] = []
    for row in _rows(query, table, ask):
        if (row.expires_at is None or row.expires_at > now) and _belongs(query, row):
            rows.append(row)
            if len(rows) > wanted:
                return Page(tuple(rows[:wanted]), rows[wanted - 1].position(query.index_name))
    return Page(tuple(rows), None)


def _rows(query: Query, table: str, ask: Ask) -> Iterator[Row]:
    bounds = _bounds(query)
    if bounds is None:
        return
    parameters = _parameters(query, table, *bounds)
    while True:
        answer = ask(parameters)
        yield from map(row_of, answer["Items"])
        following = answer.get("LastEvaluatedKey")
        if not following:
            return
        parameters = {**parameters, "ExclusiveStartKey": following}


def _belongs(query: Query, row: Row) -> bool:
    """Whether a row within the bounds, which are inclusive, is one of those asked for."""
    place = row.position(query.index_name)
    if not place.sort.startswith(query.prefix):
        return False
    if query.start is None:
        return True
    return place < query.start if query.descending else place > query.start


def _bounds(query: Query) -> tuple[str | None, str | None] | None:
    """The least and greatest sort as stored, both inclusive; None where no row can lie between."""
    if length(query.partition) not in range(1, LONGEST_PARTITION + 1):
        return None
    prefix = query.prefix if query.index_name is None else escaped(query.prefix)
    low, high = prefix or None, _after(prefix)
    if query.start is not None:
        start = sort_value(query.start.sort) if query.index_name is None else index_sort(query.start)
        if query.descending:
            high = start if high is None else min(high, start)
        else:
            low = start if low is None else max(low, start)
    if any(bound is not None and length(bound) > LONGEST_SORT for bound in (low, high)):
        return None
    if low is not None and high is not None and low > high:
        return None
    return low, high


def _after(prefix: str) -> str | None:
    """The first text that is greater than all that begin with ``prefix``; None where there is none."""
    rest = prefix.rstrip(_LAST)
    if not rest:
        return None
    following = ord(rest[-1]) + 1
    if following == _SURROGATES[0]:
        following = _SURROGATES[1]
    return rest[:-1] + chr(following)


def _parameters(query: Query, table: str, low: str | None, high: str | None) -> dict[str, Any]:
    name = "" if query.index_name is None else query.index_name
    condition, values = "#p = :p", {":p": {"S": query.partition}}
    names = {"#p": f"{name}PK"}
    if low is not None or high is not None:
        names["#s"] = f"{name}SK"
        values |= {label: {"S": bound} for label, bound in ((":l", low), (":h", high)) if bound is not None}
        condition += " AND " + _range(low, high)
    parameters: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "Limit": query.limit + _SPARE,
        "ScanIndexForward": not query.descending,
    }
    if query.index_name is None:
        parameters["ConsistentRead"] = True
    else:
        parameters["IndexName"] = query.index_name
    return parameters


def _range(low: str | None, high: str | None) -> str:
    if low is None:
        return "#s <= :h"
    return "#s >= :l" if high is None else "#s BETWEEN :l AND :h"
