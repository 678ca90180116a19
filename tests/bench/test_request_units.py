"""Request units as AWS counts them, by the examples of its documentation and a creation's own rows."""

import json

import pytest

from bench.bill import Line, Work, creation, priced, projections, read, usd
from bench.cost import PRICES
from bench.functions import REGION
from bench.request_units import Call, Units, indexes_of, keys_alone, size, units

KEY = {"PK": {"S": "PRODUCT#1"}, "SK": {"S": "METADATA"}}
PRICE_LIST = json.loads(PRICES.read_text(encoding="utf-8"))


def item(length: int, *indexes: str) -> dict[str, dict[str, str]]:
    """An item of so many bytes."""
    keys = {f"{index}{part}": {"S": "x"} for index in indexes for part in ("PK", "SK")}
    made = {**KEY, **keys, "d": {"S": ""}}
    made["d"] = {"S": "x" * (length - size(made))}
    return made


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"S": "é"}, 2),
        ({"N": "0"}, 1),
        ({"N": "12345"}, 4),
        ({"N": "-12345"}, 5),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"M": {}}, 3),
        ({"L": [{"S": "a"}, {"M": {"b": {"S": "c"}}}]}, 3 + 2 + 1 + 6),
    ],
)
def test_the_size_of_a_value(value: dict[str, object], expected: int) -> None:
    assert size({"": value}) == expected


@pytest.mark.parametrize(("length", "expected"), [(100, 1), (4096, 1), (4097, 2), (8192, 2)])
def test_a_consistent_read_is_counted_by_4_kb(length: int, expected: int) -> None:
    assert units("GetItem", {}, {"Item": item(length)}) == Units(reads=expected)


def test_what_is_not_there_is_read_as_well() -> None:
    assert units("GetItem", {}, {}) == Units(reads=1)


def test_a_query_is_counted_as_a_whole_and_by_half_on_an_index() -> None:
    answer = {"Items": [item(1000)] * 20}
    assert units("Query", {"ConsistentRead": True}, answer).reads == 5
    assert units("Query", {}, answer).reads == 2.5


@pytest.mark.parametrize(("length", "expected"), [(100, 1), (1024, 1), (1025, 2), (3072, 3)])
def test_a_write_is_counted_by_1_kb_and_doubled_in_a_transaction(length: int, expected: int) -> None:
    put = {"Item": item(length, "A", "B")}
    assert units("PutItem", put, {}) == Units(writes=expected, index_writes=2 * expected)
    found = units("TransactWriteItems", {"TransactItems": [{"Put": put}, {"ConditionCheck": {}}]}, {})
    assert found == Units(writes=2 * expected + 2, index_writes=2 * expected)


def test_an_index_that_holds_keys_alone_writes_less() -> None:
    put = {"Item": item(3000, "A", "B")}
    assert indexes_of(put["Item"]) == ["A", "B"]
    assert units("PutItem", put, {}, keys_alone) == Units(writes=3, index_writes=2)


def test_a_call_that_no_request_makes_is_not_counted() -> None:
    with pytest.raises(ValueError, match="Scan"):
        units("Scan", {}, {})


def work(*calls: Call, others: int = 0) -> Work:
    return Work(memory=256, cpu=0.002, first=0, used=0, logged=0, answered=0, calls=calls, others=others)


def test_duration_is_the_share_of_a_processor_and_the_waiting() -> None:
    found = work(Call("GetItem", {}, {}))
    assert found.seconds(1769) == 0.005
    assert found.seconds(256) == 0.017
    assert found.seconds(10_000) == found.seconds(1769)


def test_the_bill_of_a_creation_has_a_price_for_every_line() -> None:
    put = Call("TransactWriteItems", {"TransactItems": [{"Put": {"Item": item(2000, "A")}}]}, {})
    works = {"create": work(put), "feed": work(others=1), "logger": work(put, others=2)}
    prices = PRICE_LIST["regions"][REGION]
    lines = creation(works)
    table = priced("", lines, prices)
    assert len(table.rows) == len(lines) + 1
    assert table.rows[-1][-1] == f"USD {sum(usd(line, prices) for line in lines):.2f}"
    assert [row[1:3] for row in projections([put], prices).rows][:3] == [("4", "2"), ("4", "2"), ("4", "1")]


def test_a_read_writes_nothing() -> None:
    assert "writeUnits" not in {line.price for line in read(work(Call("GetItem", {}, {})))}


def test_a_price_is_for_a_number_of_units() -> None:
    assert usd(Line("", 2, "requests"), {"requests": {"usd": 3.5, "per": 1_000_000}}) == 7


@pytest.mark.parametrize("region", PRICE_LIST["regions"])
def test_every_price_names_its_source_or_says_that_it_is_not_verified(region: str) -> None:
    for name, price in PRICE_LIST["regions"][region].items():
        assert price["source"], name
        assert price.get("verify") or "Price List" in price["source"], name
        assert price.get("verify") or price["usd"] is not None, name
