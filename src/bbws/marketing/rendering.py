"""Campaigns and offers as served: what is stored, and what a time and a product make of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bbws.kernel.clock import rfc3339, rfc3339_or_none
from bbws.kernel.entity import Stored
from bbws.kernel.money import money_text
from bbws.marketing.model import Campaign, Status, status_at
from bbws.marketing.offers import Offer, currency_of, offered, price_of
from bbws.marketing.ports import Products, Sold
from bbws.marketing.schemas import (
    AdminCampaignBody,
    CampaignBody,
    ChangedCampaignBody,
    OfferBody,
    OffersBody,
    WarningBody,
)


def public_body(
    current: Stored[Campaign], products: Products, at: datetime, held_until: datetime | None = None
) -> CampaignBody:
    """The campaign as everybody sees it at a time."""
    return CampaignBody(**_shown(current, products, at, held_until))


def admin_body(current: Stored[Campaign], products: Products, at: datetime) -> AdminCampaignBody:
    """The campaign as administrators see it at a time."""
    return AdminCampaignBody(**_shown(current, products, at), **_noted(current.value))


def changed_body(
    current: Stored[Campaign], products: Products, at: datetime, overlapping: Sequence[Campaign]
) -> ChangedCampaignBody:
    """The campaign after a change, with what its maker should look at."""
    shown = _shown(current, products, at)
    warnings = [
        WarningBody(
            code="overlap",
            message=f"{other.code} is for the same product and runs at the same time; the lower price counts.",
            campaign=other.code,
        )
        for other in overlapping
    ]
    if shown["status"] is Status.EXPIRED:
        message = "It has ended already: nobody will be offered it."
        warnings.append(WarningBody(code="ended", message=message, campaign=None))
    return ChangedCampaignBody(**shown, **_noted(current.value), warnings=warnings)


def offers_body(
    product_id: str, product: Sold, campaigns: Sequence[Campaign], at: datetime, *, reasons: bool
) -> OffersBody:
    """What the campaigns make of a product's price at a time; with ``reasons``, also why the others do not apply."""
    offers = offered(campaigns, product, at)
    applying = [offer for offer in offers if offer.reason is None]
    winner = applying[0] if applying else None
    paid = product.price if winner is None or winner.price is None else winner.price
    return OffersBody(
        product_id=product_id,
        at=rfc3339(at),
        regular_price=money_text(product.price),
        price=money_text(paid),
        currency=product.currency,
        winner=None if winner is None else winner.campaign.code,
        offers=[_offer_body(offer, wins=offer is winner) for offer in applying],
        not_applying=[_offer_body(offer, wins=False) for offer in offers if reasons and offer.reason is not None],
    )


def _shown(
    current: Stored[Campaign], products: Products, at: datetime, held_until: datetime | None = None
) -> dict[str, Any]:
    campaign = current.value
    product = products.find(campaign.product_id, at)
    price = price_of(campaign, product)
    status = status_at(campaign, at)
    return {
        "code": campaign.code,
        "name": campaign.name,
        "description": campaign.description,
        "product_id": campaign.product_id,
        "discount_percent": campaign.discount_percent,
        "list_price": None if campaign.list_price is None else money_text(campaign.list_price),
        "price": None if price is None else money_text(price),
        "currency": currency_of(campaign, product),
        "terms_and_conditions": campaign.terms,
        "special_conditions": campaign.special_conditions,
        "from_date": rfc3339(campaign.from_date),
        "to_date": rfc3339(campaign.to_date),
        "status": status if held_until is None else Status.DISABLED,
        "is_valid": campaign.active and (held_until is not None or status is Status.ACTIVE),
        "held_until": rfc3339_or_none(held_until),
        "version": current.version,
    }


def _noted(campaign: Campaign) -> dict[str, Any]:
    return {
        "active": campaign.active,
        "created_at": rfc3339(campaign.created_at),
        "created_by": campaign.created_by,
        "updated_at": rfc3339(campaign.updated_at),
        "updated_by": campaign.updated_by,
        "disabled_at": rfc3339_or_none(campaign.disabled_at),
        "disabled_by": campaign.disabled_by,
        "disable_reason": campaign.disable_reason,
        "grace_period_end": rfc3339_or_none(campaign.grace_period_end),
        "reactivated_at": rfc3339_or_none(campaign.reactivated_at),
        "reactivated_by": campaign.reactivated_by,
    }


def _offer_body(offer: Offer, *, wins: bool) -> OfferBody:
    return OfferBody(
        code=offer.campaign.code,
        name=offer.campaign.name,
        discount_percent=offer.campaign.discount_percent,
        price=None if offer.price is None else money_text(offer.price),
        from_date=rfc3339(offer.campaign.from_date),
        to_date=rfc3339(offer.campaign.to_date),
        wins=wins,
        reason=offer.reason,
    )
