"""A light HTTP client for load: keep-alive connections, each with one request on its way. Only 2xx counts.

It shares the machine with the server, so it does next to nothing: bytes made beforehand go out, and a parser in C finds
the end of each answer.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import cast

import httptools
import uvloop

type NextRequest = Callable[[], bytes]

_LONGEST_ANSWER_SECONDS = 60


@dataclass(slots=True)
class Load:
    """What came of a load. ``latencies`` in seconds, of the acknowledged requests."""

    acknowledged: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.acknowledged / self.seconds

    def milliseconds(self, percent: int) -> float:
        """A percentile of the latencies."""
        return quantiles(self.latencies, n=100)[percent - 1] * 1000


class _Connection(asyncio.Protocol):
    def __init__(self, next_request: NextRequest, load: Load, until: float) -> None:
        self._next_request = next_request
        self._load = load
        self._until = until
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(self._next_request())

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now, status, load = time.perf_counter(), self._parser.get_status_code(), self._load
        if 200 <= status < 300:
            load.acknowledged += 1
            load.latencies.append(now - self._sent)
        else:
            load.refused[status] = load.refused.get(status, 0) + 1
        if now < self._until:
            self._parser = httptools.HttpResponseParser(self)
            self._send()
        else:
            assert self._transport is not None
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.finished.done():
            return
        if exc is None and time.perf_counter() >= self._until:
            self.finished.set_result(None)
        else:
            self.finished.set_exception(exc or ConnectionResetError("the server closed a connection under load"))


def put_load(port: int, next_request: NextRequest, *, connections: int, seconds: float) -> Load:
    """Send requests for ``seconds`` over ``connections``, then wait for the answers on their way.

    Raises:
        OSError: the server cannot be reached, or closed a connection.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_put_load(port, next_request, connections, seconds))


async def _put_load(port: int, next_request: NextRequest, connections: int, seconds: float) -> Load:
    load, begun = Load(), time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(next_request, load, begun + seconds), "127.0.0.1", port)
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + _LONGEST_ANSWER_SECONDS):
        await asyncio.gather(*(connection.finished for _, connection in made))
    load.seconds = time.perf_counter() - begun
    return load


def request(method: str, target: str, *, key: str, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", f"x-api-key: {key}", "accept: application/json"]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
