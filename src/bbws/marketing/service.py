"""Use cases of campaigns. Each takes the unit of work, which carries the actor and collects the effects."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.clock import rfc3339
from bbws.kernel.entity import Stored
from bbws.kernel.history import as_of
from bbws.kernel.problem import VALIDATION, VERSION_CONFLICT, FieldError
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork
from bbws.marketing import events, history, model, store
from bbws.marketing.model import (
    CAMPAIGN_EXISTS,
    CAMPAIGN_NOT_FOUND,
    CAMPAIGN_PRICE,
    NOTHING_OFFERED,
    UNKNOWN_PRODUCT,
    Campaign,
    State,
    Status,
    status_at,
)
from bbws.marketing.offers import price_of
from bbws.marketing.ports import Products, Sold

_PRICED = frozenset({"product_id", "list_price", "discount_percent"})
_HIDDEN = frozenset({Status.DRAFT, Status.DISABLED})
# Administrators are told why a campaign does not apply for as long after its end.
_EXPLAINED = timedelta(days=31)


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
        if product is not None and fields.keys() & {"product_id", "list_price"}:
            fields = {**fields, "currency": product.currency}
    campaign = model.changed(current.value, fields, work.now(current), work.actor.subject)
    if _PRICED & fields.keys():
        _require_price(campaign, product)
    event = events.UPDATED
    if campaign.active != current.value.active:
        event = events.RESTORED if campaign.active else events.DELETED
    return work.update(store.CAMPAIGN, current, campaign, event)


def publish(work: UnitOfWork, code: str) -> Stored[Campaign]:
    """Let a draft run as its dates say.

    Raises:
        Problem: 404, 412, or 422 for what is no draft, or one whose end is past.
    """
    current = _to_change(work, code)
    campaign = model.published(current.value, work.now(current), work.actor.subject)
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


def find(work: UnitOfWork, code: str, moment: datetime) -> Stored[Campaign]:
    """A campaign as everybody may see it: no draft, not disabled, not deleted.

    Raises:
        Problem: 404.
    """
    current = store.load(work, code)
    if current is None or not current.value.active or status_at(current.value, moment) in _HIDDEN:
        raise not_found(code)
    return current


def find_held(
    work: UnitOfWork, code: str, held_since: datetime, moment: datetime
) -> tuple[Stored[Campaign], datetime | None]:
    """A campaign as somebody may see it at ``moment`` who took it at ``held_since``, and until when it still holds.

    Of a disabled one it is the campaign as it was then: that is what was taken.

    Raises:
        Problem: 400 where it was taken later, or 404.
    """
    if held_since > moment:
        message = "must not lie in the future"
        raise VALIDATION(f"heldSince {message}.", errors=(FieldError("heldSince", message, "past"),))
    current = store.load(work, code)
    if current is not None and current.value.active and current.value.state is State.DISABLED:
        then = _as_of(work, current, held_since)
        end = None if then is None else model.honoured_until(current.value, then.value, held_since, moment)
        if then is not None and end is not None:
            return then, end
    return find(work, code, moment), None


def get(work: UnitOfWork, code: str, moment: datetime | None = None) -> Stored[Campaign]:
    """A campaign as administrators see it, in any state; as it was at ``moment`` where that is given.

    Raises:
        Problem: 404.
    """
    current = store.load(work, code)
    if current is not None and moment is not None:
        current = _as_of(work, current, moment)
    if current is None:
        raise not_found(code)
    return current


def live(
    work: UnitOfWork, moment: datetime, start: Position | None, limit: int
) -> tuple[list[Stored[Campaign]], Position | None]:
    """A page of the campaigns that run at a time, the latest begun first; a time to come is for administrators.

    Raises:
        Problem: 401 or 403; 422 for a time too far back.
    """
    past = require_preview(work, moment)
    running = [each for each in store.live(work.table, moment, past=past) if each.value.from_date <= moment]
    ordered = store.after(running, start)
    page = ordered[:limit]
    return page, store.place(page[-1].value) if len(ordered) > limit else None


def listed(
    work: UnitOfWork, status: Status | None, moment: datetime, *, active: bool, start: Position | None, limit: int
) -> tuple[list[Stored[Campaign]], Position | None]:
    """A page of all campaigns, or of those of a status at a time; those that end last first."""
    if status is None or not active:
        return store.every(work.table, active=active, start=start, limit=limit)
    if status in _HIDDEN:
        return store.in_state(work.table, State(status), start=start, limit=limit)
    if status is Status.EXPIRED:
        return store.in_state(work.table, State.PUBLISHED, ended_at=moment, start=start, limit=limit)
    return store.unfinished(
        work.table, moment, lambda campaign: status_at(campaign, moment) is status, start=start, limit=limit
    )


def overlapping(work: UnitOfWork, campaign: Campaign) -> list[Campaign]:
    """The other campaigns of its product that run while it runs: for a draft none, since it does not run."""
    if campaign.state is not State.PUBLISHED or not campaign.active:
        return []
    # What has ended by now is held against nobody.
    since = max(campaign.from_date, work.now())
    others = store.of_product(work.table, campaign.product_id, since, past=False)
    return [
        other.value
        for other in others
        if other.value.code != campaign.code
        and other.value.state is State.PUBLISHED
        and model.overlap(campaign, other.value)
    ]


def entries(
    work: UnitOfWork, code: str, start: Position | None, limit: int
) -> tuple[list[history.Entry], Position | None]:
    """A page of a campaign's history, one entry for each field that changed, newest first.

    Raises:
        Problem: 404.
    """
    get(work, code)
    return history.page(work, code, start, limit)


def offers(work: UnitOfWork, products: Products, product_id: str, moment: datetime) -> tuple[Sold, list[Campaign]]:
    """A product at a time, and its campaigns that have not ended then; for administrators those of 31 days before, too.

    Raises:
        Problem: 404 for a product that is not there, or not on sale; 401 or 403 for a time to come; 422 for one too far
            back.
    """
    past = require_preview(work, moment)
    admin = work.actor.may(PLATFORM_ADMIN)
    product = products.find(product_id, moment)
    if product is None or not (product.active or admin):
        raise NOTHING_OFFERED(f"There is no product {product_id} on sale then. Ids are case-sensitive.")
    since = moment - _EXPLAINED if admin else moment
    found = store.of_product(work.table, product_id, since, past=past or admin)
    return product, [current.value for current in found]


def require_preview(work: UnitOfWork, moment: datetime) -> bool:
    """Refuse to tell what will be to anybody but administrators; whether the time is past.

    Raises:
        Problem: 401 or 403.
    """
    now = work.now()
    if moment > now:
        work.actor.require(PLATFORM_ADMIN)
    return moment < now


def not_found(code: str) -> Exception:
    """The 404 problem."""
    return CAMPAIGN_NOT_FOUND(f"There is no campaign {code}. Codes are upper case.")


def _to_change(work: UnitOfWork, code: str) -> Stored[Campaign]:
    current = get(work, code)
    work.match(current)
    return current


def _as_of(work: UnitOfWork, current: Stored[Campaign], moment: datetime) -> Stored[Campaign] | None:
    change = as_of(work.table, store.campaign_key(current.value.code), current.version, rfc3339(moment))
    if change is None:
        return None
    return Stored(store.from_change(change.after), change.version, change.digest, change.time)


def _sold(products: Products, product_id: str) -> Sold:
    product = products.find(product_id)
    if product is None or not product.active:
        detail = f"There is no product {product_id} on sale. Create or restore it first, or name another."
        raise UNKNOWN_PRODUCT(detail, productId=product_id)
    return product


def _require_price(campaign: Campaign, product: Sold | None) -> None:
    if price_of(campaign, product) is None and (product is not None or campaign.list_price is not None):
        detail = f"{campaign.discount_percent} % off leaves nothing to pay. The price must be at least 0.01."
        raise CAMPAIGN_PRICE(detail)
