"""What a row says, in the one form by which rows and products are compared, and the identity that follows from it."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from bbws.kernel.ids import CROCKFORD

PRODUCT_ID = "productId"
_PRICE = "price"
_PREFIX = "PROD-"
_LENGTH = 12
_CENT = Decimal("0.01")
# Names the rules below. Changing them would give known rows new identities, so that importing again would double them.
_RULES = b"bbws-import-1\n"


@dataclass(frozen=True, slots=True)
class Content:
    """A row as it is sent and compared.

    Attributes:
        product_id: the row's own, else the one that follows from what it says.
        body: the request body.
        key: the Idempotency-Key.
        values: what the row gives, in canonical form, without the id.
    """

    product_id: str
    body: bytes
    key: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Content":
        """The content of a row.

        Raises:
            ValueError: a text or a number cannot be written as JSON.
        """
        given = fields.get(PRODUCT_ID)
        rest = {name: value for name, value in fields.items() if name != PRODUCT_ID}
        values = canonical(rest)
        try:
            product_id = identity(values) if given in (None, "") else given
            body = orjson.dumps({PRODUCT_ID: product_id, **rest}, default=_number)
        except TypeError as error:
            raise ValueError(str(error)) from error
        return cls(str(product_id), body, f"import-{hashlib.sha256(body).hexdigest()}", values)

    def differences(self, product: Mapping[str, Any]) -> list[str]:
        """The fields that the row gives and that the product has otherwise."""
        there = canonical(product)
        return [name for name, value in self.values.items() if name not in there or there[name] != value]


def canonical(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Texts trimmed and in NFC, the price as text with two decimals."""
    return {name: _amount(value) if name == _PRICE else _clean(value) for name, value in fields.items()}


def identity(values: Mapping[str, Any]) -> str:
    """The id that a row without one always gets: ``PROD-`` and 60 bits of SHA-256 in Crockford's base 32.

    Raises:
        TypeError: a value cannot be written as JSON.
    """
    content = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)
    number = int.from_bytes(hashlib.sha256(_RULES + content).digest()[:8]) >> 4
    return _PREFIX + "".join(CROCKFORD[(number >> shift) & 31] for shift in range(5 * _LENGTH - 5, -1, -5))


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.strip())
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _amount(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return value
    try:
        amount = Decimal(_clean(value))
        return f"{amount:.2f}" if amount == amount.quantize(_CENT) else str(amount)
    except InvalidOperation:
        return str(value)


def _number(value: object) -> orjson.Fragment:
    """A decimal as the very number that the row holds."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} is not JSON")
