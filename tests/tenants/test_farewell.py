"""What follows when a tenant is deprovisioned: nobody belongs to it, nobody is asked to, nothing is called any more."""

from collections.abc import Mapping
from typing import Any

import pytest

from bbws.tenants.invitations.model import State as Invited
from tests.http.answers import problem
from tests.tenants.hooks import BROKEN, URL, Hooks
from tests.tenants.units import Hierarchy, hierarchy, killed_after, work
from tests.tenants.world import ACME, TENANTS, WHY, World, tenant_path

DAY = 24 * 3600
OTHER = "https://other.example.org/in"
GONE = "tenant.deprovisioned"


def leave(world: World, tenant: Mapping[str, Any], who: str = "ann") -> str:
    """Take leave; where the operation is that does what follows."""
    target = f"{tenant_path(tenant)}?force=true&confirm={tenant['organizationName'].replace(' ', '%20')}"
    reply = world.ask(who, "DELETE", target)
    assert reply.status == 202, reply.body
    assert reply.json["_links"]["operation"]["href"] == reply.headers["location"]
    return reply.headers["location"]


def people(units: Hierarchy, count: int) -> list[str]:
    """Members at a unit each, beside the founder."""
    division = units.add("North")
    return [units.join(f"p{number}", "Viewer", division) for number in range(count)]


def active_members(world: World, tenant: Mapping[str, Any]) -> list[str]:
    rows = world.client.app.engine.table.query(f"TENANT#{tenant['tenantId']}", prefix="MEMBER#", limit=1000).rows
    return [row.document["userId"] for row in rows if row.document["active"]]


def invite(world: World, tenant: Mapping[str, Any], *names: str) -> list[str]:
    """Invitations that are pending, by their ids."""
    said = [{"email": f"{name}@example.com", "role": "Viewer"} for name in names]
    found = [world.ask("ann", "POST", tenant_path(tenant, "invitations"), body) for body in said]
    assert [reply.status for reply in found] == [201] * len(names)
    return [reply.json["invitationId"] for reply in found]


def states(world: World, tenant: Mapping[str, Any]) -> set[str]:
    items = world.ask("boss", "GET", f"{tenant_path(tenant, 'invitations')}?pageSize=100").json["items"]
    return {item["status"] for item in items}


def test_nobody_belongs_to_what_has_left(world: World) -> None:
    units = hierarchy(world)
    people(units, 40)
    operation = leave(world, units.tenant)
    work(units, operation)
    assert active_members(world, units.tenant) == []
    done = world.ask("boss", "GET", operation).json
    assert [step["name"] for step in done["steps"]] == ["webhooks", "invitations", "members"]
    assert done["status"] == "COMPLETED"
    assert done["result"] == {"tenantId": units.tenant["tenantId"], "status": "DEPROVISIONED"}
    for who in ("ann", "p0"):
        assert world.ask(who, "GET", TENANTS).json["items"] == []
        assert world.ask(who, "GET", f"/v1.0/users/user-{who}/tenants").json["items"] == []


def test_what_is_left_to_those_who_belonged_to_it_is_the_record(world: World) -> None:
    units = hierarchy(world)
    [viewer, removed] = people(units, 2)
    assert world.ask("ann", "DELETE", units.path(rest=f"users/{removed}")).status == 204
    operation = leave(world, units.tenant)
    for carried_out in (False, True):
        if carried_out:
            work(units, operation)
        for who in ("ann", viewer.removeprefix("user-")):
            assert world.ask(who, "GET", units.path()).json["status"] == "DEPROVISIONED"
            problem(world.ask(who, "GET", units.path(rest="users")), 403, "account-suspended")
        problem(world.ask("ann", "PUT", units.path(), {"division": "North"}), 422, "tenant-status")
        problem(world.ask("p0", "PUT", units.path(), {"division": "North"}), 403, "forbidden")
        problem(world.ask("p1", "GET", units.path()), 404, "tenant-not-found")
    assert world.ask("ann", "GET", operation).json["status"] == "COMPLETED"


def test_the_platforms_people_still_read_it(world: World) -> None:
    units = hierarchy(world)
    people(units, 1)
    invite(world, units.tenant, "yan")
    work(units, leave(world, units.tenant))
    for rest in ("", "users", "divisions", "tree", "invitations", "webhooks"):
        assert world.ask("boss", "GET", units.path(rest=rest)).status == 200, rest


def test_the_platforms_people_may_still_take_out_who_was_in_it(world: World) -> None:
    units = hierarchy(world)
    [viewer] = people(units, 1)
    work(units, leave(world, units.tenant))
    assert world.ask("boss", "DELETE", units.path(rest=f"users/{viewer}")).status == 204
    problem(world.ask("boss", "DELETE", units.path(rest=f"users/{viewer}")), 404, "user-not-found")


def test_who_was_admin_of_it_is_nobody_to_the_customer(world: World) -> None:
    units = hierarchy(world)
    said = {**ACME, "organizationName": "Next", "customerId": units.tenant["customerId"]}
    other = world.ask("boss", "POST", TENANTS, said).json
    work(units, leave(world, units.tenant))
    problem(world.ask("ann", "GET", tenant_path(other)), 404, "tenant-not-found")
    partition = f"CUSTOMER#{units.tenant['customerId']}"
    rows = world.client.app.engine.table.query(partition, prefix="ADMIN#user-ann#").rows
    assert rows == ()


def test_who_was_invited_is_so_no_more(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant()
    world, units = hooks.world, Hierarchy(hooks.world, tenant, "ann")
    invite(world, tenant, *(f"i{number}" for number in range(60)))
    work(units, leave(world, tenant))
    assert states(world, tenant) == {Invited.CANCELLED}
    assert world.client.app.engine.table.query(f"PENDING#{tenant['tenantId']}").rows == ()


@pytest.mark.parametrize("commits", range(1, 10))
def test_a_farewell_that_was_killed_goes_on_where_it_was(world: World, commits: int) -> None:
    units = hierarchy(world)
    people(units, 60)
    invite(world, units.tenant, *(f"i{number}" for number in range(40)))
    operation = leave(world, units.tenant)
    killed_after(units, operation, commits=commits)
    killed_after(units, operation, commits=2)
    work(units, operation)
    assert world.ask("boss", "GET", operation).json["status"] == "COMPLETED"
    assert active_members(world, units.tenant) == []
    assert states(world, units.tenant) == {Invited.CANCELLED}


def test_its_webhooks_are_told_that_it_left_and_nothing_else(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.sender.answers[URL] = BROKEN
    hooks.update(tenant)
    hooks.pass_on()
    hooks.sender.calls.clear()
    hooks.sender.answers.clear()
    units = Hierarchy(hooks.world, tenant, "ann")
    work(units, leave(hooks.world, tenant))
    hooks.pass_on()
    hooks.clock.advance(4 * DAY)
    hooks.deliver()
    assert hooks.sender.events() == [GONE]
    assert _rows(hooks, webhook) == ("DELETED", False)


def test_what_was_announced_before_it_is_carried_out_is_told_once(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=[GONE])
    operation = leave(hooks.world, tenant)
    hooks.pass_on()
    work(Hierarchy(hooks.world, tenant, "ann"), operation)
    hooks.announce(again=True)
    hooks.deliver()
    assert hooks.sender.events() == [GONE]
    assert _rows(hooks, webhook) == ("DELETED", False)


def test_a_webhook_that_does_not_answer_is_tried_for_three_days_and_then_removed(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.sender.answers[URL] = BROKEN
    work(Hierarchy(hooks.world, tenant, "ann"), leave(hooks.world, tenant))
    hooks.deliver()
    assert _rows(hooks, webhook) == ("DELETED", True)
    problem(hooks.world.ask("boss", "GET", hooks.of(webhook)), 404, "webhook-not-found")
    problem(hooks.world.ask("boss", "POST", hooks.of(webhook, "enable")), 404, "webhook-not-found")
    assert hooks.world.ask("boss", "GET", tenant_path(tenant, "webhooks")).json["items"] == []
    for _ in range(12):
        hooks.clock.advance(DAY)
        hooks.deliver()
    assert hooks.sender.events() == [GONE] * len(hooks.sender.calls)
    assert _rows(hooks, webhook) == ("DELETED", False)


def test_webhooks_that_want_no_such_event_and_disabled_ones_go_at_once(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant(events=["tenant.updated"])
    other = hooks.make(tenant, url=OTHER)
    hooks.sender.answers[OTHER] = hooks.sender.answers[URL] = BROKEN._replace(status=410)
    hooks.forget()
    hooks.update(tenant)
    hooks.pass_on()
    assert hooks.read(other)["state"] == "DISABLED"
    hooks.sender.calls.clear()
    work(Hierarchy(hooks.world, tenant, "ann"), leave(hooks.world, tenant))
    assert {_rows(hooks, each) for each in (webhook, other)} == {("DELETED", False)}
    hooks.pass_on()
    assert hooks.sender.calls == []


def _rows(hooks: Hooks, webhook: Mapping[str, Any]) -> tuple[str, bool]:
    """The state of a webhook's row, and whether its secret is there."""
    rows = hooks.world.client.app.engine.table.query(f"WEBHOOK#{webhook['webhookId']}", limit=1000).rows
    by_sort = {row.key.sort: row for row in rows}
    return by_sort["METADATA"].document["state"], "SECRET" in by_sort


def test_every_door_out_leads_to_the_same_work(world: World) -> None:
    units = hierarchy(world)
    assert world.ask("ann", "POST", units.path(rest="lifecycle/park"), WHY).status == 200
    reply = world.ask("boss", "PATCH", units.path(rest="status"), {"status": "DEPROVISIONED", **WHY})
    assert (reply.status, reply.json["tenantStatus"]) == (202, "DEPROVISIONED")
    work(units, reply.headers["location"])
    assert active_members(world, units.tenant) == []
