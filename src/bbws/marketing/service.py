"""Use cases of campaigns. Each takes the unit of work, which carries the actor and collects the effects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bbws.kernel.entity import Stored
from bbws.kernel.problem import VERSION_CONFLICT
from bbws.kernel.work import UnitOfWork
from bbws.marketing import events, model, reading, store
from bbws.marketing.model import (
    CAMPAIGN_EXISTS,
    CAMPAIGN_PRICE,
    UNKNOWN_PRODUCT,
    Campaign,
    State,
)
from bbws.marketing.offers import currency_of, price_of
from bbws.marketing.ports import Products, Sold

_PRICED = frozenset({"product_id", "list_price", "discount_percent"})


def create(work: UnitOfWork, products: Products, new: Mapping[str, Any], *, draft: bool) -> Stored[Campaign]:
    """Add a campaign, as a draft or for its time. ``new``: what the caller says of it, attribute name → value.

    Raises:
        Problem: 400 where it would end before it begins; 409 where the code is taken; 422 for an unknown product, or a
            price of nothing.
    """
    now, by = work.now(), work.actor.subject
    product = _sold(products, new["product_id"])
    campaign = Campaign(
        **new,
        currency=product.currency,
        state=State.DRAFT if draft else State.PUBLISHED,
        active=True,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
    )
    model.require_order(campaign)
    _require_price(campaign, product)
    if store.load(work, campaign.code) is not None:
        detail = f"There is a campaign {campaign.code} already; codes of deleted ones stay taken. Choose another code."
        raise CAMPAIGN_EXISTS(detail, campaignCode=campaign.code)
    return work.create(store.CAMPAIGN, campaign, events.CREATED)


def update(
    work: UnitOfWork, products: Products, code: str, version: int, fields: Mapping[str, Any]
) -> Stored[Campaign]:
    """Put ``fields`` (attribute name → value) in place of the campaign's own; ``active`` deletes or restores it.

    Raises:
        Problem: 400, 404, 409 where ``version`` is not the current one, 412, or 422 as the rules say.
    """
    current = _to_change(work, code)
    if current.version != version:
        detail = f"The current version is {current.version}. Read the campaign again, and repeat the change on it."
        raise VERSION_CONFLICT(detail, currentVersion=current.version, expectedVersion=version)
    product = None
    if _PRICED & fields.keys():
        product = products.find(current.value.product_id)
        if "product_id" in fields:
            product = _sold(products, fields["product_id"])
        if product is not None and (current.value.list_price is None or "list_price" in fields):
            fields = {**fields, "currency": product.currency}
    campaign = model.changed(current.value, fields, work.now(current), work.actor.subject)
    if _PRICED & fields.keys():
        _require_price(campaign, product)
    if campaign._replace(updated_at=current.value.updated_at, updated_by=current.value.updated_by) == current.value:
        return current  # nothing changed: nobody's version becomes stale, and no history has a hole
    event = events.UPDATED
    if campaign.active != current.value.active:
        event = events.RESTORED if campaign.active else events.DELETED
    return work.update(store.CAMPAIGN, current, campaign, event)


def publish(work: UnitOfWork, products: Products, code: str) -> Stored[Campaign]:
    """Let a draft run as its dates say.

    Raises:
        Problem: 404, 412, or 422 for what is no draft, one whose end is past, whose product is not on sale, or whose
            price would be nothing.
    """
    current = _to_change(work, code)
    campaign = model.published(current.value, work.now(current), work.actor.subject)
    _require_price(campaign, _sold(products, campaign.product_id))
    return work.update(store.CAMPAIGN, current, campaign, events.WENT_OUT)


def disable(work: UnitOfWork, code: str, reason: str | None) -> Stored[Campaign]:
    """Offer a campaign no more; who took it before keeps its price for 24 hours.

    Raises:
        Problem: 404, 412, or 422 for a draft, and for one that is disabled.
    """
    current = _to_change(work, code)
    campaign = model.disabled(current.value, reason, work.now(current), work.actor.subject)
    return work.update(store.CAMPAIGN, current, campaign, events.DISABLED, reason=reason)


def reactivate(work: UnitOfWork, code: str, to_date: datetime | None) -> Stored[Campaign]:
    """Let a disabled campaign run again as its dates say, to a new end where that is given.

    Raises:
        Problem: 400, 404, 412, or 422 for one that is not disabled, or an end that is past.
    """
    current = _to_change(work, code)
    campaign = model.reactivated(current.value, to_date, work.now(current), work.actor.subject)
    return work.update(store.CAMPAIGN, current, campaign, events.REACTIVATED)


def delete(work: UnitOfWork, code: str) -> None:
    """Take a campaign away; one that is deleted stays so.

    Raises:
        Problem: 404 or 412.
    """
    current = _to_change(work, code)
    if current.value.active:
        campaign = model.deleted(current.value, work.now(current), work.actor.subject)
        work.update(store.CAMPAIGN, current, campaign, events.DELETED)


def _to_change(work: UnitOfWork, code: str) -> Stored[Campaign]:
    current = reading.get(work, code)
    work.match(current)
    return current


def _sold(products: Products, product_id: str) -> Sold:
    product = products.find(product_id)
    if product is None or not product.active:
        detail = f"There is no product {product_id} on sale. Create or restore it first, or name another."
        raise UNKNOWN_PRODUCT(detail, productId=product_id)
    return product


def _require_price(campaign: Campaign, product: Sold | None) -> None:
    if product is not None and currency_of(campaign, product) != product.currency:
        detail = f"listPrice is in {campaign.currency}, the product in {product.currency}. Send listPrice anew."
        raise CAMPAIGN_PRICE(detail)
    if price_of(campaign, product) is None and (product is not None or campaign.list_price is not None):
        detail = f"{campaign.discount_percent} % off leaves nothing to pay. The price must be at least 0.01."
        raise CAMPAIGN_PRICE(detail)
