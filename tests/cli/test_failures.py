"""How commands fail: one clear line, hints below it, the documented exit code, and patience with a busy server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bbws.entrypoints.commands.client import Server
from tests.cli.shell import URL, Shell, answering, problem

LIST = ("products", "list")
CREATE = ("products", "create", "--body", "-")


def _always(response: httpx.Response, tmp_path: Path) -> Shell:
    return answering(lambda _: response, tmp_path)


def _raising(error: type[httpx.TransportError], message: str, tmp_path: Path) -> Shell:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error(message, request=request)

    return answering(fail, tmp_path)


def test_a_refusal_names_every_bad_field(bbws: Shell) -> None:
    result = bbws("products", "update", "PROD-001", "--name", "x", "--price", "1.234", code=1)
    lines = result.stderr.splitlines()
    assert lines[0].startswith("bbws: Validation error: 2 fields are not as required")
    assert [line.split(":")[0] for line in lines[1:]] == ["  name", "  price"]
    assert result.stdout == ""


@pytest.mark.parametrize(("status", "code"), [(400, 1), (404, 1), (409, 1), (412, 1), (422, 1), (500, 4), (504, 4)])
def test_exit_codes_tell_refusals_from_faults(tmp_path: Path, status: int, code: int) -> None:
    result = _always(problem(status, "Because."), tmp_path)(*LIST, code=code)
    assert result.stderr == "bbws: Refused: Because.\n"


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[1]", b"\xff", b'{"message": "x"}'])
def test_an_answer_that_is_not_ours_is_told(tmp_path: Path, body: bytes) -> None:
    result = _always(httpx.Response(502, content=body), tmp_path)(*LIST, code=4)
    assert result.stderr == f"bbws: {URL}/v1.0/products answered 502 Bad Gateway, and not in the way of BBWS\n"


def test_without_a_key_the_refusal_says_where_one_comes_from(tmp_path: Path) -> None:
    assert "set BBWS_API_KEY" in _always(problem(401), tmp_path)(*LIST, code=1).stderr
    (tmp_path / "api-key").write_text("wrong")
    assert "set BBWS_API_KEY" not in _always(problem(401), tmp_path)(*LIST, code=1).stderr


def test_an_unreachable_server_is_one_line(tmp_path: Path) -> None:
    result = _raising(httpx.ConnectError, "refused", tmp_path)(*LIST, code=3)
    assert result.stderr == f"bbws: cannot reach {URL}; start it with `bbws serve` or set BBWS_URL\n"


def test_a_certificate_that_is_not_trusted_is_told_as_such(tmp_path: Path) -> None:
    result = _raising(httpx.ConnectError, "CERTIFICATE_VERIFY_FAILED: self-signed", tmp_path)(*LIST, code=3)
    assert result.stderr == f"bbws: {URL} is not trusted: CERTIFICATE_VERIFY_FAILED: self-signed\n"


def test_speaking_tls_or_not_to_the_wrong_server_is_hinted_at(tmp_path: Path) -> None:
    silence = "Server disconnected without sending a response."
    plainly = _raising(httpx.RemoteProtocolError, silence, tmp_path)(*LIST, code=3).stderr
    assert plainly.endswith(f": {silence}\n  If it speaks TLS, its URL starts with https://.\n")
    safely = _raising(httpx.ConnectError, "[SSL] record layer failure", tmp_path)
    error = safely(*LIST, "--url", "https://127.0.0.1:8000", code=3).stderr
    assert error.endswith("\n  If it does not speak TLS, its URL starts with http://.\n")


def test_what_the_client_refuses_to_send_is_not_repeated(tmp_path: Path) -> None:
    result = _raising(httpx.LocalProtocolError, "Illegal header value b'secret'", tmp_path)(*LIST, code=2)
    assert result.stderr == "bbws: what was given cannot be sent as a request\n"


def test_a_lost_connection_is_one_line(tmp_path: Path) -> None:
    result = _raising(httpx.ReadTimeout, "", tmp_path)(*LIST, code=3)
    assert result.stderr == f"bbws: lost {URL} while waiting for its answer: ReadTimeout\n"


def test_an_answer_that_cannot_be_decoded_is_one_line(tmp_path: Path) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, content=b"not gzip")

    assert "cannot be read" in answering(broken, tmp_path)(*LIST, code=4).stderr


def test_text_from_a_server_cannot_steer_the_terminal(tmp_path: Path) -> None:
    evil = problem(400, "\x1b[2J\x07\r\nbbws: all is well", errors=[{"field": "\x9b1m", "message": "\u2028"}])
    result = _always(evil, tmp_path)(*LIST, code=1)
    assert result.stderr == "bbws: Refused: \\x1b[2J\\x07\\r\\nbbws: all is well\n  \\x9b1m: \\u2028\n"


def _busy(times: int, status: int, headers: dict[str, str]) -> Iterator[httpx.Response]:
    for _ in range(times):
        yield httpx.Response(status, headers=headers, json={"detail": "Busy.", "title": "Busy"})
    while True:
        yield httpx.Response(200, json={"items": []})


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path, status: int) -> None:
    answers = _busy(2, status, {"retry-after": "7"})
    shell = answering(lambda _: next(answers), tmp_path)
    shell(*LIST)
    assert shell.pauses == [7.0, 7.0]


def test_patience_ends(tmp_path: Path) -> None:
    answers = _busy(9, 503, {"retry-after": "86400"})
    shell = answering(lambda _: next(answers), tmp_path)
    assert "bbws: Busy: Busy." in shell(*LIST, code=4).stderr
    assert shell.pauses == [30.0, 30.0, 30.0]


def test_a_wish_that_is_no_number_counts_as_a_second(tmp_path: Path) -> None:
    answers = _busy(1, 429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    shell = answering(lambda _: next(answers), tmp_path)
    shell(*LIST)
    assert shell.pauses == [1.0]


def test_a_repeated_post_carries_the_same_key(tmp_path: Path) -> None:
    answers = _busy(1, 503, {})
    shell = answering(lambda _: next(answers), tmp_path)
    shell(*CREATE, stdin="{}")
    assert len({request.headers["idempotency-key"] for request in shell.sent}) == 1
    assert len(shell.sent) == 2


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost", True),
        ("https://10.0.0.1", False),
        ("https://api.example", False),
        ("https://127.0.0.1.example", False),
        ("https://localhost.example", False),
    ],
)
def test_this_machine_is_known_by_its_address(url: str, here: bool) -> None:  # noqa: FBT001 - a table of facts
    assert Server(url, None).on_this_machine is here
