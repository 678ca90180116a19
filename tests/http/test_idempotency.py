import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import orjson
import pytest

from bbws.kernel.table import Key, RowKind
from tests import builders
from tests.builders import Client, Reply
from tests.fakes import FakeClock, Overtaken
from tests.http.answers import PRODUCT, PRODUCTS, fields, key, problem

ONCE = {"idempotency-key": "order-4711"}
DAY = 24 * 60 * 60


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(tmp_path: Path, clock: FakeClock) -> Iterator[Client]:
    with builders.client(tmp_path / "data", clock=clock, start=False) as made:
        yield made


def _count(client: Client) -> int:
    count: int = client.call("GET", f"{PRODUCTS}?pageSize=100&status=all").json["count"]
    return count


def test_a_repeated_call_gets_the_same_answer_and_has_no_further_effect(client: Client) -> None:
    first, again = (client.call("POST", PRODUCTS, PRODUCT, headers=ONCE) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert _count(client) == 1


@pytest.mark.parametrize(
    ("target", "body", "headers"),
    [
        (PRODUCTS, {**PRODUCT, "price": "5"}, {}),
        (PRODUCTS, PRODUCT, {"prefer": "respond-async"}),
        (f"{PRODUCTS}?dryRun=false", PRODUCT, {}),
    ],
    ids=["body", "preference", "query"],
)
def test_the_key_of_another_request_is_refused(
    client: Client, target: str, body: object, headers: dict[str, str]
) -> None:
    client.call("POST", PRODUCTS, PRODUCT, headers=ONCE)
    problem(client.call("POST", target, body, headers={**ONCE, **headers}), 422, "idempotency-key-reused")
    assert _count(client) == 1


def test_keys_are_those_of_one_caller_and_one_call(client: Client) -> None:
    client.call("POST", PRODUCTS, PRODUCT, headers=ONCE)
    other = key(client, "products:write")
    assert client.call("POST", PRODUCTS, PRODUCT, headers=ONCE, key=other).status == 201
    body = {"name": "A key", "permissions": ["audit:read"]}
    assert client.call("POST", "/v1.0/keys", body, headers=ONCE).status == 201
    assert _count(client) == 2


def test_a_key_is_free_again_after_a_day(client: Client, clock: FakeClock) -> None:
    first = client.call("POST", PRODUCTS, PRODUCT, headers=ONCE)
    clock.advance(DAY - 1)
    assert client.call("POST", PRODUCTS, PRODUCT, headers=ONCE).body == first.body
    clock.advance(1)
    assert client.call("POST", PRODUCTS, {**PRODUCT, "price": "5"}, headers=ONCE).json["price"] == "5.00"
    assert _count(client) == 2


def test_refusals_are_not_kept(client: Client) -> None:
    assert client.call("POST", PRODUCTS, {**PRODUCT, "price": "0"}, headers=ONCE).status == 400
    assert client.call("POST", PRODUCTS, PRODUCT, headers=ONCE).status == 201


def test_a_dry_run_neither_uses_nor_heeds_a_key(client: Client) -> None:
    assert client.call("POST", f"{PRODUCTS}?dryRun=true", PRODUCT, headers=ONCE).status == 200
    assert client.call("POST", PRODUCTS, PRODUCT, headers=ONCE).status == 201
    planned = client.call("POST", f"{PRODUCTS}?dryRun=true", {**PRODUCT, "price": "5"}, headers=ONCE)
    assert planned.json["changes"][0]["after"]["price"] == "5.00"


def test_a_queued_call_is_repeated_too(client: Client) -> None:
    headers = {**ONCE, "prefer": "respond-async"}
    first, again = (client.call("POST", PRODUCTS, PRODUCT, headers=headers) for _ in range(2))
    assert (first.status, first.body) == (202, again.body)
    assert again.headers["preference-applied"] == "respond-async"
    assert client.call("GET", "/v1.0/operations").json["count"] == 1


@pytest.mark.parametrize("value", ["", "x" * 256, "schlüssel", "tab\there"])
def test_a_key_that_is_no_key_is_refused(client: Client, value: str) -> None:
    assert fields(client.call("POST", PRODUCTS, PRODUCT, headers={"idempotency-key": value})) == {"Idempotency-Key"}
    assert _count(client) == 0


def test_where_nothing_is_created_a_key_means_nothing(client: Client) -> None:
    path = client.call("POST", PRODUCTS, PRODUCT).headers["location"]
    for price in ("5.00", "6.00"):
        assert client.call("PUT", path, {"price": price}, headers=ONCE).json["price"] == price


@pytest.mark.parametrize("product_id", [None, "PROD-001"], ids=["any id", "chosen id"])
def test_of_racing_requests_one_has_an_effect_and_all_get_its_answer(client: Client, product_id: str | None) -> None:
    body = PRODUCT if product_id is None else {**PRODUCT, "productId": product_id}
    callers, rounds = 8, 5
    with ThreadPoolExecutor(callers) as pool:
        for number in range(rounds):
            barrier = Barrier(callers)
            wanted = body if product_id is None else {**body, "productId": f"{product_id}{number}"}

            def call(_: int, number: int = number, barrier: Barrier = barrier, wanted: object = wanted) -> Reply:
                barrier.wait()
                return client.call("POST", PRODUCTS, wanted, headers={"idempotency-key": f"race-{number}"})

            replies = list(pool.map(call, range(callers)))
            assert {reply.status for reply in replies} == {201}
            assert len({reply.body for reply in replies}) == 1
            assert _count(client) == number + 1


def _looks_for_an_answer(key: Key) -> bool:
    return key.partition.startswith("IDEMPOTENCY#")


@pytest.mark.parametrize("body", [PRODUCT, {**PRODUCT, "productId": "PROD-001"}], ids=["any id", "chosen id"])
def test_the_loser_returns_the_winners_answer_even_where_the_winner_is_in_its_way(client: Client, body: object) -> None:
    table = Overtaken(
        client.app.engine.table, _looks_for_an_answer, lambda: client.call("POST", PRODUCTS, body, headers=ONCE)
    )
    loser = replace(client, app=replace(client.app, dispatcher=client.app.dispatcher._replace(table=table)))
    reply = loser.call("POST", PRODUCTS, body, headers=ONCE)
    assert isinstance(table.result, Reply)
    assert (reply.status, reply.body) == (201, table.result.body)
    assert reply.headers["idempotency-replayed"] == "true"
    assert _count(client) == 1


def test_the_loser_of_a_race_with_another_body_is_refused(client: Client) -> None:
    other = {**PRODUCT, "price": "5"}
    table = Overtaken(
        client.app.engine.table, _looks_for_an_answer, lambda: client.call("POST", PRODUCTS, other, headers=ONCE)
    )
    loser = replace(client, app=replace(client.app, dispatcher=client.app.dispatcher._replace(table=table)))
    problem(loser.call("POST", PRODUCTS, PRODUCT, headers=ONCE), 422, "idempotency-key-reused")
    assert _count(client) == 1


@pytest.mark.parametrize("length", [1, 64, 65, 255])
def test_what_is_kept_of_a_question_cannot_be_guessed_at_without_the_key(client: Client, length: int) -> None:
    said, header = {**PRODUCT, "name": "Guessed"}, "k" * length
    assert client.call("POST", PRODUCTS, said, headers={"idempotency-key": header}).status == 201
    [row] = [row for row in client.app.engine.rows({RowKind.EPHEMERAL}) if "fingerprint" in row.document]
    name, kept = row.key.sort.rpartition("#")[2], row.document["fingerprint"]
    question = orjson.dumps([PRODUCTS, "", ""]) + orjson.dumps(said)
    assert kept != hashlib.sha256(question).hexdigest()
    assert kept not in {
        hmac.digest(key, question, hashlib.sha256).hex() for key in (name.encode(), bytes.fromhex(name))
    }
    # With the client's key it can be made: so the guesses are good ones.
    secret = hashlib.sha256(b"fingerprint\0" + header.encode()).digest()
    assert kept == hmac.digest(secret, question, hashlib.sha256).hex()
