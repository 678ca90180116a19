"""A webhook's secret is replaced: shown once, and for a day calls are signed with both."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from bbws.kernel.table import Remove, RowKind
from bbws.tenants.webhooks.store import secret_key
from tests.http.answers import problem
from tests.tenants.hooks import Called, Hooks
from tests.tenants.test_webhooks import NOT_THERE, SECRET
from tests.tenants.world import tenant_path

MICROSECOND = timedelta(microseconds=1)


def _rotated(hooks: Hooks, webhook: Mapping[str, Any]) -> str:
    reply = hooks.post(webhook, "rotate")
    assert re.fullmatch(SECRET, reply["secret"])
    return str(reply["secret"])


def _called(hooks: Hooks, tenant: Mapping[str, Any]) -> Called:
    """The next call of the webhook."""
    hooks.sender.calls.clear()
    hooks.clock.advance(1)
    hooks.update(tenant)
    hooks.pass_on()
    [call] = hooks.sender.calls
    return call


def _is_signed(call: Called, secret: str) -> bool:
    # Signed anew, since the library's verifier holds the time of a call against its own clock.
    at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    signature = Verifier(secret).sign(call.headers["webhook-id"], at, call.body.decode())
    return signature in call.headers["webhook-signature"].split(" ")


def test_for_a_day_calls_are_signed_with_both(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    new = _rotated(hooks, webhook)
    assert new != webhook["secret"]
    start, day = hooks.clock.now(), timedelta(hours=24)
    call = _called(hooks, tenant)
    assert (_is_signed(call, webhook["secret"]), _is_signed(call, new)) == (True, True)
    assert call.headers["webhook-signature"].count("v1,") == 2
    hooks.clock.set(start + day - timedelta(seconds=1) - MICROSECOND)
    assert _is_signed(_called(hooks, tenant), webhook["secret"])
    hooks.clock.set(start + day - timedelta(seconds=1))
    call = _called(hooks, tenant)
    assert (_is_signed(call, webhook["secret"]), _is_signed(call, new)) == (False, True)


def test_receivers_that_know_either_take_a_call(hooks: Hooks) -> None:
    hooks.clock.set(datetime.now(UTC))
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    new = _rotated(hooks, webhook)
    call = _called(hooks, tenant)
    for secret in (webhook["secret"], new):
        assert Verifier(secret).verify(call.body, dict(call.headers)) == call.event


def test_the_secret_before_the_last_is_dead_at_once(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    second = _rotated(hooks, webhook)
    third = _rotated(hooks, webhook)
    call = _called(hooks, tenant)
    assert [_is_signed(call, secret) for secret in (webhook["secret"], second, third)] == [False, True, True]


def test_the_new_secret_is_shown_once_and_kept_in_secret_rows_alone(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    _, webhook = hooks.tenant()
    target = hooks.of(webhook, "rotate")
    first = hooks.world.ask("ann", "POST", target, idempotency_key="once")
    again = hooks.world.ask("ann", "POST", target, idempotency_key="once")
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json == {name: value for name, value in first.json.items() if name != "secret"}
    assert "secret" not in hooks.read(webhook)
    secrets = (webhook["secret"], first.json["secret"])
    engine = hooks.world.client.app.engine
    for row in engine.rows(set(RowKind) - {RowKind.SECRET}):
        assert [secret for secret in secrets if secret in str(row.document)] == []
    assert [secret for secret in secrets if secret in caplog.text] == []
    [change] = [each for each in hooks.changes() if each.type == "webhook.rotated"]
    assert (change.actor, change.version) == ("user-ann", first.json["version"])


def test_a_plan_rotates_nothing_and_shows_no_secret(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    plan = hooks.world.ask("ann", "POST", hooks.of(webhook, "rotate") + "?dryRun=true")
    assert ([each["type"] for each in plan.json["changes"]], "whsec_" in str(plan.json)) == (["webhook.rotated"], False)
    call = _called(hooks, tenant)
    assert (_is_signed(call, webhook["secret"]), call.headers["webhook-signature"].count("v1,")) == (True, 1)


def test_a_secret_that_was_lost_is_replaced(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    table = hooks.world.client.app.engine.table
    table.commit([Remove(secret_key(webhook["webhookId"]), 1)])
    new = _rotated(hooks, webhook)
    assert _is_signed(_called(hooks, tenant), new)


def test_a_version_that_is_gone_and_a_webhook_that_is_not_there_are_refused(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    target = hooks.of(webhook, "rotate")
    problem(hooks.world.ask("ann", "POST", target, if_match='"7-x"'), 412, "precondition-failed")
    hooks.refused("ann", "POST", tenant_path(tenant, "webhooks", NOT_THERE, "rotate"), None, 404, "webhook-not-found")
    assert hooks.world.ask("ann", "DELETE", hooks.of(webhook)).status == 204
    hooks.refused("ann", "POST", target, None, 404, "webhook-not-found")
    rows = hooks.world.client.app.engine.rows({RowKind.SECRET})
    assert [row for row in rows if row.key == secret_key(webhook["webhookId"])] == []
