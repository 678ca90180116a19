"""Tokens of another issuer: accepted for what it has signed for us, and for nothing else."""

import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bbws.kernel.http import Request
from tests import builders
from tests.builders import Client, Reply
from tests.http.answers import problem
from tests.identity.issuer import AUDIENCE, DISCOVERY, KEYS, Issuer, listening
from tests.identity.world import ADMINS, HOUR, MEMBERS, WITH_PEOPLE, part

RSA = rsa.generate_private_key(65537, 2048)
SIGNERS = {"rsa": (RSA, "RS256"), "ec": (ec.generate_private_key(ec.SECP256R1()), "ES256")}
SIGNERS |= {"ed": (Ed25519PrivateKey.generate(), "EdDSA")}
EARLIER, LATER = datetime.now(UTC) - 2 * HOUR, datetime.now(UTC) + 2 * HOUR


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with listening() as made:
        made.keys = {kid: key for kid, (key, _) in SIGNERS.items()}
        yield made


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Client]:
    with _trusting(tmp_path_factory.mktemp("oidc") / "data", issuer, oidc_admin="groups=staff") as made:
        yield made


def _trusting(folder: Path, issuer: Issuer, **further: Any) -> Any:
    named = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE}
    return builders.client(folder, start=False, endpoints=WITH_PEOPLE, **(named | further))


def _ask(people: Client, token: str, path: str = MEMBERS) -> Reply:
    # Each from an address of its own: failures are limited by address.
    return people.call("GET", path, token=token, address=token[-40:])


@pytest.mark.parametrize("kid", SIGNERS)
def test_a_person_of_the_issuer_is_signed_in(people: Client, issuer: Issuer, kid: str) -> None:
    said = _ask(people, issuer.token(kid, SIGNERS[kid][1])).json
    assert said["subject"].startswith("user-oidc-")
    assert said["kind"] == "person"


def test_nobody_of_the_issuer_is_one_of_ours(people: Client, issuer: Issuer) -> None:
    ours, theirs = people.token("ann", admin=False), issuer.token("rsa", "RS256", sub="ann")
    other = issuer.token("rsa", "RS256", sub="ben")
    subjects = [_ask(people, token).json["subject"] for token in (ours, theirs, other)]
    assert subjects[0] == "user-ann"
    assert len(set(subjects)) == 3
    assert _ask(people, issuer.token("ed", "EdDSA", sub="ann")).json["subject"] == subjects[1]


@pytest.mark.parametrize(
    ("said", "admin"),
    [
        ({"groups": ["staff", "other"]}, True),
        ({"groups": "staff"}, True),
        ({"groups": ["Staff"]}, False),
        ({"groups": "staffer"}, False),
        ({"groups": {"staff": True}}, False),
        ({"groups": None}, False),
        ({"platformRole": "Admin"}, False),
        ({"cognito:groups": ["Admin", "staff"]}, False),
    ],
)
def test_the_named_claim_alone_gives_the_role(people: Client, issuer: Issuer, said: Any, *, admin: bool) -> None:
    assert _ask(people, issuer.token("rsa", "RS256", **said), ADMINS).status == (200 if admin else 403)


def test_without_a_named_claim_nobody_of_the_issuer_has_the_role(tmp_path: Path, issuer: Issuer) -> None:
    with _trusting(tmp_path / "data", issuer) as made:
        assert _ask(made, issuer.token("rsa", "RS256", groups=["staff"]), ADMINS).status == 403


def test_the_claim_may_lie_deeper(tmp_path: Path, issuer: Issuer) -> None:
    with _trusting(tmp_path / "data", issuer, oidc_admin="realm_access.roles=staff") as made:
        for access, status in (({"roles": ["staff"]}, 200), ({"roles": []}, 403), ("roles", 403), (["roles"], 403)):
            assert _ask(made, issuer.token("rsa", "RS256", realm_access=access), ADMINS).status == status


def test_a_token_may_name_the_client_in_place_of_an_audience(people: Client, issuer: Issuer) -> None:
    assert _ask(people, issuer.token("rsa", "RS256", aud=None, client_id=AUDIENCE)).status == 200
    assert _ask(people, issuer.token("rsa", "RS256", aud=["x", AUDIENCE])).status == 200


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"exp": EARLIER}, "has expired"),
        ({"nbf": LATER}, "not valid yet"),
        ({"iat": LATER}, "not valid yet"),
        ({"aud": "another"}, "not one that BBWS accepts"),
        ({"aud": "another", "client_id": AUDIENCE}, "not one that BBWS accepts"),
        ({"aud": None}, "not one that BBWS accepts"),
        ({"aud": {AUDIENCE: 1}}, "not one that BBWS accepts"),
        ({"exp": LATER + 24 * HOUR}, "longer than 24 hours"),
        ({"exp": None}, "not one that BBWS accepts"),
        ({"iat": None}, "not one that BBWS accepts"),
        ({"sub": None}, "not one that BBWS accepts"),
        ({"iss": None}, "not one that BBWS accepts"),
        ({"iss": "https://issuer.example"}, "not one that BBWS accepts"),
        ({"iss": "urn:bbws:local"}, "not one that BBWS accepts"),
        ({"sub": ""}, "about nobody"),
        ({"sub": "x" * 256}, "about nobody"),
        ({"padding": "x" * 8192}, "not one that BBWS accepts"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_it_signed_for_others_or_another_time(people: Client, issuer: Issuer, said: Any, told: str) -> None:
    assert told in problem(_ask(people, issuer.token("rsa", "RS256", **said)), 401, "unauthorized")["detail"]


def _claims(issuer: Issuer) -> str:
    return issuer.token("rsa", "RS256").split(".")[1]


def _hmac(issuer: Issuer) -> str:
    secret = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    content = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{_claims(issuer)}"
    return f"{content}.{part(hmac.digest(secret, content.encode(), 'sha256'))}"


def _unsigned(issuer: Issuer) -> str:
    return f"{part({'alg': 'none', 'kid': 'rsa'})}.{_claims(issuer)}."


def _another_algorithm_of_the_key(issuer: Issuer) -> str:
    return issuer.token("rsa", "RS512")


def _padded_otherwise(issuer: Issuer) -> str:
    return issuer.token("rsa", "PS256")


def _under_the_name_of_another_key(issuer: Issuer) -> str:
    return issuer.token("rsa", "EdDSA", SIGNERS["ed"][0])


def _of_a_strangers_key(issuer: Issuer) -> str:
    return issuer.token("rsa", "RS256", rsa.generate_private_key(65537, 2048))


def _that_says_where_its_key_is(issuer: Issuer) -> str:
    own = rsa.generate_private_key(65537, 2048)
    return issuer.token("rsa", "RS256", own, {"jku": "https://thief.example/keys", "x5u": "https://thief.example"})


def _of_a_sign_out(issuer: Issuer) -> str:
    return issuer.token("rsa", "RS256", head={"typ": "logout+jwt"})


def _with_what_must_be_understood(issuer: Issuer) -> str:
    return issuer.token("rsa", "RS256", head={"crit": ["b64x"], "b64x": True})


def _of_ours_in_its_name(issuer: Issuer) -> str:
    return issuer.token("rsa", "RS256", iss="urn:bbws:local", aud="bbws")


@pytest.mark.parametrize(
    "forge",
    [
        _hmac, _unsigned, _another_algorithm_of_the_key, _padded_otherwise, _under_the_name_of_another_key,
        _of_a_strangers_key, _that_says_where_its_key_is, _of_a_sign_out, _with_what_must_be_understood,
        _of_ours_in_its_name,
    ],
)  # fmt: skip
def test_a_forged_token_proves_nothing(people: Client, issuer: Issuer, forge: Callable[[Issuer], str]) -> None:
    reply = _ask(people, forge(issuer))
    assert "not one that BBWS accepts" in problem(reply, 401, "unauthorized")["detail"]


def test_a_flood_of_unknown_keys_asks_the_issuer_once(tmp_path: Path, issuer: Issuer) -> None:
    with _trusting(tmp_path / "data", issuer) as made:
        assert _ask(made, issuer.token("rsa", "RS256")).status == 200
        issuer.asked.clear()
        for number in range(50):
            token = issuer.token("rsa", "RS256", head={"kid": f"made-up-{number}"})
            assert _ask(made, token).status == 401
        assert issuer.asked == []  # they were fetched less than a minute ago
        assert _ask(made, issuer.token("rsa", "RS256")).status == 200


def test_who_waits_for_the_issuer_and_who_does_not(tmp_path: Path, issuer: Issuer) -> None:
    def waits(made: Client, token: str | None) -> bool:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return made.app.waits(Request("GET", MEMBERS, headers=headers))

    theirs = issuer.token("rsa", "RS256")
    with _trusting(tmp_path / "data", issuer) as made:
        others = (
            None,
            "",
            "a.b.c",
            "x" * 9000,
            made.token("ann"),
            issuer.token("rsa", "RS256", iss="https://a.example"),
        )
        assert [waits(made, each) for each in others] == [False] * len(others)
        assert waits(made, theirs)
        assert _ask(made, theirs).status == 200
        assert not waits(made, theirs)
    with builders.client(tmp_path / "without", start=False) as made:
        assert not waits(made, theirs)


def test_its_keys_may_lie_elsewhere(tmp_path: Path, issuer: Issuer) -> None:
    issuer.asked.clear()
    with _trusting(tmp_path / "data", issuer, oidc_jwks_url=f"{issuer.url}/elsewhere") as made:
        assert _ask(made, issuer.token("rsa", "RS256")).status == 200
    assert issuer.asked == ["/elsewhere"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, (500, b"")),
        (DISCOVERY, (404, b"{}")),
        (DISCOVERY, (302, b"https://thief.example/")),
        (DISCOVERY, (200, b"no JSON")),
        (DISCOVERY, (200, b"[]")),
        (DISCOVERY, (200, b"{}")),
        (DISCOVERY, (200, json.dumps({"issuer": "https://thief.example", "jwks_uri": "https://x"}).encode())),
        (DISCOVERY, "http://169.254.169.254/latest"),
        (DISCOVERY, "http://127.0.0.1@thief.example/"),
        (DISCOVERY, "file:///etc/passwd"),
        (DISCOVERY, 7),
        (KEYS, (503, b"")),
        (KEYS, (200, b"{}")),
        (KEYS, (200, b'{"keys": {}}')),
        (KEYS, (200, b'{"keys": [7, null, {"kty": "oct", "k": "c2VjcmV0"}]}')),
        (KEYS, (200, b'{"keys": [{"kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB"}]}')),
        (KEYS, (200, b'{"keys": [' + b",".join([b"{}"] * 101) + b"]}")),
        (KEYS, (200, b" " * 300_000 + b"{}")),
        (KEYS, (200, b"[" * 100_000)),
    ],
    ids=str,
)
def test_an_issuer_that_fails_is_no_fault_of_ours(tmp_path: Path, path: str, answer: Any) -> None:
    with listening() as failing:
        failing.keys = {"rsa": RSA}
        if not isinstance(answer, tuple):
            answer = 200, json.dumps({"issuer": failing.url, "jwks_uri": answer}).encode()
        failing.answers[path] = answer
        with _trusting(tmp_path / "data", failing) as made:
            reply = _ask(made, failing.token("rsa", "RS256"))
            problem(reply, 503, "service-unavailable")
            assert 1 <= int(reply.headers["retry-after"]) <= 60
            assert b"thief" not in reply.body
            assert _ask(made, made.token("ann", admin=False)).status == 200  # ours go on


def test_known_keys_go_on_while_the_issuer_is_gone(tmp_path: Path) -> None:
    with listening() as issuer:
        issuer.keys = {"rsa": RSA}
        token = issuer.token("rsa", "RS256")
        made = _trusting(tmp_path / "data", issuer)
        people = made.__enter__()
        assert _ask(people, token).status == 200
    assert _ask(people, token).status == 200
    made.__exit__(None, None, None)


def test_a_token_names_the_address_of_the_newest_one(people: Client, issuer: Issuer) -> None:
    now, authenticator = int(datetime.now(UTC).timestamp()), people.app.dispatcher.authenticator
    for age, named, proven in ((60, "old", "old"), (30, "new", "new"), (60, "old", "new")):
        said: dict[str, Any] = {"iat": now - age, "sub": "mover", "email": f"{named}@x.example", "email_verified": True}
        token = issuer.token("rsa", "RS256", **said)
        actor = authenticator.authenticate(Request("GET", "/", headers={"authorization": f"Bearer {token}"}))
        assert actor.email == f"{proven}@x.example"
