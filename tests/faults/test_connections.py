"""Clients that go away, clients that are slow, and a server that is told to stop while everybody writes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import pytest

from bbws.engines.embedded.engine import COPY_SUFFIX
from tests import builders
from tests.builders import SAMPLE, Server
from tests.contracts.rows import row
from tests.faults.checking import Api, check_folder, opened
from tests.faults.load import PRODUCTS, Address, Client, Creator, Load
from tests.faults.supervision import SECONDS, eventually

_HALF_WAY = 1024 * 1024


@contextmanager
def raw(server: Server) -> Iterator[socket.socket]:
    """A connection to write bytes to."""
    address = Address.of(server.url, server.key)
    with socket.create_connection((address.host, address.port), SECONDS) as connection:
        yield connection


def _request(server: Server, method: str, path: str, body: bytes, *, length: int | None = None) -> bytes:
    head = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        f"x-api-key: {server.key}",
        "content-type: application/json",
        f"content-length: {len(body) if length is None else length}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def _answer(connection: socket.socket) -> bytes:
    """What comes until the status line is whole."""
    received = b""
    while b"\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with builders.server(tmp_path / "data", environment={"BBWS_DRAIN_SECONDS": "2"}) as made:
        yield made


def _names(server: Server) -> set[str]:
    return {each["name"] for each in Api(Address.of(server.url, server.key)).every(f"{PRODUCTS}?status=all")}


def test_what_a_client_did_not_send_to_its_end_is_not_done(server: Server) -> None:
    api = Api(Address.of(server.url, server.key))
    product = api.ask("POST", PRODUCTS, json=dict(SAMPLE), status=201)
    path = f"{PRODUCTS}/{product['productId']}"
    whole = orjson.dumps({**SAMPLE, "name": "Never sent to its end"})
    for content in (
        b"POST /v1.0/pro",
        _request(server, "POST", PRODUCTS, b"")[:-10],
        _request(server, "POST", PRODUCTS, whole[:20], length=len(whole)),
        _request(server, "POST", PRODUCTS, whole, length=len(whole) + 1),
        _request(server, "DELETE", path, b"", length=2),
    ):
        with raw(server) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    api.ask("POST", PRODUCTS, json={**SAMPLE, "name": "After all of them"}, status=201)
    assert _names(server) == {SAMPLE["name"], "After all of them"}
    assert api.get(path)["active"] is True
    assert server.stop() == 0


def test_a_client_that_goes_before_its_answer_does_no_harm(server: Server) -> None:
    api = Api(Address.of(server.url, server.key))
    for number in range(20):
        with raw(server) as connection:
            connection.sendall(_request(server, "POST", PRODUCTS, orjson.dumps({**SAMPLE, "name": f"Gone {number}"})))
    with raw(server) as connection:
        connection.sendall(_request(server, "GET", "/v1.0/backup", b""))
    api.ask("POST", PRODUCTS, json={**SAMPLE, "name": "Last"}, status=201)
    eventually(api.is_quiet, "feed and queues are empty")
    assert _names(server) <= {*(f"Gone {number}" for number in range(20)), "Last"}
    assert server.stop() == 0


def _held(server: Server, what: str) -> int:
    """How many files of this kind the server has open; of its database SQLite keeps some, to use them again."""
    held = 0
    for entry in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            held += what in str(entry.readlink())
    return held


def test_a_backup_given_up_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with opened(data_dir) as engine:  # more than what the system buffers for a client that does not read
        engine.load_rows(row("p", str(number), {"text": "x" * 90_000}) for number in range(400))
    with builders.server(data_dir) as server:
        api = Api(Address.of(server.url, server.key))
        connections = _held(server, "socket:")
        whole = api.download("/v1.0/backup")
        for _ in range(5):  # more than run at once
            with raw(server) as connection:
                connection.sendall(_request(server, "GET", "/v1.0/backup", b""))
                with connection.makefile("rb") as answer:
                    assert len(answer.read(_HALF_WAY)) == _HALF_WAY
                assert _held(server, COPY_SUFFIX) > 0
        eventually(lambda: _held(server, COPY_SUFFIX) == 0, "every copy is closed")
        eventually(lambda: _held(server, "socket:") == connections, "every connection is closed")
        assert list(data_dir.glob(f"*{COPY_SUFFIX}*")) == []
        api.ask("POST", PRODUCTS, json=dict(SAMPLE), status=201)
        assert len(api.download("/v1.0/backup")) >= len(whole)
        assert server.stop() == 0
        assert "Traceback" not in server.logged()


def test_slow_clients_hold_up_nobody_and_get_their_answer(server: Server) -> None:
    request = _request(server, "POST", PRODUCTS, orjson.dumps({**SAMPLE, "name": "Slowly"}))
    with raw(server) as slow, raw(server) as slower:
        slower.sendall(request[:10])
        for place in range(len(request)):
            slow.sendall(request[place : place + 1])
            if place % 100 == 0:
                Api(Address.of(server.url, server.key)).ask(
                    "POST", PRODUCTS, json={**SAMPLE, "name": f"Quickly {place}"}, status=201
                )
        assert _answer(slow).startswith(b"HTTP/1.1 201")
        assert {f"Quickly {place}" for place in range(0, len(request), 100)} | {"Slowly"} == _names(server)
        assert server.stop() == 0  # although one still has not said what it wants


def test_a_server_that_is_told_to_stop_answers_what_it_has_begun_and_forgets_nothing(tmp_path: Path) -> None:
    load = Load()
    clients: list[Client] = [Creator(f"client {number}", load.target, {}) for number in range(8)]
    with builders.server(tmp_path / "data") as server:
        for client in clients:
            client.start()
        load.target.set(Address.of(server.url, server.key))
        eventually(lambda: all(client.acknowledged for client in _creators(clients)), "every client has an answer")
        assert server.stop() == 0
    promised = {name for client in _creators(clients) for name in client.acknowledged}
    with builders.server(tmp_path / "data") as server:
        # Whatever was done was answered: nothing is there that a client was not told of, and nothing is missing.
        assert _names(server) == promised
        load.target.set(Address.of(server.url, server.key))
        load.target.ending = True
        for client in clients:
            client.join(SECONDS)
        assert [surprise for client in clients for surprise in client.surprises] == []
        promised = {name for client in _creators(clients) for name in client.acknowledged}
        assert _names(server) == promised
        api = Api(Address.of(server.url, server.key))
        eventually(api.is_quiet, "feed and queues are empty")
        api.ask("POST", "/v1.0/audit/checkpoints", status=201)
        assert server.stop() == 0
    check_folder(tmp_path / "data", tmp_path / "rebuilt")


def _creators(clients: list[Client]) -> list[Creator]:
    return [client for client in clients if isinstance(client, Creator)]
