"""Campaigns for tests of their rules: one that is whole, of which a test says what it is about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bbws.marketing.model import Campaign, State
from bbws.marketing.ports import Sold

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Few enough for boundaries to meet, near enough for them to be a microsecond apart.
MOMENTS = st.builds(
    lambda hours, ticks: START + timedelta(hours=hours, microseconds=ticks), st.integers(-3, 3), st.integers(-1, 1)
)
PRICES = st.integers(1, 99_999_999).map(lambda cents: Decimal(cents).scaleb(-2))
PERCENTS = st.integers(0, 100)
SPANS = st.lists(MOMENTS, min_size=2, max_size=2, unique=True).map(sorted)


def campaign(**fields: Any) -> Campaign:
    """A published campaign of one day, 20 % off the product's price, save what ``fields`` say."""
    told: dict[str, Any] = {
        "code": "SUMMER",
        "name": "Summer sale",
        "description": None,
        "product_id": "PROD-001",
        "currency": "ZAR",
        "discount_percent": 20,
        "list_price": None,
        "terms": "For new orders.",
        "special_conditions": None,
        "from_date": START,
        "to_date": START + timedelta(days=1),
        "state": State.PUBLISHED,
        "active": True,
        "created_at": START,
        "created_by": "user-1",
        "updated_at": START,
        "updated_by": "user-1",
    }
    return Campaign(**(told | fields))


def product(price: str = "100.00", currency: str = "ZAR", *, active: bool = True) -> Sold:
    """What campaigns are for."""
    return Sold(Decimal(price), currency, active)
