"""The calls about webhooks: making, reading, deleting them, and who may."""

import re
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from bbws.kernel.table import Key, RowKind
from bbws.tenants.webhooks.body import SHOWN
from bbws.tenants.webhooks.model import ID_PATTERN, MOST_WEBHOOKS
from bbws.tenants.webhooks.service import TOLD
from tests.builders import Reply
from tests.http.answers import fields, problem
from tests.tenants.hooks import URL, Hooks
from tests.tenants.world import tenant_path

SECRET = r"whsec_[A-Za-z0-9+/]{43}="
NOT_THERE = "webhook-0000000000000000"
NO_DELIVERY = "delivery-000000000000000000000000000"


def calls(tenant: Mapping[str, Any], webhook: str, delivery: str) -> list[tuple[str, str]]:
    """Every call about webhooks."""
    one = tenant_path(tenant, "webhooks", webhook)
    return [
        ("GET", tenant_path(tenant, "webhooks")),
        ("POST", tenant_path(tenant, "webhooks")),
        ("GET", one),
        ("DELETE", one),
        ("POST", f"{one}/enable"),
        ("POST", f"{one}/rotate"),
        ("POST", f"{one}/test"),
        ("GET", f"{one}/deliveries"),
        ("GET", f"{one}/deliveries/{delivery}"),
        ("POST", f"{one}/deliveries/{delivery}/replay"),
    ]


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    made = hooks.make(tenant, description="For the shop", events=["user.removed", "tenant.updated", "tenant.updated"])
    assert re.fullmatch(ID_PATTERN, made["webhookId"])
    assert re.fullmatch(SECRET, made["secret"])
    assert (made["url"], made["description"], made["state"]) == (URL, "For the shop", "ACTIVE")
    assert made["events"] == ["tenant.updated", "user.removed"]
    assert (made["createdBy"], made["disabledAt"], made["disabledBecause"]) == ("user-ann", None, None)
    read = hooks.read(made)
    assert read == {name: value for name, value in made.items() if name != "secret"}
    [listed] = hooks.world.ask("ann", "GET", tenant_path(tenant, "webhooks")).json["items"]
    assert listed["webhookId"] == made["webhookId"]
    assert "secret" not in listed


def test_a_webhook_is_told_everything_unless_it_says_what(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    assert hooks.make(tenant)["events"] == ["*"]
    assert hooks.make(tenant, events=["tenant.updated", "*"])["events"] == ["*"]


def test_its_links_lead_on(hooks: Hooks) -> None:
    made = hooks.make(hooks.world.active("ann"))
    own = hooks.of(made)
    assert {name: link["href"] for name, link in made["_links"].items()} == {
        "self": own,
        "test": f"{own}/test",
        "rotate": f"{own}/rotate",
        "delete": own,
        "deliveries": f"{own}/deliveries",
        "tenant": tenant_path(made),
        "collection": tenant_path(made, "webhooks"),
    }


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ({}, {"url"}),
        ({"url": ""}, {"url"}),
        ({"url": None}, {"url"}),
        ({"url": 7}, {"url"}),
        ({"url": "https://" + "a" * 500}, {"url"}),
        ({"url": URL, "events": []}, {"events"}),
        ({"url": URL, "events": ["Tenant Updated"]}, {"events.0"}),
        ({"url": URL, "events": ["tenant.updated"] * 51}, {"events"}),
        ({"url": URL, "events": "*"}, {"events"}),
        ({"url": URL, "description": "x" * 201}, {"description"}),
        ({"url": URL, "description": "two\nlines"}, {"description"}),
        ({"url": URL, "secret": ""}, {"secret"}),
        ({"url": URL, "state": "ACTIVE"}, {"state"}),
    ],
)
def test_bad_fields_are_named(hooks: Hooks, said: Mapping[str, Any], bad: set[str]) -> None:
    tenant = hooks.world.active("ann")
    assert fields(hooks.world.ask("ann", "POST", tenant_path(tenant, "webhooks"), said)) == bad


def test_an_address_that_is_refused_is_refused_with_its_reason(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    said = {"url": "http://hooks.example.com/"}
    refused = hooks.refused("ann", "POST", tenant_path(tenant, "webhooks"), said, 422, "webhook-address-refused")
    assert refused["detail"] == "The address must begin with https://."


def test_events_that_there_are_not_are_named(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    for name in ("user.erased", "contact.created", "key.created", "product.created", "tenant.gone", "webhook.tested"):
        said = {"url": URL, "events": ["tenant.updated", name]}
        refused = hooks.refused("ann", "POST", tenant_path(tenant, "webhooks"), said, 422, "unknown-events")
        assert name in refused["detail"]
        assert set(refused["allowedEvents"]) == {"*", *TOLD}


def test_a_tenant_has_ten_webhooks_at_most(hooks: Hooks) -> None:
    tenant, other = hooks.world.active("ann"), hooks.world.active("ben", organizationName="Other")
    made = [hooks.make(tenant) for _ in range(MOST_WEBHOOKS)]
    target = tenant_path(tenant, "webhooks")
    hooks.refused("ann", "POST", target, {"url": URL}, 422, "too-many-webhooks")
    assert hooks.make(other, who="ben")
    assert hooks.world.ask("ann", "DELETE", hooks.of(made[3])).status == 204
    assert hooks.make(tenant)
    hooks.refused("ann", "POST", target, {"url": URL}, 422, "too-many-webhooks")


def test_those_who_make_the_tenth_at_once_make_one(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    for _ in range(MOST_WEBHOOKS - 1):
        hooks.make(tenant)
    replies: list[Reply] = []
    target = tenant_path(tenant, "webhooks")
    hooks.world.token("ann")
    threads = [
        threading.Thread(target=lambda: replies.append(hooks.world.ask("ann", "POST", target, {"url": URL})))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.status for reply in replies) == [201, 422, 422, 422, 422, 422]
    assert hooks.world.ask("ann", "GET", target).json["count"] == MOST_WEBHOOKS


def test_the_list_goes_on_page_by_page(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    made = []
    for _ in range(5):
        hooks.clock.advance(1)
        made.append(hooks.make(tenant)["webhookId"])
    target, found = tenant_path(tenant, "webhooks?pageSize=2"), []
    page = hooks.world.ask("ann", "GET", target).json
    while True:
        found += [each["webhookId"] for each in page["items"]]
        if not page["moreAvailable"]:
            break
        page = hooks.world.ask("ann", "GET", f"{target}&startAt={page['nextToken']}").json
    assert found == made


def test_a_deleted_webhook_is_gone(hooks: Hooks) -> None:
    made = hooks.make(hooks.world.active("ann"))
    secret = Key(f"WEBHOOK#{made['webhookId']}", "SECRET")
    assert hooks.world.client.app.engine.table.get(secret) is not None
    assert hooks.world.ask("ann", "DELETE", hooks.of(made)).status == 204
    assert hooks.world.client.app.engine.table.get(secret) is None
    hooks.refused("ann", "GET", hooks.of(made), None, 404, "webhook-not-found")
    hooks.refused("ann", "DELETE", hooks.of(made), None, 404, "webhook-not-found")
    hooks.refused("ann", "POST", hooks.of(made, "enable"), None, 404, "webhook-not-found")


def test_a_stale_version_changes_nothing(hooks: Hooks) -> None:
    made = hooks.make(hooks.world.active("ann"))
    for method, further in (("DELETE", ()), ("POST", ("test",)), ("POST", ("enable",))):
        reply = hooks.world.ask("ann", method, hooks.of(made, *further), if_match='"7-x"')
        problem(reply, 412, "precondition-failed")
    assert hooks.read(made)["version"] == 1


def test_a_repeated_creation_makes_one_and_does_not_show_the_secret_again(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    target = tenant_path(tenant, "webhooks")
    first, second = (hooks.world.ask("ann", "POST", target, {"url": URL}, idempotency_key="one") for _ in range(2))
    assert second.json["webhookId"] == first.json["webhookId"]
    assert re.fullmatch(SECRET, first.json["secret"])
    assert first.json["secret"] not in second.body.decode()
    assert hooks.world.ask("ann", "GET", target).json["count"] == 1


def test_a_plan_makes_nothing_and_shows_no_secret(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    plan = hooks.world.ask("ann", "POST", tenant_path(tenant, "webhooks?dryRun=true"), {"url": URL})
    assert (plan.status, plan.json["changes"][0]["type"]) == (200, "webhook.created")
    assert b"whsec_" not in plan.body
    assert hooks.world.ask("ann", "GET", tenant_path(tenant, "webhooks")).json["count"] == 0


def test_a_tenant_that_left_gets_no_webhook(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    said = f"?force=true&confirm={tenant['organizationName']}"
    assert hooks.world.ask("ann", "DELETE", tenant_path(tenant) + said).status == 202
    hooks.refused("ann", "POST", tenant_path(tenant, "webhooks"), {"url": URL}, 403, "account-suspended")
    hooks.refused("boss", "POST", tenant_path(tenant, "webhooks"), {"url": URL}, 422, "tenant-status")


@pytest.mark.parametrize("role", ["Operator", "Viewer"])
def test_only_an_admin_may(hooks: Hooks, role: str) -> None:
    tenant = hooks.world.active("ann")
    made = hooks.make(tenant)
    assert hooks.world.join(tenant, "ben", role, by="ann").status == 201
    for method, target in calls(tenant, made["webhookId"], NO_DELIVERY):
        refused = hooks.refused("ben", method, target, None, 403, "forbidden")
        assert refused["requiredPermission"] == "tenant:webhooks"


def test_no_key_may(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    for method, target in calls(tenant, NOT_THERE, NO_DELIVERY):
        problem(hooks.world.client.call(method, target), 403, "forbidden")


def test_what_is_not_yours_is_answered_as_what_is_not_there(hooks: Hooks) -> None:
    own, foreign = hooks.world.active("ann"), hooks.world.active("ben", organizationName="Other")
    webhook = hooks.make(foreign, who="ben")
    hooks.post(webhook, "test", who="ben")
    [delivery] = hooks.read(webhook, "deliveries", who="ben")["items"]
    nowhere = {"tenantId": "tenant-00000000-0000-4000-8000-000000000000"}
    pairs = [
        (foreign, webhook["webhookId"], delivery["deliveryId"], nowhere, NOT_THERE, NO_DELIVERY),
        (own, webhook["webhookId"], delivery["deliveryId"], own, NOT_THERE, NO_DELIVERY),
    ]
    for there, webhook_id, delivery_id, absent, no_webhook, no_delivery in pairs:
        theirs, none = calls(there, webhook_id, delivery_id), calls(absent, no_webhook, no_delivery)
        for (method, target), (_, missing) in zip(theirs, none, strict=True):
            if there is own and target.endswith("/webhooks"):
                continue
            refused, absence = (hooks.world.ask("ann", method, each).body.decode() for each in (target, missing))
            assert _anonymous(refused) == _anonymous(absence)
            assert '"status":404' in refused


def _anonymous(body: str) -> str:
    return re.sub(r"(tenant|webhook|delivery)-[0-9A-Za-z-]+|\"requestId\":\"[^\"]+\"", "…", body)


@pytest.mark.parametrize("status", ["suspended", "parked"])
def test_a_tenant_that_is_closed_has_its_webhooks_closed(hooks: Hooks, status: str) -> None:
    tenant = hooks.world.active("ann")
    made = hooks.make(tenant)
    verb = {"suspended": "suspend", "parked": "park"}[status]
    why = {"reason": "Because the test says so"}
    assert hooks.world.ask("boss", "POST", tenant_path(tenant, "lifecycle", verb), why).status in {200, 202}
    for method, target in calls(tenant, made["webhookId"], NO_DELIVERY):
        hooks.refused("ann", method, target, None, 403, "account-suspended")


def test_no_secret_is_kept_but_in_its_row(hooks: Hooks) -> None:
    tenant = hooks.world.active("ann")
    target = tenant_path(tenant, "webhooks")
    secret = hooks.world.ask("ann", "POST", target, {"url": URL}, idempotency_key="one").json["secret"]
    hooks.forget()
    hooks.update(tenant)
    hooks.pass_on()
    kinds = set(RowKind) - {RowKind.SECRET}
    kept = str([row.document for row in hooks.world.client.app.engine.rows(kinds)])
    assert "webhookId" in kept
    assert secret.removeprefix("whsec_") not in kept
    assert secret.removeprefix("whsec_") not in str(hooks.sender.calls)


def test_nothing_that_may_be_somebodys_is_shown_of_changes() -> None:
    assert {"contactId", "contactEmail", "email", "metadata", "marks", "reason", "url", "description"} & SHOWN == set()
