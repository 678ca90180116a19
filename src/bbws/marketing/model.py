"""A campaign and its rules. Pure: no storage, no time of its own. Source: specification marketing §2, §4, §5."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from bbws.kernel.clock import rfc3339
from bbws.kernel.problem import VALIDATION, FieldError, Kind, ProblemType
from bbws.operations.model import ILLEGAL_TRANSITION

CODE_PATTERN = r"^[A-Z0-9_-]{3,50}$"
# How long the price of a disabled campaign holds for whoever took it before (Decision 7).
GRACE = timedelta(hours=24)

CAMPAIGN_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "campaign-not-found",
    "Campaign not found",
    "There is no campaign with this code, or the caller may not see it: drafts, disabled and deleted ones are shown to "
    "administrators alone. Codes are upper case.",
)
CAMPAIGN_EXISTS = ProblemType(
    Kind.DUPLICATE, "campaign-exists", "Campaign exists", "A campaign with this code exists already. Choose another."
)
CAMPAIGN_DELETED = ProblemType(
    Kind.REFUSED,
    "campaign-deleted",
    "Campaign is deleted",
    'A deleted campaign can only be changed by an update that also restores it with `"active": true`.',
)
CAMPAIGN_DATES = ProblemType(
    Kind.REFUSED,
    "campaign-dates",
    "Campaign dates not allowed",
    "The rules forbid these dates: a campaign that runs or will run cannot be ended in the past (disable it instead), "
    "one that has ended does not run again (make a new one), and publishing and reactivating need an end that is to "
    "come.",
)
CAMPAIGN_TIME = ProblemType(
    Kind.REFUSED,
    "campaign-time",
    "Time too far back",
    "Too many campaigns have ended since the time asked about to tell what ran then. Ask for a later time.",
)
CAMPAIGN_PRICE = ProblemType(
    Kind.REFUSED,
    "campaign-price",
    "Campaign price not allowed",
    "The price after the discount must be at least 0.01. Lower the discount or raise the list price.",
)
UNKNOWN_PRODUCT = ProblemType(
    Kind.REFUSED,
    "unknown-product",
    "Unknown product",
    "A campaign is for a product that is on sale when the campaign is made. Ids are case-sensitive.",
)
NOTHING_OFFERED = ProblemType(
    Kind.NOT_FOUND,
    "nothing-offered",
    "Nothing offered",
    "There is no product with this id, or it is not on sale, so nothing is offered for it.",
)


class State(StrEnum):
    """What is stored: what people decided."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    DISABLED = "DISABLED"


class Status(StrEnum):
    """Where a campaign stands at a time."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    DISABLED = "DISABLED"


_TRANSITIONS: Mapping[Status, tuple[str, ...]] = {
    Status.DRAFT: ("publish",),
    Status.SCHEDULED: ("disable",),
    Status.ACTIVE: ("disable",),
    Status.EXPIRED: ("disable",),
    Status.DISABLED: ("reactivate",),
}


class Campaign(NamedTuple):
    """A price for a product over [from_date, to_date). Times are UTC; ``code`` and ``created_*`` never change.

    Attributes:
        currency: the product's, when the list price was given: it is an amount of this.
        list_price: what the discount is off; None: the product's own price at the time asked for.
        active: False once it is deleted; its record stays.
        grace_period_end: until when a disabled one holds for those who took it before.
    """

    code: str
    name: str
    description: str | None
    product_id: str
    currency: str
    discount_percent: int
    list_price: Decimal | None
    terms: str
    special_conditions: str | None
    from_date: datetime
    to_date: datetime
    state: State
    active: bool
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    disabled_at: datetime | None = None
    disabled_by: str | None = None
    disable_reason: str | None = None
    grace_period_end: datetime | None = None
    reactivated_at: datetime | None = None
    reactivated_by: str | None = None


def status_at(campaign: Campaign, moment: datetime) -> Status:
    """Where a campaign stands at a time: the one function that says so, for the present and for previews alike."""
    if campaign.state is not State.PUBLISHED:
        return Status(campaign.state)
    if moment < campaign.from_date:
        return Status.SCHEDULED
    return Status.ACTIVE if moment < campaign.to_date else Status.EXPIRED


def changed(campaign: Campaign, fields: Mapping[str, Any], now: datetime, by: str) -> Campaign:
    """The campaign with ``fields`` (attribute name → value) in place of its own.

    Raises:
        Problem: 400 where it would end before it begins; 422 for a deleted one that is not restored, for one that runs
            or will run and would have ended, and for one that has ended and would run again.
    """
    if fields.get("active") is not True:
        _require_not_deleted(campaign)
    new = campaign._replace(**fields, updated_at=now, updated_by=by)
    require_order(new)
    before, after = status_at(campaign, now), status_at(new, now)
    if before in {Status.SCHEDULED, Status.ACTIVE} and after is Status.EXPIRED:
        raise CAMPAIGN_DATES(f"toDate {rfc3339(new.to_date)} is past. Disable the campaign to end it now.")
    if before is Status.ACTIVE and after is Status.SCHEDULED:
        raise CAMPAIGN_DATES(
            f"{campaign.code} runs: its fromDate cannot move to a time to come. Disable the campaign instead."
        )
    if before is Status.EXPIRED and after is not Status.EXPIRED:
        raise CAMPAIGN_DATES(f"{campaign.code} has ended, and editing does not make it run again. Make a new campaign.")
    return new


def published(campaign: Campaign, now: datetime, by: str) -> Campaign:
    """The draft for everybody, as its dates say.

    Raises:
        Problem: 422 for what is no draft, or one whose end is past.
    """
    _require(campaign, now, "publish")
    if campaign.to_date <= now:
        raise CAMPAIGN_DATES(f"toDate {rfc3339(campaign.to_date)} is past. Set one that is to come, then publish.")
    return campaign._replace(state=State.PUBLISHED, updated_at=now, updated_by=by)


def disabled(campaign: Campaign, reason: str | None, now: datetime, by: str) -> Campaign:
    """The campaign offered no more, whatever its dates say.

    Raises:
        Problem: 422 for a draft, and for one that is disabled.
    """
    _require(campaign, now, "disable")
    return campaign._replace(
        state=State.DISABLED,
        disabled_at=now,
        disabled_by=by,
        disable_reason=reason,
        grace_period_end=now + GRACE,
        updated_at=now,
        updated_by=by,
    )


def reactivated(campaign: Campaign, to_date: datetime | None, now: datetime, by: str) -> Campaign:
    """The disabled campaign as its dates say again; ``to_date`` in place of its end where that is past.

    Raises:
        Problem: 400 where it would end before it begins; 422 for one that is not disabled, or an end that is past.
    """
    _require(campaign, now, "reactivate")
    new = campaign._replace(
        state=State.PUBLISHED,
        to_date=to_date or campaign.to_date,
        disabled_at=None,
        disabled_by=None,
        disable_reason=None,
        grace_period_end=None,
        reactivated_at=now,
        reactivated_by=by,
        updated_at=now,
        updated_by=by,
    )
    require_order(new)
    if new.to_date <= now:
        raise CAMPAIGN_DATES(f"toDate {rfc3339(new.to_date)} is past. Send one that is to come.")
    return new


def deleted(campaign: Campaign, now: datetime, by: str) -> Campaign:
    """The campaign taken away; its record stays."""
    return campaign._replace(active=False, updated_at=now, updated_by=by)


def honoured_until(
    campaign: Campaign, taken: Campaign, last: Campaign, held_since: datetime, now: datetime
) -> datetime | None:
    """Until when a discount that was taken at ``held_since`` still holds, though the campaign is disabled; None: not.

    It holds where it could be taken then, and still ran when it was disabled: ``taken`` and ``last`` are the campaign
    as it was at ``held_since`` and just before it was disabled.
    """
    end, disabled_at = campaign.grace_period_end, campaign.disabled_at
    if end is None or disabled_at is None or now >= end or held_since >= disabled_at:
        return None
    ran = taken.active and status_at(taken, held_since) is Status.ACTIVE
    return end if ran and last.active and status_at(last, disabled_at) is Status.ACTIVE else None


def overlap(one: Campaign, other: Campaign) -> bool:
    """Whether there is a time at which both run."""
    return one.from_date < other.to_date and other.from_date < one.to_date


def require_order(campaign: Campaign) -> None:
    """Refuse a campaign that ends before it begins, or as it begins.

    Raises:
        Problem: 400 naming ``toDate``.
    """
    if campaign.to_date <= campaign.from_date:
        message = f"must be after fromDate, which is {rfc3339(campaign.from_date)}"
        raise VALIDATION(f"toDate {message}.", errors=(FieldError("toDate", message, "after_from_date"),))


def _require(campaign: Campaign, now: datetime, transition: str) -> None:
    _require_not_deleted(campaign)
    status = status_at(campaign, now)
    if transition not in _TRANSITIONS[status]:
        allowed = list(_TRANSITIONS[status])
        detail = f"{campaign.code} is {status}: it cannot {transition}. It can {' or '.join(allowed)}."
        raise ILLEGAL_TRANSITION(detail, currentStatus=status, allowedTransitions=allowed)


def _require_not_deleted(campaign: Campaign) -> None:
    if not campaign.active:
        detail = f'{campaign.code} is deleted. Restore it by an update with "active": true.'
        raise CAMPAIGN_DELETED(detail, currentStatus="DELETED", allowedTransitions=["restore"])
