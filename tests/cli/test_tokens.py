"""Tokens on the command line: `bbws token`, and what the verbs that are for people send."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from bbws.engines.embedded.identity import KEY_FILE, LocalTokens
from tests import builders
from tests.cli import shell
from tests.cli.shell import Shell, answering, problem
from tests.identity.world import WITH_PEOPLE

ASK = ("people", "admin")


def _echo(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"subject": "user-x", "kind": "person", "_links": {}})


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Shell]:
    """The command line on BBWS in this process, with calls for people."""
    with builders.client(tmp_path / "data", endpoints=WITH_PEOPLE) as made:
        yield shell.on(made, WITH_PEOPLE)


def _said(token: str) -> dict[str, object]:
    said: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return said


def _seconds(said: dict[str, object]) -> int:
    begins, ends = said["iat"], said["exp"]
    assert isinstance(begins, int)
    assert isinstance(ends, int)
    return ends - begins


def test_a_token_is_all_that_is_printed(people: Shell) -> None:
    result = people("token")
    said = _said(result.stdout.removesuffix("\n"))
    assert (said["sub"], _seconds(said), "platformRole" in said) == ("operator", 3600, False)
    assert (result.stderr, people.sent) == ("", [])
    assert _said(people.json("token")["token"])["sub"] == "operator"


def test_a_token_says_what_it_is_told_to_say(people: Shell) -> None:
    said = _said(people("token", "--subject", "jo-7", "--admin", "--minutes", "5").stdout.strip())
    assert (said["sub"], _seconds(said), said["platformRole"]) == ("jo-7", 300, "Admin")


def test_the_server_takes_what_the_command_prints(people: Shell) -> None:
    token = people("token", "--subject", "jo", "--admin").stdout
    sender = Shell(people.handler, people.settings.model_copy(update={"token": token}), WITH_PEOPLE)
    assert sender.json(*ASK)["subject"] == "user-jo"
    member = people("token").stdout
    sender = Shell(people.handler, people.settings.model_copy(update={"token": member}), WITH_PEOPLE)
    assert "Only a person with the platform role Admin" in sender(*ASK, code=1).stderr


@pytest.mark.parametrize("minutes", ["0", "-1", "1441", "1.5", "many"])
def test_a_token_lives_for_a_day_at_most(people: Shell, minutes: str) -> None:
    assert "Invalid value for '--minutes'" in people("token", "--minutes", minutes, code=2).stderr
    assert _seconds(_said(people("token", "--minutes", "1440").stdout.strip())) == 86_400


@pytest.mark.parametrize("subject", ["", "jo@example.com", "a b", "ü", "x" * 65])
def test_a_token_is_about_an_id(people: Shell, subject: str) -> None:
    result = people("token", "--subject", subject, code=2)
    assert result.stderr.startswith("bbws: a subject is an id of up to 64 letters")
    assert result.stdout == ""


def test_a_folder_without_bbws_has_no_tokens(tmp_path: Path) -> None:
    for folder in (tmp_path / "nothing", tmp_path):
        told = answering(_echo, folder)("token", code=2).stderr
        assert told == f"bbws: there is no BBWS in {folder}: `bbws serve` makes it, or set BBWS_DATA_DIR\n"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    unusable = answering(_echo, tmp_path / ("x" * 300), WITH_PEOPLE)
    for command in (("token",), ASK):
        assert "File name too long; or set BBWS_TOKEN" in unusable(*command, code=2).stderr


def test_a_key_that_cannot_be_read_is_told(people: Shell) -> None:
    (people.settings.data_dir / KEY_FILE).write_text("nonsense")
    for command in (("token",), ASK):
        result = people(*command, code=5)
        assert "the key of tokens in" in result.stderr
        assert "nonsense" not in result.stderr
        assert result.stdout == ""


def test_what_is_for_people_is_asked_with_a_token_of_the_data_folder(people: Shell) -> None:
    assert people.json(*ASK)["subject"] == "user-operator"
    scheme, _, token = people.last.headers["authorization"].partition(" ")
    said = _said(token)
    assert (scheme, _seconds(said), said["platformRole"]) == ("Bearer", 300, "Admin")
    assert "x-api-key" not in people.last.headers


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://[::1]:8000"])
def test_a_token_of_the_data_folder_is_for_this_machine_by_any_name(people: Shell, url: str) -> None:
    assert people.json(*ASK, "--url", url)["subject"] == "user-operator"


@pytest.mark.parametrize("url", ["https://api.example", "http://10.0.0.1:8000", "http://127.0.0.1.example"])
def test_a_token_of_the_data_folder_goes_to_no_other_machine(people: Shell, url: str) -> None:
    refused = people(*ASK, "--url", url, code=1).stderr
    assert "no token was sent: set BBWS_TOKEN, to what `bbws token` prints on the server's machine" in refused
    assert "authorization" not in people.last.headers
    assert not (people.settings.data_dir / KEY_FILE).exists()
    given = Shell(people.handler, people.settings.model_copy(update={"token": "a.b.c"}), WITH_PEOPLE)
    given(*ASK, "--url", url, code=1)
    assert given.last.headers["authorization"] == "Bearer a.b.c"


def test_what_is_for_keys_is_asked_with_the_key_alone(people: Shell) -> None:
    settings = people.settings.model_copy(update={"token": "a.b.c"})
    sender = Shell(people.handler, settings, WITH_PEOPLE)
    assert sender.json("people", "member")["kind"] == "api-key"
    assert "authorization" not in sender.last.headers


@pytest.mark.parametrize("file", ["api-key", "bbws.db"])
def test_the_setting_wins_over_the_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("x")
    told = answering(_echo, tmp_path, WITH_PEOPLE, token=" a.b.c\r\n")
    told(*ASK)
    assert told.last.headers["authorization"] == "Bearer a.b.c"
    assert not (tmp_path / KEY_FILE).exists()
    own = answering(_echo, tmp_path, WITH_PEOPLE)
    own(*ASK)
    token = own.last.headers["authorization"].removeprefix("Bearer ")
    assert _said(token)["sub"] == "operator"


def test_a_token_is_of_the_environment_that_is_set(tmp_path: Path) -> None:
    (tmp_path / "api-key").write_text("x")
    assert _said(answering(_echo, tmp_path, environment="dev")("token").stdout.strip())["iss"] == "urn:bbws:dev"


@pytest.mark.parametrize(
    "content", ["one.two\nthree.four", "schlüssel.four", "one\x07four", "one\xa0four", "Bearer four"]
)
def test_what_is_no_token_is_neither_sent_nor_shown(tmp_path: Path, content: str) -> None:
    sender = answering(_echo, tmp_path, WITH_PEOPLE, token=content)
    lines = sender(*ASK, code=2).stderr.splitlines()
    assert lines[0].startswith("bbws: BBWS_TOKEN holds more than a token: a token is one line of ASCII characters")
    assert lines[1].startswith("  Set BBWS_TOKEN to the token alone")
    assert not any("four" in line for line in lines)
    assert sender.sent == []


def test_without_a_token_the_refusal_says_where_one_comes_from(tmp_path: Path) -> None:
    refuse = answering(lambda _: problem(401), tmp_path, WITH_PEOPLE)
    assert "no token was sent: set BBWS_TOKEN, or BBWS_DATA_DIR" in refuse(*ASK, code=1).stderr
    assert "authorization" not in refuse.last.headers
    given = answering(lambda _: problem(401), tmp_path, WITH_PEOPLE, token="a.b.c")
    assert "set BBWS_TOKEN" not in given(*ASK, code=1).stderr


def test_a_token_outlives_the_command_that_printed_it(people: Shell) -> None:
    LocalTokens(people.settings.data_dir, "local").issue("somebody", timedelta(minutes=1))
    before = (people.settings.data_dir / KEY_FILE).read_text()
    people("token")
    assert (people.settings.data_dir / KEY_FILE).read_text() == before
