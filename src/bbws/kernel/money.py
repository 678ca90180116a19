"""Money on the wire and at rest: a decimal text with two places, never a binary float; a real currency beside it."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

CENT = Decimal("0.01")
SMALLEST = CENT
LARGEST = Decimal("999999.99")
_DECIMALS = 2
_RANGE = 'a decimal from 0.01 to 999999.99 with at most two decimals, as a string such as "49.90" or a number'
# No zero, no padding, no third decimal.
_PATTERN = r"^([1-9][0-9]{0,5}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$"
_PLAIN = re.compile(_PATTERN, re.ASCII)
# The codes of ISO 4217 that have a minor unit: gold, test codes and drawing rights are no money that a price can be in.
# A table, because importing the library is a quarter of a Lambda function's start; a test holds it against the library.
_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW "
    "KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
    "NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS "
    "VED VES VND VUV WST XAD XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "
)
CURRENCIES = frozenset(_CODES.split())


def money_text(amount: Decimal) -> str:
    """``49.9`` → ``"49.90"``."""
    return f"{amount:.2f}"


def sortable(amount: Decimal) -> str:
    """Zero-padded (``000049.90``), so that text order is number order. Source: specification products, Decision 6."""
    return f"{amount:09.2f}"


def _exact(value: Any) -> Decimal:  # noqa: ANN401 - whatever the caller sent
    if isinstance(value, str):
        # Plain digits only: Decimal itself would also take "1_0", "٣", "Infinity" and padding.
        if not _PLAIN.fullmatch(value):
            raise ValueError(f"must be {_RANGE}")
        return Decimal(value).quantize(CENT)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"must be {_RANGE}")  # noqa: TRY004 - pydantic reports ValueError by field
    amount = Decimal(value)
    if not SMALLEST <= amount <= LARGEST or str(amount)[::-1].find(".") > _DECIMALS:
        raise ValueError(f"must be {_RANGE}")
    return amount.quantize(CENT)


def _currency(code: str) -> str:
    if code not in CURRENCIES:
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
