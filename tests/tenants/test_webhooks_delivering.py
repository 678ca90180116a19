"""From what happens to a tenant to the call of its webhooks: once each, tried for three days, told to nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Verifier

from bbws.kernel.reaction import Message
from bbws.kernel.table import Key, RowKind
from bbws.tenants.webhooks.model import DELAYS, GIVES_UP_AFTER, KEPT
from bbws.tenants.webhooks.ports import Sent
from tests.http.answers import problem
from tests.tenants.hooks import BROKEN, OK, URL, Hooks
from tests.tenants.world import tenant_path

OTHER = "https://other.example.org/in"
SECOND = timedelta(seconds=1)


def test_a_webhook_is_told_what_happens_to_its_tenant(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant, organizationName="Acme Two", metadata={"ceo": "Thandi"})
    hooks.pass_on()
    [call] = hooks.sender.calls
    [change] = [each for each in hooks.changes() if each.type == "tenant.updated"]
    assert call.url == URL
    assert set(call.event) == {"type", "timestamp", "data"}
    assert (call.event["type"], call.event["timestamp"]) == ("tenant.updated", change.time)
    data = call.event["data"]
    assert (data["subject"], data["version"], data["actor"]) == (tenant_path(tenant), change.version, "user-ann")
    assert (data["before"]["organizationName"], data["after"]["organizationName"]) == ("Acme", "Acme Two")
    assert b"Thandi" not in call.body
    [delivery] = hooks.deliveries(webhook)
    assert call.headers["webhook-id"] == delivery["deliveryId"]
    assert (delivery["event"], delivery["outcome"], delivery["attempts"]) == ("tenant.updated", "DELIVERED", 1)
    assert (delivery["statusCode"], delivery["error"], delivery["nextAttemptAt"]) == (200, None, None)


def test_a_call_is_signed_as_standard_webhooks_are(hooks: Hooks) -> None:
    hooks.clock.set(datetime.now(UTC))  # the library holds the time of a call against its own clock
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    hooks.pass_on()
    [call] = hooks.sender.calls
    assert Verifier(webhook["secret"]).verify(call.body, dict(call.headers)) == call.event
    assert call.headers["webhook-timestamp"] == str(int(hooks.clock.now().timestamp()))


def test_it_is_told_what_it_asked_for(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant(events=["user.assigned"])
    hooks.update(tenant)
    assert hooks.world.join(tenant, "ben", "Viewer", by="ann").status == 201
    hooks.pass_on()
    assert hooks.sender.events() == ["user.assigned"]
    assert b"example.com" not in hooks.sender.calls[0].body


def test_nobody_is_told_of_another_tenant(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    other = hooks.world.active("ben", organizationName="Other")
    theirs = hooks.make(other, who="ben", url=OTHER)
    hooks.forget()
    hooks.update(tenant)
    hooks.update(other, who="ben")
    hooks.pass_on()
    assert {(call.url, call.event["data"]["after"]["tenantId"]) for call in hooks.sender.calls} == {
        (URL, tenant["tenantId"]),
        (OTHER, other["tenantId"]),
    }
    assert len(hooks.deliveries(webhook)) == 1
    assert len(hooks.read(theirs, "deliveries", who="ben")["items"]) == 1


def test_what_concerns_no_tenant_is_told_to_nobody(hooks: Hooks) -> None:
    hooks.tenant()
    hooks.world.client.create()
    hooks.world.known("ben")
    hooks.announce(again=True)
    hooks.deliver()
    told = {call.event["data"]["subject"] for call in hooks.sender.calls}
    assert told
    assert all(subject.startswith("/v1.0/tenants/tenant-") for subject in told)


def test_a_message_that_comes_twice_is_told_once(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    hooks.update(tenant)
    hooks.pass_on()
    hooks.announce(again=True)
    hooks.deliver()
    assert hooks.sender.events() == ["tenant.updated"]
    assert len(hooks.deliveries(webhook)) == 1


def test_a_message_about_nothing_comes_again(hooks: Hooks) -> None:
    lost = Message("x.1", "tenant.updated", "/v1.0/tenants/x", Key("TENANT#x", "CHANGE#METADATA#0000000001"))
    with pytest.raises(AssertionError):
        hooks.tell([lost])


def test_tries_come_later_and_later_and_end_with_the_third_day(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.sender.answers[URL] = BROKEN
    hooks.update(tenant)
    hooks.pass_on()
    ends = hooks.clock.now() + GIVES_UP_AFTER
    for number, planned in enumerate(DELAYS, start=1):
        [delivery] = hooks.deliveries(webhook)
        assert (delivery["outcome"], delivery["attempts"]) == ("PENDING", number)
        assert (delivery["statusCode"], delivery["error"]) == (500, "The answer was 500.")
        delay = min(planned, ends - hooks.clock.now())
        assert hooks.wait(delay - SECOND) == 0
        assert hooks.wait(SECOND) == 1
    assert hooks.clock.now() == ends
    assert len({call.headers["webhook-id"] for call in hooks.sender.calls}) == 1
    assert len(hooks.sender.calls) == len(DELAYS) + 1
    [delivery] = hooks.deliveries(webhook)
    assert (delivery["outcome"], delivery["nextAttemptAt"]) == ("FAILED", None)
    assert hooks.wait(KEPT / 2) == 0


def test_an_address_that_fails_for_three_days_is_told_nothing_more(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    other = hooks.make(tenant, url=OTHER, events=["webhook.disabled"])
    hooks.forget()
    hooks.sender.answers[URL] = BROKEN
    hooks.update(tenant)
    hooks.pass_on()
    for delay in DELAYS:
        hooks.wait(delay)
    read = hooks.read(webhook)
    assert (read["state"], read["disabledBecause"]) == ("DISABLED", "failing")
    assert read["disabledAt"] is not None
    assert set(read["_links"]) >= {"enable"}
    assert "test" not in read["_links"]
    hooks.sender.calls.clear()
    hooks.update(tenant)
    hooks.pass_on()
    # The notice goes to whoever wants it; the change names the tenant, for those who write to its people.
    assert [(call.url, call.event["type"]) for call in hooks.sender.calls] == [(OTHER, "webhook.disabled")]
    assert hooks.sender.calls[0].event["data"]["after"]["webhookId"] == webhook["webhookId"]
    [change] = [each for each in hooks.changes() if each.type == "webhook.disabled"]
    assert (change.actor, change.after["tenantId"]) == ("system-webhooks", tenant["tenantId"])
    assert hooks.read(other)["state"] == "ACTIVE"


def test_an_address_that_is_gone_is_disabled_at_once_with_all_that_waits(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    for _ in range(40):
        hooks.clock.advance(0.001)
        hooks.update(tenant)
    hooks.sender.answers[URL] = Sent(410)
    hooks.pass_on()
    hooks.wait(timedelta(minutes=1))
    assert len(hooks.sender.calls) == 1
    assert hooks.read(webhook)["disabledBecause"] == "gone"
    page = hooks.world.ask("ann", "GET", hooks.of(webhook, "deliveries") + "?pageSize=100").json["items"]
    assert len(page) == 40
    assert {delivery["outcome"] for delivery in page} == {"FAILED"}
    assert {delivery["nextAttemptAt"] for delivery in page} == {None}


def test_an_enabled_webhook_is_told_what_happens_from_then_on_and_can_replay_the_rest(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    hooks.sender.answers[URL] = Sent(410)
    hooks.update(tenant)
    hooks.pass_on()
    [failed] = hooks.deliveries(webhook)
    target = hooks.of(webhook, "deliveries", failed["deliveryId"], "replay")
    hooks.refused("ann", "POST", target, None, 422, "webhook-disabled")
    hooks.refused("ann", "POST", hooks.of(webhook, "test"), None, 422, "webhook-disabled")
    enabled = hooks.post(webhook, "enable")
    assert (enabled["state"], enabled["disabledAt"], enabled["disabledBecause"]) == ("ACTIVE", None, None)
    assert hooks.post(webhook, "enable")["version"] == enabled["version"]
    hooks.sender.answers.clear()
    hooks.update(tenant)
    hooks.announce()
    hooks.wait(SECOND * 5)
    assert len(hooks.sender.calls) == 2
    assert hooks.world.ask("ann", "POST", target).status == 202
    hooks.pass_on()
    assert hooks.sender.calls[2].headers["webhook-id"] == failed["deliveryId"]
    assert hooks.sender.calls[2].body == hooks.sender.calls[0].body


def test_a_test_is_tried_once_and_disables_nothing(hooks: Hooks) -> None:
    _, webhook = hooks.tenant(events=["user.removed"])
    hooks.make(webhook, url=OTHER)
    hooks.forget()
    hooks.sender.answers[URL] = Sent(410)
    reply = hooks.world.ask("ann", "POST", hooks.of(webhook, "test"))
    assert (reply.status, reply.json["outcome"], reply.json["test"]) == (202, "PENDING", True)
    hooks.pass_on()
    [call] = hooks.sender.calls
    assert (call.url, call.event["type"]) == (URL, "webhook.tested")
    ended = hooks.world.ask("ann", "GET", reply.headers["location"]).json
    assert (ended["outcome"], ended["attempts"], ended["statusCode"]) == ("FAILED", 1, 410)
    assert hooks.read(webhook)["state"] == "ACTIVE"
    hooks.sender.answers.clear()
    hooks.post(webhook, "test")
    hooks.pass_on()
    assert [each["outcome"] for each in hooks.deliveries(webhook)] == ["DELIVERED", "FAILED"]


def test_a_replay_is_sent_under_its_old_id_and_tried_for_three_days_anew(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    hooks.pass_on()
    [delivered] = hooks.deliveries(webhook)
    hooks.wait(timedelta(days=20))
    hooks.sender.answers[URL] = BROKEN
    asked = hooks.post(webhook, "deliveries", delivered["deliveryId"], "replay")
    assert (asked["outcome"], asked["attempts"]) == ("PENDING", 0)
    hooks.pass_on()
    hooks.wait(timedelta(minutes=1))
    assert [call.headers["webhook-id"] for call in hooks.sender.calls] == [delivered["deliveryId"]] * 3
    assert len({call.body for call in hooks.sender.calls}) == 1
    [again] = hooks.deliveries(webhook)
    assert (again["outcome"], again["attempts"]) == ("PENDING", 2)


def test_deliveries_are_kept_for_thirty_days_the_latest_event_first(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    for _ in range(3):
        hooks.clock.advance(60)
        hooks.update(tenant)
    hooks.pass_on()
    times = [delivery["createdAt"] for delivery in hooks.deliveries(webhook)]
    ids = [delivery["deliveryId"] for delivery in hooks.deliveries(webhook)]
    assert len(times) == 3
    assert ids == sorted(ids, reverse=True)
    page = hooks.world.ask("ann", "GET", hooks.of(webhook, "deliveries") + "?pageSize=2").json
    rest = hooks.world.ask("ann", "GET", hooks.of(webhook, "deliveries") + f"?pageSize=2&startAt={page['nextToken']}")
    assert [each["deliveryId"] for each in (*page["items"], *rest.json["items"])] == ids
    hooks.wait(KEPT)
    assert hooks.deliveries(webhook) == []
    gone = hooks.world.ask("ann", "GET", hooks.of(webhook, "deliveries", ids[0]))
    problem(gone, 404, "delivery-not-found")


def test_no_row_but_the_delivery_is_left_behind(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant()
    hooks.sender.answers[URL] = BROKEN
    hooks.update(tenant)
    hooks.pass_on()
    hooks.sender.answers[URL] = OK
    hooks.wait(timedelta(minutes=1))
    rows = hooks.world.client.app.engine.rows({RowKind.EPHEMERAL})
    left = [row.key.sort.partition("#")[0] for row in rows if row.key.partition.startswith("WEBHOOK#")]
    assert left == ["DELIVERY"]
