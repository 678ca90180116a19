"""The ASGI face of dispatch: reads run inline on the event loop, commits are awaited, long work goes to a thread."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import Executor
from functools import partial
from random import Random
from typing import Any, Protocol

from bbws.kernel.dispatch import Dispatcher, Exchange, Offload, Steps, run
from bbws.kernel.http import SINGLE_HEADERS, Request, Response
from bbws.kernel.parsing import MAX_BODY
from bbws.kernel.table import Table, Write

type Scope = Mapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[Mapping[str, Any]], Awaitable[None]]
type Waits = Callable[[Request], bool]
type Observe = Callable[[Exchange, Response, float], None]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Ids of requests are no secret; from the system's source each would cost a system call.
_ids = Random()  # noqa: S311 - as said above


class CommittingTable(Table, Protocol):
    """A Table that can also take a commit without making the caller wait."""

    def submit(self, writes: Sequence[Write], done: Callable[[BaseException | None], None]) -> None:
        """Commit; ``done`` is called from another thread with what :meth:`commit` would have raised, or None."""
        ...


class _Disconnected(Exception):  # noqa: N818 - not an error: the client went away
    pass


class _Commits:
    """Turns the writer's callbacks into awaitables, with one wake-up of the event loop for a whole group commit."""

    def __init__(self, table: CommittingTable) -> None:
        self._table = table
        self._done: deque[tuple[asyncio.Future[None], BaseException | None]] = deque()
        self._awake = False

    def commit(self, writes: Sequence[Write]) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._table.submit(writes, partial(self._finished, loop, future))
        return future

    def _finished(
        self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[None], error: BaseException | None
    ) -> None:
        self._done.append((future, error))
        if not self._awake:
            self._awake = True
            loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._awake = False
        while self._done:
            future, error = self._done.popleft()
            if future.cancelled():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


class Asgi:
    """An ASGI 3 application over a dispatcher.

    Args:
        dispatcher: what answers.
        table: where commits go.
        observe: told of every answer, with the seconds it took.
        pool: where long work runs.
        trusted_proxies: addresses whose ``X-Forwarded-*`` and ``X-Request-Id`` are believed.
        waits: whether saying who sent a request takes somebody else's answer first, for which nobody else should wait.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        table: CommittingTable,
        observe: Observe,
        pool: Executor,
        trusted_proxies: frozenset[str] = frozenset(),
        waits: Waits = lambda _: False,
    ) -> None:
        self._dispatcher = dispatcher
        self._table = table
        self._commits = _Commits(table)
        self._observe = observe
        self._pool = pool
        self._trusted = trusted_proxies
        self._waits = waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            msg = f"{scope['type']} is not spoken here"
            raise RuntimeError(msg)
        begun = time.perf_counter()
        try:
            exchange = Exchange(await self._request(scope, receive))
        except _Disconnected:
            return  # nobody waits for an answer, and what was not said to its end is not done (RFC 9112 §8)
        steps = self._dispatcher.steps(exchange)
        response = await (self._in_thread(steps) if self._waits(exchange.request) else self._respond(steps))
        self._observe(exchange, response, time.perf_counter() - begun)
        await self._send(exchange.request, response, receive, send)

    async def _request(self, scope: Scope, receive: Receive) -> Request:
        headers, repeated = _headers(scope["headers"])
        body = b""
        if "content-length" in headers or "transfer-encoding" in headers:
            body = await _body(receive)
        address = scope["client"][0] if scope["client"] else ""
        request_id, base_path = "", ""
        if self._trusted and address in self._trusted:
            address = self._forwarded_for(headers, address)
            base_path = _prefix(headers.get("x-forwarded-prefix", ""))
            request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = f"{_ids.getrandbits(64):016x}"
        return Request(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            headers,
            body,
            address,
            base_path,
            request_id,
            repeated,
        )

    def _forwarded_for(self, headers: Mapping[str, str], address: str) -> str:
        """The last address that no trusted proxy vouches for: what stands before it anybody could have written."""
        hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        return next((hop for hop in reversed(hops) if hop not in self._trusted), address)

    async def _respond(self, steps: Steps) -> Response:
        try:
            step = next(steps)
            while True:
                if isinstance(step, Offload):
                    return await self._in_thread(steps)
                try:
                    await self._commits.commit(step)
                except Exception as error:  # noqa: BLE001 - dispatch answers every one of them
                    step = steps.throw(error)
                else:
                    step = next(steps)
        except StopIteration as finished:
            response: Response = finished.value
            return response

    async def _in_thread(self, steps: Steps) -> Response:
        return await asyncio.get_running_loop().run_in_executor(self._pool, run, steps, self._table)

    async def _send(self, request: Request, response: Response, receive: Receive, send: Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if isinstance(response.body, bytes):
            await send({"type": "http.response.body", "body": response.body})
            return
        if request.method != "HEAD":
            await self._stream(response.body, receive, send)
        await send({"type": "http.response.body", "body": b""})

    async def _stream(self, body: Iterable[bytes], receive: Receive, send: Send) -> None:
        """Send piece by piece; a caller who goes away ends it."""
        loop = asyncio.get_running_loop()
        gone = asyncio.ensure_future(_gone(receive))
        pieces: Generator[bytes] = (piece for piece in body)
        try:
            while not gone.done() and (piece := await loop.run_in_executor(self._pool, next, pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            gone.cancel()
            await loop.run_in_executor(self._pool, _close, pieces, body)


async def _gone(receive: Receive) -> None:
    """Returns when the caller has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _close(pieces: Generator[bytes], body: Iterable[bytes]) -> None:
    pieces.close()
    if isinstance(body, Generator):
        body.close()


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], frozenset[str]]:
    """Headers by name, several of a name joined as the list that they are, and those that are no list."""
    headers: dict[str, str] = {}
    repeated: frozenset[str] = frozenset()
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        if key in headers:
            repeated |= SINGLE_HEADERS & {key}
            text = f"{headers[key]}, {text}"
        headers[key] = text
    return headers, repeated


async def _body(receive: Receive) -> bytes:
    """The body, or as much of it as shows that it is too large.

    Raises:
        _Disconnected: it was not sent to its end.
    """
    pieces, size, more = [], 0, True
    while more and size <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        piece = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        more = message.get("more_body", False)
    return b"".join(pieces)


def _prefix(text: str) -> str:
    """A proxy's path prefix, if it is one."""
    return text.rstrip("/") if re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", text) else ""
