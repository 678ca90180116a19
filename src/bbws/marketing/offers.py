"""What campaigns make of a price: which apply to a product, which of them wins, and why another does not. Pure.

Source: specification marketing, Decisions 3 and 4.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.money import CENT
from bbws.marketing.model import Campaign, Status, status_at
from bbws.marketing.ports import Sold

_WHOLE = 100
_NONE = Decimal("Infinity")


class WhyNot(StrEnum):
    """Why a campaign does not apply."""

    DRAFT = "draft"
    DISABLED = "disabled"
    SCHEDULED = "scheduled"
    EXPIRED = "expired"
    PRODUCT_INACTIVE = "product-inactive"
    CURRENCY_CHANGED = "currency-changed"
    NO_PRICE = "no-price"
    NOT_CHEAPER = "not-cheaper"


class Offer(NamedTuple):
    """A campaign beside the price that it gives, and why it does not apply (None: it does)."""

    campaign: Campaign
    price: Decimal | None
    reason: WhyNot | None


def discounted(base: Decimal, percent: int) -> Decimal:
    """``base`` less ``percent`` of it, to the cent, halves up."""
    return (base * (_WHOLE - percent) / _WHOLE).quantize(CENT, ROUND_HALF_UP)


def price_of(campaign: Campaign, product: Sold | None) -> Decimal | None:
    """The price that a campaign gives; None where its product has none, or it would be nothing."""
    base = campaign.list_price
    if base is None:
        base = None if product is None else product.price
    price = None if base is None else discounted(base, campaign.discount_percent)
    return price or None


def currency_of(campaign: Campaign, product: Sold | None) -> str:
    """The currency of that price."""
    return campaign.currency if product is None or campaign.list_price is not None else product.currency


def offered(campaigns: Sequence[Campaign], product: Sold, moment: datetime) -> list[Offer]:
    """What each campaign of a product comes to at a time; those that apply first, the winner first of all.

    The lowest price wins, then the latest fromDate, then the code.
    """
    offers = [_offer(campaign, product, moment) for campaign in campaigns]
    # The least important first: sorting keeps the order of what is equal.
    offers.sort(key=lambda offer: offer.campaign.code)
    offers.sort(key=lambda offer: offer.campaign.from_date, reverse=True)
    offers.sort(key=lambda offer: (offer.reason is not None, offer.price or _NONE))
    return offers


def _offer(campaign: Campaign, product: Sold, moment: datetime) -> Offer:
    price = price_of(campaign, product)
    return Offer(campaign, price, _why_not(campaign, price, product, moment))


def _why_not(campaign: Campaign, price: Decimal | None, product: Sold, moment: datetime) -> WhyNot | None:
    status = status_at(campaign, moment)
    if status is not Status.ACTIVE:
        return WhyNot(status.lower())
    if not product.active:
        return WhyNot.PRODUCT_INACTIVE
    if currency_of(campaign, product) != product.currency:
        return WhyNot.CURRENCY_CHANGED
    if price is None:
        return WhyNot.NO_PRICE
    return None if price < product.price else WhyNot.NOT_CHEAPER
