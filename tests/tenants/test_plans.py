"""``dryRun=true`` on every call in a tenant: it tells what would change, and changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bbws.kernel.actor import IN_TENANT
from bbws.kernel.table import RowKind
from bbws.tables import ENDPOINTS
from tests.http.answers import problem
from tests.tenants.hooks import Hooks
from tests.tenants.units import hierarchy, unit_id, where
from tests.tenants.world import ACME, TENANTS, WHY, World, tenant_path

KINDS = tuple(RowKind)
type Planned = tuple[str, str, Any, set[str]]


def _on(method: str, *path: str, body: Any = None, **types: Any) -> Callable[[World, Mapping[str, Any]], Planned]:
    return lambda _, tenant: (method, tenant_path(tenant, *path), body, set(types["types"].split()))


def _parked(world: World, tenant: Mapping[str, Any]) -> Planned:
    world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), WHY)
    return "POST", tenant_path(tenant, "lifecycle", "unpark"), None, {"tenant.unparked"}


def _suspended(world: World, tenant: Mapping[str, Any]) -> Planned:
    world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY)
    types = {"tenant.resumed", "operation.tenant-lifecycle"}
    return "POST", tenant_path(tenant, "lifecycle", "resume"), None, types


def _leaving(_: World, tenant: Mapping[str, Any]) -> Planned:
    types = {"tenant.deprovisioned", "operation.tenant-lifecycle"}
    return "DELETE", f"{tenant_path(tenant)}?force=true&confirm=Acme", None, types


def _founding(_: World, __: Mapping[str, Any]) -> Planned:
    said = {**ACME, "organizationName": "New", "contactEmail": "new@example.com"}
    return "POST", TENANTS, said, {"tenant.created", "user.assigned", "contact.added"}


PLANS: Mapping[str, Callable[[World, Mapping[str, Any]], Planned]] = {
    "createTenant": _founding,
    "updateTenant": _on("PUT", body={"division": "North"}, types="tenant.updated"),
    "deleteTenant": _leaving,
    "setTenantStatus": _on("PATCH", "status", body={"status": "PARKED", **WHY}, types="tenant.parked"),
    "parkTenant": _on("POST", "lifecycle", "park", body=WHY, types="tenant.parked"),
    "unparkTenant": _parked,
    "suspendTenant": _on("POST", "lifecycle", "suspend", body=WHY, types="tenant.suspended operation.tenant-lifecycle"),
    "resumeTenant": _suspended,
    "addUser": _on("POST", "users", body={"email": "cat@example.com", "role": "Viewer"}, types="user.assigned"),
    "setUserRole": _on("PUT", "users", "user-ben", body={"role": "Admin"}, types="user.role_changed"),
    "removeUser": _on("DELETE", "users", "user-ben", types="user.removed"),
}


# In test_units.py, a verb at a time: the levels are one declaration.
OF_UNITS = {f"{verb}{kind}" for verb in ("create", "update", "delete") for kind in ("Division", "Group", "Team")}
OF_TEAMS = {"addTeamMember", "removeTeamMember"}
# In test_invitations.py and test_invitations_received.py.
OF_INVITATIONS = {"createInvitation", "cancelInvitation", "resendInvitation", "acceptInvitation"}
OF_OPERATIONS = {"cancelTenantOperation", "retryTenantOperation"}  # test_watching.py
OF_WEBHOOKS = {
    "createWebhook",
    "deleteWebhook",
    "enableWebhook",
    "rotateWebhookSecret",
    "testWebhook",
    "replayDelivery",
}


def test_every_call_in_a_tenant_that_changes_something_is_planned() -> None:
    changing = {each.id for each in ENDPOINTS if each.mutates and each.permission.startswith(IN_TENANT)}
    assert changing == PLANS.keys() | OF_UNITS | OF_TEAMS | OF_INVITATIONS | OF_WEBHOOKS | OF_OPERATIONS


def test_a_plan_tells_nobody_more_than_they_may_read(world: World) -> None:
    units = hierarchy(world)
    team = units.add("Shop", units.add("Web", units.add("North")))
    other = units.add("South")
    units.join("ben", "Operator", team)
    units.join("eve", "Viewer", other)
    units.enter("user-eve", team, "Viewer")
    members = f"{where(team)}/members"
    problem(world.ask("ben", "GET", units.path(rest="users/user-eve")), 403, "forbidden")
    dan = units.join("dan", "Admin")
    planned = [
        world.ask("ben", "DELETE", f"{members}/user-eve?dryRun=true"),
        world.ask("ben", "POST", f"{members}?dryRun=true", {"userId": dan, "role": "Viewer"}),
        world.ask("ann", "DELETE", f"{where(team)}?cascade=true&dryRun=true"),
    ]
    for reply in planned:
        assert reply.status == 200, reply.body
        assert reply.json["changes"]
        assert {each[name] for each in reply.json["changes"] for name in ("before", "after", "version")} == {None}
        assert unit_id(other) not in reply.body.decode()


def test_plans_about_webhooks_change_nothing_and_send_nothing(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant, division="North")
    hooks.announce()
    hooks.deliver()
    [delivery] = hooks.deliveries(webhook)
    everything = list(hooks.world.client.app.engine.rows(KINDS)), len(hooks.sender.calls)
    for method, path in (
        ("POST", tenant_path(tenant, "webhooks")),
        ("DELETE", hooks.of(webhook)),
        ("POST", hooks.of(webhook, "enable")),
        ("POST", hooks.of(webhook, "rotate")),
        ("POST", hooks.of(webhook, "test")),
        ("POST", hooks.of(webhook, "deliveries", delivery["deliveryId"], "replay")),
    ):
        body = {"url": "https://hooks.example.com/other"} if path.endswith("webhooks") else None
        assert hooks.world.ask("ann", method, _planned(path), body).status == 200
        assert (list(hooks.world.client.app.engine.rows(KINDS)), len(hooks.sender.calls)) == everything


@pytest.mark.parametrize("call", sorted(PLANS))
def test_a_plan_says_what_would_change_and_changes_nothing(world: World, call: str) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Viewer", by="ann")
    world.known("cat", "boss")
    method, path, body, types = PLANS[call](world, tenant)
    before = list(world.client.app.engine.rows(KINDS))
    reply = world.ask("boss" if call == "resumeTenant" else "ann", method, _planned(path), body)
    assert reply.status == 200, reply.body
    assert {change["type"] for change in reply.json["changes"]} == types
    assert list(world.client.app.engine.rows(KINDS)) == before


def _planned(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}dryRun=true"
