import pytest

from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, key, problem, with_stopwatch


def test_a_key_has_its_own_share_of_reads_and_of_writes(client: Client) -> None:
    slow, watch = with_stopwatch(client)
    mine = key(client, "products:write", reads=2, writes=1)
    reads = [slow.call("GET", PRODUCTS, key=mine) for _ in range(3)]
    assert [reply.status for reply in reads] == [200, 200, 429]
    assert [reply.headers["ratelimit"] for reply in reads] == [f'"read";r={left};t=1' for left in (1, 0, 0)]
    assert {reply.headers["ratelimit-policy"] for reply in reads} == {'"read";q=2;w=1'}
    assert slow.call("POST", PRODUCTS, PRODUCT, key=mine).status == 201
    refused = slow.call("POST", PRODUCTS, PRODUCT, key=mine)
    assert "1 writes a second" in problem(refused, 429, "rate-limited")["detail"]
    assert refused.headers["retry-after"] == "1"
    assert slow.call("GET", PRODUCTS, key=key(client, reads=1)).status == 200
    watch.advance(1)
    assert slow.call("POST", PRODUCTS, PRODUCT, key=mine).status == 201
    assert client.call("GET", PRODUCTS).json["count"] == 2


def test_callers_without_a_key_are_counted_by_address(client: Client) -> None:
    slow, _ = with_stopwatch(client)
    statuses = {slow.call("GET", PRODUCTS, key=None, address="192.0.2.1").status for _ in range(100)}
    assert statuses == {200}
    problem(slow.call("GET", PRODUCTS, key=None, address="192.0.2.1"), 429, "rate-limited")
    assert slow.call("GET", PRODUCTS, key=None, address="192.0.2.2").status == 200
    assert slow.call("GET", PRODUCTS, address="192.0.2.1").status == 200


def test_the_first_key_is_unlimited(client: Client) -> None:
    slow, _ = with_stopwatch(client)
    replies = [slow.call("GET", f"{PRODUCTS}?pageSize=1") for _ in range(120)]
    assert {reply.status for reply in replies} == {200}
    assert "ratelimit" not in replies[0].headers


def test_wrong_keys_are_limited_by_address(client: Client) -> None:
    slow, watch = with_stopwatch(client)
    statuses = [slow.call("GET", PRODUCTS, key=f"wrong-{n}", address="192.0.2.1").status for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert slow.call("GET", PRODUCTS, key="wrong", address="192.0.2.2").status == 401
    assert slow.call("GET", PRODUCTS, address="192.0.2.1").status == 200
    watch.advance(1)
    assert slow.call("GET", PRODUCTS, key="wrong", address="192.0.2.1").status == 401


@pytest.mark.parametrize("bad", [{"price": "0"}, {"colour": "red"}])
def test_a_refused_call_counts_too(client: Client, bad: dict[str, str]) -> None:
    slow, _ = with_stopwatch(client)
    mine = key(client, "products:write", writes=1)
    assert slow.call("POST", PRODUCTS, {**PRODUCT, **bad}, key=mine).status == 400
    assert slow.call("POST", PRODUCTS, PRODUCT, key=mine).status == 429
