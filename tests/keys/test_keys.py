"""API keys. Source: specification products, Decision 9."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bbws.kernel.table import RowKind
from bbws.keys.model import secret_hash
from tests import builders
from tests.builders import Client
from tests.fakes import FakeClock
from tests.http.answers import PRODUCT, PRODUCTS, fields, key, problem

KEYS = "/v1.0/keys"
SHOP = {"name": " Web shop ", "permissions": ["products:write", "audit:read", "products:write"]}


@dataclass(frozen=True)
class World:
    client: Client
    clock: FakeClock


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = FakeClock()
    with builders.client(tmp_path / "data", clock=clock) as client:
        yield World(client, clock)


def test_a_key_is_made_with_its_secret_shown_once(client: Client) -> None:
    reply = client.call("POST", KEYS, SHOP)
    made = reply.json
    assert reply.status == 201
    assert made["secret"].startswith("bbws_local_")
    assert (made["name"], made["permissions"]) == ("Web shop", ["audit:read", "products:write"])
    assert (made["readsPerSecond"], made["writesPerSecond"], made["revokedAt"], made["lastUsedAt"]) == (
        100,
        50,
        None,
        None,
    )
    assert reply.headers["location"] == f"{KEYS}/{made['keyId']}"
    assert set(made["_links"]) == {"revoke", "collection"}
    [listed] = (item for item in client.call("GET", KEYS).json["items"] if item["keyId"] == made["keyId"])
    assert "secret" not in listed
    assert made["secret"].encode() not in client.call("GET", KEYS).body
    assert client.call("POST", PRODUCTS, PRODUCT, key=made["secret"]).status == 201


def test_the_prefix_names_the_environment(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", environment="sit", start=False) as client:
        assert client.key.startswith("bbws_sit_")
        assert key(client).startswith("bbws_sit_")


def test_the_answer_of_a_repeated_call_has_no_secret(client: Client) -> None:
    headers = {"idempotency-key": "once"}
    first, again = (client.call("POST", KEYS, SHOP, headers=headers).json for _ in range(2))
    assert again == {name: value for name, value in first.items() if name != "secret"}


def test_a_secret_is_nowhere_to_be_found_again(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply = client.call("POST", KEYS, SHOP, headers={"idempotency-key": "once"})
    made = reply.json
    secrets = (made["secret"], client.key)
    client.call("POST", PRODUCTS, PRODUCT, key=made["secret"])
    client.call("GET", PRODUCTS, key=made["secret"] + "x")
    client.call("POST", "/v1.0/audit/checkpoints")
    client.drain()
    engine = client.app.engine
    rows = [repr(row) for row in engine.rows(tuple(RowKind))]
    assert any(made["keyId"] in row for row in rows)
    logged = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    objects = {name: (engine.archive.get(name) or b"").decode() for name in engine.archive.names("")}
    for secret in secrets:
        assert not any(secret in text for text in (*rows, *logged, *objects, *objects.values()))
        hashed = secret_hash(secret)
        holders = {row.kind for row in engine.rows(tuple(RowKind)) if hashed in repr(row)}
        assert holders == {RowKind.SECRET}
        assert not any(hashed in text for text in objects.values())
    for file in client.settings.data_dir.rglob("*"):
        if file.is_file() and file.name != "api-key":
            assert made["secret"].encode() not in file.read_bytes(), file


def test_the_first_key_lies_in_a_file_that_only_its_owner_reads(client: Client) -> None:
    file = client.settings.key_file
    assert file.stat().st_mode & 0o777 == 0o600
    [first] = client.call("GET", KEYS).json["items"]
    assert (first["name"], first["permissions"], first["readsPerSecond"]) == ("First key", ["*"], None)
    assert first["createdBy"] == "system-setup"


def test_the_first_key_is_made_once(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        first = client.key
    with builders.client(tmp_path / "data", start=False) as client:
        assert client.key == first
        assert client.call("GET", KEYS).json["count"] == 1


def test_a_revoked_key_is_refused_from_the_next_call_on(client: Client) -> None:
    made = client.call("POST", KEYS, SHOP).json
    assert client.call("GET", PRODUCTS, key=made["secret"]).status == 200
    for _ in range(2):
        assert client.call("DELETE", f"{KEYS}/{made['keyId']}").status == 204
    problem(client.call("GET", PRODUCTS, key=made["secret"]), 401, "unauthorized")
    [listed] = (item for item in client.call("GET", KEYS).json["items"] if item["keyId"] == made["keyId"])
    assert listed["revokedAt"] is not None
    assert (listed["version"], listed["_links"]) == (2, {})
    hashed = secret_hash(made["secret"])
    assert not any(hashed in repr(row) for row in client.app.engine.rows(tuple(RowKind)))


def test_making_and_revoking_are_recorded(client: Client) -> None:
    made = client.call("POST", KEYS, SHOP).json
    client.call("DELETE", f"{KEYS}/{made['keyId']}")
    client.drain()
    found = client.call("GET", f"/v1.0/audit/records?subject={KEYS}/{made['keyId']}").json["items"]
    assert [change["type"] for change in found] == ["key.revoked", "key.created"]
    assert "secret" not in str(found)


def test_nobody_grants_what_they_do_not_hold(client: Client) -> None:
    admin = key(client, "keys:admin", "audit:read")
    allowed = {"name": "A key", "permissions": ["audit:read"]}
    assert client.call("POST", KEYS, allowed, key=admin).status == 201
    for permissions in (["products:write"], ["audit:read", "audit:write"], ["*"]):
        refused = problem(
            client.call("POST", KEYS, {**allowed, "permissions": permissions}, key=admin), 403, "forbidden"
        )
        assert refused["requiredPermission"] in permissions
    problem(client.call("POST", KEYS, allowed, key=key(client, "audit:read")), 403, "forbidden")


def test_a_permission_that_no_call_asks_for_is_refused(client: Client) -> None:
    body = {"name": "A key", "permissions": ["products:write", "products:eat", "moon:land"]}
    refused = problem(client.call("POST", KEYS, body), 422, "unknown-permission")
    assert "moon:land, products:eat" in refused["detail"]
    assert "products:write" in refused["allowedPermissions"]


@pytest.mark.parametrize(
    ("changed", "bad"),
    [
        ({"name": "ab"}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": ["products"]}, "permissions.0"),
        ({"permissions": ["PRODUCTS:WRITE"]}, "permissions.0"),
        ({"permissions": ["*"] * 51}, "permissions"),
        ({"readsPerSecond": 0}, "readsPerSecond"),
        ({"writesPerSecond": 100_001}, "writesPerSecond"),
        ({"readsPerSecond": "5"}, "readsPerSecond"),
        ({"secret": "mine"}, "secret"),
    ],
    ids=str,
)
def test_a_bad_field_is_named(client: Client, changed: dict[str, object], bad: str) -> None:
    assert fields(client.call("POST", KEYS, {**SHOP, **changed})) == {bad}


def test_a_key_may_have_no_limit(client: Client) -> None:
    made = client.call("POST", KEYS, {**SHOP, "readsPerSecond": None, "writesPerSecond": None}).json
    reply = client.call("GET", PRODUCTS, key=made["secret"])
    assert reply.status == 200
    assert "ratelimit" not in reply.headers


def test_what_cannot_be_revoked(client: Client) -> None:
    problem(client.call("DELETE", f"{KEYS}/key-000000000000"), 404, "key-not-found")
    assert fields(client.call("DELETE", f"{KEYS}/KEY-1")) == {"keyId"}


def test_keys_come_newest_first_and_in_pages(world: World) -> None:
    for number in range(5):
        world.clock.advance(1)
        world.client.call("POST", KEYS, {**SHOP, "name": f"Key {number}"})
    target, names = f"{KEYS}?pageSize=2", []
    while target:
        page = world.client.call("GET", target).json
        names += [item["name"] for item in page["items"]]
        target = page["_links"]["next"]["href"] if page["moreAvailable"] else ""
    assert names == ["Key 4", "Key 3", "Key 2", "Key 1", "Key 0", "First key"]


def _last_used(world: World, name: str) -> str | None:
    items: list[dict[str, str | None]] = world.client.call("GET", KEYS).json["items"]
    return next(item["lastUsedAt"] for item in items if item["name"] == name)


def test_the_last_use_of_a_key_is_noted_every_five_minutes(world: World) -> None:
    secret = world.client.call("POST", KEYS, SHOP).json["secret"]
    assert _last_used(world, "Web shop") is None
    seen = []
    for seconds in (0, 299, 1, 300, -7200):
        world.clock.advance(seconds)
        world.client.call("GET", PRODUCTS, key=secret)
        seen.append((_last_used(world, "Web shop") or "")[11:19])
    assert seen == ["12:00:00", "12:00:00", "12:05:00", "12:10:00", "12:10:00"]
