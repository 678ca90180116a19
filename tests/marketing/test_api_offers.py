"""What a product costs at a time, and why. Source: specification marketing, Decisions 3 and 4."""

from typing import Any

import pytest

from tests.http.answers import problem
from tests.marketing.shop import PRODUCT_ID, Shop, day

OFFERS = f"/v1.0/products/{PRODUCT_ID}/offers"
ADMIN_OFFERS = f"/v1.0/admin/products/{PRODUCT_ID}/offers"


def _offers(shop: Shop, at: str = "") -> dict[str, Any]:
    reply = shop.admin("GET", f"{ADMIN_OFFERS}{at}")
    assert reply.status == 200, reply.body
    document: dict[str, Any] = reply.json
    return document


def _reasons(shop: Shop, at: str = "") -> dict[str, str]:
    return {offer["code"]: offer["reason"] for offer in _offers(shop, at)["notApplying"]}


def test_a_product_without_campaigns_costs_what_it_costs(shop: Shop) -> None:
    shown = shop.public(OFFERS).json
    assert shown["_links"].keys() == {"self", "campaigns"}
    assert {name: value for name, value in shown.items() if name != "_links"} == {
        "productId": PRODUCT_ID, "at": day(0), "regularPrice": "1500.00", "price": "1500.00", "currency": "ZAR",
        "winner": None, "offers": [], "notApplying": [],
    }  # fmt: skip


def test_an_offer_says_what_the_campaign_makes_of_the_price(shop: Shop) -> None:
    shop.create()
    shop.go_to(1)
    shown = shop.public(OFFERS).json
    assert (shown["price"], shown["regularPrice"], shown["winner"]) == ("1200.00", "1500.00", "SUMMER")
    assert shown["offers"] == [
        {
            "code": "SUMMER", "name": "Summer sale", "discountPercent": 20, "price": "1200.00", "fromDate": day(1),
            "toDate": day(10), "wins": True, "reason": None,
        }
    ]  # fmt: skip


def test_the_lowest_price_wins_then_the_latest_begun_then_the_code(shop: Shop) -> None:
    for code, percent, begins in (
        ("DEAR", 10, 3),
        ("B-LATE", 20, 2),
        ("A-LATE", 20, 2),
        ("EARLY", 20, 1),
        ("LIST", 0, 1),
    ):
        price = {"listPrice": "1200.01"} if code == "LIST" else {}
        shop.create(code=code, discountPercent=percent, fromDate=day(begins), **price)
    shop.go_to(4)
    shown = shop.public(OFFERS).json
    assert [offer["code"] for offer in shown["offers"]] == ["A-LATE", "B-LATE", "EARLY", "LIST", "DEAR"]
    assert [offer["wins"] for offer in shown["offers"]] == [True, False, False, False, False]
    assert (shown["winner"], shown["price"]) == ("A-LATE", "1200.00")
    shop.admin("DELETE", "A-LATE")
    assert shop.public(OFFERS).json["winner"] == "B-LATE"


def test_administrators_are_told_why_a_campaign_does_not_apply(shop: Shop) -> None:
    shop.create(code="DRAFT", draft=True)
    shop.create(code="OFF")
    shop.change("PATCH", "OFF/disable")
    shop.create(code="ENDED", toDate=day(2))
    shop.create(code="NEXT", fromDate=day(3))
    shop.create(code="DEARER", listPrice="1875.00")
    shop.create(code="EQUAL", discountPercent=0)
    shop.create(code="GONE")
    shop.admin("DELETE", "GONE")
    shop.create(code="APPLIES", discountPercent=1)
    shop.go_to(2)
    expected = {
        "DRAFT": "draft",
        "OFF": "disabled",
        "ENDED": "expired",
        "NEXT": "scheduled",
        "DEARER": "not-cheaper",
        "EQUAL": "not-cheaper",
    }
    assert _reasons(shop) == expected
    assert _offers(shop)["winner"] == "APPLIES"
    public = shop.public(OFFERS).json
    assert ([offer["code"] for offer in public["offers"]], public["notApplying"]) == (["APPLIES"], [])


def test_a_list_price_is_of_the_currency_of_then(shop: Shop) -> None:
    shop.create(code="LIST", listPrice="1000")
    shop.create(code="OWN")
    shop.go_to(2)
    assert [offer["code"] for offer in _offers(shop)["offers"]] == ["LIST", "OWN"]
    shop.price("100", currency="EUR")
    shop.go_to(3)
    shown = _offers(shop)
    assert (shown["currency"], shown["price"], shown["winner"]) == ("EUR", "80.00", "OWN")
    assert _reasons(shop) == {"LIST": "currency-changed"}
    assert shop.admin("GET", "LIST").json["currency"] == "ZAR"
    assert shop.admin("GET", "OWN").json["currency"] == "EUR"
    then = _offers(shop, f"?at={day(1.9)}")
    assert (then["currency"], then["price"], then["winner"]) == ("ZAR", "800.00", "LIST")
    shop.change("PUT", "LIST", {"version": 1, "listPrice": "50"})
    assert _offers(shop)["winner"] == "LIST"


def test_a_price_that_became_too_low_to_be_reduced_is_told(shop: Shop) -> None:
    shop.create(discountPercent=99)
    shop.go_to(2)
    shop.price("0.10")
    shop.go_to(3)
    assert _reasons(shop) == {"SUMMER": "no-price"}
    assert shop.public(OFFERS).json["price"] == "0.10"


def test_what_is_not_on_sale_is_offered_to_nobody(shop: Shop) -> None:
    shop.create()
    shop.go_to(2)
    shop.client.call("DELETE", f"/v1.0/products/{PRODUCT_ID}")
    shop.go_to(3)
    problem(shop.public(OFFERS), 404, "nothing-offered")
    problem(shop.client.call("GET", OFFERS), 404, "nothing-offered")
    shown = _offers(shop)
    assert (shown["winner"], shown["price"], _reasons(shop)) == (None, "1500.00", {"SUMMER": "product-inactive"})
    # What it cost before is administrators' to know.
    problem(shop.public(f"{OFFERS}?at={day(1.5)}"), 404, "nothing-offered")
    assert shop.admin("GET", f"{OFFERS}?at={day(1.5)}".replace("/v1.0", "/v1.0/admin", 1)).json["winner"] == "SUMMER"


@pytest.mark.parametrize("target", [OFFERS.replace(PRODUCT_ID, "PROD-999"), f"{OFFERS}?at={day(-5)}"])
def test_what_there_is_not_is_not_found(shop: Shop, target: str) -> None:
    problem(shop.public(target), 404, "nothing-offered")
    problem(shop.admin("GET", target.replace("/v1.0", "/v1.0/admin", 1)), 404, "nothing-offered")


def test_a_time_to_come_has_the_campaigns_of_then_and_the_price_of_now(shop: Shop) -> None:
    shop.create(fromDate=day(5))
    for at, price in ((4.9, "1500.00"), (5, "1200.00"), (9.9, "1200.00"), (10, "1500.00")):
        shown = shop.admin("GET", f"{OFFERS}?at={day(at)}").json
        assert (shown["at"], shown["price"], shown["regularPrice"]) == (day(at), price, "1500.00")


def test_another_product_has_its_own_offers(shop: Shop) -> None:
    shop.client.create(productId="PROD-002")
    shop.create(productId="PROD-002")
    shop.go_to(2)
    assert shop.public(OFFERS).json["offers"] == []
    assert shop.public(OFFERS.replace(PRODUCT_ID, "PROD-002")).json["winner"] == "SUMMER"
    shop.change("PUT", "SUMMER", {"version": 1, "productId": PRODUCT_ID})
    assert shop.public(OFFERS).json["winner"] == "SUMMER"
    assert shop.public(OFFERS.replace(PRODUCT_ID, "PROD-002")).json["offers"] == []
