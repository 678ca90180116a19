"""What campaigns make of a price, against arithmetic of its own. Source: marketing, Decisions 3 and 4."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bbws.marketing.model import Campaign, State
from bbws.marketing.offers import WhyNot, currency_of, discounted, offered, price_of
from bbws.marketing.ports import Sold
from tests.marketing.campaigns import MICROSECOND, MOMENTS, PERCENTS, PRICES, START, campaign, product

# Few prices and beginnings, so that campaigns meet in one or the other.
NEAR = st.builds(
    lambda percent, base, begin: {"discount_percent": percent, "list_price": base, "from_date": begin},
    st.sampled_from([0, 1, 20, 50, 99, 100]),
    st.none() | st.sampled_from([Decimal("0.01"), Decimal(50), Decimal(100), Decimal(200)]),
    MOMENTS.filter(lambda moment: moment <= START),
)
CODES = st.text("AB_-09", min_size=3, max_size=4)
CAMPAIGNS = st.lists(st.tuples(CODES, NEAR), max_size=8, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [campaign(code=code, **fields) for code, fields in pairs]
)


def _exact(base: Decimal, percent: int) -> Fraction:
    """To the cent, halves up, by whole numbers alone."""
    return Fraction(floor(Fraction(base) * (100 - percent) + Fraction(1, 2)), 100)


@given(PRICES, PERCENTS)
@example(Decimal("0.01"), 50)
@example(Decimal("0.05"), 50)
@example(Decimal("999999.99"), 99)
def test_a_discount_is_exact_to_the_cent_and_halves_go_up(base: Decimal, percent: int) -> None:
    price = discounted(base, percent)
    assert (Fraction(price), price.as_tuple().exponent) == (_exact(base, percent), -2)


@given(PRICES, PERCENTS, PERCENTS)
def test_a_greater_discount_never_costs_more(base: Decimal, one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert 0 <= discounted(base, more) <= discounted(base, less) <= base


@given(PRICES, st.none() | PRICES, PERCENTS)
def test_the_base_is_the_list_price_or_else_the_products(
    price: Decimal, list_price: Decimal | None, percent: int
) -> None:
    one = campaign(list_price=list_price, discount_percent=percent)
    found = price_of(one, Sold(price, "EUR", active=True))
    exact = _exact(list_price or price, percent)
    assert found == (Decimal(exact.numerator) / exact.denominator if exact else None)
    assert price_of(one, None) == (found if list_price else None)
    assert currency_of(one, Sold(price, "EUR", active=True)) == ("ZAR" if list_price else "EUR")


@given(CAMPAIGNS, st.randoms(use_true_random=False))
def test_the_winner_is_the_same_whatever_order_campaigns_come_in(campaigns: list[Campaign], random: Random) -> None:
    found = offered(campaigns, product(), START)
    shuffled = campaigns.copy()
    random.shuffle(shuffled)
    assert offered(shuffled, product(), START) == found
    assert {offer.campaign.code for offer in found} == {each.code for each in campaigns}


@given(CAMPAIGNS)
def test_the_lowest_price_wins_then_the_latest_begun_then_the_code(campaigns: list[Campaign]) -> None:
    applying = [offer for offer in offered(campaigns, product(), START) if offer.reason is None]

    def rank(one: Campaign) -> tuple[Fraction, float, str]:
        return _exact(one.list_price or Decimal(100), one.discount_percent), -one.from_date.timestamp(), one.code

    cheaper = [one for one in campaigns if 0 < rank(one)[0] < 100]
    assert [offer.campaign for offer in applying] == sorted(cheaper, key=rank)


@given(MOMENTS, MOMENTS.filter(lambda moment: moment > START), MOMENTS)
def test_it_applies_while_it_runs_and_at_no_other_time(begin: datetime, end: datetime, moment: datetime) -> None:
    [offer] = offered([campaign(from_date=min(begin, START), to_date=end)], product(), moment)
    assert (offer.reason is None) == (min(begin, START) <= moment < end)


@pytest.mark.parametrize(
    ("one", "sold", "reason"),
    [
        (campaign(), product(), None),
        (campaign(state=State.DRAFT), product(), WhyNot.DRAFT),
        (campaign(state=State.DISABLED), product(), WhyNot.DISABLED),
        (campaign(from_date=START + MICROSECOND), product(), WhyNot.SCHEDULED),
        (campaign(from_date=START - MICROSECOND, to_date=START), product(), WhyNot.EXPIRED),
        (campaign(), product(active=False), WhyNot.PRODUCT_INACTIVE),
        (campaign(list_price=Decimal(50)), product(currency="EUR"), WhyNot.CURRENCY_CHANGED),
        (campaign(), product(currency="EUR"), None),
        (campaign(discount_percent=100), product(), WhyNot.NO_PRICE),
        (campaign(discount_percent=99), product("0.01"), WhyNot.NO_PRICE),
        (campaign(discount_percent=0), product(), WhyNot.NOT_CHEAPER),
        (campaign(list_price=Decimal(125)), product(), WhyNot.NOT_CHEAPER),
        (campaign(list_price=Decimal("124.99")), product(), None),
    ],
)
def test_what_does_not_apply_says_why(one: Campaign, sold: Sold, reason: WhyNot | None) -> None:
    [offer] = offered([one], sold, START)
    assert offer.reason == reason
