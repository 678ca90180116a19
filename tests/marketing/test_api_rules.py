"""What the rules of campaigns refuse, and warn of. Source: specification marketing §4, §5, Decisions 4 and 5."""

from typing import Any

import pytest

from tests.http.answers import problem
from tests.marketing.shop import CAMPAIGNS, PRODUCT_ID, Shop, campaign, day


def _warnings(document: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(warning["code"], warning["campaign"]) for warning in document["warnings"]]


@pytest.mark.parametrize(
    ("state", "path", "allowed"),
    [
        ("DRAFT", "disable", ["publish"]),
        ("DRAFT", "reactivate", ["publish"]),
        ("SCHEDULED", "publish", ["disable"]),
        ("SCHEDULED", "reactivate", ["disable"]),
        ("ACTIVE", "publish", ["disable"]),
        ("ACTIVE", "reactivate", ["disable"]),
        ("EXPIRED", "publish", ["disable"]),
        ("EXPIRED", "reactivate", ["disable"]),
        ("DISABLED", "disable", ["reactivate"]),
        ("DISABLED", "publish", ["reactivate"]),
    ],
)
def test_an_illegal_transition_is_told_with_what_is_legal(
    shop: Shop, state: str, path: str, allowed: list[str]
) -> None:
    shop.create(draft=state == "DRAFT")
    shop.go_to({"ACTIVE": 1, "EXPIRED": 10}.get(state, 0))
    if state == "DISABLED":
        shop.change("PATCH", "SUMMER/disable")
    before = shop.admin("GET", "SUMMER").body
    method = "POST" if path == "publish" else "PATCH"
    refused = problem(shop.admin(method, f"SUMMER/{path}"), 422, "illegal-transition")
    assert (refused["currentStatus"], refused["allowedTransitions"]) == (state, allowed)
    assert shop.admin("GET", "SUMMER").body == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"version": 2, "name": "Other"}),
        ("PUT", "", {"version": 2, "active": False}),
        ("POST", "/publish", None),
        ("PATCH", "/disable", None),
        ("PATCH", "/reactivate", None),
    ],
)
def test_a_deleted_campaign_is_changed_only_by_restoring_it(shop: Shop, method: str, path: str, body: object) -> None:
    shop.create()
    shop.admin("DELETE", "SUMMER")
    refused = problem(shop.admin(method, f"SUMMER{path}", body), 422, "campaign-deleted")
    assert (refused["currentStatus"], refused["allowedTransitions"]) == ("DELETED", ["restore"])
    assert shop.admin("GET", "SUMMER").json["version"] == 2


@pytest.mark.parametrize("now", [0, 2])
@pytest.mark.parametrize("change", [{"toDate": 0}, {"toDate": -1}, {"fromDate": -5, "toDate": -4}])
def test_what_runs_or_will_run_is_not_ended_in_the_past(shop: Shop, now: float, change: dict[str, float]) -> None:
    shop.create(fromDate=day(-3 if now == 2 else 1))
    shop.go_to(now)
    times = {name: day(now + days) for name, days in change.items()}
    if "fromDate" not in times:
        times["fromDate"] = day(-3)
    refused = problem(shop.admin("PUT", "SUMMER", {"version": 1, **times}), 422, "campaign-dates")
    assert "Disable the campaign" in refused["detail"]
    assert shop.admin("GET", "SUMMER").json["toDate"] == day(10)


def test_what_runs_may_end_earlier_or_later_but_in_the_future(shop: Shop) -> None:
    shop.create(fromDate=day(-1))
    shop.go_to(2)
    assert shop.change("PUT", "SUMMER", {"version": 1, "toDate": day(2.1)})["status"] == "ACTIVE"
    assert shop.change("PUT", "SUMMER", {"version": 2, "toDate": day(30)})["status"] == "ACTIVE"
    problem(shop.admin("PUT", "SUMMER", {"version": 3, "fromDate": day(3)}), 422, "campaign-dates")


@pytest.mark.parametrize("times", [{"toDate": 20}, {"fromDate": 11.5, "toDate": 12}])
def test_what_has_ended_is_edited_but_not_revived(shop: Shop, times: dict[str, float]) -> None:
    shop.create()
    shop.go_to(11)
    body = {"version": 1} | {name: day(days) for name, days in times.items()}
    problem(shop.admin("PUT", "SUMMER", body), 422, "campaign-dates")
    edited = shop.change("PUT", "SUMMER", {"version": 1, "name": "It was", "toDate": day(9)})
    assert (edited["status"], edited["name"], _warnings(edited)) == ("EXPIRED", "It was", [("ended", None)])


@pytest.mark.parametrize("to_date", [None, 2, 5])
def test_reactivating_needs_an_end_to_come(shop: Shop, to_date: float | None) -> None:
    shop.create(toDate=day(5))
    shop.change("PATCH", "SUMMER/disable")
    shop.go_to(5)
    body = {} if to_date is None else {"toDate": day(to_date)}
    refused = problem(shop.admin("PATCH", "SUMMER/reactivate", body), 422, "campaign-dates")
    assert "Send one that is to come" in refused["detail"]
    assert shop.admin("GET", "SUMMER").json["status"] == "DISABLED"
    again = shop.change("PATCH", "SUMMER/reactivate", {"toDate": day(6)})
    assert (again["status"], again["toDate"]) == ("ACTIVE", day(6))


def test_reactivating_holds_the_order_of_the_dates(shop: Shop) -> None:
    shop.create(fromDate=day(5))
    shop.change("PATCH", "SUMMER/disable")
    refused = problem(shop.admin("PATCH", "SUMMER/reactivate", {"toDate": day(4)}), 400, "validation-error")
    assert [error["field"] for error in refused["errors"]] == ["toDate"]
    assert shop.change("PATCH", "SUMMER/reactivate", {"toDate": None})["status"] == "SCHEDULED"


def test_a_draft_is_not_published_after_its_end(shop: Shop) -> None:
    shop.create(draft=True)
    shop.go_to(10)
    problem(shop.admin("POST", "SUMMER/publish"), 422, "campaign-dates")
    shop.change("PUT", "SUMMER", {"version": 1, "toDate": day(11)})
    assert shop.change("POST", "SUMMER/publish")["status"] == "ACTIVE"


def test_a_disabled_one_is_edited_and_stays_disabled(shop: Shop) -> None:
    shop.create()
    shop.change("PATCH", "SUMMER/disable")
    edited = shop.change("PUT", "SUMMER", {"version": 2, "fromDate": day(-5), "toDate": day(-4)})
    assert (edited["status"], edited["gracePeriodEnd"] is None) == ("DISABLED", False)


@pytest.mark.parametrize(
    ("prices", "price"),
    [
        ({"discountPercent": 100}, None),
        ({"discountPercent": 100, "listPrice": "2000"}, None),
        ({"discountPercent": 60, "listPrice": "0.01"}, None),
        ({"discountPercent": 50, "listPrice": "0.01"}, "0.01"),
        ({"discountPercent": 99, "listPrice": "0.01"}, None),
        ({"discountPercent": 99, "listPrice": "0.50"}, "0.01"),
        ({"discountPercent": 0, "listPrice": "999999.99"}, "999999.99"),
        ({"discountPercent": 33, "listPrice": "0.10"}, "0.07"),
        ({"discountPercent": 50, "listPrice": "0.05"}, "0.03"),
        ({"discountPercent": 0}, "1500.00"),
    ],
)
def test_something_must_be_left_to_pay(shop: Shop, prices: dict[str, Any], price: str | None) -> None:
    shop.create(code="OTHER", draft=True)
    made = shop.admin("POST", "", campaign(**prices))
    changed = shop.admin("PUT", "OTHER", {"version": 1, **prices})
    if price is None:
        problem(made, 422, "campaign-price")
        problem(changed, 422, "campaign-price")
    else:
        assert (made.json["price"], changed.json["price"]) == (price, price)


def test_taking_the_list_price_away_needs_a_price_of_the_product(shop: Shop) -> None:
    shop.create(listPrice="2000", discountPercent=99)
    shop.go_to(0.5)
    shop.price("0.10")
    problem(shop.admin("PUT", "SUMMER", {"version": 1, "listPrice": None}), 422, "campaign-price")
    assert shop.change("PUT", "SUMMER", {"version": 1, "name": "Not a price"})["price"] == "20.00"


@pytest.mark.parametrize("product_id", ["PROD-999", "prod-001", "x", "../keys", "PROD-002"])
def test_a_campaign_is_for_a_product_on_sale(shop: Shop, product_id: str) -> None:
    shop.client.create(productId="PROD-002", active=False)
    refused = problem(shop.admin("POST", "", campaign(productId=product_id)), 422, "unknown-product")
    assert refused["productId"] == product_id
    shop.create()
    problem(shop.admin("PUT", "SUMMER", {"version": 1, "productId": product_id}), 422, "unknown-product")
    assert shop.admin("GET", "SUMMER").json["version"] == 1


def test_a_campaign_moves_to_another_product_and_takes_its_currency(shop: Shop) -> None:
    shop.client.create(productId="PROD-002", price="10", currency="EUR")
    shop.create()
    moved = shop.change("PUT", "SUMMER", {"version": 1, "productId": "PROD-002"})
    assert (moved["price"], moved["currency"]) == ("8.00", "EUR")
    assert _warnings(moved) == []


def test_a_campaign_outlives_its_product(shop: Shop) -> None:
    shop.create()
    shop.go_to(2)
    assert shop.client.call("DELETE", f"/v1.0/products/{PRODUCT_ID}").status == 204
    shop.go_to(3)
    assert [item["code"] for item in shop.public(CAMPAIGNS).json["items"]] == ["SUMMER"]
    assert shop.public(f"{CAMPAIGNS}/SUMMER").json["price"] == "1200.00"
    edited = shop.change("PUT", "SUMMER", {"version": 1, "discountPercent": 10})
    assert edited["price"] == "1350.00"
    assert shop.change("PATCH", "SUMMER/disable")["status"] == "DISABLED"
    assert shop.change("PATCH", "SUMMER/reactivate")["status"] == "ACTIVE"


def test_what_overlaps_is_warned_of_at_every_change_that_makes_it_run(shop: Shop) -> None:
    shop.create(code="FIRST", fromDate=day(1), toDate=day(5))
    assert _warnings(shop.create(code="LATER", fromDate=day(5), toDate=day(9))) == []  # it begins as the other ends
    assert _warnings(shop.create(code="BOTH", fromDate=day(4), toDate=day(6))) == [
        ("overlap", "FIRST"),
        ("overlap", "LATER"),
    ]
    assert _warnings(shop.create(code="DRAFT", draft=True)) == []
    overlapping = [("overlap", code) for code in ("FIRST", "BOTH", "LATER")]
    assert _warnings(shop.change("POST", "DRAFT/publish")) == overlapping
    assert _warnings(shop.change("PUT", "DRAFT", {"version": 2, "name": "Other"})) == overlapping
    assert _warnings(shop.change("PATCH", "DRAFT/disable")) == []
    assert _warnings(shop.change("PATCH", "DRAFT/reactivate")) == overlapping
    assert _warnings(shop.change("PUT", "DRAFT", {"version": 5, "toDate": day(2)})) == [("overlap", "FIRST")]
    assert _warnings(shop.change("PUT", "DRAFT", {"version": 6, "active": False})) == []
    assert _warnings(shop.change("PUT", "DRAFT", {"version": 7, "active": True})) == [("overlap", "FIRST")]


def test_neither_other_products_nor_what_does_not_run_is_warned_of(shop: Shop) -> None:
    shop.client.create(productId="PROD-002")
    shop.create(code="OTHER", productId="PROD-002")
    shop.create(code="DRAFT", draft=True)
    shop.create(code="OFF")
    shop.change("PATCH", "OFF/disable")
    shop.create(code="GONE")
    shop.admin("DELETE", "GONE")
    assert _warnings(shop.create()) == []


def test_what_has_ended_before_it_was_made_is_warned_of(shop: Shop) -> None:
    made = shop.create(fromDate=day(-5), toDate=day(0))
    assert (made["status"], _warnings(made)) == ("EXPIRED", [("ended", None)])


def test_a_draft_is_published_only_at_a_price_for_what_is_on_sale(shop: Shop) -> None:
    shop.create(draft=True, discountPercent=99)
    shop.price("0.10")
    problem(shop.admin("POST", "SUMMER/publish"), 422, "campaign-price")
    shop.client.call("DELETE", f"/v1.0/products/{PRODUCT_ID}")
    problem(shop.admin("POST", "SUMMER/publish"), 422, "unknown-product")


def test_a_list_price_is_not_moved_into_another_currency(shop: Shop) -> None:
    shop.create(listPrice="1400.00")
    shop.client.create(productId="PROD-EUR", currency="EUR")
    problem(shop.admin("PUT", "SUMMER", {"version": 1, "productId": "PROD-EUR"}), 422, "campaign-price")
    moved = shop.change("PUT", "SUMMER", {"version": 1, "productId": "PROD-EUR", "listPrice": "70.00"})
    assert (moved["currency"], moved["price"]) == ("EUR", "56.00")


def test_a_plan_warns_as_the_change_would(shop: Shop) -> None:
    shop.create(code="FIRST")
    planned = shop.admin("POST", "?dryRun=true", campaign())
    assert (planned.status, _warnings(planned.json)) == (200, [("overlap", "FIRST")])
