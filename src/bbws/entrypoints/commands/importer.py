"""Loading a catalogue over HTTP: rows in, results out in file order, a bounded number of requests at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Any
from urllib.parse import quote

import httpx

from bbws.entrypoints.commands.client import (
    Ask,
    Server,
    checked,
    document,
    hints,
    location,
    pause_before_retry,
    reaching,
    sentence,
)
from bbws.entrypoints.commands.content import PRODUCT_ID, Content
from bbws.entrypoints.commands.rows import Row
from bbws.operations.model import LIVE, Status

_CREATED, _PLANNED, _ACCEPTED, _MISSING, _TAKEN = 201, 200, 202, 404, 409
# What the server says of the row, where other answers are about the caller or the server and end the import.
_REFUSALS = frozenset({400, 413, 422})
_TRIES = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_POLL_SECONDS = 0.1

type Pause = Callable[[float], bool]


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """A row's outcome; ``message`` and ``errors`` say why it is not loaded."""

    row: Row
    outcome: Outcome
    product_id: str | None = None
    message: str = ""
    errors: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The result as a line of the report."""
        return {
            "row": self.row.number,
            "line": self.row.line,
            "outcome": self.outcome.value,
            "productId": self.product_id,
            "message": self.message,
            "errors": list(self.errors),
        }


@dataclass(frozen=True, slots=True)
class Importer:
    """Loads rows.

    Attributes:
        path: where products are created.
        pause: waits for a number of seconds; True where waiting further is not wanted.
    """

    http: httpx.Client
    server: Server
    path: str
    dry_run: bool
    pause: Pause

    def load(self, row: Row) -> Result:
        """Load one row.

        Raises:
            Failure: the server cannot be reached, is at fault, or refuses the caller.
        """
        if row.fault:
            return Result(row, Outcome.REFUSED, message=row.fault)
        try:
            content = Content.of(row.fields)
        except ValueError as error:
            return Result(row, Outcome.REFUSED, message=f"the row cannot be sent as JSON: {error}")
        query = {"dryRun": "true"} if self.dry_run else {}
        headers = {"idempotency-key": content.key}
        response, tried = self._send(Ask("POST", self.path, query, headers, content.body))
        return self._judge(row, content, response, tried)

    def _judge(self, row: Row, content: Content, response: httpx.Response, tried: int) -> Result:
        status = response.status_code
        if status in _REFUSALS:
            return _refused(row, document(response.content))
        if status == _ACCEPTED:
            operation = self._ended(response)
            if operation.get("status") != Status.COMPLETED:
                return _refused(row, operation.get("problem") or {"title": f"The change is {operation.get('status')}"})
        repeated = "idempotency-replayed" in response.headers and tried == 1
        if status == _TAKEN or repeated:
            return self._compare(row, content)
        checked(response, self.server.missing)
        return Result(row, Outcome.CREATED, content.product_id)

    def _compare(self, row: Row, content: Content) -> Result:
        """The id is taken: see whether by the very same."""
        response, _ = self._send(Ask("GET", f"{self.path}/{quote(content.product_id, safe='')}"))
        if response.status_code == _MISSING:
            message = f"{content.product_id} is reserved by a change that is still being carried out"
            return Result(row, Outcome.CONFLICT, content.product_id, message)
        product = document(checked(response, self.server.missing).content)
        differing = content.differences(product)
        if not differing:
            return Result(row, Outcome.UNCHANGED, content.product_id)
        message = f"{content.product_id} exists and differs in {', '.join(differing)}"
        pairs = (
            f"{name}: {_shown(content.values[name])} here, {_shown(product.get(name))} there" for name in differing
        )
        return Result(row, Outcome.CONFLICT, content.product_id, message, tuple(pairs))

    def _ended(self, response: httpx.Response) -> Mapping[str, Any]:
        """The server does its writing in a queue: the operation that it accepted, once it has ended."""
        operation = document(response.content)
        path = location(response) or ""
        while operation.get("status") in LIVE and not self.pause(_POLL_SECONDS):
            answer, _ = self._send(Ask("GET", path))
            operation = document(checked(answer, self.server.missing).content)
        return operation

    def _send(self, ask: Ask) -> tuple[httpx.Response, int]:
        """The answer, and at which attempt it came. Every request here may be repeated."""
        backoff = _FIRST_PAUSE
        for tried in range(1, _TRIES):
            try:
                response = self.http.send(self.server.request(self.http, ask))
            except httpx.TransportError as error:
                if isinstance(error, httpx.ConnectError) and tried == 1:
                    break
                wait = backoff
            else:
                asked = pause_before_retry(response)
                if asked is None:
                    return response, tried
                wait = max(asked, backoff)
            if self.pause(wait):
                break
            backoff = min(_LONGEST_PAUSE, backoff * 2)
        with reaching(self.server.url):
            return self.http.send(self.server.request(self.http, ask)), _TRIES


def _refused(row: Row, problem: Mapping[str, Any]) -> Result:
    errors = tuple(hints(problem))
    given = row.fields.get(PRODUCT_ID)
    product_id = given if isinstance(given, str) else None
    return Result(row, Outcome.REFUSED, product_id, "; ".join(errors) or sentence(problem), errors)


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004 - what fits on a line


def in_order(
    rows: Iterable[Row], load: Callable[[Row], Result], tell: Callable[[Result], None], at_once: int, stop: Event
) -> None:
    """Load rows ``at_once`` at a time and tell their results in the order of the rows.

    Threads and a plain client: HTTP through httpx on an event loop took more than twice the time per row.

    Args:
        rows: read as they are needed, never more than ``at_once`` ahead of what was told.
        load: loads one; called in threads.
        tell: is told each result, in this thread.
        at_once: how many are on their way.
        stop: set when no more is wanted, so that nobody goes on waiting.
    """
    pending: deque[Future[Result]] = deque()
    workers = ThreadPoolExecutor(at_once, "import")
    try:
        for row in rows:
            pending.append(workers.submit(load, row))
            if len(pending) >= at_once:
                tell(pending.popleft().result())
        while pending:
            tell(pending.popleft().result())
    finally:
        stop.set()
        workers.shutdown(cancel_futures=True)
