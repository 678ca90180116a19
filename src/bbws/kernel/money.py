"""Money on the wire and at rest: a decimal text with two places, never a binary float; a real currency beside it."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from iso4217 import Currency
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

CENT = Decimal("0.01")
SMALLEST = CENT
LARGEST = Decimal("999999.99")
_RANGE = 'a decimal from 0.01 to 999999.99 with at most two decimals, as a string such as "49.90" or a number'
# What _exact takes, for readers of the API: no zero, no padding.
_PATTERN = r"^([1-9][0-9]{0,5}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$"
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
# Codes without a minor unit are no money that a price can be in: gold, test codes, drawing rights.
_CURRENCIES = frozenset(currency.code for currency in Currency if currency.exponent is not None)


def money_text(amount: Decimal) -> str:
    """``49.9`` → ``"49.90"``."""
    return f"{amount:.2f}"


def round_money(amount: Decimal) -> Decimal:
    """To two places, halves away from zero (specification: marketing, Decision 4)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def sortable(amount: Decimal) -> str:
    """Zero-padded (``000049.90``), so that text order is number order. Source: specification products, Decision 6."""
    return f"{amount:09.2f}"


def _exact(value: Any) -> Decimal:  # noqa: ANN401 - whatever the caller sent
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"must be {_RANGE}")  # noqa: TRY004 - pydantic reports ValueError by field
    # Plain digits only: Decimal itself would also take "1_0", "٣", "Infinity" and padding.
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        raise ValueError(f"must be {_RANGE}")
    amount = Decimal(value)
    if not SMALLEST <= amount <= LARGEST or amount != amount.quantize(CENT):
        raise ValueError(f"must be {_RANGE}")
    return amount.quantize(CENT)


def _currency(code: str) -> str:
    if code not in _CURRENCIES:
        msg = "must be an ISO 4217 code of three capital letters, such as ZAR or EUR"
        raise ValueError(msg)
    return code


type Money = Annotated[
    Decimal,
    BeforeValidator(_exact),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": _PATTERN, "example": "49.90"},
                {"type": "number", "minimum": 0.01, "maximum": 999999.99},
            ],
            "description": _RANGE,
        }
    ),
]
type MoneyText = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,6}\.[0-9]{2}$", "example": "49.90"})
]

type CurrencyCode = Annotated[
    str,
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "example": "ZAR", "description": "ISO 4217."}),
]
