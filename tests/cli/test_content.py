"""The identity of a row without an id, and comparing rows with products."""

import re
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.entrypoints.commands.content import Content
from bbws.products.model import ID_PATTERN

ROW = {"name": "Café", "description": "Für alle", "price": "49.9", "currency": "EUR", "features": ["SSL", "Mail"]}


def test_the_identity_of_a_row_never_changes() -> None:
    # A change here would make every catalogue that was loaded without ids load a second time.
    assert Content.of(ROW).product_id == "PROD-3F56TXC08VZD"


@pytest.mark.parametrize(
    "same",
    [
        {"name": " Cafe\u0301 "},
        {"price": "49.90"},
        {"price": Decimal("49.900")},
        {"features": [" SSL", "Mail "]},
        {"productId": None},
        {"productId": ""},
    ],
)
def test_what_means_the_same_is_the_same_product(same: dict[str, Any]) -> None:
    assert Content.of(ROW | same).product_id == Content.of(ROW).product_id


@pytest.mark.parametrize(
    "other",
    [{"name": "café"}, {"price": "49.91"}, {"features": ["Mail", "SSL"]}, {"active": True}, {"price": "49,90"}],
)
def test_what_means_something_else_is_another_product(other: dict[str, Any]) -> None:
    assert Content.of(ROW | other).product_id != Content.of(ROW).product_id


def test_the_order_of_columns_means_nothing() -> None:
    assert Content.of(dict(reversed(ROW.items()))).product_id == Content.of(ROW).product_id


def test_a_row_keeps_its_own_id() -> None:
    content = Content.of(ROW | {"productId": "PROD-001"})
    assert content.product_id == "PROD-001"
    assert orjson.loads(content.body) == ROW | {"productId": "PROD-001"}


def test_a_number_is_sent_as_it_stands() -> None:
    assert b'"price":12.3450' in Content.of({"price": Decimal("12.3450")}).body
    assert b'"price":1E+400' in Content.of({"price": Decimal("1e400")}).body


@pytest.mark.parametrize("value", ["\ud800", ["\udfff"], 2**70, [{1: 2}]])
def test_what_json_cannot_hold_is_told(value: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Content.of({"name": value})


def test_differences_are_of_the_fields_that_the_row_gives() -> None:
    there = ROW | {"price": "49.90", "period": "monthly", "active": False, "version": 3}
    assert Content.of(ROW).differences(there) == []
    changed = Content.of(ROW | {"price": "50", "features": ["SSL"], "colour": "red"})
    assert changed.differences(there) == ["price", "features", "colour"]


_VALUES = st.text(st.characters(exclude_categories=["Cs"])) | st.booleans() | st.none() | st.integers(-9, 9)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _VALUES | st.lists(_VALUES)))
def test_every_row_has_an_id_that_the_api_takes(fields: dict[str, Any]) -> None:
    fields.pop("productId", None)
    first, again = Content.of(fields), Content.of(fields)
    assert first == again
    assert re.match(ID_PATTERN, first.product_id)
