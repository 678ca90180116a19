"""Calls that really go over loopback, to receivers that behave as badly as they can."""

import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bbws.engines.outbound.sender import MOST_READ, HttpSender
from bbws.tenants.webhooks.ports import Forbidden, Sent
from tests.outbound.receivers import answering, certified, receiver, status

HEADERS = {"content-type": "application/json", "webhook-id": "delivery-1"}
HOST = "hooks.example.com"
NO_TIME = "There was no answer within ten seconds."
UNREACHABLE = "The host cannot be reached, or hung up."


@dataclass
class Ticks:
    """A clock on which each look takes a while."""

    step: float
    now: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def trying(**further: object) -> HttpSender:
    return HttpSender(loopback=True, **further)  # type: ignore[arg-type]  # the arguments of its constructor


@pytest.mark.parametrize("code", [200, 202, 204, 299, 400, 404, 410, 500, 503])
def test_the_status_of_the_answer_is_what_is_read_of_it(code: int) -> None:
    with receiver(answering(status(code))) as there:
        assert trying().send(there.url, HEADERS, b'{"a":1}') == Sent(code)


@pytest.mark.parametrize("interim", [(100,), (102,), (103,), (103, 100, 103)])
def test_what_is_said_before_the_answer_is_not_the_answer(interim: Sequence[int]) -> None:
    before = b"".join(f"HTTP/1.1 {code} X\r\nlink: </style.css>\r\n\r\n".encode() for code in interim)
    with receiver(answering(before + status(200))) as there:
        assert trying().send(there.url, HEADERS, b"{}") == Sent(200)


def test_another_protocol_is_an_answer() -> None:
    with receiver(answering(status(101))) as there:
        assert trying().send(there.url, HEADERS, b"{}") == Sent(101)


def test_what_is_said_before_the_answer_is_not_read_without_end() -> None:
    with receiver(answering(b"HTTP/1.1 103 X\r\n\r\n" * MOST_READ)) as there:
        sent = trying().send(there.url, HEADERS, b"{}")
        assert sent.status is None
        assert "head was too long" in sent.error


def test_a_call_is_one_request_with_the_name_of_the_host() -> None:
    with receiver(answering(status(200))) as there:
        trying().send(there.url, HEADERS, b'{"a":1}')
        [request] = there.received
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.split(b"\r\n") == [
            b"POST /in?a=b HTTP/1.1",
            f"host: 127.0.0.1:{there.port}".encode(),
            b"user-agent: BBWS-Webhooks/1.0",
            b"connection: close",
            b"accept: */*",
            b"content-type: application/json",
            b"webhook-id: delivery-1",
            b"content-length: 7",
        ]
        assert body == b'{"a":1}'


def test_a_redirection_is_not_followed() -> None:
    with receiver(answering(status(200))) as inside:
        for code in (301, 302, 303, 307, 308):
            with receiver(answering(status(code, f"location: {inside.url}"))) as there:
                assert trying().send(there.url, HEADERS, b"{}") == Sent(code)
        assert inside.received == []


def test_a_body_of_any_size_is_not_waited_for() -> None:
    go_on = threading.Event()

    def endless(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 1000)
        go_on.wait(60)

    with receiver(endless) as there:
        assert trying().send(there.url, HEADERS, b"{}") == Sent(200)
        go_on.set()


@pytest.mark.parametrize(
    "endless",
    [b"HTTP/1.1 200 OK\r\n" + b"x-more: yes\r\n" * MOST_READ, b"H" * MOST_READ * 2, b"HTTP/1.1 200 " + b"x" * 70000],
)
def test_a_head_without_end_is_not_read_to_its_end(endless: bytes) -> None:
    with receiver(answering(endless)) as there:
        sent = trying().send(there.url, HEADERS, b"{}")
        assert sent.status is None
        assert "head was too long" in sent.error


@pytest.mark.parametrize(
    "nonsense",
    [b"hello\r\n\r\n", b"HTTP/1.1 twohundred OK\r\n\r\n", b"HTTP/1.1 99999 OK\r\n\r\n", b"SSH-2.0-OpenSSH\r\n"],
)
def test_what_is_not_http_is_no_answer(nonsense: bytes) -> None:
    with receiver(answering(nonsense)) as there:
        assert trying().send(there.url, HEADERS, b"{}") == Sent(
            None, "The answer was not HTTP, or its head was too long."
        )


def test_who_hangs_up_has_not_answered() -> None:
    with receiver(answering(b"")) as there:
        assert trying().send(there.url, HEADERS, b"{}") == Sent(None, UNREACHABLE)


def test_who_is_not_there_has_not_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert trying().send(f"http://127.0.0.1:{port}/", HEADERS, b"{}") == Sent(None, UNREACHABLE)


def test_who_says_nothing_is_left_when_the_time_is_over() -> None:
    go_on = threading.Event()

    def hang(_sock: socket.socket) -> None:
        go_on.wait(60)

    with receiver(hang) as there:
        # A look at the clock costs three seconds and a bit, so that hardly any is left to wait.
        assert trying(clock=Ticks(2.49)).send(there.url, HEADERS, b"{}") == Sent(None, NO_TIME)
        go_on.set()


def test_who_answers_drop_by_drop_is_left_when_the_time_is_over() -> None:
    go_on = threading.Event()

    def drip(sock: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"x-more: yes\r\n" * 20:
            sock.sendall(bytes([byte]))
        go_on.wait(60)

    with receiver(drip) as there:
        assert trying(clock=Ticks(2.49)).send(there.url, HEADERS, b"{}") == Sent(None, NO_TIME)
        go_on.set()


class Names:
    """A resolver that answers something else each time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


class Connections:
    """Connects to nobody, and says to whom it was to."""

    def __init__(self) -> None:
        self.wanted: list[tuple[str, int]] = []

    def __call__(self, address: tuple[str, int], _seconds: float) -> socket.socket:
        self.wanted.append(address)
        raise ConnectionRefusedError


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254", "::ffff:10.0.0.1"])
def test_a_name_that_leads_inside_later_is_not_called(inside: str) -> None:
    names, connections = Names(["8.8.8.8"], [inside], ["8.8.8.8", inside]), Connections()
    sender = HttpSender(resolve=names, connect=connections)
    assert sender.checked(f"https://{HOST}/in") == f"https://{HOST}/in"
    for _ in range(2):
        assert sender.send(f"https://{HOST}/in", HEADERS, b"{}") == Sent(
            None, "The host does not lead into the public Internet alone."
        )
    assert connections.wanted == []


def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    names, connections = Names(["8.8.8.8", "8.8.4.4"], ["127.0.0.1"]), Connections()
    sender = HttpSender(resolve=names, connect=connections)
    assert sender.send(f"https://{HOST}/in", HEADERS, b"{}") == Sent(None, UNREACHABLE)
    assert names.asked == [HOST]
    assert connections.wanted == [("8.8.8.8", 443), ("8.8.4.4", 443)]


@pytest.mark.parametrize("inside", ["127.0.0.1", "192.168.1.1", "::1"])
def test_a_name_that_leads_inside_is_not_taken(inside: str) -> None:
    with pytest.raises(Forbidden, match="public Internet"):
        HttpSender(resolve=Names([inside])).checked(f"https://{HOST}/")


def test_a_name_that_nobody_knows_is_not_taken_nor_called() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Forbidden, match="not known to the public Internet"):
        HttpSender(resolve=unknown).checked(f"https://{HOST}/")
    assert HttpSender(resolve=unknown).send(f"https://{HOST}/", HEADERS, b"{}") == Sent(None, UNREACHABLE)


def test_loopback_is_not_called_unless_a_setting_says_so() -> None:
    with receiver(answering(status(200))) as there:
        refused = HttpSender().send(there.url, HEADERS, b"{}")
        assert (refused.status, refused.error) == (None, "The address must begin with https://.")
        assert there.received == []
        assert trying().checked(there.url) == there.url


def test_tls_is_spoken_with_the_name_and_not_the_address(tmp_path: Path) -> None:
    server, trusting = certified(tmp_path, HOST)
    said: list[str | None] = []
    server.sni_callback = lambda _sock, name, _context: said.append(name)
    with receiver(answering(status(204)), server) as there:

        def connect(address: tuple[str, int], seconds: float) -> socket.socket:
            assert address == ("8.8.8.8", 443)
            return socket.create_connection(("127.0.0.1", there.port), seconds)

        sender = HttpSender(resolve=Names(["8.8.8.8"]), connect=connect, trusting=lambda: trusting)
        assert sender.send(f"https://{HOST}/in", HEADERS, b"{}") == Sent(204)
        assert said == [HOST]
        assert f"host: {HOST}\r\n".encode() in there.received[0]


@pytest.mark.parametrize("name", ["other.example.com", HOST])
def test_a_certificate_that_is_not_good_is_not_spoken_to(tmp_path: Path, name: str) -> None:
    server, trusting = certified(tmp_path, name)
    with receiver(answering(status(200)), server) as there:

        def connect(_address: tuple[str, int], seconds: float) -> socket.socket:
            return socket.create_connection(("127.0.0.1", there.port), seconds)

        # Once for another name, once by nobody whom anyone trusts.
        context = trusting if name != HOST else ssl.create_default_context()
        sender = HttpSender(resolve=Names(["8.8.8.8"]), connect=connect, trusting=lambda: context)
        sent = sender.send(f"https://{HOST}/in", HEADERS, b"{}")
        assert sent == Sent(None, "The host's certificate is not good for its name.")
        assert there.received == []


def test_who_does_not_speak_tls_is_not_spoken_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def clear() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                connection.recv(65536)

        thread = threading.Thread(target=clear, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        sent = trying().send(url, HEADERS, b"{}")
        thread.join(60)
    assert sent == Sent(None, "The host does not speak TLS as it should.")
