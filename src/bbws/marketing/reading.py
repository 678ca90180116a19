"""What is asked of campaigns: as everybody may see them, as administrators do, at present and at another time."""

from datetime import datetime, timedelta
from typing import NamedTuple

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.clock import MICROSECOND, rfc3339
from bbws.kernel.entity import Stored
from bbws.kernel.history import as_of
from bbws.kernel.problem import VALIDATION, FieldError
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork
from bbws.marketing import history, model, store
from bbws.marketing.model import CAMPAIGN_NOT_FOUND, NOTHING_OFFERED, Campaign, State, Status, status_at
from bbws.marketing.ports import Products, Sold

_HIDDEN = frozenset({Status.DRAFT, Status.DISABLED})
# Administrators are told why a campaign does not apply for as long after its end.
_EXPLAINED = timedelta(days=31)


def find(work: UnitOfWork, code: str, moment: datetime) -> Stored[Campaign]:
    """A campaign as everybody may see it: no draft, not disabled, not deleted.

    Raises:
        Problem: 404.
    """
    current = store.load(work, code)
    if current is None or not current.value.active or status_at(current.value, moment) in _HIDDEN:
        raise _not_found(code)
    return current


class Held(NamedTuple):
    """A campaign as somebody may see it who took it before.

    Attributes:
        current: of a disabled one the definition that stood when it was disabled.
        until: when it was disabled, until when it still holds.
        at: the time at which it is shown.
    """

    current: Stored[Campaign]
    until: datetime | None
    at: datetime


def find_held(work: UnitOfWork, code: str, held_since: datetime, moment: datetime) -> Held:
    """A campaign as somebody may see it at ``moment`` who took it at ``held_since``.

    Raises:
        Problem: 400 where it was taken later, or 404.
    """
    if held_since > moment:
        message = "must not lie in the future"
        raise VALIDATION(f"heldSince {message}.", errors=(FieldError("heldSince", message, "past"),))
    current = store.load(work, code)
    if current is not None and current.value.disabled_at is not None:
        last_moment = current.value.disabled_at - MICROSECOND
        taken, last = _as_of(work, current, held_since), _as_of(work, current, last_moment)
        if taken is not None and last is not None:
            end = model.honoured_until(current.value, taken.value, last.value, held_since, moment)
            if end is not None:
                return Held(last, end, last_moment)
    return Held(find(work, code, moment), None, moment)


def get(work: UnitOfWork, code: str, moment: datetime | None = None) -> Stored[Campaign]:
    """A campaign as administrators see it, in any state; as it was at ``moment`` where that is given.

    Raises:
        Problem: 404.
    """
    current = store.load(work, code)
    if current is not None and moment is not None:
        current = _as_of(work, current, moment)
    if current is None:
        raise _not_found(code)
    return current


def live(
    work: UnitOfWork, moment: datetime, start: Position | None, limit: int, *, asked: bool
) -> tuple[list[Stored[Campaign]], Position | None]:
    """A page of the campaigns that run at a time, the latest begun first; a time to come is for administrators.

    ``asked``: whether the caller asked for this time, and it is not simply now.

    Raises:
        Problem: 401 or 403; 422 for a time too far back.
    """
    past = require_preview(work, moment, asked=asked)
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


def offers(
    work: UnitOfWork, products: Products, product_id: str, moment: datetime, *, asked: bool
) -> tuple[Sold, list[Campaign]]:
    """A product at a time, and its campaigns that have not ended then; for administrators those of 31 days before, too.

    Raises:
        Problem: 404 for a product that is not there, or not on sale; 401 or 403 for a time to come; 422 for one too far
            back.
    """
    past = require_preview(work, moment, asked=asked)
    admin = work.actor.may(PLATFORM_ADMIN)
    product = products.find(product_id, moment)
    # What is off sale today has no past for everybody.
    today = products.find(product_id) if past and not admin else product
    if product is None or not (admin or (product.active and today is not None and today.active)):
        raise NOTHING_OFFERED(f"There is no product {product_id} on sale then. Ids are case-sensitive.")
    since = moment - _EXPLAINED if admin else moment
    found = store.of_product(work.table, product_id, since, past=past or admin)
    return product, [current.value for current in found]


def require_preview(work: UnitOfWork, moment: datetime, *, asked: bool) -> bool:
    """Refuse to tell what will be to anybody but administrators; whether the time is past.

    Raises:
        Problem: 401 or 403.
    """
    if not asked:
        return False
    now = work.now()
    if moment > now:
        work.actor.require(PLATFORM_ADMIN)
    return moment < now


def _not_found(code: str) -> Exception:
    """The 404 problem."""
    return CAMPAIGN_NOT_FOUND(f"There is no campaign {code}. Codes are upper case.")


def _as_of(work: UnitOfWork, current: Stored[Campaign], moment: datetime) -> Stored[Campaign] | None:
    change = as_of(work.table, store.campaign_key(current.value.code), current.version, rfc3339(moment))
    if change is None:
        return None
    return Stored(store.from_change(change.after), change.version, change.digest, change.time)
