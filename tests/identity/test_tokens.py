"""Tokens of one machine: who may issue them, and every one that must not get in."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bbws.engines.embedded.identity import LocalTokens, SignIns
from bbws.engines.embedded.promoted import Promoted
from bbws.identity.model import Claims
from bbws.kernel.http import Request
from bbws.kernel.problem import Problem
from tests import builders
from tests.builders import Client
from tests.http.answers import problem
from tests.identity.world import ADMINS, HOUR, WITH_PEOPLE, admin_token, claims, key_of, kid_of, part, signed, verified

EARLIER, LATER = datetime.now(UTC) - 2 * HOUR, datetime.now(UTC) + 2 * HOUR


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with builders.client(tmp_path_factory.mktemp("people") / "data", start=False, endpoints=WITH_PEOPLE) as made:
        yield made


@pytest.fixture(scope="module")
def key(people: Client) -> Ed25519PrivateKey:
    return key_of(people.settings.data_dir)


def _refused(people: Client, header: str) -> str:
    """The detail of the refusal of a header, each from an address of its own: failures are limited by address."""
    address = hashlib.sha256(header.encode()).hexdigest()
    reply = people.call("GET", ADMINS, headers={"authorization": header}, key=None, address=address)
    assert 'Bearer realm="bbws"' in reply.headers["www-authenticate"]
    detail: str = problem(reply, 401, "unauthorized")["detail"]
    return detail


def test_a_token_says_who_somebody_is_and_the_role(tmp_path: Path) -> None:
    tokens = LocalTokens(tmp_path, "local")
    assert verified(tokens, tokens.issue("someone", HOUR)) == Claims("someone", admin=False)
    assert verified(tokens, tokens.issue("someone", HOUR, admin=True)) == Claims("someone", admin=True)
    assert SignIns(tokens, Promoted(tmp_path)).claims(Request("GET", "/")) is None


def test_a_token_holds_no_more_than_it_needs(tmp_path: Path) -> None:
    token = LocalTokens(tmp_path, "local").issue("someone", HOUR)
    said = jwt.decode(token, options={"verify_signature": False})
    assert said.keys() == {"iss", "aud", "sub", "iat", "nbf", "exp", "jti"}
    assert said["exp"] - said["iat"] == HOUR.total_seconds()
    assert jwt.get_unverified_header(token).keys() == {"alg", "typ", "kid"}
    assert len(token) < 600


def test_no_two_tokens_are_the_same(tmp_path: Path) -> None:
    tokens = LocalTokens(tmp_path, "local")
    assert len({tokens.issue("someone", HOUR) for _ in range(5)}) == 5


@pytest.mark.parametrize("subject", ["", "someone@example.com", "a b", "ü", "a#b", "a\n", "x" * 65, "x" * 60_000])
def test_a_token_is_about_an_id(tmp_path: Path, subject: str) -> None:
    with pytest.raises(ValueError, match="never an e-mail address"):
        LocalTokens(tmp_path, "local").issue(subject, HOUR)


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(hours=24, microseconds=1)])
def test_a_token_lives_for_a_day_at_most(tmp_path: Path, lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="at most 24 hours"):
        LocalTokens(tmp_path, "local").issue("someone", lifetime)
    LocalTokens(tmp_path, "local").issue("someone", timedelta(hours=24))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_person_gets_in(people: Client, scheme: str) -> None:
    header = f"{scheme} {admin_token(people.settings.data_dir)}"
    reply = people.call("GET", ADMINS, headers={"authorization": header}, key=None)
    assert (reply.status, reply.json["subject"], reply.json["kind"]) == (200, "user-someone", "person")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"exp": EARLIER}, "has expired"),
        ({"iat": EARLIER, "nbf": EARLIER, "exp": EARLIER + HOUR}, "has expired"),
        ({"nbf": LATER}, "not valid yet"),
        ({"iat": LATER}, "not valid yet"),
        ({"iss": "urn:bbws:prod"}, "not one that BBWS accepts"),
        ({"iss": ["urn:bbws:local"]}, "not one that BBWS accepts"),
        ({"aud": "another"}, "not one that BBWS accepts"),
        ({"aud": []}, "not one that BBWS accepts"),
        ({"aud": 7}, "not one that BBWS accepts"),
        ({"exp": "never"}, "not one that BBWS accepts"),
        ({"nbf": "now"}, "not one that BBWS accepts"),
        ({"sub": 7}, "not one that BBWS accepts"),
        ({"sub": ["someone"]}, "not one that BBWS accepts"),
        ({"sub": ""}, "about nobody"),
        ({"sub": "someone@example.com"}, "about nobody"),
        ({"sub": "x" * 65}, "about nobody"),
        ({"padding": "x" * 8192}, "not one that BBWS accepts"),
        ({"sub": "sömeone"}, "about nobody"),
        ({"sub": "someone\n"}, "about nobody"),
        *(({name: None}, "not one that BBWS accepts") for name in ("aud", "exp", "iat", "iss", "nbf", "sub")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_token_of_the_right_key_that_says_the_wrong_thing(
    people: Client, key: Ed25519PrivateKey, changed: dict[str, object], told: str
) -> None:
    if isinstance(changed.get("iss"), list) or isinstance(changed.get("sub"), list | int):
        # The library writes none of these.
        content = f"{_head(key, 'EdDSA')}.{part(claims(**changed))}"
        token = f"{content}.{part(key.sign(content.encode()))}"
    else:
        token = signed(key, **changed)
    assert told in _refused(people, f"Bearer {token}")


def test_a_token_without_the_role_is_no_admins(people: Client, key: Ed25519PrivateKey) -> None:
    for role in (None, "", "admin", "Administrator", ["Admin"], {"Admin": True}, True):
        header = {"authorization": f"Bearer {signed(key, platformRole=role)}"}
        refused = problem(people.call("GET", ADMINS, headers=header, key=None), 403, "forbidden")
        assert refused["requiredPermission"] == "platform-admin"
        assert "Only a person with the platform role Admin" in refused["detail"]


def _head(key: Ed25519PrivateKey, algorithm: str) -> str:
    """Names the right key, so that it is the rest that is refused."""
    return part({"alg": algorithm, "typ": "JWT", "kid": kid_of(key)})


def _unsigned(key: Ed25519PrivateKey) -> str:
    return f"{_head(key, 'none')}.{part(claims())}."


def _unsigned_with_a_signature(key: Ed25519PrivateKey) -> str:
    return f"{_head(key, 'none')}.{part(claims())}.{signed(key).rpartition('.')[2]}"


def _hmac(key: Ed25519PrivateKey, secret: bytes) -> str:
    content = f"{_head(key, 'HS256')}.{part(claims())}"
    return f"{content}.{part(hmac.digest(secret, content.encode(), 'sha256'))}"


def _hmac_with_the_raw_public_key(key: Ed25519PrivateKey) -> str:
    return _hmac(key, key.public_key().public_bytes_raw())


def _hmac_with_the_public_key_in_pem(key: Ed25519PrivateKey) -> str:
    return _hmac(key, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _of_an_unknown_key(_: Ed25519PrivateKey) -> str:
    return signed(Ed25519PrivateKey.generate())


def _of_another_key(key: Ed25519PrivateKey) -> str:
    return jwt.encode(claims(), Ed25519PrivateKey.generate(), "EdDSA", {"kid": kid_of(key)})


def _that_names_no_key(key: Ed25519PrivateKey) -> str:
    return jwt.encode(claims(), key, "EdDSA")


def _that_names_a_file(key: Ed25519PrivateKey) -> str:
    return jwt.encode(claims(), key, "EdDSA", {"kid": "../identity-key"})


def _whose_key_is_no_text(key: Ed25519PrivateKey) -> str:
    content = f"{part({'alg': 'EdDSA', 'kid': {'a': 1}})}.{part(claims())}"
    return f"{content}.{part(key.sign(content.encode()))}"


def _for_another_purpose(key: Ed25519PrivateKey) -> str:
    return jwt.encode(claims(), key, "EdDSA", {"kid": kid_of(key), "typ": "logout+jwt"})


def _of_a_key_that_it_brings(key: Ed25519PrivateKey) -> str:
    own = Ed25519PrivateKey.generate()
    public = base64.urlsafe_b64encode(own.public_key().public_bytes_raw()).decode().rstrip("=")
    return jwt.encode(
        claims(), own, "EdDSA", {"kid": kid_of(key), "jwk": {"kty": "OKP", "crv": "Ed25519", "x": public}}
    )


def _of_another_kind_of_key(key: Ed25519PrivateKey) -> str:
    return jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": kid_of(key)})


def _with_another_claim(key: Ed25519PrivateKey) -> str:
    head, _, signature = signed(key, sub="else").split(".")
    return f"{head}.{part(claims())}.{signature}"


def _cut_short(key: Ed25519PrivateKey) -> str:
    return signed(key)[:-7]


def _without_a_signature(key: Ed25519PrivateKey) -> str:
    return signed(key).rpartition(".")[0] + "."


def _twice(key: Ed25519PrivateKey) -> str:
    return f"{signed(key)}, Bearer {signed(key)}"


def _of_8_kilobytes(key: Ed25519PrivateKey) -> str:
    return signed(Ed25519PrivateKey.generate(), padding="x" * 6000) + signed(key)[:1]


def _deep(_: Ed25519PrivateKey) -> str:
    return f"{part(b'[' * 6000)}.{part({})}.{part(b'x' * 64)}"


def _of_many_digits(_: Ed25519PrivateKey) -> str:
    return f"{part(b'{"alg":' + b'9' * 5000 + b'}')}.{part({})}.{part(b'x' * 64)}"


@pytest.mark.parametrize(
    "forge",
    [
        _unsigned, _unsigned_with_a_signature, _hmac_with_the_raw_public_key, _hmac_with_the_public_key_in_pem,
        _of_an_unknown_key, _of_another_key, _that_names_no_key, _that_names_a_file, _whose_key_is_no_text,
        _for_another_purpose, _of_a_key_that_it_brings, _of_another_kind_of_key, _with_another_claim, _cut_short,
        _without_a_signature, _twice, _of_8_kilobytes, _deep, _of_many_digits,
    ],
)  # fmt: skip
def test_a_forged_token_proves_nothing(
    people: Client, key: Ed25519PrivateKey, forge: Callable[[Ed25519PrivateKey], str]
) -> None:
    assert _refused(people, f"Bearer {forge(key)}").startswith("This token is not one that BBWS accepts.")


@pytest.mark.parametrize("token", ["", " ", ".", "..", "...", "a.b.c", "null", "é.é.é", "\x7f", "x" * 60_000, "=.=.="])
def test_what_is_no_token_proves_nothing(people: Client, token: str) -> None:
    assert _refused(people, f"Bearer {token}").startswith("This token is not one that BBWS accepts.")


@pytest.mark.parametrize(
    "header", ["", "Basic dXNlcjpwYXNz", "Bearer", "Token x", "Bearerx y", "eyJ.eyJ.x", "Négociate"]
)
def test_another_scheme_is_told_which_one_to_use(people: Client, header: str) -> None:
    assert "takes a token only" in _refused(people, header)


def test_a_refusal_repeats_nothing_of_the_token(people: Client, key: Ed25519PrivateKey) -> None:
    token = signed(key, sub="someone@example.com")
    reply = people.call("GET", ADMINS, headers={"authorization": f"Bearer {token}"}, key=None)
    assert b"example.com" not in reply.body
    assert token.encode() not in reply.body
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def test_a_bad_token_is_no_good_key_either(people: Client) -> None:
    """A caller who sends both is told of the token: nobody acts as somebody else than who they say they are."""
    header = {"authorization": "Bearer nonsense"}
    problem(people.call("GET", "/v1.0/keys", headers=header, address="192.0.2.1"), 401, "unauthorized")
    problem(people.call("GET", "/v1.0/products", headers=header, address="192.0.2.2"), 401, "unauthorized")


def test_guessing_is_limited(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as guessed:
        header = {"authorization": "Bearer nonsense"}
        answers = {guessed.call("GET", "/v1.0/keys", headers=header, key=None).status for _ in range(50)}
    assert answers == {401, 429}


def test_a_token_is_good_in_one_data_folder_and_environment_alone(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    token = admin_token(tmp_path / "one")
    assert verified(LocalTokens(tmp_path / "one", "local"), token) == Claims("someone", admin=True)
    for stranger in (LocalTokens(tmp_path / "other", "local"), LocalTokens(tmp_path / "one", "prod")):
        with pytest.raises(Problem) as refused:
            verified(stranger, token)
        assert refused.value.type.code == "unauthorized"
