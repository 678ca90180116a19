"""Who may do everything, and with which key tokens are signed: commands on the files of a running server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from bbws.engines.embedded.oidc import subject_of
from tests import builders
from tests.cli import shell
from tests.cli.shell import Shell, answering
from tests.identity.world import WITH_PEOPLE

ISSUER = "https://issuer.example"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Shell]:
    with builders.client(tmp_path / "data", endpoints=WITH_PEOPLE) as made:
        yield shell.on(made, WITH_PEOPLE)


def _with_token(people: Shell, token: str) -> Shell:
    return Shell(people.handler, people.settings.model_copy(update={"token": token}), WITH_PEOPLE)


def test_the_first_admin_is_made_on_the_machine(people: Shell) -> None:
    ann = _with_token(people, people("token", "--subject", "ann").stdout)
    assert "Only a person with the platform role Admin" in ann("people", "admin", code=1).stderr
    assert people("users", "promote", "ann").stdout == "user-ann has the platform role Admin.\n"
    assert ann.json("people", "admin")["subject"] == "user-ann"
    assert people("users", "promote", "user-ann").stdout == "user-ann has the platform role Admin already.\n"
    assert people("users", "promoted").stdout == "user-ann\n"
    assert people.json("users", "promoted") == {"people": ["user-ann"]}
    assert people("users", "demote", "user-ann").stdout == "user-ann has the platform role no more.\n"
    ann("people", "admin", code=1)
    assert people("users", "demote", "ann").stdout == "user-ann was not promoted.\n"
    assert people("users", "promoted").stdout == ""
    assert people.json("users", "promote", "ann") == {"userId": "user-ann", "platformAdmin": True}
    assert people.sent == []


@pytest.mark.parametrize("person", ["", "ann@example.com", "a b", "x" * 65, "é"])
def test_people_are_named_by_ids(people: Shell, person: str) -> None:
    for verb in ("promote", "demote"):
        assert "never by an e-mail address" in people("users", verb, person, code=2).stderr
    assert people("users", "promoted").stdout == ""


def test_a_person_of_another_issuer_is_named_as_that_one_does(people: Shell) -> None:
    assert "set BBWS_OIDC_ISSUER" in people("users", "promote", "auth0|ann", "--issued", code=2).stderr
    named = {"oidc_issuer": ISSUER, "oidc_audience": "console"}
    other = Shell(people.handler, people.settings.model_copy(update=named), WITH_PEOPLE)
    other("users", "promote", "auth0|ann", "--issued")
    assert other("users", "promoted").stdout == f"user-{subject_of(ISSUER, 'auth0|ann')}\n"


def test_a_new_key_signs_and_the_old_one_verifies(people: Shell) -> None:
    old = people("token", "--admin").stdout
    assert "good until they end" in people("identity", "rotate").stdout
    kid = people.json("identity", "rotate")["kid"]
    new = people("token", "--admin").stdout
    assert jwt.get_unverified_header(new.strip())["kid"] == kid
    for token in (old, new):
        assert _with_token(people, token).json("people", "admin")["subject"] == "user-operator"


def test_a_folder_without_bbws_has_nobody(tmp_path: Path) -> None:
    def ask(_: httpx.Request) -> httpx.Response:
        return httpx.Response(500)

    for command in (("identity", "rotate"), ("users", "promote", "ann"), ("users", "promoted")):
        told = answering(ask, tmp_path)(*command, code=2).stderr
        assert "there is no BBWS in" in told
    assert list(tmp_path.iterdir()) == []


def test_a_list_that_cannot_be_read_is_told(people: Shell) -> None:
    (people.settings.data_dir / "platform-admins").mkdir()
    assert "the list of Admins in" in people("users", "promoted", code=5).stderr
    assert "the list of Admins in" in people("users", "promote", "ann", code=5).stderr


def test_a_token_says_whose_address_it_is(people: Shell) -> None:
    token = people("token", "--subject", "ann", "--email", "Ann@Example.com", "--name", "Ann").stdout.strip()
    said = jwt.decode(token, options={"verify_signature": False})
    assert (said["email"], said["email_verified"], said["name"]) == ("Ann@Example.com", True, "Ann")
    assert "no e-mail address" in people("token", "--email", "ann", code=2).stderr
    assert "printable" in people("token", "--name", "a\tb", code=2).stderr
