"""A campaign's life, told to whatever answers calls and has a clock that can be moved: one machine or AWS."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bbws.audit.verify import Report
from bbws.kernel.clock import parse_rfc3339, rfc3339
from tests.marketing.shop import ADMIN, CAMPAIGNS

PRODUCTS = "/v1.0/products"
ONE = f"{CAMPAIGNS}/SUMMER-26"
ADMIN_ONE = f"{ADMIN}/SUMMER-26"
PRODUCT: Mapping[str, Any] = {
    "productId": "PROD-001",
    "name": "Basic",
    "description": "For all",
    "price": "100.00",
    "period": "per year",
}
OFFERS = f"{PRODUCTS}/PROD-001/offers"


class Said(Protocol):
    """An answer."""

    @property
    def status(self) -> int: ...

    @property
    def json(self) -> Any: ...


class World(Protocol):
    """One BBWS, its callers and its clock."""

    def now(self) -> datetime:
        """What its clock shows."""
        ...

    def pass_to(self, moment: datetime) -> None:
        """Let time pass until then."""
        ...

    def anybody(self, path: str) -> Said:
        """A read without credentials."""
        ...

    def key(self, method: str, path: str, body: object = None) -> Said:
        """A call with the first key."""
        ...

    def admin(self, method: str, path: str, body: object = None) -> Said:
        """A call with an administrator's token."""
        ...

    def work(self) -> None:
        """Have everything happen that follows from what was changed."""
        ...

    def verified(self) -> Report:
        """What a look at all of the archive finds."""
        ...


def tell(world: World) -> None:
    """From a draft to a verified archive."""
    assert world.key("POST", PRODUCTS, PRODUCT).status == 201
    begin = world.now() + timedelta(days=1)
    end = begin + timedelta(days=7)
    _plan(world, begin, end)

    world.pass_to(begin)
    assert _shown(world) == ("ACTIVE", True, ["SUMMER-26"], "80.00")
    taken = world.now()
    world.pass_to(taken + timedelta(hours=1))
    _disable(world, taken)
    _reactivate(world, begin)

    world.pass_to(end)
    assert _shown(world) == ("EXPIRED", False, [], "100.00")
    _remember(world, taken)


def _shown(world: World) -> tuple[str, bool, list[str], str]:
    """What anybody sees: by code, in the list, and as the product's price."""
    one, listed, offers = (world.anybody(path).json for path in (ONE, CAMPAIGNS, OFFERS))
    return one["status"], one["isValid"], [item["code"] for item in listed["items"]], offers["price"]


def _plan(world: World, begin: datetime, end: datetime) -> None:
    """A draft, which nobody sees; published, looked at as it will be, and scheduled until then."""
    draft = {
        "code": "SUMMER-26",
        "name": "Summer sale",
        "productId": "PROD-001",
        "discountPercent": 25,
        "termsAndConditions": "For new orders, while it lasts.",
        "fromDate": rfc3339(begin),
        "toDate": rfc3339(end),
        "draft": True,
    }
    assert (world.key("POST", ADMIN, draft).status, world.anybody(ADMIN).status) == (403, 401)
    assert world.admin("POST", ADMIN, draft).json["status"] == "DRAFT"
    assert world.anybody(ONE).status == 404
    assert world.admin("PUT", ADMIN_ONE, {"version": 1, "discountPercent": 20}).json["version"] == 2
    stale = world.admin("PUT", ADMIN_ONE, {"version": 1, "discountPercent": 30})
    assert (stale.status, stale.json["currentVersion"]) == (409, 2)
    assert world.admin("POST", f"{ADMIN_ONE}/publish").json["status"] == "SCHEDULED"
    assert _shown(world) == ("SCHEDULED", False, [], "100.00")
    then = f"{OFFERS}?at={rfc3339(begin)}"
    assert world.anybody(then).status == 401
    previewed = world.admin("GET", then).json
    assert (previewed["winner"], previewed["price"]) == ("SUMMER-26", "80.00")


def _disable(world: World, taken: datetime) -> None:
    """It is gone for everybody but those who took it, and for them a day later."""
    disabled = world.admin("PATCH", f"{ADMIN_ONE}/disable", {"reason": "Out of stock"}).json
    assert (disabled["status"], disabled["disableReason"]) == ("DISABLED", "Out of stock")
    assert world.anybody(ONE).status == 404
    assert (world.anybody(CAMPAIGNS).json["items"], world.anybody(OFFERS).json["price"]) == ([], "100.00")
    held = f"{ONE}?heldSince={rfc3339(taken)}"
    kept = world.anybody(held).json
    assert (kept["isValid"], kept["price"], kept["heldUntil"]) == (True, "80.00", disabled["gracePeriodEnd"])
    over = parse_rfc3339(disabled["gracePeriodEnd"])
    assert over - parse_rfc3339(disabled["disabledAt"]) == timedelta(hours=24)
    world.pass_to(over)
    assert world.anybody(held).status == 404


def _reactivate(world: World, begin: datetime) -> None:
    again = world.admin("PATCH", f"{ADMIN_ONE}/reactivate", {"toDate": rfc3339(begin)})
    assert (again.status, again.json["errors"][0]["field"]) == (400, "toDate")
    again = world.admin("PATCH", f"{ADMIN_ONE}/reactivate", {})
    assert (again.json["status"], again.json["gracePeriodEnd"]) == ("ACTIVE", None)
    assert _shown(world) == ("ACTIVE", True, ["SUMMER-26"], "80.00")


def _remember(world: World, taken: datetime) -> None:
    """Its history and what it was; that it outlives its product; and what the audit says of it all."""
    entries: list[Any] = []
    page = world.admin("GET", f"{ADMIN_ONE}/history?pageSize=10").json
    entries += page["items"]
    while page["moreAvailable"]:
        page = world.admin("GET", f"{ADMIN_ONE}/history?pageSize=10&startAt={page['nextToken']}").json
        entries += page["items"]
    kinds = list(dict.fromkeys((entry["version"], entry["changeType"]) for entry in entries))
    assert kinds == [(5, "REACTIVATE"), (4, "DISABLE"), (3, "UPDATE"), (2, "UPDATE"), (1, "CREATE")]
    [lowered] = [entry for entry in entries if entry["version"] == 2]
    assert (lowered["fieldChanged"], lowered["previousValue"], lowered["newValue"]) == ("discountPercent", 25, 20)
    assert world.admin("GET", f"{ADMIN_ONE}?asOf={rfc3339(taken)}").json["status"] == "ACTIVE"

    assert world.key("DELETE", f"{PRODUCTS}/PROD-001").status == 204
    assert (world.anybody(ONE).status, world.anybody(OFFERS).status) == (200, 404)

    world.work()
    records = world.key("GET", f"/v1.0/audit/records?subject={ONE}").json["items"]
    assert sorted(record["type"] for record in records) == [
        "campaign.created",
        "campaign.disabled",
        "campaign.published",
        "campaign.reactivated",
        "campaign.updated",
    ]
    [disabled] = [record for record in records if record["type"] == "campaign.disabled"]
    assert disabled["after"]["gracePeriodEnd"]
    world.pass_to(world.now() + timedelta(hours=1))
    assert world.key("POST", "/v1.0/audit/checkpoints").status == 201
    report = world.verified()
    # Five of the campaign, two of its product, one of the first key, one of who called.
    assert (report.sound, report.records, report.newer) == (True, 9, 0)
