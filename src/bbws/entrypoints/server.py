"""All of BBWS in one process: API, feed, workers and archive on one data folder.

The only place that knows the HTTP server.
"""

import asyncio
import contextlib
import gc
import math
import shlex
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bbws.bootstrap.embedded import build, ensure_first_key
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.errors import ForeignFile
from bbws.entrypoints.asgi import Asgi
from bbws.entrypoints.listening import bound, close, tls_context
from bbws.entrypoints.observability import Observer, configure_logging
from bbws.kernel.clock import SystemClock
from bbws.kernel.http import PROBLEM_JSON
from bbws.kernel.table import Unavailable
from bbws.platform.model import HEAD_TOO_LARGE, MALFORMED_REQUEST
from bbws.settings import Settings

_LONG_CALLS_AT_ONCE = 4
_KEEP_ALIVE_SECONDS = 75
_LARGEST_HEAD = 64 * 1024
_MOST_FIELDS = 100
_HEAD = b"HTTP/1.1 "
_INTERIM = b"HTTP/1.1 1"
# Readers share the interpreter with the writer, which gives it up at every statement and must get it back soon.
_SWITCH_SECONDS = 0.001


class _Refused(Exception):  # noqa: N818 - not an error of ours
    pass


class _Joined:
    """A transport that keeps the head of a response until what follows it: one system call instead of two.

    Two were a sixth of what a read costs. ``flush`` sends a head that nothing follows.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send, or keep what begins a response."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Send what is kept."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Send what is kept, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a bound on what stands before a body, and problems in place of its plain text.

    Without the bound one connection could hold up all others, or fill the memory, before anybody is asked who they are.
    """

    _in_head = False
    _head_bytes = 0
    _fields = 0
    _refusal = MALFORMED_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """A client connected."""
        self._joined = _Joined(transport)
        super().connection_made(cast("asyncio.Transport", self._joined))

    def on_response_complete(self) -> None:
        """A response was written to its end."""
        self._joined.flush()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes of the connection."""
        if self._in_head:
            self._head_bytes += len(data)
        if self._head_bytes > _LARGEST_HEAD:
            self._refusal = HEAD_TOO_LARGE
            self.send_400_response("")
            return
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._fields = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field was read."""
        self._fields += 1
        if self._fields > _MOST_FIELDS:
            self._refusal = HEAD_TOO_LARGE
            raise _Refused
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head was read."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as a request, and close."""
        del msg
        refusal = self._refusal
        body = orjson.dumps(refusal(refusal.explanation).document())
        status = HTTPStatus(refusal.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {PROBLEM_JSON}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, and leaves ending the process to us: the engine stops after it."""

    def __init__(self, config: uvicorn.Config, settings: Settings, *, first_key: bool) -> None:
        super().__init__(config)
        self._settings = settings
        self._first_key = first_key

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then greet."""
        await super().startup(sockets)
        if not self.should_exit:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(greeting(self._settings, port, first_key=self._first_key), flush=True)  # noqa: T201 - for the person

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; a second one does not wait for requests."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(settings: Settings) -> int:
    """Run until told to stop; the exit code.

    Raises:
        SettingsError: it may not listen there, or the certificate cannot be used.
        CannotListen: another program does, or the address is not one of this machine.
        StoreError: the data folder is locked or unusable, its file foreign, damaged or newer than this program.
    """
    settings.check_bind()
    # Before anything is made or logged, so that the one line about it stands alone.
    tls = tls_context(settings)
    sockets = bound(settings.host, settings.port)
    # For links in mails, where a free port was asked for.
    settings = settings.model_copy(update={"port": sockets[0].getsockname()[1]})
    try:
        return _serve(settings, sockets, tls)
    finally:
        close(sockets)


def _serve(settings: Settings, sockets: list[socket.socket], tls: ssl.SSLContext | None) -> int:
    configure_logging(settings.log_level)
    clock = SystemClock()
    engine = EmbeddedEngine.open(settings.data_dir, clock=clock)
    pool = ThreadPoolExecutor(_LONG_CALLS_AT_ONCE, "long-call")
    try:
        observer = Observer(engine)
        try:
            app = build(settings, engine, clock=clock, metrics=observer)
            first_key = ensure_first_key(app, settings)
            app.start()
        except Unavailable as error:
            raise ForeignFile(
                f"{settings.data_dir} cannot be served: {error}.",
                "Make room on its disk; if the file is damaged, restore a backup or rebuild from the archive.",
            ) from error
        asgi = Asgi(app.dispatcher, engine.table, observer.observe, pool, settings.trusted_proxies, app.waits)
        sys.setswitchinterval(_SWITCH_SECONDS)
        # What start-up made stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        server = _Server(_config(asgi, settings, tls), settings, first_key=first_key)
        server.run(sockets)
        return 0 if server.started else 1
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        engine.stop(settings.drain_seconds)


def _config(asgi: Asgi, settings: Settings, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        asgi,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, math.ceil(settings.drain_seconds)),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )


def greeting(settings: Settings, port: int, *, first_key: bool) -> str:
    """What a person sees when the server listens."""
    url = settings.model_copy(update={"port": port, "url": None}).server_url
    key_file = _shown(settings.key_file)
    kept = settings.key_file.exists()
    made = "made just now" if first_key else "as before" if kept else "not here; --new-key makes another"
    return "\n".join(
        (
            f"BBWS {version('bbws')} serves {url} from {_shown(settings.data_dir)}",
            f"  API page   {url}/docs",
            f"  API key    {key_file} ({made})",
            f'  Try        curl -H "x-api-key: $(cat {shlex.quote(key_file)})" {url}/v1.0/products',
            "  Stop       Ctrl-C",
        )
    )


def _shown(path: Path) -> str:
    """A path that works when pasted into a shell in any folder."""
    return str(path.absolute())
