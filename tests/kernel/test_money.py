from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency
from pydantic import BaseModel, TypeAdapter, ValidationError

from bbws.kernel.money import CURRENCIES, CurrencyCode, Money, money_text, sortable

MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)
CURRENCY: TypeAdapter[str] = TypeAdapter(CurrencyCode)
AMOUNTS = st.decimals("0.01", "999999.99", places=2)


class Priced(BaseModel):
    price: Money


@given(AMOUNTS)
def test_an_amount_survives_the_wire(amount: Decimal) -> None:
    text = money_text(amount)
    assert MONEY.validate_python(text) == amount
    assert Priced.model_validate({"price": text}).model_dump_json() == f'{{"price":"{text}"}}'


@given(AMOUNTS, AMOUNTS)
def test_sortable_text_has_the_order_of_numbers(one: Decimal, other: Decimal) -> None:
    assert (sortable(one) < sortable(other)) == (one < other)
    assert len(sortable(one)) == 9


@pytest.mark.parametrize("value", ["49.9", "49.90", 5, Decimal("49.9"), Decimal("1.50"), Decimal("1E+2"), "0.01"])
def test_a_decimal_is_taken_exactly(value: object) -> None:
    assert MONEY.validate_python(value) == Decimal(str(value))


@pytest.mark.parametrize(
    "value",
    [
        "12.345", "1_0", "٣", " 5", "5 ", "1e2", "+5", "-1", "0", "0.00", "1000000", "999999.995", "", ".", "1.2.3",
        "Infinity", "NaN", "0x10", True, None, [], {}, 0, -1, 1000000, 1.5, Decimal("0.001"),
        Decimal("1E+400"), Decimal("1E-400"), "9" * 50, "1." + "0" * 60,
    ],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_refused_with_what_is_allowed(value: object) -> None:
    with pytest.raises(ValidationError, match=r"from 0\.01 to 999999\.99"):
        MONEY.validate_python(value)


@pytest.mark.parametrize("code", ["ZAR", "EUR", "JPY", "KWD"])
def test_a_currency_is_one_of_iso_4217(code: str) -> None:
    assert CURRENCY.validate_python(code) == code


@pytest.mark.parametrize("code", ["zar", "ZZZ", "XXX", "XAU", "ZA", "ZARR", "", "Z4R"])
def test_no_other_code_is_a_currency(code: str) -> None:
    with pytest.raises(ValidationError):
        CURRENCY.validate_python(code)


def test_the_table_of_currencies_is_that_of_the_standard() -> None:
    assert {currency.code for currency in Currency if currency.exponent is not None} == CURRENCIES
