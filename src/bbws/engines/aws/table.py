"""The kernel's Table over DynamoDB."""

import heapq
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from bbws.engines.aws.calls import Calls, Refused
from bbws.engines.aws.codec import Item, item_of, key_item, row_of
from bbws.engines.aws.layout import Layout
from bbws.engines.aws.reads import Query, page
from bbws.kernel.clock import Clock
from bbws.kernel.table import (
    Conflict,
    Ensure,
    Insert,
    InvalidCommit,
    Key,
    Page,
    Position,
    Remove,
    Replace,
    Row,
    RowKind,
    Write,
    check_writes,
)

_CONDITION_FAILED = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})
_CANCELED = "TransactionCanceledException"
_ABSENT = "attribute_not_exists(PK) OR expiresAt <= :now"
_AT_VERSION = "version = :version AND (attribute_not_exists(expiresAt) OR expiresAt > :now)"
_VERBS = {Insert: "Put", Replace: "Put", Remove: "Delete", Ensure: "ConditionCheck"}


class DynamoTable:
    """Rows in the tables of all services.

    Args:
        dynamo: makes the calls.
        layout: which row lies where.
        clock: says what has expired.
        region: where this runs; every change remembers it.
    """

    def __init__(self, dynamo: Calls, layout: Layout, clock: Clock, region: str) -> None:
        self._dynamo = dynamo
        self._layout = layout
        self._clock = clock
        self._region = region

    def get(self, key: Key) -> Row | None:
        """The live row at ``key``, strongly consistent.

        Raises:
            Unavailable: DynamoDB did not answer in the time there is.
        """
        try:
            stored = key_item(key)
        except InvalidCommit:
            return None  # no row can have such a key
        request = {"TableName": self._layout.table(key.partition), "Key": stored, "ConsistentRead": True}
        return self._live(self._dynamo.call("GetItem", request).get("Item"))

    def query(
        self,
        partition: str,
        *,
        index: str | None = None,
        prefix: str = "",
        start: Position | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        """The live rows of a partition (of an index): see the port. Of a partition they are strongly consistent.

        Raises:
            Unavailable: DynamoDB did not answer in the time there is.
        """
        query = Query(partition, index, prefix, start, limit, descending)
        tables = (self._layout.table(partition),) if index is None else self._layout.indexes.get(index, ())
        now = self._clock.now().timestamp()
        pages = [page(query, table, partial(self._dynamo.call, "Query"), now) for table in tables]
        return pages[0] if len(pages) == 1 else _merged(pages, query)

    def commit(self, writes: Sequence[Write]) -> None:
        """Store all writes or none.

        Raises:
            Conflict, InvalidCommit, InvalidDocument, Unavailable: see the port.
        """
        check_writes(writes)
        requests = self._requests(writes)
        try:
            if len(requests) == 1 and not isinstance(writes[0], Ensure):
                # A single write costs half of what it would in a transaction.
                [(verb, request)] = requests[0].items()
                self._dynamo.call(f"{verb}Item", request)
            elif requests:
                items = {"TransactItems": requests, "ClientRequestToken": secrets.token_hex(16)}
                self._dynamo.call("TransactWriteItems", items)
        except Refused as error:
            failed = _failed(error, writes)
            if failed is None:
                raise
            if error.uncertain and self._is_stored(writes):
                return
            raise Conflict(failed.key) from error

    def check(self, writes: Sequence[Write]) -> None:
        """Raise what :meth:`commit` would raise, and store nothing.

        Raises:
            Conflict, InvalidCommit, InvalidDocument, Unavailable: see the port.
        """
        check_writes(writes)
        self._requests(writes)
        if not writes:
            return
        gets = [
            {"Get": {"TableName": self._layout.table(write.key.partition), "Key": key_item(write.key)}}
            for write in writes
        ]
        answers = self._dynamo.call("TransactGetItems", {"TransactItems": gets})["Responses"]
        for write, answer in zip(writes, answers, strict=True):
            row = self._live(answer.get("Item"))
            if (None if row is None else row.version) != _expected(write):
                raise Conflict(write.key)

    def _live(self, item: Mapping[str, Any] | None) -> Row | None:
        if not item:
            return None
        row = row_of(item)
        if row.expires_at is not None and row.expires_at <= self._clock.now().timestamp():
            return None
        return row

    def _requests(self, writes: Sequence[Write]) -> list[dict[str, Any]]:
        now = {":now": {"N": repr(self._clock.now().timestamp())}}
        return [{_VERBS[type(write)]: self._request(write, now)} for write in writes]

    def _request(self, write: Write, now: Item) -> dict[str, Any]:
        expected = _expected(write)
        request: dict[str, Any] = {
            "TableName": self._layout.table(write.key.partition),
            "ConditionExpression": _ABSENT if expected is None else _AT_VERSION,
            "ExpressionAttributeValues": now if expected is None else {**now, ":version": {"N": str(expected)}},
        }
        if isinstance(write, (Insert, Replace)):
            return request | {"Item": item_of(write.row, self._region)}
        return request | {"Key": key_item(write.key)}

    def _is_stored(self, writes: Sequence[Write]) -> bool:
        """Whether an earlier try, whose answer was lost, stored these very writes.

        Changes are never written twice or altered, so where there are any they alone tell.
        """
        rows = [write.row for write in writes if isinstance(write, (Insert, Replace))]
        telling = [row for row in rows if row.kind is RowKind.CHANGE] or rows
        return bool(telling) and all(self.get(row.key) == row for row in telling)


def _expected(write: Write) -> int | None:
    """The version that the row must have; None: it must be absent."""
    match write:
        case Insert():
            return None
        case Ensure(_, version):
            return version
        case Replace(_, version) | Remove(_, version):
            return version


def _failed(error: Refused, writes: Sequence[Write]) -> Write | None:
    """The first write whose expectation failed; None where something else went wrong."""
    if error.code in _CONDITION_FAILED:
        return writes[0]
    if error.code != _CANCELED:
        return None
    reasons = zip(writes, error.reasons, strict=True)
    return next((write for write, reason in reasons if reason.get("Code") in _CONDITION_FAILED), None)


def _merged(pages: Sequence[Page], query: Query) -> Page:
    """One page of those that several tables gave, each of which is in order and as long as is wanted."""
    every = (one.rows for one in pages)
    rows = heapq.merge(*every, key=lambda row: row.position(query.index_name), reverse=query.descending)
    found = tuple(islice(rows, query.limit))
    more = sum(len(one.rows) for one in pages) > len(found) or any(one.next for one in pages)
    return Page(found, found[-1].position(query.index_name) if more and found else None)
