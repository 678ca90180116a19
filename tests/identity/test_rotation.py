"""Keys of tokens that are replaced: the old one verifies as long as a token of it can live, and no longer."""

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from bbws.engines.embedded.identity import KEY_FILE, LONGEST, LocalTokens
from bbws.engines.embedded.tokens import LEEWAY
from bbws.identity.model import Claims
from bbws.kernel.problem import Problem
from tests import builders
from tests.builders import Client
from tests.fakes import FakeClock
from tests.http.answers import problem
from tests.identity.world import ADMINS, HOUR, WITH_PEOPLE, verified

JWKS = "/.well-known/jwks.json"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def people(tmp_path: Path, clock: FakeClock) -> Iterator[Client]:
    with builders.client(tmp_path / "data", start=False, endpoints=WITH_PEOPLE, clock=clock) as made:
        yield made


def _other_process(people: Client, clock: FakeClock) -> LocalTokens:
    return LocalTokens(people.settings.data_dir, "local", clock)


def _kid(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


def _keys(people: Client) -> list[dict[str, Any]]:
    reply = people.call("GET", JWKS, key=None)
    assert reply.status == 200
    keys: list[dict[str, Any]] = reply.json["keys"]
    return keys


def test_a_running_server_takes_old_and_new_tokens_at_once(people: Client, clock: FakeClock) -> None:
    old = people.token()
    assert people.call("GET", ADMINS, token=old).status == 200
    kid = _other_process(people, clock).keys.rotate()
    new = people.token()
    assert (_kid(new), _kid(old) != kid) == (kid, True)
    assert [people.call("GET", ADMINS, token=token).status for token in (old, new)] == [200, 200]


def test_a_replaced_key_verifies_until_its_tokens_have_expired(tmp_path: Path, clock: FakeClock) -> None:
    tokens = LocalTokens(tmp_path, "local", clock)
    last = tokens.issue("someone", LONGEST)
    tokens.keys.rotate()
    clock.advance(LONGEST.total_seconds())
    assert verified(tokens, last) == Claims("someone")
    clock.advance(LEEWAY.total_seconds() + 1)
    assert len(tokens.keys.document()["keys"]) == 1
    with pytest.raises(Problem):
        verified(tokens, last)


def test_a_replaced_key_signs_nothing_good_after_its_day(tmp_path: Path, clock: FakeClock) -> None:
    """Whoever found an old copy of the key writes a token that is fresh, and is let in nowhere."""
    thief = LocalTokens(tmp_path / "copy", "local", clock)
    (tmp_path / "copy").mkdir()
    tokens = LocalTokens(tmp_path, "local", clock)
    tokens.keys.current()
    (tmp_path / "copy" / KEY_FILE).write_bytes((tmp_path / KEY_FILE).read_bytes())
    assert verified(tokens, thief.issue("someone", HOUR, admin=True)) == Claims("someone", admin=True)
    tokens.keys.rotate()
    clock.advance((LONGEST + HOUR).total_seconds())
    with pytest.raises(Problem):
        verified(tokens, thief.issue("someone", HOUR, admin=True))


def test_files_of_keys_that_are_over_go_with_the_next_rotation(tmp_path: Path, clock: FakeClock) -> None:
    tokens = LocalTokens(tmp_path, "local", clock)
    for _ in range(3):
        tokens.keys.rotate()  # at the same moment
    files = list(tmp_path.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    clock.advance((LONGEST + HOUR).total_seconds())
    tokens.keys.rotate()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_key_that_is_taken_away_ends_its_tokens_at_once(people: Client) -> None:
    token = people.token()
    assert people.call("GET", ADMINS, token=token).status == 200
    (people.settings.data_dir / KEY_FILE).unlink()
    problem(people.call("GET", ADMINS, token=token), 401, "unauthorized")
    assert people.call("GET", ADMINS, token=people.token()).status == 200


def test_the_published_keys_verify_tokens_and_hold_no_secret(people: Client, clock: FakeClock) -> None:
    old = people.token()
    _other_process(people, clock).keys.rotate()
    new = people.token()
    published = {key["kid"]: key for key in _keys(people)}
    for token in (old, new):
        key = published[_kid(token)]
        assert key.keys() == {"kty", "crv", "x", "kid", "alg", "use"}
        read = jwt.decode(
            token, jwt.PyJWK(key), algorithms=["EdDSA"], audience="bbws", options={"verify_exp": False}, leeway=10**9
        )
        assert read["sub"] == "operator"


def test_the_published_keys_may_be_kept_for_a_while(people: Client) -> None:
    reply = people.call("GET", JWKS, key=None)
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert reply.headers["content-type"] == "application/json"
    assert people.call("POST", JWKS, key=None).status == 405


def test_tokens_are_judged_by_the_servers_clock(people: Client, clock: FakeClock) -> None:
    token = people.token()
    clock.advance((HOUR + LEEWAY).total_seconds() - 1)
    assert people.call("GET", ADMINS, token=token).status == 200
    clock.advance(2)
    assert "has expired" in problem(people.call("GET", ADMINS, token=token), 401, "unauthorized")["detail"]


def test_clocks_may_differ_by_a_little(people: Client, clock: FakeClock) -> None:
    ahead = FakeClock(clock.now() + LEEWAY)
    token = _other_process(people, ahead).issue("someone", HOUR)
    assert people.call("GET", "/v1.0/members", token=token).status == 200
    ahead.advance(1)
    token = _other_process(people, ahead).issue("someone", HOUR)
    refused = problem(people.call("GET", "/v1.0/members", token=token), 401, "unauthorized")
    assert "not valid yet" in refused["detail"]


@pytest.mark.parametrize("times", [{"exp": True}, {"iat": 1e400}, {"nbf": float("nan")}, {"exp": "9" * 400}])
def test_times_are_numbers(tmp_path: Path, times: dict[str, Any]) -> None:
    tokens = LocalTokens(tmp_path, "local")
    kid, key = tokens.keys.current()
    good = jwt.decode(tokens.issue("someone", HOUR), options={"verify_signature": False})
    with pytest.raises(Problem):
        verified(tokens, jwt.encode(good | times, key, "EdDSA", {"kid": kid}))


@pytest.mark.parametrize(
    ("said", "email", "name"),
    [
        ({"email": "Jo@Example.com", "email_verified": True, "name": "Jo"}, "Jo@example.com", "Jo"),
        ({"email": "jo@example.com"}, "", ""),
        ({"email": "jo@example.com", "email_verified": False}, "", ""),
        ({"email": "jo@example.com", "email_verified": 1}, "", ""),
        ({"email": "no address", "email_verified": True}, "", ""),
        ({"email": ["jo@example.com"], "email_verified": True}, "", ""),
        ({"email": "x" * 250 + "@example.com", "email_verified": True}, "", ""),
        ({"email": '"j o"@exämple.com', "email_verified": True}, '"j o"@exämple.com', ""),
        ({"email": "a+b@xn--exmple-cua.com", "email_verified": True}, "a+b@exämple.com", ""),
        ({"name": {"first": "Jo"}}, "", ""),
        ({"name": "Jo\n\x1b[31m"}, "", ""),
        ({"name": "J" * 255}, "", ""),
    ],
)
def test_what_a_token_says_of_a_person_is_kept_where_it_can_be(
    tmp_path: Path, said: dict[str, Any], email: str, name: str
) -> None:
    tokens = LocalTokens(tmp_path, "local")
    kid, key = tokens.keys.current()
    good = jwt.decode(tokens.issue("someone", HOUR), options={"verify_signature": False})
    found = verified(tokens, jwt.encode(good | said, key, "EdDSA", {"kid": kid}))
    assert found == Claims("someone", admin=False, email=email, name=name)


@pytest.mark.parametrize("said", [{"email": "nobody"}, {"email": "a@b@c"}, {"name": "a\tb"}, {"name": "x" * 255}])
def test_no_token_is_issued_that_says_what_nobody_reads(tmp_path: Path, said: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"can be written to|printable"):
        LocalTokens(tmp_path, "local").issue("someone", timedelta(minutes=1), **said)  # type: ignore[arg-type] # texts
