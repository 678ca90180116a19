"""Who may look at operations of a tenant: who started them, while they may look at what these are about."""

import pytest

from bbws.kernel.canonical import sha256
from bbws.kernel.table import Replace
from bbws.operations.store import operation_key
from tests.builders import Reply
from tests.http.answers import problem
from tests.tenants.units import Hierarchy, hierarchy, where, work
from tests.tenants.world import WHY, World, tenant_path

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
    return watched(reply)


def watched(reply: Reply) -> str:
    """An operation that was accepted, where all of them are."""
    return f"{OPERATIONS}/{reply.json['operationId']}"


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
    suspending = watched(world.ask("ann", "POST", units.path(rest="lifecycle/suspend"), WHY))
    assert not seen(world, "ann", operation)
    assert seen(world, "ann", suspending)
    problem(world.ask("ann", "POST", f"{suspending}/cancel"), 403, "forbidden")
    assert world.ask("boss", "POST", units.path(rest="lifecycle/resume")).status == 202
    assert seen(world, "ann", operation)
    assert world.ask("ann", "POST", f"{operation}/cancel").json["status"] == "CANCELLED"


def test_who_takes_leave_follows_it_and_cannot_call_it_off(world: World) -> None:
    units = hierarchy(world)
    leaving = watched(world.ask("ann", "DELETE", f"{units.path()}?force=true&confirm=Acme"))
    problem(world.ask("ann", "POST", f"{leaving}/cancel"), 403, "forbidden")
    work(units, leaving)
    assert world.ask("ann", "GET", leaving).json["status"] == "COMPLETED"


def test_an_operation_is_nobodys_but_who_started_it(world: World) -> None:
    units = hierarchy(world)
    units.join("eve", "Admin")
    assert not seen(world, "eve", deleting(units, "ann"))


def test_the_tenants_people_follow_its_operations_below_it(world: World) -> None:
    units, other = hierarchy(world), world.active("bob", organizationName="Other")
    units.join("otto", "Operator")
    units.join("eve", "Admin")
    operation = deleting(units, "ann").rpartition("/")[2]
    below = units.path(rest=f"operations/{operation}")
    shown = world.ask("ann", "GET", below)
    assert shown.json["operationId"] == operation
    assert shown.json["_links"]["self"]["href"] == below
    # Another Admin may call for the same; an Operator may not, and started nothing.
    assert world.ask("eve", "GET", below).json == shown.json
    problem(world.ask("otto", "GET", below), 404, "operation-not-found")
    problem(world.ask("bob", "GET", below), 404, "tenant-not-found")
    for who in ("bob", "boss"):
        problem(world.ask(who, "GET", tenant_path(other, "operations", operation)), 404, "operation-not-found")


def test_who_suspends_a_tenant_is_led_to_where_that_can_be_followed(world: World) -> None:
    units = hierarchy(world)
    units.join("eve", "Admin")
    suspending = world.ask("ann", "POST", units.path(rest="lifecycle/suspend"), WHY).headers["location"]
    assert suspending.startswith(units.path(rest="operations/"))
    assert world.ask("ann", "GET", suspending).json["kind"] == "tenant.lifecycle"
    problem(world.ask("eve", "GET", suspending), 404, "operation-not-found")
    assert world.ask("boss", "GET", suspending).status == 200


def failed(units: Hierarchy, operation: str) -> None:
    """Have an operation fail."""
    table = units.world.client.app.engine.table
    row = table.get(operation_key(operation.rpartition("/")[2]))
    assert row is not None
    changed = row._replace(document={**row.document, "status": "FAILED"}, digest=sha256(row.key.partition.encode()))
    table.commit([Replace(changed._replace(version=row.version + 1), row.version)])


def test_who_may_delete_no_more_neither_retries_nor_calls_off_a_deletion(world: World) -> None:
    units = hierarchy(world)
    units.join("eve", "Admin")
    operation = deleting(units, "eve")
    failed(units, operation)
    assert units.ask("PUT", units.path(rest="users/user-eve"), {"role": "Viewer"}).status == 200
    below = units.path(rest=f"operations/{operation.rpartition('/')[2]}")
    for at in (operation, below):
        assert world.ask("eve", "GET", at).status == 200
        for verb in ("retry", "cancel"):
            problem(world.ask("eve", "POST", f"{at}/{verb}"), 403, "forbidden")
    for verb, announced, status in (
        ("retry", "operation.unit-deletion", "PENDING"),
        ("cancel", "operation.cancelled", "CANCELLED"),
    ):
        plan = world.ask("ann", "POST", f"{below}/{verb}?dryRun=true")
        assert [change["type"] for change in plan.json["changes"]] == [announced]
        assert world.ask("ann", "POST", f"{below}/{verb}").json["status"] == status


def test_an_admin_of_a_unit_retries_and_calls_off_its_deletion(world: World) -> None:
    units = hierarchy(world)
    operation = deleting(units, "ann")
    division = world.ask("boss", "GET", operation).json["input"]["unitId"]
    units.join("uma", "Admin", {"divisionId": division})
    below = units.path(rest=f"operations/{operation.rpartition('/')[2]}")
    # She may not see what others do; her own she may.
    problem(world.ask("uma", "POST", f"{below}/cancel"), 404, "operation-not-found")
    assert world.ask("ann", "POST", f"{below}/cancel").status == 200
    reply = units.ask("DELETE", units.path(rest=f"divisions/{division}?cascade=true"), who="uma")
    assert reply.status == 202
    assert world.ask("uma", "POST", f"{reply.headers['location']}/cancel").json["status"] == "CANCELLED"


def test_leaving_goes_on_to_its_end(world: World) -> None:
    units = hierarchy(world)
    leaving = world.ask("ann", "DELETE", f"{units.path()}?force=true&confirm=Acme").headers["location"]
    shown = world.ask("boss", "GET", leaving).json
    assert (shown["status"], shown["cancellable"], "cancel" in shown["_links"]) == ("PENDING", False, False)
    refused = problem(world.ask("boss", "POST", f"{leaving}/cancel"), 422, "illegal-transition")
    assert "cannot be called off" in refused["detail"]
    failed(units, leaving)
    again = world.ask("boss", "POST", f"{leaving}/retry")
    assert (again.status, again.json["status"]) == (200, "PENDING"), again.body
