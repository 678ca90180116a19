"""What each call of campaigns does when all is well. Source: specification marketing §3, §4."""

import pytest

from tests.marketing.shop import ADMIN, CAMPAIGNS, PRODUCT_ID, TERMS, Shop, campaign, day

PUBLIC = {
    "code", "name", "description", "productId", "discountPercent", "listPrice", "price", "currency",
    "termsAndConditions", "specialConditions", "fromDate", "toDate", "status", "isValid", "heldUntil", "version",
    "_links",
}  # fmt: skip
NOTED = {
    "active", "createdAt", "createdBy", "updatedAt", "updatedBy", "disabledAt", "disabledBy", "disableReason",
    "gracePeriodEnd", "reactivatedAt", "reactivatedBy",
}  # fmt: skip
# Links beside a campaign, to the administrator: those that are always there, and those of a state.
ALWAYS = {"self", "history", "offers", "collection"}
OF_STATE = {
    "DRAFT": {"update", "publish", "delete"},
    "SCHEDULED": {"update", "disable", "delete"},
    "ACTIVE": {"update", "disable", "delete"},
    "EXPIRED": {"update", "disable", "delete"},
    "DISABLED": {"update", "reactivate", "delete"},
    "DELETED": {"restore"},
}
# Source: specification marketing §4, Visibility.
SHOWN_BY_CODE = {"SCHEDULED": False, "ACTIVE": True, "EXPIRED": False}


def _in(shop: Shop, state: str) -> str:
    """A campaign in this state, and its code."""
    shop.create(draft=state == "DRAFT")
    if state in {"ACTIVE", "EXPIRED"}:
        shop.go_to(2 if state == "ACTIVE" else 11)
    if state == "DISABLED":
        shop.change("PATCH", "SUMMER/disable")
    if state == "DELETED":
        assert shop.admin("DELETE", "SUMMER").status == 204
    return "SUMMER"


def test_a_campaign_is_created(shop: Shop) -> None:
    reply = shop.admin("POST", "", campaign(description="Hot", specialConditions="New customers", listPrice="2000"))
    made = reply.json
    assert (reply.status, reply.headers["location"]) == (201, f"{ADMIN}/SUMMER")
    assert reply.headers["etag"].startswith('"1-')
    assert set(made) == PUBLIC | NOTED | {"warnings"}
    sent = campaign(description="Hot", specialConditions="New customers", listPrice="2000.00")
    assert {name: made[name] for name in sent} == sent
    assert (made["price"], made["currency"], made["status"], made["isValid"]) == ("1600.00", "ZAR", "SCHEDULED", False)
    assert (made["version"], made["active"], made["warnings"]) == (1, True, [])
    assert (made["createdAt"], made["createdBy"]) == (made["updatedAt"], made["updatedBy"]) == (day(0), "user-operator")
    read = shop.admin("GET", "SUMMER").json
    assert read == {name: value for name, value in made.items() if name != "warnings"}


def test_without_a_list_price_the_discount_is_off_the_products(shop: Shop) -> None:
    made = shop.create()
    assert (made["listPrice"], made["price"]) == (None, "1200.00")
    shop.go_to(0.5)
    shop.price("1000")
    assert shop.public(f"{CAMPAIGNS}/SUMMER").json["price"] == "800.00"
    assert shop.public(f"{CAMPAIGNS}/SUMMER?at={day(0.4)}").json["price"] == "1200.00"


def test_times_are_kept_in_utc(shop: Shop) -> None:
    made = shop.create(fromDate="2026-12-01T00:00:00+02:00", toDate="2027-01-01t00:00:00.1234567z")
    assert (made["fromDate"], made["toDate"]) == ("2026-11-30T22:00:00.000000Z", "2027-01-01T00:00:00.123456Z")


def test_the_public_reads_a_campaign_and_is_offered_no_change(shop: Shop) -> None:
    shop.create()
    reply = shop.public(f"{CAMPAIGNS}/SUMMER")
    assert (reply.status, set(reply.json)) == (200, PUBLIC)
    assert set(reply.json["_links"]) == {"self", "collection"}
    assert reply.headers["etag"].startswith('"1-')


@pytest.mark.parametrize("state", OF_STATE)
def test_who_sees_which_campaign(shop: Shop, state: str) -> None:
    code = _in(shop, state)
    listed = [item["code"] for item in shop.public(CAMPAIGNS).json["items"]]
    assert listed == ([code] if state == "ACTIVE" else [])
    reply = shop.public(f"{CAMPAIGNS}/{code}")
    if state in SHOWN_BY_CODE:
        assert (reply.json["status"], reply.json["isValid"]) == (state, SHOWN_BY_CODE[state])
    else:
        assert (reply.status, reply.json["code"]) == (404, "campaign-not-found")
        assert reply.json["detail"] == "There is no campaign SUMMER. Codes are upper case."
    kept = shop.admin("GET", code).json
    assert (kept["active"], kept["isValid"]) == (state != "DELETED", state == "ACTIVE")
    everything = shop.admin("GET", "").json["items"] + shop.admin("GET", "?active=false").json["items"]
    assert [item["code"] for item in everything] == [code]


@pytest.mark.parametrize("state", OF_STATE)
def test_links_are_what_can_be_done_now(shop: Shop, state: str) -> None:
    code = _in(shop, state)
    links = shop.admin("GET", code, base_path="/stage").json["_links"]
    assert set(links) == ALWAYS | OF_STATE[state]
    methods = {"update": "PUT", "publish": "POST", "disable": "PATCH", "reactivate": "PATCH", "delete": "DELETE"}
    for rel in OF_STATE[state] - {"restore"}:
        tail = "" if rel in {"update", "delete"} else f"/{rel}"
        assert links[rel] == {"href": f"/stage{ADMIN}/{code}{tail}", "method": methods[rel]}
    assert links["offers"] == {"href": f"/stage/v1.0/admin/products/{PRODUCT_ID}/offers"}
    [item] = shop.admin("GET", "?active=false" if state == "DELETED" else "").json["items"]
    assert set(item["_links"]) == set(links)


def test_a_campaign_is_changed_field_by_field(shop: Shop) -> None:
    made = shop.create(description="Hot", listPrice="2000")
    shop.go_to(0.5)
    changed = shop.change("PUT", "SUMMER", {"version": 1, "discountPercent": 50, "description": None, "name": "Sale"})
    expected = {"discountPercent": 50, "description": None, "name": "Sale", "price": "1000.00", "version": 2}
    assert changed == made | expected | {"updatedAt": day(0.5)}
    assert shop.change("PUT", "SUMMER", {"version": 2, "listPrice": None})["price"] == "750.00"


def test_a_draft_is_published(shop: Shop) -> None:
    made = shop.create(draft=True)
    assert (made["status"], made["isValid"]) == ("DRAFT", False)
    published = shop.change("POST", "SUMMER/publish")
    assert (published["status"], published["version"]) == ("SCHEDULED", 2)
    shop.create(code="NOW", draft=True, fromDate=day(-1))
    assert shop.change("POST", "NOW/publish")["status"] == "ACTIVE"


def test_a_campaign_is_disabled_and_reactivated_again_and_again(shop: Shop) -> None:
    shop.create(fromDate=day(-1))
    for turn in range(2):
        shop.go_to(1 + turn)
        disabled = shop.change("PATCH", "SUMMER/disable", {"reason": "Out of stock"} if turn else None)
        assert (disabled["status"], disabled["isValid"]) == ("DISABLED", False)
        assert (disabled["disabledAt"], disabled["disabledBy"]) == (day(1 + turn), "user-operator")
        assert disabled["disableReason"] == ("Out of stock" if turn else None)
        assert disabled["gracePeriodEnd"] == day(2 + turn)
        shop.go_to(1.5 + turn)
        again = shop.change("PATCH", "SUMMER/reactivate")
        assert (again["status"], again["toDate"], again["version"]) == ("ACTIVE", day(10), 3 + 2 * turn)
        assert (again["reactivatedAt"], again["reactivatedBy"]) == (day(1.5 + turn), "user-operator")
        assert {again[name] for name in ("disabledAt", "disabledBy", "disableReason", "gracePeriodEnd")} == {None}


def test_deleting_can_be_repeated_and_undone(shop: Shop) -> None:
    shop.create(fromDate=day(-1))
    for _ in range(2):
        reply = shop.admin("DELETE", "SUMMER")
        assert (reply.status, reply.body) == (204, b"")
    assert shop.admin("GET", "SUMMER").json["version"] == 2
    restored = shop.change("PUT", "SUMMER", {"version": 2, "active": True, "name": "Back again"})
    assert (restored["active"], restored["status"], restored["name"]) == (True, "ACTIVE", "Back again")
    deleted = shop.change("PUT", "SUMMER", {"version": 3, "active": False})
    assert (deleted["active"], deleted["isValid"], set(deleted["_links"])) == (False, False, ALWAYS | {"restore"})


def test_an_administrator_sees_a_campaign_as_it_was(shop: Shop) -> None:
    shop.create()
    shop.go_to(0.5)
    shop.change("PUT", "SUMMER", {"version": 1, "discountPercent": 50})
    then = shop.admin("GET", f"SUMMER?asOf={day(0.25)}").json
    assert (then["discountPercent"], then["price"], then["version"]) == (20, "1200.00", 1)
    assert set(then["_links"]) == {"self", "history", "offers", "collection", "latest-version"}
    assert shop.admin("GET", f"SUMMER?asOf={day(-1)}").status == 404


def test_the_public_list_has_the_latest_begun_first(shop: Shop) -> None:
    for code, begins in (("OLD", -3), ("NEW-B", -1), ("NEW-A", -1), ("NEXT", 1)):
        shop.create(code=code, fromDate=day(begins))
    page = shop.public(CAMPAIGNS).json
    assert [item["code"] for item in page["items"]] == ["NEW-A", "NEW-B", "OLD"]
    assert (page["count"], page["moreAvailable"], page["nextToken"]) == (3, False, None)
    assert set(page["_links"]) == {"self"}
    assert all(item["isValid"] and item["termsAndConditions"] == TERMS for item in page["items"])


@pytest.mark.parametrize("path", ["NOBODY", "NOBODY/history"])
def test_what_is_not_there_is_not_found(shop: Shop, path: str) -> None:
    assert shop.admin("GET", path).json["code"] == "campaign-not-found"
    assert shop.public(f"{CAMPAIGNS}/NOBODY").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "NOBODY", {"version": 1, "name": "Nobody"}),
        ("POST", "NOBODY/publish", None),
        ("PATCH", "NOBODY/disable", None),
        ("PATCH", "NOBODY/reactivate", None),
        ("DELETE", "NOBODY", None),
    ],
)
def test_nothing_is_done_to_what_is_not_there(shop: Shop, method: str, path: str, body: object) -> None:
    reply = shop.admin(method, path, body)
    assert (reply.status, reply.json["code"]) == (404, "campaign-not-found")
