"""From one status to another, and who is let in meanwhile."""

import pytest

from tests.http.answers import fields, problem
from tests.tenants.world import ACME, TENANTS, WHY, World, tenant_path


def test_a_tenant_is_parked_and_brought_back(world: World) -> None:
    tenant = world.active("ann")
    parked = world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), WHY)
    assert (parked.status, parked.json["status"], parked.json["parkReason"]) == (200, "PARKED", WHY["reason"])
    assert parked.json["parkedBy"] == "user-ann"
    assert parked.json["warnings"] == []
    back = world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "unpark"))
    assert (back.status, back.json["status"], back.json["unparkedBy"]) == (200, "ACTIVE", "user-ann")
    assert [warning["code"] for warning in back.json["warnings"]] == ["rebuilding"]


def test_suspension_is_total_and_the_platforms_to_end(world: World) -> None:
    tenant = world.active("ann")
    accepted = world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY)
    assert (accepted.status, accepted.json["tenantStatus"]) == (202, "SUSPENDED")
    assert world.ask("ann", "GET", tenant_path(tenant)).json["suspendReason"] == WHY["reason"]
    closed = problem(world.ask("ann", "GET", tenant_path(tenant, "users")), 403, "account-suspended")
    assert closed["currentStatus"] == "SUSPENDED"
    problem(world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "resume")), 403, "account-suspended")
    assert world.ask("boss", "GET", tenant_path(tenant, "users")).status == 200
    resumed = world.ask("boss", "POST", tenant_path(tenant, "lifecycle", "resume"))
    assert (resumed.status, resumed.json["tenantStatus"]) == (202, "ACTIVE")
    assert world.ask("ann", "GET", tenant_path(tenant, "users")).status == 200


def test_what_follows_can_be_watched_to_its_end(world: World) -> None:
    world.client.app.start()
    tenant = world.active("ann")
    accepted = world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY)
    world.client.drain()
    operation = world.ask("ann", "GET", accepted.headers["location"]).json
    assert operation["status"] == "COMPLETED"
    assert operation["result"] == {"tenantId": tenant["tenantId"], "status": "SUSPENDED"}


def test_leaving_frees_the_name_and_keeps_the_record(world: World) -> None:
    tenant = world.active("ann")
    problem(world.ask("ann", "DELETE", tenant_path(tenant)), 422, "dependencies-exist")
    problem(world.ask("ann", "DELETE", f"{tenant_path(tenant)}?force=true"), 422, "confirmation-needed")
    problem(world.ask("ann", "DELETE", f"{tenant_path(tenant)}?force=true&confirm=Acne"), 422, "confirmation-needed")
    gone = world.ask("ann", "DELETE", f"{tenant_path(tenant)}?force=true&confirm=acme")
    assert (gone.status, gone.json["tenantStatus"]) == (202, "DEPROVISIONED")
    assert world.ask("ann", "GET", tenant_path(tenant)).json["deprovisionedBy"] == "user-ann"
    problem(world.ask("ann", "PUT", tenant_path(tenant), {"division": "North"}), 422, "tenant-status")
    world.found("ben")


def test_one_that_does_not_run_leaves_without_force(world: World) -> None:
    tenant = world.active("ann")
    world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), WHY)
    assert "delete" in world.ask("ann", "GET", tenant_path(tenant)).json["_links"]
    gone = world.ask("ann", "DELETE", tenant_path(tenant))
    assert (gone.status, gone.json["tenantStatus"]) == (202, "DEPROVISIONED")
    assert world.ask("ann", "GET", gone.headers["location"]).status == 200
    problem(world.ask("ann", "DELETE", tenant_path(tenant)), 403, "account-suspended")


@pytest.mark.parametrize(
    ("status", "to", "outcome"),
    [
        ("PENDING", "ACTIVE", 200),
        ("PENDING", "SUSPENDED", 422),
        ("PENDING", "PENDING", 422),
        ("ACTIVE", "SUSPENDED", 202),
        ("ACTIVE", "PARKED", 200),
        ("ACTIVE", "ACTIVE", 422),
        ("ACTIVE", "FAILED", 422),
        ("PARKED", "DEPROVISIONED", 202),
        ("SUSPENDED", "ACTIVE", 202),
        ("SUSPENDED", "PARKED", 422),
        ("PARKED", "ACTIVE", 200),
        ("PARKED", "SUSPENDED", 422),
        ("FAILED", "PENDING", 200),
        ("FAILED", "ACTIVE", 422),
        ("DEPROVISIONED", "ACTIVE", 422),
        ("DEPROVISIONED", "PENDING", 422),
    ],
)
def test_every_way_goes_through_the_status(world: World, status: str, to: str, outcome: int) -> None:
    tenant = world.found("ann")
    if status == "FAILED":
        world.moved("boss", tenant, "FAILED")
    elif status != "PENDING":
        world.moved("boss", tenant, "ACTIVE")
        if status == "DEPROVISIONED":
            world.moved("boss", tenant, "SUSPENDED")
        if status != "ACTIVE":
            world.moved("boss", tenant, status)
    reply = world.ask("boss", "PATCH", tenant_path(tenant, "status"), {"status": to, **WHY})
    assert reply.status == outcome, reply.body
    if outcome == 422:
        assert problem(reply, 422, "illegal-transition")["currentStatus"] == status
    if outcome == 202:
        assert reply.json["_links"] == {"operation": {"href": reply.headers["location"]}}
        assert world.ask("boss", "GET", reply.headers["location"]).json["status"] == "PENDING"
        assert reply.json["tenantStatus"] == to


def test_the_door_of_every_status_answers_as_the_call_of_the_transition_does(world: World) -> None:
    answers = []
    for number, by_status in enumerate((False, True)):
        tenant, told = world.active("ann", organizationName=f"Twin {number}"), []
        for who, verb, status in (
            ("ann", "park", "PARKED"),
            ("ann", "unpark", "ACTIVE"),
            ("ann", "suspend", "SUSPENDED"),
            ("boss", "resume", "ACTIVE"),
        ):
            path = tenant_path(tenant, "status") if by_status else tenant_path(tenant, "lifecycle", verb)
            body = {"status": status, **WHY} if by_status else None if verb in {"unpark", "resume"} else WHY
            reply = world.ask(who, "PATCH" if by_status else "POST", path, body)
            told.append((reply.status, set(reply.json), set(reply.json["_links"]), reply.json.get("warnings")))
        answers.append(told)
    assert [each[0] for each in answers[0]] == [200, 200, 202, 202]
    assert answers[0] == answers[1]


def test_a_parked_tenants_admin_can_ask_for_nothing_but_the_way_back(world: World) -> None:
    tenant = world.active("ann")
    for name, role in (("otto", "Operator"), ("vic", "Viewer")):
        world.join(tenant, name, role)
    assert world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), WHY).status == 200
    path = tenant_path(tenant, "status")
    for status in ("PENDING", "SUSPENDED", "PARKED", "DEPROVISIONED", "FAILED"):
        closed = problem(world.ask("ann", "PATCH", path, {"status": status, **WHY}), 403, "account-suspended")
        assert closed["currentStatus"] == "PARKED"
    for who in ("otto", "vic"):
        problem(world.ask(who, "PATCH", path, {"status": "ACTIVE", **WHY}), 403, "forbidden")
    back = world.ask("ann", "PATCH", path, {"status": "ACTIVE", **WHY})
    assert (back.status, back.json["status"], back.json["unparkedBy"]) == (200, "ACTIVE", "user-ann")
    assert [warning["code"] for warning in back.json["warnings"]] == ["rebuilding"]


def test_a_failed_one_is_the_platforms_to_retry(world: World) -> None:
    tenant = world.found("ann")
    said = {"status": "FAILED", **WHY}
    problem(world.ask("ann", "PATCH", tenant_path(tenant, "status"), said), 403, "forbidden")
    world.moved("boss", tenant, "FAILED")
    problem(world.ask("ann", "PATCH", tenant_path(tenant, "status"), {"status": "PENDING", **WHY}), 403, "forbidden")
    assert world.moved("boss", tenant, "PENDING")["status"] == "PENDING"


@pytest.mark.parametrize("reason", [None, "", "too short", "x" * 501, 7, "\u200b" * 20])
def test_a_reason_is_ten_characters_at_least(world: World, reason: object) -> None:
    tenant = world.active("ann")
    body = {} if reason is None else {"reason": reason}
    assert fields(world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), body)) == {"reason"}


def test_links_are_what_can_be_done(world: World) -> None:
    tenant = world.found("ann")
    assert {"activate", "update", "delete"} < set(tenant["_links"])
    active = world.moved("ann", tenant, "ACTIVE")
    assert {"park", "suspend", "users"} < set(active["_links"])
    assert "unpark" not in active["_links"]
    parked = world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), WHY).json["_links"]
    shown = world.ask("ann", "GET", tenant_path(tenant)).json["_links"]
    assert set(shown) == set(parked) == {"self", "unpark", "delete", "collection"}
    back = world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "unpark")).json["_links"]
    shown = world.ask("ann", "GET", tenant_path(tenant)).json["_links"]
    assert set(back) == set(shown) == set(active["_links"])
    world.ask("boss", "POST", tenant_path(tenant, "lifecycle", "park"), WHY)
    assert "users" in world.ask("boss", "POST", tenant_path(tenant, "lifecycle", "unpark")).json["_links"]


def test_a_plan_says_what_would_be_and_changes_nothing(world: World) -> None:
    tenant = world.active("ann")
    plan = world.ask("ann", "POST", f"{tenant_path(tenant, 'lifecycle', 'park')}?dryRun=true", WHY).json
    assert [change["type"] for change in plan["changes"]] == ["tenant.parked"]
    assert world.ask("ann", "GET", tenant_path(tenant)).json["status"] == "ACTIVE"
    plan = world.ask("ben", "POST", f"{TENANTS}?dryRun=true", {**ACME, "organizationName": "Bens"}).json
    assert {change["type"] for change in plan["changes"]} == {"contact.added", "tenant.created", "user.assigned"}
