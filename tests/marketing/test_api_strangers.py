"""Who may call what of campaigns: nobody, a key with everything, a person, an administrator.

Source: specification marketing, Decisions 2, 3 and 8.
"""

from collections.abc import Mapping

import pytest

from tests.builders import Reply
from tests.http.answers import problem
from tests.marketing.shop import ADMIN, CAMPAIGNS, PRODUCT_ID, Shop, campaign, day

OFFERS = f"/v1.0/products/{PRODUCT_ID}/offers"
CALLS = [
    ("GET", ADMIN, None),
    ("POST", ADMIN, campaign(code="OTHER")),
    ("GET", f"{ADMIN}/SUMMER", None),
    ("PUT", f"{ADMIN}/SUMMER", {"version": 1, "name": "Other"}),
    ("POST", f"{ADMIN}/SUMMER/publish", None),
    ("PATCH", f"{ADMIN}/SUMMER/disable", {}),
    ("PATCH", f"{ADMIN}/SUMMER/reactivate", {}),
    ("DELETE", f"{ADMIN}/SUMMER", None),
    ("GET", f"{ADMIN}/SUMMER/history", None),
    ("GET", f"/v1.0/admin{OFFERS.removeprefix('/v1.0')}", None),
]
STRANGERS = {"nobody": (401, "unauthorized"), "key": (403, "forbidden"), "person": (403, "forbidden")}


def _as(shop: Shop, who: str, method: str, target: str, body: object = None) -> Reply:
    """A call by nobody, the key that may everything, a person without a role, or an administrator."""
    sent: Mapping[str, Mapping[str, str | None]] = {
        "nobody": {"key": None},
        "key": {},
        "person": {"token": shop.client.token("visitor", admin=False)},
        "admin": {"token": shop.token},
    }
    return shop.client.call(method, target, body, key=sent[who].get("key", ""), token=sent[who].get("token"))


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize(("method", "target", "body"), CALLS)
def test_only_administrators_change_campaigns_or_see_all(
    shop: Shop, who: str, method: str, target: str, body: object
) -> None:
    shop.create()
    for refused in (target, f"{target}?nonsense=1", target.replace("SUMMER", "NOBODY")):
        status, code = STRANGERS[who]
        told = problem(_as(shop, who, method, refused, body), status, code)
        assert "platform role Admin" in told["detail"]
        assert told.get("requiredPermission") == (None if who == "nobody" else "platform-admin")
    assert [item["version"] for item in shop.admin("GET", "").json["items"]] == [1]


@pytest.mark.parametrize(("method", "target", "body"), CALLS)
def test_a_bad_token_is_refused_everywhere(shop: Shop, method: str, target: str, body: object) -> None:
    forged = f"{shop.token[:-6]}AAAAAA"
    problem(shop.client.call(method, target, body, token=forged), 401, "unauthorized")
    problem(shop.client.call("GET", CAMPAIGNS, token=forged), 401, "unauthorized")


@pytest.mark.parametrize("who", [*STRANGERS, "admin"])
def test_what_is_on_offer_is_for_everybody(shop: Shop, who: str) -> None:
    shop.create(fromDate=day(-1))
    for target in (CAMPAIGNS, f"{CAMPAIGNS}/SUMMER", OFFERS):
        assert _as(shop, who, "GET", target).status == 200
        assert _as(shop, who, "GET", f"{target}?at={day(-0.5)}").status == 200


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("target", [CAMPAIGNS, OFFERS])
def test_nobody_else_reads_the_prices_of_tomorrow(shop: Shop, who: str, target: str) -> None:
    shop.create()
    shop.create(code="SECRET", discountPercent=50)
    status, code = STRANGERS[who]
    for at in ("2026-11-20T12:00:00.000001Z", day(2), "9999-12-31T23:59:59Z", "2026-11-20T10:00:01-02:00"):
        problem(_as(shop, who, "GET", f"{target}?at={at}"), status, code)
    assert b"SECRET" not in _as(shop, who, "GET", f"{target}?at={day(0)}").body
    assert b"SECRET" in _as(shop, "admin", "GET", f"{target}?at={day(2)}").body


@pytest.mark.parametrize("who", [*STRANGERS, "admin"])
def test_one_campaign_is_previewed_by_everybody(shop: Shop, who: str) -> None:
    shop.create()
    for at, status in ((0, "SCHEDULED"), (1, "ACTIVE"), (9.9, "ACTIVE"), (10, "EXPIRED")):
        shown = _as(shop, who, "GET", f"{CAMPAIGNS}/SUMMER?at={day(at)}").json
        assert (shown["status"], shown["isValid"]) == (status, status == "ACTIVE")


@pytest.mark.parametrize("who", STRANGERS)
def test_drafts_and_disabled_ones_are_never_shown(shop: Shop, who: str) -> None:
    shop.create(code="DRAFT", draft=True)
    shop.create(code="OFF")
    shop.change("PATCH", "OFF/disable")
    shop.create(code="GONE")
    shop.admin("DELETE", "GONE")
    shop.go_to(2)
    for code in ("DRAFT", "OFF", "GONE"):
        problem(_as(shop, who, "GET", f"{CAMPAIGNS}/{code}?at={day(1.5)}"), 404, "campaign-not-found")
    assert _as(shop, who, "GET", CAMPAIGNS).json["items"] == []
    shown = _as(shop, who, "GET", OFFERS).json
    assert (shown["offers"], shown["notApplying"], shown["winner"]) == ([], [], None)


def test_reasons_are_for_administrators(shop: Shop) -> None:
    shop.create()
    for who in STRANGERS:
        assert _as(shop, who, "GET", OFFERS).json["notApplying"] == []
    for target in (OFFERS, f"/v1.0/admin/products/{PRODUCT_ID}/offers"):
        [left_out] = _as(shop, "admin", "GET", target).json["notApplying"]
        assert left_out["reason"] == "scheduled"


def test_answers_are_not_shared_between_callers(shop: Shop) -> None:
    shop.create()
    seen = _as(shop, "admin", "GET", OFFERS)
    assert "Authorization" in seen.headers["vary"]
    again = shop.client.call("GET", OFFERS, key=None, headers={"if-none-match": seen.headers["etag"]})
    assert (again.status, again.json["notApplying"]) == (200, [])
