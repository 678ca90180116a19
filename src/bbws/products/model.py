"""A product and its rules. Pure: no storage, no time of its own. Source: specification products §2, §4, §5."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bbws.kernel.problem import Kind, ProblemType
from bbws.kernel.text import words

ID_PREFIX = "PROD-"
ID_PATTERN = r"^PROD-[A-Z0-9]{3,12}$"
ID_RANDOM_LENGTH = 6
DEFAULT_CURRENCY = "ZAR"
INDEXED_WORDS = 12

PRODUCT_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "product-not-found",
    "Product not found",
    "There is no product with this id, or it is inactive and the caller may not see inactive ones. Ids are case-"
    "sensitive.",
)
PRODUCT_EXISTS = ProblemType(
    Kind.DUPLICATE,
    "product-exists",
    "Product exists",
    "A product with this id exists already, or the id is reserved by a change that is still being carried out. "
    "Leave `productId` out to be given a free one.",
)
PRODUCT_INACTIVE = ProblemType(
    Kind.REFUSED,
    "product-inactive",
    "Product is inactive",
    'An inactive product can only be changed by an update that also restores it with `"active": true`.',
)


class Product(NamedTuple):
    """A thing that is sold. ``price`` has two decimals; times are UTC.

    ``product_id`` and ``created_at`` never change.
    """

    product_id: str
    name: str
    description: str
    price: Decimal
    currency: str
    period: str
    features: tuple[str, ...]
    active: bool
    created_at: datetime
    updated_at: datetime


class NewProduct(NamedTuple):
    """What a caller says of a product that is to be. ``product_id`` None: one is given."""

    name: str
    description: str
    price: Decimal
    period: str
    currency: str = DEFAULT_CURRENCY
    features: tuple[str, ...] = ()
    active: bool = True
    product_id: str | None = None

    def at(self, product_id: str, moment: datetime) -> Product:
        """The product it becomes."""
        return Product(
            product_id,
            self.name,
            self.description,
            self.price,
            self.currency,
            self.period,
            self.features,
            self.active,
            moment,
            moment,
        )


def changed(product: Product, fields: Mapping[str, Any], moment: datetime) -> Product:
    """The product with ``fields`` (attribute name → value) in place of its own.

    Raises:
        Problem: 422 for an inactive product that the change does not restore.
    """
    if not product.active and fields.get("active") is not True:
        detail = f'{product.product_id} is inactive. Restore it by sending "active": true with the change.'
        raise PRODUCT_INACTIVE(detail, currentStatus="inactive", allowedTransitions=["active"])
    return product._replace(**fields, updated_at=moment)


def deactivated(product: Product, moment: datetime) -> Product:
    """The product no longer sold; its record stays."""
    return product._replace(active=False, updated_at=moment)


def search_words(name: str) -> list[str]:
    """The words a name is found by: folded, distinct, the first twelve (specification: products, Decision 6)."""
    return words(name)[:INDEXED_WORDS]
