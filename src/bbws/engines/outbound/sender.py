"""The webhooks' Sender: one call to one checked address, bounded in time and size.

By the standard library, whose connections are given a socket: every HTTP client at hand looks the name up itself.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import cast

from bbws.engines.outbound.targets import Resolve, Target, allowed, look_up, parsed, within
from bbws.tenants.webhooks.ports import Forbidden, Sent

SECONDS = 10.0
_LOOK_UP_SECONDS = 5.0
MOST_READ = 64 * 1024
_INTERIM = frozenset(range(100, 200)) - {101}  # an answer follows on these (RFC 9110, 15.2); 101 is the last in HTTP
# The first that fits: of errors in the network nothing is told that their texts may say of it.
_SAID: Sequence[tuple[type[Exception], str]] = (
    (TimeoutError, "There was no answer within ten seconds."),
    (ssl.SSLCertVerificationError, "The host's certificate is not good for its name."),
    (ssl.SSLError, "The host does not speak TLS as it should."),
    (OSError, "The host cannot be reached, or hung up."),
    (HTTPException, "The answer was not HTTP, or its head was too long."),
)

type Connect = Callable[[tuple[str, int], float], socket.socket]


class _TooMuch(HTTPException):
    """An answer whose head is longer than anybody's."""


class _Bounded(io.RawIOBase):
    """What a socket gives until a moment, up to a size."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left
        self._read = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io calls it with a memoryview
        """Read some."""
        if self._read >= MOST_READ:
            raise _TooMuch
        self._sock.settimeout(self._left())
        count = self._sock.recv_into(buffer)
        self._read += count
        return count


class _Readable:
    """What HTTPResponse wants of a socket."""

    def __init__(self, stream: _Bounded) -> None:
        self._stream = stream

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The stream."""
        return io.BufferedReader(self._stream)


def _connect(address: tuple[str, int], seconds: float) -> socket.socket:
    return socket.create_connection(address, seconds)


@cache
def _trusting() -> ssl.SSLContext:
    """Reading which authorities are trusted takes longer than a call: once is enough."""
    return ssl.create_default_context()


class HttpSender:
    """Calls addresses in the public Internet, and nothing else.

    Args:
        loopback: whether this machine's own loopback may be called too, in clear text and on any port: for trying.
        resolve: looks names up; ``connect``: opens a connection to an IP address; ``trusting``: makes TLS of it.
        clock: counts seconds.
    """

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolve: Resolve = look_up,
        connect: Connect = _connect,
        trusting: Callable[[], ssl.SSLContext] = _trusting,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loopback = loopback
        self._resolve = resolve
        self._connect = connect
        self._trusting = trusting
        self._clock = clock

    def checked(self, url: str) -> str:
        """The address as it is kept.

        Raises:
            Forbidden: it is none, or leads to where no stranger may send us.
        """
        target = parsed(url, loopback=self._loopback)
        try:
            addresses = within(self._resolve, target.host, target.port, _LOOK_UP_SECONDS)
        except OSError as error:
            raise Forbidden(f"The host {target.host} is not known to the public Internet.") from error
        allowed(target, addresses, loopback=self._loopback)
        return target.url

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Post to an address, which is checked anew. What is read of the answer is its status."""
        until = self._clock() + SECONDS
        try:
            target = parsed(url, loopback=self._loopback)
            return Sent(self._status(target, _Deadline(self._clock, until), headers, body))
        except (Forbidden, OSError, HTTPException) as error:
            return Sent(None, _said(error))

    def _status(self, target: Target, left: "_Deadline", headers: Mapping[str, str], body: bytes) -> int:
        found = within(self._resolve, target.host, target.port, min(left(), _LOOK_UP_SECONDS))
        addresses = allowed(target, found, loopback=self._loopback)
        with self._secured(self._connected(target, addresses, left), target, left) as sock:
            _write(sock, _head(target, headers, body) + body, left)
            response = HTTPResponse(cast("socket.socket", _Readable(_Bounded(sock, left))), method="POST")
            response.begin()
            while response.status in _INTERIM:
                response.headers = None  # type: ignore[assignment]  # as before begin, which skips 100 alone
                response.begin()
            return response.status

    def _connected(self, target: Target, addresses: Sequence[str], left: "_Deadline") -> socket.socket:
        """A connection to the first of the addresses that takes one."""
        failure = OSError("no address")
        for address in addresses:
            try:
                return self._connect((address, target.port), left())
            except TimeoutError:
                raise
            except OSError as error:
                failure = error
        raise failure

    def _secured(self, sock: socket.socket, target: Target, left: "_Deadline") -> socket.socket:
        if target.scheme == "http":
            return sock
        try:
            sock.settimeout(left())
            return self._trusting().wrap_socket(sock, server_hostname=target.host)
        except BaseException:
            sock.close()
            raise


def _said(error: Exception) -> str:
    """What a tenant is told of it."""
    return next((said for kind, said in _SAID if isinstance(error, kind)), str(error))


class _Deadline:
    """Seconds to a moment. Asked after it, it raises: a socket takes no time for all the time there is."""

    def __init__(self, clock: Callable[[], float], until: float) -> None:
        self._clock = clock
        self._until = until

    def __call__(self) -> float:
        """How many are left.

        Raises:
            TimeoutError: none.
        """
        left = self._until - self._clock()
        if left <= 0:
            raise TimeoutError
        return left


def _head(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    own = {"host": target.authority, "user-agent": "BBWS-Webhooks/1.0", "connection": "close", "accept": "*/*"}
    fields = own | dict(headers) | {"content-length": str(len(body))}
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _write(sock: socket.socket, data: bytes, left: _Deadline) -> None:
    rest = memoryview(data)
    while rest:
        sock.settimeout(left())
        rest = rest[sock.send(rest) :]
