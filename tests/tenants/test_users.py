"""Who belongs to a tenant: assigned, promoted, removed; an Admin always stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.http.answers import fields, problem
from tests.tenants.invited import ask, invite, received, token
from tests.tenants.world import TENANTS, World, tenant_path


def test_somebody_who_has_signed_in_gets_a_role(world: World) -> None:
    tenant = world.active("ann")
    reply = world.join(tenant, "ben", "Operator", by="ann")
    assert reply.status == 201
    assert reply.headers["location"] == tenant_path(tenant, "users", "user-ben")
    shown = world.ask("ann", "GET", reply.headers["location"]).json
    assert (shown["email"], shown["name"], shown["role"]) == ("ben@example.com", "Ben", "Operator")
    assert shown["assignedBy"] == "user-ann"
    assert shown == reply.json
    assert world.ask("ben", "GET", tenant_path(tenant)).status == 200


def test_an_address_is_known_whatever_its_case(world: World) -> None:
    tenant = world.active("ann")
    world.known("ben")
    said = {"email": "BEN@Example.COM", "role": "Viewer"}
    assert world.ask("ann", "POST", tenant_path(tenant, "users"), said).json["userId"] == "user-ben"


def test_somebody_who_has_never_signed_in_is_to_be_invited(world: World) -> None:
    tenant = world.active("ann")
    said = {"email": "cat@example.com", "role": "Viewer"}
    refused = problem(world.ask("ann", "POST", tenant_path(tenant, "users"), said), 404, "user-not-found")
    assert "Invite them" in refused["detail"]


def test_of_several_who_have_signed_in_with_an_address_one_is_invited(world: World) -> None:
    tenant = world.active("ann")
    for subject in ("ben", "benny"):
        world.subjects["ben"] = subject
        world.known("ben")
    said = {"email": "ben@example.com", "role": "Viewer"}
    refused = problem(world.ask("ann", "POST", tenant_path(tenant, "users"), said), 422, "shared-address")
    assert "Invite" in refused["detail"]
    invitation = invite(world, tenant, "ben", "Viewer")
    assert received(world, token(world, invitation), "accept", "ben").json["userId"] == "user-benny"
    problem(ask(world, tenant, said["email"]), 409, "already-assigned")


def test_nobody_is_assigned_twice(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Viewer", by="ann")
    problem(world.join(tenant, "ben", "Operator", by="ann"), 409, "already-assigned")


def test_who_was_removed_can_come_back(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Viewer", by="ann")
    assert world.ask("ann", "DELETE", tenant_path(tenant, "users", "user-ben")).status == 204
    problem(world.ask("ann", "GET", tenant_path(tenant, "users", "user-ben")), 404, "user-not-found")
    assert world.join(tenant, "ben", "Operator", by="ann").json["role"] == "Operator"


def test_users_come_longest_first_and_by_role(world: World) -> None:
    tenant = world.active("ann")
    for name, role in (("ben", "Viewer"), ("cat", "Operator"), ("dan", "Viewer")):
        world.join(tenant, name, role, by="ann")
    users = tenant_path(tenant, "users")
    first = world.ask("ann", "GET", f"{users}?pageSize=3").json
    assert [user["userId"] for user in first["items"]] == ["user-ann", "user-ben", "user-cat"]
    rest = world.ask("ann", "GET", first["_links"]["next"]["href"]).json
    assert [user["userId"] for user in rest["items"]] == ["user-dan"]
    viewers = world.ask("ann", "GET", f"{users}?role=Viewer").json["items"]
    assert [user["userId"] for user in viewers] == ["user-ben", "user-dan"]


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ({}, {"email", "role"}),
        ({"email": "ben@example.com", "role": "Owner"}, {"role"}),
        ({"email": "ben@example.com", "role": "admin"}, {"role"}),
        ({"email": ["ben@example.com"], "role": "Admin"}, {"email"}),
        ({"email": "ben@example.com", "role": "Admin", "userId": "user-ben"}, {"userId"}),
    ],
)
def test_what_is_wrong_is_named(world: World, said: dict[str, object], bad: set[str]) -> None:
    tenant = world.active("ann")
    assert fields(world.ask("ann", "POST", tenant_path(tenant, "users"), said)) == bad


def test_nobody_is_assigned_to_what_is_not_active(world: World) -> None:
    tenant = world.found("ann")
    refused = problem(world.join(tenant, "ben", "Viewer", by="ann"), 422, "tenant-status")
    assert refused["currentStatus"] == "PENDING"


def test_the_last_admin_stays(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Operator", by="ann")
    ann = tenant_path(tenant, "users", "user-ann")
    for who in ("ann", "boss"):
        problem(world.ask(who, "DELETE", ann), 422, "last-admin")
        problem(world.ask(who, "PUT", ann, {"role": "Viewer"}), 422, "last-admin")
    assert world.ask("ann", "PUT", tenant_path(tenant, "users", "user-ben"), {"role": "Admin"}).status == 200
    assert world.ask("ann", "DELETE", ann).status == 204


@pytest.mark.parametrize("verb", ["DELETE", "PUT"])
def test_of_admins_who_all_go_at_once_one_stays(world: World, verb: str) -> None:
    tenant = world.active("ann")
    admins = ["ann", "ben", "cat", "dan"]
    for name in admins[1:]:
        world.join(tenant, name, "Admin", by="ann")
    users = tenant_path(tenant, "users")
    body = {"role": "Viewer"} if verb == "PUT" else None

    def leave(name: str) -> int:
        # One that lost every race against the others is told to repeat the call, and does.
        while (reply := world.ask("boss", verb, f"{users}/user-{name}", body)).status == 409:
            pass
        return reply.status

    with ThreadPoolExecutor(len(admins)) as pool:
        outcomes = sorted(pool.map(leave, admins))
    assert outcomes == sorted([204 if verb == "DELETE" else 200] * 3 + [422])
    assert len(world.ask("boss", "GET", f"{users}?role=Admin").json["items"]) == 1


def test_one_who_goes_while_another_is_demoted_leaves_an_admin(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Admin", by="ann")
    users = tenant_path(tenant, "users")
    with ThreadPoolExecutor(2) as pool:
        gone = pool.submit(world.ask, "boss", "DELETE", f"{users}/user-ann")
        demoted = pool.submit(world.ask, "boss", "PUT", f"{users}/user-ben", {"role": "Operator"})
    assert sorted(each.result().status in {200, 204} for each in (gone, demoted)) == [False, True]


def test_access_is_explained(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Operator", by="ann")
    shown = world.ask("ben", "GET", tenant_path(tenant, "users", "user-ben", "access")).json
    explained = {each["permission"]: each for each in shown["permissions"]}
    assert explained["tenant:read"] == {
        "permission": "tenant:read",
        "granted": True,
        "because": [{"role": "Operator", "unitId": None, "of": None}],
        "withheld": None,
    }
    refused = {"permission": "tenant:write", "granted": False, "because": [], "withheld": None}
    assert explained["tenant:write"] == refused


def test_a_person_is_shown_all_their_tenants_and_others_only_what_they_administer(world: World) -> None:
    first, second = world.active("ann"), world.active("eve", organizationName="Eves")
    world.join(first, "ben", "Viewer", by="ann")
    world.join(second, "ben", "Operator", by="eve")
    path = "/v1.0/users/user-ben/tenants"
    assert _ids(world, "ben", path) == {first["tenantId"], second["tenantId"]}
    assert _ids(world, "boss", path) == {first["tenantId"], second["tenantId"]}
    assert _ids(world, "ann", path) == {first["tenantId"]}
    assert _ids(world, "dan", path) == _ids(world, "dan", "/v1.0/users/user-nobody/tenants") == set()


def test_lists_are_of_ones_own(world: World) -> None:
    first, second = world.active("ann"), world.active("eve", organizationName="Eves")
    world.join(first, "ben", "Viewer", by="ann")
    assert _ids(world, "ben", TENANTS) == {first["tenantId"]}
    assert _ids(world, "eve", TENANTS) == {second["tenantId"]}
    assert _ids(world, "boss", TENANTS) == {first["tenantId"], second["tenantId"]}
    world.ask("ann", "DELETE", tenant_path(first, "users", "user-ben"))
    assert _ids(world, "ben", TENANTS) == set()


def _ids(world: World, who: str, path: str) -> set[str]:
    return {each["tenantId"] for each in world.ask(who, "GET", path).json["items"]}
