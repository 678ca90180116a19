"""A discount that was taken holds for 24 hours after its campaign was disabled. Source: Decision 7, BR-CMP-015."""

from typing import Any

import pytest

from tests.builders import Reply
from tests.fakes import NOON
from tests.http.answers import fields, problem
from tests.marketing.shop import CAMPAIGNS, DAY, PRODUCT_ID, TICK, Shop, day, text

DISABLED = NOON + 3 * DAY
END = DISABLED + DAY


def _held(shop: Shop, since: str, **further: str) -> Reply:
    query = "".join(f"&{name}={value}" for name, value in further.items())
    return shop.public(f"{CAMPAIGNS}/SUMMER?heldSince={since}{query}")


def _disabled(shop: Shop, **fields: Any) -> None:
    """A campaign that ran from the first day and was disabled on the third."""
    shop.create(**fields)
    shop.clock.set(DISABLED)
    shop.change("PATCH", "SUMMER/disable")


def test_who_took_it_before_keeps_it(shop: Shop) -> None:
    _disabled(shop)
    shop.go_to(3.5)
    held = _held(shop, day(2)).json
    assert (held["status"], held["isValid"], held["heldUntil"]) == ("DISABLED", True, text(END))
    assert (held["price"], held["discountPercent"]) == ("1200.00", 20)
    problem(shop.public(f"{CAMPAIGNS}/SUMMER"), 404, "campaign-not-found")


@pytest.mark.parametrize(
    ("since", "holds"),
    [
        (NOON + DAY - TICK, False),  # before it began
        (NOON + DAY, True),
        (DISABLED - TICK, True),
        (DISABLED, False),
        (DISABLED + TICK, False),
    ],
)
def test_it_must_have_been_taken_while_it_ran(shop: Shop, since: Any, *, holds: bool) -> None:
    _disabled(shop)
    shop.go_to(3.5)
    assert _held(shop, text(since)).status == (200 if holds else 404)


@pytest.mark.parametrize(("since_end", "holds"), [(-TICK, True), (0 * TICK, False), (TICK, False)])
def test_it_holds_up_to_the_end_of_the_grace_period(shop: Shop, since_end: Any, *, holds: bool) -> None:
    _disabled(shop)
    assert shop.admin("GET", "SUMMER").json["gracePeriodEnd"] == text(END)
    shop.clock.set(END + since_end)
    assert _held(shop, day(2)).status == (200 if holds else 404)


def test_it_holds_though_the_campaign_would_have_ended_meanwhile(shop: Shop) -> None:
    _disabled(shop, toDate=day(3.1))
    shop.go_to(3.9)
    assert _held(shop, day(2)).json["isValid"] is True


@pytest.mark.parametrize("ran_again", [3.5, 9])
def test_after_reactivation_it_is_an_ordinary_campaign_again(shop: Shop, ran_again: float) -> None:
    _disabled(shop)
    shop.go_to(ran_again)
    shop.change("PATCH", "SUMMER/reactivate")
    for since in (2, 3.2):
        now = _held(shop, day(since)).json
        assert (now["status"], now["isValid"], now["heldUntil"]) == ("ACTIVE", True, None)


def test_what_was_taken_before_the_first_disabling_holds_after_the_second(shop: Shop) -> None:
    _disabled(shop)
    shop.go_to(4)
    shop.change("PATCH", "SUMMER/reactivate")
    shop.go_to(6)
    shop.change("PATCH", "SUMMER/disable")
    shop.go_to(6.5)
    for since, holds in ((2, True), (3.5, False), (5, True), (6.2, False)):
        assert _held(shop, day(since)).status == (200 if holds else 404)
    assert _held(shop, day(2)).json["heldUntil"] == day(7)


def test_what_was_taken_is_honoured_as_it_stood_when_it_was_disabled(shop: Shop) -> None:
    shop.create()
    shop.go_to(1.5)
    shop.price("1000")
    shop.go_to(2)
    shop.change("PUT", "SUMMER", {"version": 1, "discountPercent": 5, "name": "Less of it"})
    shop.clock.set(DISABLED)
    shop.change("PATCH", "SUMMER/disable")
    shop.go_to(3.5)
    for since in (1.2, 1.7, 2.5):
        held = _held(shop, day(since)).json
        assert (held["price"], held["discountPercent"], held["version"]) == ("950.00", 5, 2)
        assert held["heldUntil"] == text(END)


def test_what_was_edited_while_disabled_changes_nothing_for_who_holds_it(shop: Shop) -> None:
    _disabled(shop)
    shop.go_to(3.2)
    shop.change("PUT", "SUMMER", {"version": 2, "discountPercent": 1, "toDate": day(1.1)})
    shop.go_to(3.5)
    assert _held(shop, day(2)).json["price"] == "1200.00"


def test_what_was_promised_holds_though_it_is_deleted(shop: Shop) -> None:
    _disabled(shop)
    shop.go_to(3.2)
    shop.admin("DELETE", "SUMMER")
    assert _held(shop, day(2)).json["heldUntil"] == text(END)
    problem(shop.public(f"{CAMPAIGNS}/SUMMER"), 404, "campaign-not-found")


@pytest.mark.parametrize("disabled_on", [0.5, 11])
def test_disabling_what_does_not_run_makes_nothing_hold(shop: Shop, disabled_on: float) -> None:
    shop.create()
    shop.go_to(disabled_on)
    shop.change("PATCH", "SUMMER/disable")
    shop.go_to(disabled_on + 0.4)
    problem(_held(shop, day(min(disabled_on, 2))), 404, "campaign-not-found")


def test_a_draft_was_never_taken(shop: Shop) -> None:
    shop.create(draft=True)
    shop.go_to(2)
    problem(_held(shop, day(1.5)), 404, "campaign-not-found")
    shop.change("POST", "SUMMER/publish")
    shop.clock.set(DISABLED)
    shop.change("PATCH", "SUMMER/disable")
    shop.go_to(3.5)
    assert [_held(shop, day(since)).status for since in (1.5, 2.5)] == [404, 200]


def test_of_what_is_not_disabled_the_present_is_shown(shop: Shop) -> None:
    shop.create()
    for now, status in ((0, "SCHEDULED"), (1, "ACTIVE"), (10, "EXPIRED")):
        shop.go_to(now)
        shown = _held(shop, day(now - 0.5)).json
        assert (shown["status"], shown["isValid"], shown["heldUntil"]) == (status, status == "ACTIVE", None)


def test_nothing_was_taken_in_the_future(shop: Shop) -> None:
    _disabled(shop)
    assert fields(_held(shop, text(DISABLED + 2 * TICK))) == {"heldSince"}
    assert fields(_held(shop, day(2), at=day(1.9))) == {"heldSince"}


@pytest.mark.parametrize(("at", "holds"), [(3.5, True), (3.999, True), (4, False), (4.001, False)])
def test_whether_it_will_hold_can_be_asked_for_another_time(shop: Shop, at: float, *, holds: bool) -> None:
    _disabled(shop)
    shop.go_to(3.1)
    assert _held(shop, day(2), at=day(at)).status == (200 if holds else 404)


def test_a_product_that_went_off_sale_is_held_at_the_price_of_then(shop: Shop) -> None:
    _disabled(shop)
    shop.go_to(3.2)
    shop.client.call("DELETE", f"/v1.0/products/{PRODUCT_ID}")
    shop.go_to(3.5)
    assert _held(shop, day(2)).json["price"] == "1200.00"
