"""What campaigns need from outside: what is sold at which price."""

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import NamedTuple, Protocol


class Sold(NamedTuple):
    """A product as campaigns see it.

    Attributes:
        price: two decimals, in ``currency``.
        currency: ISO 4217.
        active: whether it is on sale.
    """

    price: Decimal
    currency: str
    active: bool


class Products(Protocol):
    """The catalogue."""

    def find(self, product_id: str, at: datetime | None = None) -> Sold | None:
        """The product as it was at a time, or as it is now; None where there was none."""
        ...


class Remembered:
    """The catalogue for one answer: a product that many campaigns are for is looked up once."""

    def __init__(self, products: Products) -> None:
        self.find = cache(products.find)
