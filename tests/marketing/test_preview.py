"""What is previewed for a time is what is answered at that time, to the millisecond. Source: marketing, Decision 2."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.marketing.shop import ADMIN, CAMPAIGNS, Shop, empty, text

MILLISECOND = timedelta(milliseconds=1)
STATUSES = ("DRAFT", "SCHEDULED", "ACTIVE", "EXPIRED", "DISABLED")
FATES = ("published", "draft", "disabled", "reactivated", "deleted", "changed")


class Plan(NamedTuple):
    """A campaign that is to be: times are milliseconds from an hour after the present."""

    begin: int
    length: int
    percent: int = 20
    list_price: str | None = None
    fate: str = "published"


# A few milliseconds, hours and days: some begin or end together, some as another ends, some between its boundaries.
BEGINS = st.sampled_from([-7_200_000, 0, 1, 2, 3_600_000, 3_600_001, 86_400_000])
LENGTHS = st.sampled_from([1, 2, 3_600_000, 3_600_001, 86_400_000, 864_000_000])
# Cheaper than the product's 100.00, as dear, dearer, and off a list price: so that prices meet.
PLANS = st.lists(
    st.builds(
        Plan,
        BEGINS,
        LENGTHS,
        st.sampled_from([0, 20, 50, 60]),
        st.none() | st.sampled_from(["80.00", "100.00", "160.00", "400.00"]),
        st.sampled_from(FATES) | st.just("published"),
    ),
    min_size=1,
    max_size=5,
)


class World(NamedTuple):
    """A product's campaigns, and when each begins and ends."""

    shop: Shop
    product_id: str
    spans: Mapping[str, tuple[datetime, datetime]]

    def boundaries(self) -> list[datetime]:
        """Every one, the millisecond before and the one after, as far as they are to come."""
        found = {
            moment + near
            for span in self.spans.values()
            for moment in span
            for near in (-MILLISECOND, timedelta(0), MILLISECOND)
        }
        return sorted(moment for moment in found if moment > self.shop.clock.now())

    def seen(self, at: datetime | None) -> dict[str, Any]:
        """All that is said of the campaigns: at a time, or (None) now."""
        when = "" if at is None else f"at={text(at)}"
        found: dict[str, Any] = {"list": self._own(f"{CAMPAIGNS}?{when}")}
        for code in self.spans:
            reply = self.shop.public(f"{CAMPAIGNS}/{code}?{when}")
            found[code] = self.shop.read(f"{CAMPAIGNS}/{code}?{when}") if reply.status == 200 else reply.status
        for status in STATUSES:
            found[status] = self._own(f"{ADMIN}?status={status}&{when}")
        found["offers"] = self.shop.read(f"/v1.0/products/{self.product_id}/offers?{when}", admin=True)
        found["admin"] = self.shop.read(f"/v1.0/admin/products/{self.product_id}/offers?{when}", admin=True)
        return found

    def seen_by_all(self) -> dict[str, Any]:
        """What anybody sees of it now."""
        items = [item for item in self.shop.items(CAMPAIGNS) if item["code"] in self.spans]
        return {"list": items, "offers": self.shop.read(f"/v1.0/products/{self.product_id}/offers")}

    def _own(self, path: str) -> list[Any]:
        return [item for item in self.shop.items(path, admin=True) if item["code"] in self.spans]


NUMBERS = count(1)


def _world(shop: Shop, plans: Sequence[Plan]) -> World:
    product_id = shop.client.create(price="100.00")["productId"]
    start = shop.clock.now() + timedelta(hours=1)
    spans = {}
    for plan in plans:
        code = f"C{next(NUMBERS):06}"
        begin = start + plan.begin * MILLISECOND
        spans[code] = begin, begin + plan.length * MILLISECOND
        priced: dict[str, Any] = {
            "discountPercent": plan.percent,
            "listPrice": plan.list_price,
            "draft": plan.fate == "draft",
        }
        begins, ends = map(text, spans[code])
        shop.create(code=code, productId=product_id, fromDate=begins, toDate=ends, **priced)
        _meet(shop, code, plan.fate)
    return World(shop, product_id, spans)


def _meet(shop: Shop, code: str, fate: str) -> None:
    if fate in {"disabled", "reactivated"}:
        shop.change("PATCH", f"{code}/disable")
    if fate == "reactivated" and shop.read(f"{ADMIN}/{code}", admin=True)["toDate"] > text(shop.clock.now()):
        shop.change("PATCH", f"{code}/reactivate")
    if fate == "deleted":
        assert shop.admin("DELETE", code).status == 204
    if fate == "changed":
        shop.change("PUT", code, {"version": 1, "discountPercent": 55})


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Of all examples: each lives where those before it have ended."""
    with empty(tmp_path_factory.mktemp("preview") / "data") as made:
        yield made


@given(PLANS)
@example([Plan(0, 1), Plan(1, 1), Plan(0, 2)])
@example([Plan(0, 3_600_000, 20, "100.00"), Plan(0, 3_600_000, 20), Plan(1, 3_600_000, 50, "160.00")])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_preview_is_what_comes(one_shop: Shop, plans: list[Plan]) -> None:
    world = _world(one_shop, plans)
    moments = world.boundaries()
    previewed = [world.seen(moment) for moment in moments]
    for moment, preview in zip(moments, previewed, strict=True):
        one_shop.clock.set(moment)
        assert world.seen(None) == preview
        # Nothing but the reasons is for administrators alone.
        shown = {"list": preview["list"], "offers": preview["offers"] | {"notApplying": []}}
        assert world.seen_by_all() == shown
        _expect(world, plans, moment, preview)


def _expect(world: World, plans: Sequence[Plan], moment: datetime, found: Mapping[str, Any]) -> None:
    """Both could be wrong alike: so the list and the winner are held against the plans themselves."""
    running = [
        (code, begin, _cents(plan))
        for plan, (code, (begin, end)) in zip(plans, world.spans.items(), strict=True)
        if begin <= moment < end and plan.fate not in {"draft", "disabled", "deleted"}
    ]
    listed = sorted(sorted(running), key=lambda one: one[1], reverse=True)
    assert [item["code"] for item in found["list"]] == [code for code, _, _ in listed]
    cheaper = [(cents, -begin.timestamp(), code) for code, begin, cents in running if cents < 10_000]
    assert found["offers"]["winner"] == (min(cheaper)[2] if cheaper else None)


def _cents(plan: Plan) -> int:
    base = 100 if plan.list_price is None else int(plan.list_price.removesuffix(".00"))
    return base * (100 - (55 if plan.fate == "changed" else plan.percent))
