"""Lists are the plain sorted list, cut into pages. Source: specification products, Decision 6."""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import builders
from tests.builders import Client
from tests.fakes import NOON, FakeClock
from tests.products.worlds import PRODUCTS, add, ids

ORDERS = ("createdAt", "price", "name")
CURRENCIES = ("ZAR", "EUR", "USD")
STATUSES = {"active": {True}, "inactive": {False}, "all": {True, False}}


@dataclass(frozen=True)
class World:
    client: Client
    clock: FakeClock
    products: list[dict[str, Any]]


def _folded(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return plain.casefold()


def _sorted(products: list[dict[str, Any]], order: str, *, descending: bool) -> list[str]:
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
        "createdAt": lambda p: p["createdAt"],
        "price": lambda p: p["price"],
        "name": lambda p: _folded(p["name"]),
    }
    ordered = sorted(products, key=lambda p: (keys[order](p), p["productId"]), reverse=descending)
    return [each["productId"] for each in ordered]


def _wanted(number: int) -> dict[str, Any]:
    words = ("Apfel", "apfel", "Äpfel", "Birne", "ab", "ab c", "Zebra")
    return {
        "name": f"{words[number % 7]} {number // 7 % 3}",
        "price": Decimal(("5.00", "10.00", "9.99", "100000.00", "0.01")[number % 5]),
        "currency": CURRENCIES[number % 3 if number % 11 else 2],
        "active": number % 4 != 0,
        "product_id": f"PROD-{number:03}",
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = FakeClock()
    with builders.client(tmp_path_factory.mktemp("list") / "data", clock=clock, start=False) as client:
        made = []
        for begin in range(0, 60, 5):  # five at each moment, so that times are equal too
            wanted = [_wanted(begin + place) for place in range(5)]
            add(client, wanted)
            made += [{**each, "productId": each["product_id"], "createdAt": clock.now()} for each in wanted]
            clock.advance(1)
        yield World(client, clock, made)


@pytest.mark.parametrize(
    ("order", "direction", "currency", "status"),
    list(product(ORDERS, ("asc", "desc"), (None, "EUR"), STATUSES)),
)
def test_every_list_is_the_sorted_list(
    world: World, order: str, direction: str, currency: str | None, status: str
) -> None:
    chosen = [p for p in world.products if p["active"] in STATUSES[status] and currency in (None, p["currency"])]
    expected = _sorted(chosen, order, descending=direction == "desc")
    assert expected
    query = f"sortBy={order}&order={direction}&status={status}" + (f"&currency={currency}" if currency else "")
    for size in (1, 7, 100):
        assert ids(world.client, query, size) == expected


@pytest.mark.parametrize(
    ("query", "order", "descending"),
    [("", "createdAt", True), ("sortBy=createdAt", "createdAt", True), ("sortBy=price", "price", False),
     ("sortBy=name", "name", False), ("order=asc", "createdAt", False)],
)  # fmt: skip
def test_where_nothing_is_said_it_is_newest_cheapest_or_a_first(
    world: World, query: str, order: str, *, descending: bool
) -> None:
    active = [p for p in world.products if p["active"]]
    assert ids(world.client, query) == _sorted(active, order, descending=descending)


def test_the_public_sees_the_active_ones(world: World) -> None:
    reply = world.client.call("GET", f"{PRODUCTS}?pageSize=100", key=None)
    assert {item["productId"] for item in reply.json["items"]} == {
        p["productId"] for p in world.products if p["active"]
    }


def test_a_currency_nobody_uses_gives_an_empty_list(world: World) -> None:
    assert ids(world.client, "currency=JPY") == []


@given(
    order=st.sampled_from(ORDERS),
    descending=st.booleans(),
    status=st.sampled_from(sorted(STATUSES)),
    size=st.integers(1, 5),
    steps=st.lists(st.lists(st.integers(0, 999), max_size=3, unique=True), min_size=1, max_size=6),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_paging_meets_everything_that_was_there_exactly_once_while_more_is_added(
    tmp_path_factory: pytest.TempPathFactory,
    order: str,
    status: str,
    size: int,
    steps: list[list[int]],
    *,
    descending: bool,
) -> None:
    with builders.client(tmp_path_factory.mktemp("more") / "data", start=False) as client:
        there = [_wanted(number) for number in range(0, 40, 3)]
        add(client, there)
        added = set(range(0, 40, 3))
        expected = [f"PROD-{n:03}" for n in sorted(added) if _wanted(n)["active"] in STATUSES[status]]
        query = f"?pageSize={size}&sortBy={order}&order={'desc' if descending else 'asc'}&status={status}"
        target, met, turn = PRODUCTS + query, [], 0
        while target:
            page = client.call("GET", target).json
            met += [item["productId"] for item in page["items"]]
            fresh = [number for number in steps[turn % len(steps)] if number not in added]
            add(client, [_wanted(number) for number in fresh])
            added |= set(fresh)
            turn += 1
            target = page["_links"]["next"]["href"] if page["moreAvailable"] else ""
    assert len(met) == len(set(met))
    assert sorted(set(met) & set(expected)) == expected


def test_a_product_moves_in_the_lists_as_it_changes(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        add(client, [_wanted(number) for number in (1, 2, 3)])
        client.call("PUT", f"{PRODUCTS}/PROD-002", {"price": "999999.00", "name": "AAA", "currency": "USD"})
        assert ids(client, "sortBy=price&order=desc")[0] == "PROD-002"
        assert ids(client, "sortBy=name")[0] == "PROD-002"
        assert "PROD-002" in ids(client, "currency=USD")
        client.call("DELETE", f"{PRODUCTS}/PROD-002")
        assert "PROD-002" not in ids(client, "sortBy=name") + ids(client, "currency=USD") + ids(client, "q=aaa")
        assert ids(client, "status=inactive") == ids(client, "status=inactive&q=aaa") == ["PROD-002"]


def test_lists_of_one_moment_are_ordered_by_id(world: World) -> None:
    first = world.client.call("GET", f"{PRODUCTS}?order=asc&status=all&pageSize=5").json["items"]
    assert [item["productId"] for item in first] == [f"PROD-{n:03}" for n in range(5)]
    assert world.clock.now() == NOON + timedelta(seconds=12)
