"""Keys and queries of campaigns, written once over the kernel's Table. Source: specification marketing §7, Decision 9.

No status is stored that time alone changes, so no index holds one: rows are found by when they end, and what has not
begun is left out.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339, rfc3339_or_none
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.money import money_text
from bbws.kernel.table import Key, Position, Table
from bbws.kernel.work import UnitOfWork
from bbws.marketing.model import CAMPAIGN_TIME, Campaign, State

BASE = "/v1.0/campaigns"
ADMIN_BASE = "/v1.0/admin/campaigns"
BY_STATE = "CampaignsByStatusIndex"
BY_DATE = "CampaignsByDateIndex"
BY_PRODUCT = "CampaignsByProductIndex"
STORE = Store("campaigns", ("CAMPAIGN",), (), (BY_STATE, BY_DATE, BY_PRODUCT))
READING = Access.to(gets="CAMPAIGN PRODUCT")
DISABLING = READING | Access.to(puts="CAMPAIGN")
CHANGING = DISABLING | Access.to(indexes=BY_PRODUCT)
_EVERY, _DELETED = "CAMPAIGN", "DELETED"
# Below every character of a code, and above every one.
_END, _LAST = "\x1f", "~"
_AT_ONCE = 100
# As many as end after a time that is past are read for a question about it, and no more.
_MOST = 2000
# A page of those of one status looks at this many rows at most, so it may be short and still have a next one.
_LOOKED_AT = 1000


def campaign_key(code: str) -> Key:
    """Where a campaign lies."""
    return Key(f"CAMPAIGN#{code}", "METADATA")


def path(code: str) -> str:
    """The resource path, CloudEvents subject."""
    return f"{BASE}/{code}"


def admin_path(code: str) -> str:
    """Where administrators find it."""
    return f"{ADMIN_BASE}/{code}"


def _dump(campaign: Campaign) -> Document:
    return {
        "code": campaign.code,
        "name": campaign.name,
        "description": campaign.description,
        "productId": campaign.product_id,
        "currency": campaign.currency,
        "discountPercent": campaign.discount_percent,
        "listPrice": None if campaign.list_price is None else money_text(campaign.list_price),
        "termsAndConditions": campaign.terms,
        "specialConditions": campaign.special_conditions,
        "fromDate": rfc3339(campaign.from_date),
        "toDate": rfc3339(campaign.to_date),
        "state": campaign.state.value,
        "active": campaign.active,
        "createdAt": rfc3339(campaign.created_at),
        "createdBy": campaign.created_by,
        "updatedAt": rfc3339(campaign.updated_at),
        "updatedBy": campaign.updated_by,
        "disabledAt": rfc3339_or_none(campaign.disabled_at),
        "disabledBy": campaign.disabled_by,
        "disableReason": campaign.disable_reason,
        "gracePeriodEnd": rfc3339_or_none(campaign.grace_period_end),
        "reactivatedAt": rfc3339_or_none(campaign.reactivated_at),
        "reactivatedBy": campaign.reactivated_by,
        "entityType": "CAMPAIGN",
    }


def _load(document: Document) -> Campaign:
    return Campaign(
        code=document["code"],
        name=document["name"],
        description=document["description"],
        product_id=document["productId"],
        currency=document["currency"],
        discount_percent=document["discountPercent"],
        list_price=None if document["listPrice"] is None else Decimal(document["listPrice"]),
        terms=document["termsAndConditions"],
        special_conditions=document["specialConditions"],
        from_date=parse_rfc3339(document["fromDate"]),
        to_date=parse_rfc3339(document["toDate"]),
        state=State(document["state"]),
        active=document["active"],
        created_at=parse_rfc3339(document["createdAt"]),
        created_by=document["createdBy"],
        updated_at=parse_rfc3339(document["updatedAt"]),
        updated_by=document["updatedBy"],
        disabled_at=moment_or_none(document["disabledAt"]),
        disabled_by=document["disabledBy"],
        disable_reason=document["disableReason"],
        grace_period_end=moment_or_none(document["gracePeriodEnd"]),
        reactivated_at=moment_or_none(document["reactivatedAt"]),
        reactivated_by=document["reactivatedBy"],
    )


def _indexes(campaign: Campaign) -> dict[str, Key]:
    sort = f"{rfc3339(campaign.to_date)}{_END}{campaign.code}"
    if not campaign.active:
        return {BY_DATE: Key(_DELETED, sort)}
    return {
        BY_DATE: Key(_EVERY, sort),
        BY_STATE: Key(campaign.state.value, sort),
        BY_PRODUCT: Key(campaign.product_id, sort),
    }


CAMPAIGN = EntityType(
    name="campaign",
    source="/bbws/campaigns",
    key=lambda campaign: campaign_key(campaign.code),
    subject=lambda campaign: path(campaign.code),
    dump=_dump,
    load=_load,
    indexes=_indexes,
)


def load(work: UnitOfWork, code: str) -> Stored[Campaign] | None:
    """The campaign, deleted or not."""
    return work.load(CAMPAIGN, campaign_key(code))


def from_change(document: Document) -> Campaign:
    """The campaign as a Change recorded it."""
    return _load(document)


def live(table: Table, moment: datetime, *, past: bool) -> list[Stored[Campaign]]:
    """Every published campaign that has not ended at ``moment``: few do not at present.

    Raises:
        Problem: 422 where ``moment`` is ``past`` and more than 2,000 have ended since or run.
    """
    return _ending_after(table, State.PUBLISHED.value, BY_STATE, moment, past=past)


def of_product(table: Table, product_id: str, moment: datetime, *, past: bool) -> list[Stored[Campaign]]:
    """Every campaign of a product, in any state but deleted, that ends after ``moment``.

    Raises:
        Problem: 422 as :func:`live`.
    """
    return _ending_after(table, product_id, BY_PRODUCT, moment, past=past)


def every(
    table: Table, *, active: bool, start: Position | None, limit: int
) -> tuple[list[Stored[Campaign]], Position | None]:
    """A page of all campaigns, those that end last first; ``active`` False: of the deleted ones."""
    page = table.query(_EVERY if active else _DELETED, index=BY_DATE, start=start, limit=limit, descending=True)
    return [CAMPAIGN.stored(row) for row in page.rows], page.next


def in_state(
    table: Table, state: State, *, start: Position | None, limit: int, ended_at: datetime | None = None
) -> tuple[list[Stored[Campaign]], Position | None]:
    """A page of those in a stored state, those that end last first; with ``ended_at``, of those that ended by then."""
    if start is None and ended_at is not None:
        start = _ends_at(ended_at)
    page = table.query(state.value, index=BY_STATE, start=start, limit=limit, descending=True)
    return [CAMPAIGN.stored(row) for row in page.rows], page.next


def unfinished(
    table: Table, moment: datetime, wanted: Callable[[Campaign], bool], *, start: Position | None, limit: int
) -> tuple[list[Stored[Campaign]], Position | None]:
    """A page of the ``wanted`` among published campaigns that have not ended at ``moment``, those that end last first.

    At most 1,000 rows are looked at for a page, so a page may be short (even empty) and still have a next one.
    """
    found: list[Stored[Campaign]] = []
    last: Position | None = None
    for _ in range(0, _LOOKED_AT, _AT_ONCE):
        page = table.query(State.PUBLISHED.value, index=BY_STATE, start=start, limit=_AT_ONCE, descending=True)
        for row in page.rows:
            current = CAMPAIGN.stored(row)
            if current.value.to_date <= moment:
                return found, None
            if not wanted(current.value):
                continue
            if len(found) == limit:
                return found, last
            found.append(current)
            last = row.position(BY_STATE)
        if page.next is None:
            return found, None
        start = page.next
    return found, start


def _ends_at(moment: datetime) -> Position:
    """After every row that ends at ``moment``, before every one that ends later."""
    return Position(f"{rfc3339(moment)}{_END}{_LAST}", Key("", ""))


def _ending_after(table: Table, partition: str, index: str, moment: datetime, *, past: bool) -> list[Stored[Campaign]]:
    found: list[Stored[Campaign]] = []
    start: Position | None = _ends_at(moment)
    while start is not None:
        page = table.query(partition, index=index, start=start, limit=_AT_ONCE)
        found += map(CAMPAIGN.stored, page.rows)
        start = page.next
        if past and len(found) > _MOST:
            detail = f"More than {_MOST} campaigns end after {rfc3339(moment)}. Ask for a later time."
            raise CAMPAIGN_TIME(detail)
    return found


def place(campaign: Campaign) -> Position:
    """A campaign's place in the public list."""
    return Position(rfc3339(campaign.from_date), campaign_key(campaign.code))


def after(campaigns: list[Stored[Campaign]], start: Position | None) -> list[Stored[Campaign]]:
    """Those after a place in the order of the public list: the latest begin first, then the code."""
    ordered = sorted(campaigns, key=lambda current: current.value.code)
    ordered.sort(key=lambda current: current.value.from_date, reverse=True)
    if start is None:
        return ordered
    return [current for current in ordered if _follows(place(current.value), start)]


def _follows(one: Position, other: Position) -> bool:
    return one.sort < other.sort or (one.sort == other.sort and one.key > other.key)
