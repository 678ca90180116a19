"""Requests to DynamoDB over connections that are kept, break, and answer strangely."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import orjson
import pytest

from bbws.engines.aws.calls import Calls, HttpTransport, Refused
from bbws.engines.aws.deadline import Deadline
from bbws.kernel.clock import SystemClock
from infra.local.state import REGION
from tests.aws.tables import CREDENTIALS


class _Answers(BaseHTTPRequestHandler):
    """Says what it is told, and remembers what it was asked."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[list[tuple[int, bytes]]] = []
    connections: ClassVar[set[int]] = set()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.connections.add(self.client_address[1])
        status, body = self.answers.pop(0)
        if not status:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server's own
        """Say nothing."""


@contextmanager
def server(*answers: tuple[int, bytes]) -> Iterator[HttpTransport]:
    _Answers.answers[:] = answers
    _Answers.connections.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{made.server_address[1]}"
        transport = HttpTransport(REGION, lambda: CREDENTIALS, SystemClock(), address)
        yield transport
        transport.close()
        made.shutdown()


def test_a_connection_is_kept() -> None:
    with server(*[(200, b"{}")] * 3) as transport:
        for _ in range(3):
            assert transport.send("GetItem", {}, 5) == {}
        assert len(_Answers.connections) == 1


@pytest.mark.parametrize(
    ("status", "body", "code", "transient"),
    [
        (400, orjson.dumps({"__type": "com.amazonaws.dynamodb#ThrottlingException"}), "ThrottlingException", True),
        (400, orjson.dumps({"__type": "x#ValidationException", "message": "m"}), "ValidationException", False),
        (500, b"<html>", "ServiceUnavailable", True),
        (500, orjson.dumps({"__type": "x#Strange"}), "InternalServerError", True),
        (413, b"", "Http413", False),
        (400, b"[]", "Http400", False),
    ],
)  # fmt: skip
def test_every_refusal_has_a_name(status: int, body: bytes, code: str, *, transient: bool) -> None:
    with server((status, body)) as transport, pytest.raises(Refused) as refusal:
        transport.send("GetItem", {}, 5)
    assert (refusal.value.code, refusal.value.transient) == (code, transient)


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    with server((200, b"{}"), (0, b""), (200, b'{"Item": {}}')) as transport:
        caller = Calls(transport, Deadline(), sleep=lambda _: None)
        caller.call("GetItem", {})
        assert caller.call("GetItem", {}) == {"Item": {}}
        assert len(_Answers.connections) == 2
