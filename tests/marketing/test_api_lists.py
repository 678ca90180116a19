"""Lists and histories of campaigns, page by page. Source: specification marketing §9, Decisions 6, 8 and 9."""

from collections.abc import Iterator
from typing import Any

import pytest

from bbws.kernel.table import Key
from bbws.marketing.store import campaign_key
from tests.builders import Client
from tests.http.answers import fields
from tests.marketing.shop import ADMIN, CAMPAIGNS, PRODUCT_ID, Shop, campaign, day, opened

# Code → from the first to the last day; on the fifth day some run, some will, some have. Several begin or end together.
SPANS = {
    "RUN-1": (1, 10), "RUN-2": (1, 10), "RUN-3": (3, 8), "RUN-4": (5, 6), "RUN-5": (2, 20),
    "NEXT-1": (6, 8), "NEXT-2": (6, 8), "NEXT-3": (5.001, 30),
    "ENDED-1": (1, 5), "ENDED-2": (1, 2), "ENDED-3": (1, 2), "ENDED-4": (0.5, 4.999),
    "DRAFT-1": (1, 2), "DRAFT-2": (1, 10), "OFF-1": (1, 10), "OFF-2": (6, 8), "GONE-1": (1, 10), "GONE-2": (1, 2),
}  # fmt: skip
STATUSES = {"RUN": "ACTIVE", "NEXT": "SCHEDULED", "ENDED": "EXPIRED", "DRAFT": "DRAFT", "OFF": "DISABLED"}
SIZES = (1, 2, 3, 100)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop on the fifth day."""
    with opened(tmp_path_factory.mktemp("full") / "data") as made:
        for code, (begin, end) in SPANS.items():
            made.add(code=code, fromDate=day(begin), toDate=day(end), draft=code.startswith("DRAFT"))
        for code in SPANS:
            if code.startswith("OFF"):
                made.change("PATCH", f"{code}/disable")
            if code.startswith("GONE"):
                assert made.admin("DELETE", code).status == 204
        made.go_to(5)
        yield made


def _pages(shop: Shop, target: str, size: int) -> list[list[dict[str, Any]]]:
    pages = []
    following: str | None = f"{target}{'&' if '?' in target else '?'}pageSize={size}"
    while following is not None:
        reply = shop.admin("GET", following)
        assert reply.status == 200, reply.body
        page = reply.json
        assert page["count"] == len(page["items"]) <= size
        assert page["moreAvailable"] == (page["nextToken"] is not None) == ("next" in page["_links"])
        pages.append(page["items"])
        following = page["_links"]["next"]["href"] if page["moreAvailable"] else None
    return pages


def _codes(shop: Shop, target: str, size: int) -> list[str]:
    pages = _pages(shop, target, size)
    # No page but the only one is empty: whoever is told of a further one finds something there.
    assert all(pages) or pages == [[]]
    return [item["code"] for page in pages for item in page]


def _ending_last(*kinds: str) -> list[str]:
    """The codes of these kinds, those that end last first."""
    chosen = [code for code in SPANS if code.partition("-")[0] in kinds]
    return sorted(chosen, key=lambda code: (SPANS[code][1], code), reverse=True)


@pytest.mark.parametrize("size", SIZES)
def test_the_public_list_is_what_runs_the_latest_begun_first(full: Shop, size: int) -> None:
    assert _codes(full, CAMPAIGNS, size) == ["RUN-4", "RUN-3", "RUN-5", "RUN-1", "RUN-2"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", STATUSES)
def test_administrators_list_every_status_those_that_end_last_first(full: Shop, size: int, kind: str) -> None:
    assert _codes(full, f"{ADMIN}?status={STATUSES[kind]}", size) == _ending_last(kind)


@pytest.mark.parametrize("size", SIZES)
def test_administrators_list_all_or_the_deleted_ones(full: Shop, size: int) -> None:
    assert _codes(full, ADMIN, size) == _ending_last(*STATUSES)
    assert _codes(full, f"{ADMIN}?active=true", size) == _ending_last(*STATUSES)
    assert _codes(full, f"{ADMIN}?active=false", size) == _ending_last("GONE")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("at", [0, 2, 4.999, 5.001, 8, 30])
def test_lists_of_another_time_have_the_statuses_of_then(full: Shop, size: int, at: float) -> None:
    found: list[str] = []
    for status in STATUSES.values():
        codes = _codes(full, f"{ADMIN}?status={status}&at={day(at)}", size)
        shown = {item["status"] for page in _pages(full, f"{ADMIN}?status={status}&at={day(at)}", 100) for item in page}
        assert shown <= {status}
        found += codes
    assert sorted(found) == sorted(_ending_last(*STATUSES))
    running = {code for code, (begin, end) in SPANS.items() if begin <= at < end and code[0] in "RNE"}
    assert set(_codes(full, f"{CAMPAIGNS}?at={day(at)}", size)) == running


def test_deleted_ones_have_no_status_to_choose_by(full: Shop) -> None:
    assert fields(full.admin("GET", "?active=false&status=ACTIVE")) == {"active"}


def test_the_public_list_goes_on_where_it_was_though_time_passes(shop: Shop) -> None:
    for number in range(6):
        shop.create(code=f"SALE-{number}", fromDate=day(number / 10), toDate=day(1 + number / 10))
    shop.go_to(0.5)
    first = shop.public(f"{CAMPAIGNS}?pageSize=2").json
    shop.go_to(1.1)  # two have ended
    shop.create(code="NEW", fromDate=day(1.05), toDate=day(2))
    second = shop.public(first["_links"]["next"]["href"]).json
    assert [item["code"] for item in first["items"] + second["items"]] == ["SALE-5", "SALE-4", "SALE-3", "SALE-2"]
    assert second["moreAvailable"] is False


def test_a_page_looks_at_so_many_and_goes_on_later(shop: Shop) -> None:
    """Of 1,100 that will run none runs, so the first page of those that do finds nothing, and says where to go on."""
    shop.add(code="LAST", fromDate=day(-1), toDate=day(1))
    for number in range(1100):
        shop.add(code=f"NEXT-{number:04}", fromDate=day(2), toDate=day(3))
    pages = _pages(shop, f"{ADMIN}?status=ACTIVE", 100)
    assert [[item["code"] for item in page] for page in pages] == [[], ["LAST"]]


def _lived(shop: Shop) -> None:
    shop.create(description="Hot")
    shop.go_to(1)
    shop.change("PUT", "SUMMER", {"version": 1, "discountPercent": 25, "description": None, "name": "Summer sale"})
    shop.go_to(2)
    shop.change("PATCH", "SUMMER/disable", {"reason": "Out of stock"})
    shop.go_to(3)
    shop.change("PATCH", "SUMMER/reactivate", {"toDate": day(20)})
    shop.go_to(4)
    shop.admin("DELETE", "SUMMER")


def test_the_history_has_an_entry_for_each_field_that_changed_newest_first(shop: Shop) -> None:
    _lived(shop)
    [page] = _pages(shop, f"{ADMIN}/SUMMER/history", 100)
    told = [(each["version"], each["changeType"], each["fieldChanged"]) for each in page]
    assert [each for each in told if each[0] > 1] == [
        (5, "DELETE", "active"),
        *((4, "REACTIVATE", name) for name in (
            "disableReason", "disabledAt", "disabledBy", "gracePeriodEnd", "reactivatedAt", "reactivatedBy", "state",
            "toDate")),
        *((3, "DISABLE", name) for name in ("disableReason", "disabledAt", "disabledBy", "gracePeriodEnd", "state")),
        (2, "UPDATE", "description"),
        (2, "UPDATE", "discountPercent"),
    ]  # fmt: skip
    assert {each[2] for each in told if each[0] == 1} == {
        "code", "name", "description", "productId", "currency", "discountPercent", "termsAndConditions", "fromDate",
        "toDate", "state", "active",
    }  # fmt: skip
    discount = next(each for each in page if each["fieldChanged"] == "discountPercent")
    assert {name: value for name, value in discount.items() if name != "_links"} == {
        "modificationId": "SUMMER.2.discountPercent", "campaignCode": "SUMMER", "modifiedBy": "user-operator",
        "modifiedAt": day(1), "fieldChanged": "discountPercent", "previousValue": 20, "newValue": 25,
        "changeType": "UPDATE", "version": 2,
    }  # fmt: skip
    assert len({each["modificationId"] for each in page}) == len(page)
    assert not any("ipAddress" in each or "userAgent" in each for each in page)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_a_history_have_every_entry_once(shop: Shop, size: int) -> None:
    _lived(shop)
    [whole] = _pages(shop, f"{ADMIN}/SUMMER/history", 100)
    pages = _pages(shop, f"{ADMIN}/SUMMER/history", size)
    assert [each for page in pages for each in page] == whole
    assert all(len(page) == size for page in pages[:-1])
    assert pages[-1]


def test_a_change_between_two_pages_is_not_met_on_the_second(shop: Shop) -> None:
    _lived(shop)
    [whole] = _pages(shop, f"{ADMIN}/SUMMER/history", 100)
    first = shop.admin("GET", "SUMMER/history?pageSize=5").json
    shop.change("PUT", "SUMMER", {"version": 5, "active": True})
    second = shop.admin("GET", first["_links"]["next"]["href"]).json
    assert first["items"] + second["items"] == whole[:10]


def test_the_token_of_one_list_is_good_for_no_other(full: Shop) -> None:
    token = full.admin("GET", "?pageSize=1").json["nextToken"]
    for target in (f"{CAMPAIGNS}?pageSize=1", f"{ADMIN}/RUN-1/history?pageSize=1", f"{ADMIN}?pageSize=1&status=DRAFT"):
        assert fields(full.admin("GET", f"{target}&startAt={token}")) == {"startAt"}
    tampered = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    assert fields(full.admin("GET", f"?pageSize=1&startAt={tampered}")) == {"startAt"}


def test_an_empty_list_is_a_list(shop: Shop) -> None:
    for target in (CAMPAIGNS, ADMIN, *(f"{ADMIN}?status={status}" for status in STATUSES.values())):
        page = shop.admin("GET", target).json
        assert (page["items"], page["count"], page["moreAvailable"], page["nextToken"]) == ([], 0, False, None)
    assert set(shop.admin("GET", "").json["_links"]) == {"self", "create"}


def test_however_many_are_to_come_the_list_of_now_is_answered(client: Client) -> None:
    """Under the real clock, on which no two looks are at the same time."""
    client.create(productId=PRODUCT_ID)
    token = client.token()
    body = campaign(fromDate="2020-01-01T00:00:00Z", toDate="2126-01-01T00:00:00Z")
    assert client.call("POST", ADMIN, body, token=token).status == 201
    row = client.app.engine.table.get(campaign_key("SUMMER"))
    assert row is not None
    client.app.engine.load_rows(
        row._replace(
            key=campaign_key(f"COPY-{n}"),
            document=row.document | {"code": f"COPY-{n}"},
            digest=f"{n:064}",
            indexes={index: Key(place.partition, f"{place.sort}{n}") for index, place in row.indexes.items()},
        )
        for n in range(2100)
    )
    assert client.call("GET", f"{CAMPAIGNS}?pageSize=100", key=None).json["count"] == 100
    assert len(client.call("GET", f"/v1.0/products/{PRODUCT_ID}/offers", key=None).json["offers"]) == 2101
