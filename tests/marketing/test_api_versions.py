"""Stale, concurrent, repeated and planned changes of campaigns. Source: specification marketing §5, Decision 5."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.builders import Reply
from tests.fakes import Overtaken
from tests.http.answers import fields, problem
from tests.marketing.shop import ADMIN, CAMPAIGNS, Shop, campaign, day

# Every change of a campaign that is scheduled, or (publish, reactivate) in the state that it takes.
CHANGES = [
    ("PUT", "", {"version": 1, "name": "Other"}),
    ("POST", "/publish", None),
    ("PATCH", "/disable", {"reason": "Out of stock"}),
    ("PATCH", "/reactivate", {"toDate": day(20)}),
    ("DELETE", "", None),
]
TYPES = {
    "": "campaign.updated",
    "/publish": "campaign.published",
    "/disable": "campaign.disabled",
    "/reactivate": "campaign.reactivated",
}


def _ready(shop: Shop, tail: str) -> int:
    """A campaign that takes the change, and its version."""
    shop.create(draft=tail == "/publish")
    if tail == "/reactivate":
        return int(shop.change("PATCH", "SUMMER/disable")["version"])
    return 1


def _version(shop: Shop) -> int:
    version: int = shop.admin("GET", "SUMMER").json["version"]
    return version


def test_a_stale_version_in_the_body_is_a_conflict(shop: Shop) -> None:
    shop.create()
    shop.change("PUT", "SUMMER", {"version": 1, "name": "Other"})
    for stale in (1, 3, 2**53 - 1):
        refused = problem(shop.admin("PUT", "SUMMER", {"version": stale, "name": "Mine"}), 409, "version-conflict")
        assert (refused["currentVersion"], refused["expectedVersion"]) == (2, stale)
    assert shop.admin("GET", "SUMMER").json["name"] == "Other"


@pytest.mark.parametrize(("method", "tail", "body"), CHANGES)
def test_a_stale_tag_is_refused(shop: Shop, method: str, tail: str, body: object) -> None:
    version = _ready(shop, tail)
    for dry_run in ("", "?dryRun=true"):
        reply = shop.admin(method, f"SUMMER{tail}{dry_run}", body, {"if-match": '"7"'})
        refused = problem(reply, 412, "precondition-failed")
        assert (refused["currentVersion"], refused["expectedVersions"]) == (version, [7])
    assert _version(shop) == version
    tag = shop.admin("GET", "SUMMER").headers["etag"]
    assert shop.admin(method, f"SUMMER{tail}", body, {"if-match": tag}).status in {200, 204}


def test_the_tag_of_the_public_view_is_good_for_changing(shop: Shop) -> None:
    shop.create()
    tag = shop.public(f"{CAMPAIGNS}/SUMMER").headers["etag"]
    assert shop.admin("PATCH", "SUMMER/disable", None, {"if-match": tag}).status == 200


def test_what_has_not_changed_is_not_sent_again_and_what_time_changed_is(shop: Shop) -> None:
    shop.create()
    tags = {
        target: {"if-none-match": shop.public(target).headers["etag"]} for target in (f"{CAMPAIGNS}/SUMMER", CAMPAIGNS)
    }
    for days, status in ((0, 304), (0.9, 304), (1, 200)):
        shop.go_to(days)
        for target, tag in tags.items():
            assert shop.client.call("GET", target, key=None, headers=tag).status == status


def test_deleting_again_holds_the_version_too(shop: Shop) -> None:
    shop.create()
    shop.admin("DELETE", "SUMMER")
    problem(shop.admin("DELETE", "SUMMER", None, {"if-match": '"1"'}), 412, "precondition-failed")
    assert shop.admin("DELETE", "SUMMER", None, {"if-match": '"2"'}).status == 204


@pytest.mark.parametrize("contenders", [2, 8])
def test_of_concurrent_updates_exactly_one_wins(shop: Shop, contenders: int) -> None:
    shop.create()
    barrier = Barrier(contenders)

    def update(number: int) -> Reply:
        barrier.wait()
        return shop.admin("PUT", "SUMMER", {"version": 1, "name": f"Number {number}"})

    with ThreadPoolExecutor(contenders) as pool:
        replies = list(pool.map(update, range(contenders)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * (contenders - 1)
    [winner] = [reply.json["name"] for reply in replies if reply.status == 200]
    assert shop.admin("GET", "SUMMER").json["name"] == winner
    for reply in replies:
        if reply.status == 409:
            refused = problem(reply, 409, "version-conflict")
            assert (refused["currentVersion"], refused["expectedVersion"]) == (2, 1)


def test_who_is_overtaken_between_reading_and_writing_is_told(shop: Shop) -> None:
    shop.create()
    table = Overtaken(
        shop.client.app.engine.table,
        lambda key: key.partition == "CAMPAIGN#SUMMER",
        lambda: shop.change("PUT", "SUMMER", {"version": 1, "name": "Faster"}),
    )
    dispatcher = shop.client.app.dispatcher._replace(table=table)
    slow = replace(shop, client=replace(shop.client, app=replace(shop.client.app, dispatcher=dispatcher)))
    refused = problem(slow.admin("PUT", "SUMMER", {"version": 1, "name": "Slower"}), 409, "version-conflict")
    assert (refused["currentVersion"], shop.admin("GET", "SUMMER").json["name"]) == (2, "Faster")


def test_of_concurrent_disablings_one_succeeds_and_the_others_are_told_why(shop: Shop) -> None:
    shop.create()
    barrier = Barrier(4)

    def disable(_: int) -> Reply:
        barrier.wait()
        return shop.admin("PATCH", "SUMMER/disable")

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(disable, range(4)))
    assert sorted(reply.status for reply in replies) == [200, 422, 422, 422]
    assert _version(shop) == 2


def test_a_code_is_taken_once_even_by_several_at_once(shop: Shop) -> None:
    barrier = Barrier(4)

    def create(number: int) -> Reply:
        barrier.wait()
        return shop.admin("POST", "", campaign(name=f"Number {number}"))

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(create, range(4)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    for reply in replies:
        if reply.status == 409:
            assert problem(reply, 409, "campaign-exists")["campaignCode"] == "SUMMER"
    assert _version(shop) == 1


@pytest.mark.parametrize("deleted", [False, True])
def test_the_code_of_a_campaign_stays_taken(shop: Shop, *, deleted: bool) -> None:
    shop.create()
    if deleted:
        shop.admin("DELETE", "SUMMER")
    assert "SUMMER" in problem(shop.admin("POST", "", campaign()), 409, "campaign-exists")["detail"]


@pytest.mark.parametrize("tail", ["", "/publish"])
def test_a_repeated_post_gets_the_same_answer_and_has_no_further_effect(shop: Shop, tail: str) -> None:
    body = None if tail else campaign()
    if tail:
        shop.create(draft=True)
    once = {"idempotency-key": "order-4711"}
    target = f"SUMMER{tail}" if tail else ""
    first, again = (shop.admin("POST", target, body, once) for _ in range(2))
    assert (again.status, again.body) == (first.status, first.body)
    assert (first.status, again.headers["idempotency-replayed"]) == (200 if tail else 201, "true")
    assert _version(shop) == (2 if tail else 1)
    problem(shop.admin("POST", f"{target}?dryRun=false", body, once), 422, "idempotency-key-reused")
    other = shop.client.call("POST", ADMIN, campaign(), headers=once, token=shop.client.token("other"))
    problem(other, 409, "campaign-exists")


def test_an_idempotency_key_must_be_one(shop: Shop) -> None:
    assert fields(shop.admin("POST", "", campaign(), {"idempotency-key": ""})) == {"Idempotency-Key"}


@pytest.mark.parametrize(("method", "tail", "body"), CHANGES)
def test_a_plan_says_what_would_change_and_changes_nothing(shop: Shop, method: str, tail: str, body: object) -> None:
    version = _ready(shop, tail)
    if isinstance(body, dict) and "version" in body:
        body = {**body, "version": version}
    before = shop.admin("GET", "SUMMER")
    reply = shop.admin(method, f"SUMMER{tail}?dryRun=true", body)
    [change] = reply.json["changes"]
    expected = "campaign.deleted" if method == "DELETE" else TYPES[tail]
    assert (reply.status, change["type"], change["subject"]) == (200, expected, f"{CAMPAIGNS}/SUMMER")
    assert (change["version"], change["before"]["code"]) == (version + 1, "SUMMER")
    assert shop.admin("GET", "SUMMER").body == before.body


def test_a_plan_of_a_creation_creates_nothing(shop: Shop) -> None:
    [change] = shop.admin("POST", "?dryRun=true", campaign()).json["changes"]
    assert (change["type"], change["before"], change["after"]["code"]) == ("campaign.created", None, "SUMMER")
    assert shop.admin("GET", "").json["items"] == []
    assert shop.admin("GET", "SUMMER").status == 404


def test_disabling_announces_until_when_carts_keep_the_price(shop: Shop) -> None:
    shop.create()
    shop.go_to(2)
    [change] = shop.admin("PATCH", "SUMMER/disable?dryRun=true", {"reason": "Out"}).json["changes"]
    assert (change["type"], change["after"]["gracePeriodEnd"]) == ("campaign.disabled", day(3))


def test_a_change_that_changes_nothing_makes_no_version(shop: Shop) -> None:
    shop.create()
    same = shop.change("PUT", "SUMMER", {"version": 1, "discountPercent": 20, "active": True})
    assert (same["version"], same["updatedAt"]) == (1, same["createdAt"])
    assert {entry["version"] for entry in shop.admin("GET", "SUMMER/history?pageSize=100").json["items"]} == {1}
