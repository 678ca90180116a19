"""What webhooks are told of a tenant that is suspended, parked or gone: where it stands, and nothing else."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.tenants.hooks import BROKEN, URL, Hooks
from tests.tenants.world import WHY, tenant_path

CLOSED = ("suspend", "park")
REOPENED = {"suspend": "resume", "park": "unpark"}
PAST = {"suspend": "tenant.suspended", "park": "tenant.parked", "resume": "tenant.resumed", "unpark": "tenant.unparked"}


def _move(hooks: Hooks, tenant: Mapping[str, Any], way: str) -> None:
    hooks.clock.advance(1)
    said = None if way in {"resume", "unpark"} else WHY
    reply = hooks.world.ask("boss", "POST", tenant_path(tenant, "lifecycle", way), said)
    assert reply.status in {200, 202}, reply.body
    hooks.clock.advance(1)


def _leave(hooks: Hooks, tenant: Mapping[str, Any]) -> None:
    hooks.clock.advance(1)
    confirmed = f"{tenant_path(tenant)}?force=true&confirm={tenant['organizationName']}"
    assert hooks.world.ask("boss", "DELETE", confirmed).status == 202
    hooks.clock.advance(1)


def _listed(hooks: Hooks, webhook: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Deliveries and what became of them, as the platform sees them, the latest first."""
    items = hooks.read(webhook, "deliveries", who="boss")["items"]
    return [(each["event"], each["outcome"]) for each in items]


@pytest.mark.parametrize("way", CLOSED)
def test_a_closed_tenant_is_told_where_it_stands_alone(hooks: Hooks, way: str) -> None:
    tenant, webhook = hooks.tenant()
    _move(hooks, tenant, way)
    hooks.update(tenant, who="boss")
    assert hooks.world.join(tenant, "ben", "Viewer").status == 422
    hooks.pass_on()
    assert hooks.sender.events() == [PAST[way]]
    assert _listed(hooks, webhook) == [(PAST[way], "DELIVERED")]
    _move(hooks, tenant, REOPENED[way])
    hooks.update(tenant)
    hooks.pass_on()
    assert hooks.sender.events() == [PAST[way], PAST[REOPENED[way]], "tenant.updated"]


@pytest.mark.parametrize("way", CLOSED)
def test_what_waits_when_a_tenant_is_closed_ends_and_can_be_replayed(hooks: Hooks, way: str) -> None:
    tenant, webhook = hooks.tenant()
    hooks.sender.answers[URL] = BROKEN
    hooks.update(tenant)
    hooks.pass_on()
    hooks.sender.answers.clear()
    hooks.sender.calls.clear()
    hooks.clock.advance(60)
    hooks.update(tenant)  # happens before, and is announced after
    _move(hooks, tenant, way)
    hooks.pass_on()
    hooks.clock.advance(60)
    hooks.deliver()
    assert hooks.sender.events() == [PAST[way]]
    late, first = hooks.read(webhook, "deliveries", who="boss")["items"][1:]
    for ended in (late, first):
        assert (ended["event"], ended["outcome"], ended["nextAttemptAt"]) == ("tenant.updated", "FAILED", None)
        assert "Replay it" in ended["error"]
    assert hooks.read(webhook, who="boss")["state"] == "ACTIVE"
    _move(hooks, tenant, REOPENED[way])
    hooks.post(webhook, "deliveries", late["deliveryId"], "replay")
    hooks.pass_on()
    assert hooks.sender.events() == [PAST[way], "tenant.updated", PAST[REOPENED[way]]]


def test_nobody_has_a_closed_tenant_told_more(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    hooks.pass_on()
    [updated] = hooks.deliveries(webhook)
    _move(hooks, tenant, "suspend")
    hooks.pass_on()
    [suspended, _] = hooks.read(webhook, "deliveries", who="boss")["items"]
    for target in (hooks.of(webhook, "test"), hooks.of(webhook, "deliveries", updated["deliveryId"], "replay")):
        refused = hooks.refused("boss", "POST", target, None, 422, "tenant-status")
        assert refused["currentStatus"] == "SUSPENDED"
    hooks.post(webhook, "deliveries", suspended["deliveryId"], "replay", who="boss")
    hooks.pass_on()
    assert hooks.sender.events() == ["tenant.updated", "tenant.suspended", "tenant.suspended"]


def test_of_a_tenant_that_has_left_only_that_is_told(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    _move(hooks, tenant, "park")
    hooks.sender.answers[URL] = BROKEN
    hooks.pass_on()
    hooks.sender.calls.clear()
    _leave(hooks, tenant)
    hooks.pass_on()
    hooks.clock.advance(600)
    hooks.deliver()
    assert set(hooks.sender.events()) == {"tenant.deprovisioned"}
    assert len(hooks.sender.calls) > 1
    assert dict(_listed(hooks, webhook)) == {"tenant.deprovisioned": "PENDING", "tenant.parked": "FAILED"}
    hooks.sender.answers.clear()
    hooks.clock.advance(3600)
    hooks.deliver()
    assert dict(_listed(hooks, webhook))["tenant.deprovisioned"] == "DELIVERED"


def test_what_happened_before_a_tenant_left_is_told_to_nobody_afterwards(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    _leave(hooks, tenant)
    hooks.pass_on()
    assert hooks.sender.events() == ["tenant.deprovisioned"]
    assert _listed(hooks, webhook) == [("tenant.deprovisioned", "DELIVERED")]
