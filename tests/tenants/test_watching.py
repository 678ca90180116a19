"""Who may look at operations of a tenant: who started them, while they may look at what these are about."""

import pytest

from tests.http.answers import problem
from tests.tenants.units import Hierarchy, hierarchy, where, work
from tests.tenants.world import WHY, World

OPERATIONS = "/v1.0/operations"
NOWHERE = f"{OPERATIONS}/op-0123456789ABCDEF"


def deleting(units: Hierarchy, who: str) -> str:
    """An operation of somebody's that deletes a division with much in it."""
    division = units.add("North")
    for group in range(5):
        above = units.add(f"G{group}", division)
        for team in range(5):
            units.add(f"T{team}", above)
    reply = units.ask("DELETE", f"{where(division)}?cascade=true", who=who)
    assert reply.status == 202
    return reply.headers["location"]


def seen(world: World, who: str, operation: str) -> bool:
    """Whether somebody sees an operation: alone, and among all that they started."""
    items = world.ask(who, "GET", OPERATIONS).json["items"]
    listed = operation.rpartition("/")[2] in {item["operationId"] for item in items}
    reply = world.ask(who, "GET", operation)
    assert listed == (reply.status == 200)
    if not listed:
        answers = [problem(each, 404, "operation-not-found") for each in (reply, world.ask(who, "GET", NOWHERE))]
        texts = [str({k: v for k, v in each.items() if k != "requestId"}) for each in answers]
        assert texts[0].replace(operation.rpartition("/")[2], NOWHERE.rpartition("/")[2]) == texts[1]
        for verb in ("cancel", "retry"):
            problem(world.ask(who, "POST", f"{operation}/{verb}"), 404, "operation-not-found")
    return listed


@pytest.mark.parametrize("carried_out", [False, True])
def test_who_was_removed_sees_no_operation_of_the_tenant(world: World, *, carried_out: bool) -> None:
    units = hierarchy(world)
    units.join("eve", "Admin")
    operation = deleting(units, "eve")
    if carried_out:
        work(units, operation)
    assert seen(world, "eve", operation)
    assert world.ask("ann", "DELETE", units.path(rest="users/user-eve")).status == 204
    assert not seen(world, "eve", operation)
    assert world.ask("boss", "GET", operation).status == 200


def test_whose_tenant_is_closed_sees_what_can_be_seen_of_the_tenant_and_no_more(world: World) -> None:
    units = hierarchy(world)
    operation = deleting(units, "ann")
    suspending = world.ask("ann", "POST", units.path(rest="lifecycle/suspend"), WHY).headers["location"]
    assert not seen(world, "ann", operation)
    assert seen(world, "ann", suspending)
    problem(world.ask("ann", "POST", f"{suspending}/cancel"), 403, "forbidden")
    assert world.ask("boss", "POST", units.path(rest="lifecycle/resume")).status == 202
    assert seen(world, "ann", operation)
    assert world.ask("ann", "POST", f"{operation}/cancel").json["status"] == "CANCELLED"


def test_who_takes_leave_follows_it_and_cannot_call_it_off(world: World) -> None:
    units = hierarchy(world)
    leaving = world.ask("ann", "DELETE", f"{units.path()}?force=true&confirm=Acme").headers["location"]
    problem(world.ask("ann", "POST", f"{leaving}/cancel"), 403, "forbidden")
    work(units, leaving)
    assert world.ask("ann", "GET", leaving).json["status"] == "COMPLETED"


def test_an_operation_is_nobodys_but_who_started_it(world: World) -> None:
    units = hierarchy(world)
    units.join("eve", "Admin")
    assert not seen(world, "eve", deleting(units, "ann"))
