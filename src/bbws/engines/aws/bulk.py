"""Many rows at once: loading tables after a loss, and reading them whole. Nothing that serves a request comes here."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

from bbws.engines.aws.calls import Calls
from bbws.engines.aws.codec import item_of, row_of
from bbws.engines.aws.layout import Layout
from bbws.kernel.canonical import check_document
from bbws.kernel.table import Row, RowKind, Unavailable

_AT_ONCE = 25
_MOST_TRIES = 12
_FIRST_DELAY = 0.05
_LONGEST_DELAY = 5.0


class Bulk:
    """The tables as a whole.

    Args:
        dynamo: makes the calls.
        layout: which row lies where.
        region: where this runs.
        sleep: waits for seconds.
    """

    def __init__(
        self, dynamo: Calls, layout: Layout, region: str, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._dynamo = dynamo
        self._layout = layout
        self._region = region
        self._sleep = sleep

    def is_empty(self) -> bool:
        """Whether there is no row in any table.

        Raises:
            Unavailable: DynamoDB did not answer.
        """
        return next(self.rows(RowKind), None) is None

    def load(self, rows: Iterable[Row]) -> None:
        """Write any number of rows over whatever is there: doing it again after a failure is safe.

        Raises:
            InvalidCommit, InvalidDocument: as a commit.
            Unavailable: DynamoDB did not take them; those before may be stored.
        """
        for some in batched(rows, _AT_ONCE):
            requests: dict[str, list[dict[str, Any]]] = {}
            for row in some:
                check_document(row.document)
                put = {"PutRequest": {"Item": item_of(row, self._region)}}
                requests.setdefault(self._layout.table(row.key.partition), []).append(put)
            self._write(requests)

    def _write(self, requests: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        rest = requests
        for attempt in range(_MOST_TRIES):
            rest = self._dynamo.call("BatchWriteItem", {"RequestItems": rest}).get("UnprocessedItems") or {}
            if not rest:
                return
            self._sleep(min(_FIRST_DELAY * 2**attempt, _LONGEST_DELAY))
        raise Unavailable("DynamoDB does not keep up; load again, which is safe")

    def rows(self, kinds: Collection[RowKind]) -> Iterator[Row]:
        """The rows of these kinds in no order, streamed.

        Raises:
            Unavailable: DynamoDB did not answer.
        """
        for table in sorted(set(self._layout.families.values())):
            yield from (row for row in self._scan(table) if row.kind in kinds)

    def _scan(self, table: str) -> Iterator[Row]:
        request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        while True:
            answer = self._dynamo.call("Scan", request)
            yield from map(row_of, answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
