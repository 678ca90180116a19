"""Times in tokens: whatever a good key has signed there, it is a time or the token is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bbws.kernel.http import Request
from tests import builders
from tests.builders import Client, Reply
from tests.http.answers import problem
from tests.identity.world import HOUR, MEMBERS, WITH_PEOPLE, claims, key_of, kid_of, part, signed

TIMES = ("exp", "nbf", "iat")
# As JSON writes them, or as it would if it could.
NO_TIMES = (
    "1" + "0" * 400, "-" + "1" + "0" * 400, "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "-1", "-0.5",
    "253402300800", "1e15", '"1790000000"', '""', "true", "false", "[1790000000]", "{}", "9" * 5000,
)  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("times") / "data"
    with builders.client(folder, start=False, endpoints=WITH_PEOPLE) as made:
        yield made


@pytest.fixture(scope="module")
def key(people: Client) -> Ed25519PrivateKey:
    return key_of(people.settings.data_dir)


def _saying(people: Client, key: Ed25519PrivateKey, name: str, value: str) -> Reply:
    """The answer to a token that says this, signed as it stands: libraries write none of them."""
    said = "{" + ",".join(f'"{claim}":{text}' for claim, text in (_good() | {name: value}).items()) + "}"
    content = f"{part({'alg': 'EdDSA', 'typ': 'JWT', 'kid': kid_of(key)})}.{part(said.encode())}"
    token = f"{content}.{part(key.sign(content.encode()))}"
    # Each from an address of its own: failures are limited by address.
    return people.call("GET", MEMBERS, token=token, address=f"{name}{value[:20]}")


def _good() -> dict[str, str]:
    said = claims()
    return {name: str(int(value.timestamp())) if name in TIMES else f'"{value}"' for name, value in said.items()}


@pytest.mark.parametrize("value", NO_TIMES, ids=lambda value: value[:12])
@pytest.mark.parametrize("name", TIMES)
def test_what_is_no_time_is_refused(people: Client, key: Ed25519PrivateKey, name: str, value: str) -> None:
    refused = problem(_saying(people, key, name, value), 401, "unauthorized")
    assert "not one that BBWS accepts" in refused["detail"]


def test_null_is_no_time(people: Client, key: Ed25519PrivateKey) -> None:
    for name in TIMES:
        problem(_saying(people, key, name, "null"), 401, "unauthorized")


def test_a_part_of_a_second_is_one(people: Client, key: Ed25519PrivateKey) -> None:
    now = datetime.now(UTC)
    for name, moment in (("iat", now), ("nbf", now), ("exp", now + HOUR)):
        assert _saying(people, key, name, f"{moment.timestamp():.3f}").status == 200


@pytest.mark.parametrize(("hours", "status"), [(24, 200), (24.001, 401), (24 * 365, 401)])
def test_a_token_lives_for_a_day_at_most_whoever_signed_it(
    people: Client, key: Ed25519PrivateKey, hours: float, status: int
) -> None:
    issued = int(_good()["iat"])
    reply = _saying(people, key, "exp", str(issued + int(timedelta(hours=hours).total_seconds())))
    assert reply.status == status
    if status == 401:
        assert "longer than 24 hours" in problem(reply, 401, "unauthorized")["detail"]


def test_a_token_names_the_address_of_the_newest_one(people: Client, key: Ed25519PrivateKey) -> None:
    now, authenticator = datetime.now(UTC), people.app.dispatcher.authenticator
    for age, named, proven in ((60, "old", "old"), (30, "new", "new"), (60, "old", "new")):
        token = signed(
            key, sub="mover", iat=now - timedelta(seconds=age), email=f"{named}@x.example", email_verified=True
        )
        actor = authenticator.authenticate(Request("GET", "/", headers={"authorization": f"Bearer {token}"}))
        assert actor.email == f"{proven}@x.example"
