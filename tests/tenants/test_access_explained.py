"""The explanation of somebody's access says what holds now: in each status, for each kind of person."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from bbws.kernel.actor import IN_TENANT, Actor, ActorKind
from bbws.kernel.problem import Problem
from bbws.tables import ENDPOINTS
from bbws.tenants.access import Roles
from bbws.tenants.permissions import GIVEN, SELF
from tests.http.answers import problem
from tests.tenants.test_access import STATUSES
from tests.tenants.units import Hierarchy, unit_id, work
from tests.tenants.world import WHY, World, opened, tenant_path

# Roles in the whole tenant. The last two are also Admin at a unit, and carl is of another tenant of the customer.
MEMBERS = {"ada": "Admin", "otto": "Operator", "vic": "Viewer", "uma": None, "both": "Viewer"}
STRANGERS = ("gone", "eve", "never-seen")
EVERYTHING = set(GIVEN) - {"tenant:resume"}
LEFT = {
    "SUSPENDED": {"tenant:read"},
    "PARKED": {"tenant:read", "tenant:status", "tenant:unpark", "tenant:delete"},
    "DEPROVISIONED": {"tenant:read", "tenant:write"},  # a change is refused by the status itself
}


class Place(NamedTuple):
    """A tenant in a status."""

    world: World
    tenant: Mapping[str, Any]
    division: str

    def explained(self, user: str, by: str = "boss") -> dict[str, Any]:
        reply = self.world.ask(by, "GET", tenant_path(self.tenant, "users", f"user-{user}", "access"))
        assert reply.status == 200, reply.body
        return {each["permission"]: each for each in reply.json["permissions"]}

    def granted(self, user: str) -> set[str]:
        return {name for name, each in self.explained(user).items() if each["granted"]}

    def decided(self, user: str) -> set[str]:
        """What calls are let through, by whichever decides about them: in the whole tenant, or at the unit."""
        roles = Roles(self.world.client.app.engine.table)
        actor = Actor(f"user-{user}", ActorKind.PERSON)
        here = {"tenantId": self.tenant["tenantId"]}
        found = set()
        for endpoint in ENDPOINTS:
            if endpoint.permission.startswith(IN_TENANT) and endpoint.permission != SELF:
                for path in (here, {**here, "divisionId": self.division}):
                    try:
                        roles.within(actor, endpoint, path).require(endpoint.permission)
                    except Problem:
                        continue
                    found.add(endpoint.permission)
        return found


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    with opened(tmp_path_factory.mktemp("explained")) as world:
        yield {status: _place(world, status) for status in STATUSES}


def _place(world: World, status: str) -> Place:
    tenant = world.active("ada", organizationName=f"The {status.lower()} one")
    units = Hierarchy(world, tenant, admin="ada")
    division = units.add("North")
    for name, role in MEMBERS.items():
        if role is not None and name != "ada":
            units.join(name, role)
    for name in ("uma", "both"):
        units.join(name, "Admin", division)
    units.join("gone", "Admin")
    assert world.ask("ada", "DELETE", tenant_path(tenant, "users", "user-gone")).status == 204
    own = world.found("boss", organizationName=f"Beside the {status.lower()} one", customerId=tenant["customerId"])
    world.moved("boss", own, "ACTIVE")
    assert world.join(own, "carl", "Admin").status == 201
    _move(world, tenant, status)
    assert world.ask("boss", "GET", tenant_path(tenant)).json["status"] == status
    return Place(world, tenant, unit_id(division))


def _move(world: World, tenant: Mapping[str, Any], status: str) -> None:
    if status == "SUSPENDED":
        assert world.ask("boss", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY).status == 202
    elif status == "PARKED":
        assert world.ask("ada", "POST", tenant_path(tenant, "lifecycle", "park"), WHY).status == 200
    elif status == "DEPROVISIONED":
        _leave(world, tenant)
    elif status in {"PENDING", "FAILED"}:
        world.set_status_of_row(tenant, status)


def _leave(world: World, tenant: Mapping[str, Any]) -> None:
    confirmed = f"?force=true&confirm={tenant['organizationName'].replace(' ', '%20')}"
    begun = world.ask("ada", "DELETE", f"{tenant_path(tenant)}{confirmed}")
    assert begun.status == 202, begun.body
    work(Hierarchy(world, tenant), begun.json["operationId"])
    # Its memberships have ended.
    problem(world.ask("boss", "GET", tenant_path(tenant, "users", "user-ada")), 404, "user-not-found")


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_granted_is_what_is_decided(places: dict[str, Place], status: str) -> None:
    place = places[status]
    for name in (*MEMBERS, "carl"):
        assert place.granted(name) == place.decided(name) != set(), name
    for name in STRANGERS:
        reply = place.world.ask("boss", "GET", tenant_path(place.tenant, "users", f"user-{name}", "access"))
        problem(reply, 404, "user-not-found")
        assert place.decided(name) == set()


@pytest.mark.parametrize("status", STATUSES)
def test_what_an_admin_has_is_what_the_status_leaves(places: dict[str, Place], status: str) -> None:
    explained = places[status].explained("ada")
    left = LEFT.get(status, EVERYTHING)
    assert {name for name, each in explained.items() if each["granted"]} == left
    says_why_not = {name: each["withheld"] for name, each in explained.items() if each["withheld"] is not None}
    assert says_why_not == dict.fromkeys(EVERYTHING - left, f"The tenant is {status}.")
    for each in explained.values():
        assert bool(each["because"]) == each["granted"]


@pytest.mark.parametrize("status", STATUSES)
def test_what_no_role_gives_is_not_withheld(places: dict[str, Place], status: str) -> None:
    explained = places[status].explained("vic")
    assert explained["tenant:write"] == {
        "permission": "tenant:write",
        "granted": False,
        "because": [],
        "withheld": None,
    }
    in_vain = status in LEFT
    assert explained["tenant:members:read"]["withheld"] == (f"The tenant is {status}." if in_vain else None)
    assert explained["tenant:members:read"]["granted"] is not in_vain


@pytest.mark.parametrize("status", STATUSES)
def test_an_admin_of_the_customer_reads_because_of_the_customer(places: dict[str, Place], status: str) -> None:
    place = places[status]
    assert place.world.ask("carl", "GET", tenant_path(place.tenant)).status == 200
    explained = place.explained("carl")
    assert explained.pop("tenant:read") == {
        "permission": "tenant:read",
        "granted": True,
        "because": [{"role": "Admin", "unitId": None, "of": "customer"}],
        "withheld": None,
    }
    assert not any(each["granted"] or each["because"] or each["withheld"] for each in explained.values())


def test_a_tenants_admins_are_told_who_reads_it_and_not_from_where(places: dict[str, Place]) -> None:
    place = places["ACTIVE"]
    path = tenant_path(place.tenant, "users", "user-carl")
    reply = place.world.ask("ada", "GET", f"{path}/access")
    assert reply.status == 200, reply.body
    assert reply.json.keys() == {"tenantId", "userId", "permissions", "_links"}
    assert reply.json["tenantId"] == place.tenant["tenantId"]
    # They are no user of this tenant, to whom a link could lead.
    assert reply.json["_links"].keys() == {"self"}
    problem(place.world.ask("ada", "GET", path), 404, "user-not-found")
    # Who does not look after the tenant's people learns nothing of the customer's other tenants.
    problem(place.world.ask("otto", "GET", f"{path}/access"), 404, "user-not-found")
    problem(place.world.ask("vic", "GET", f"{path}/access"), 403, "forbidden")
    problem(place.world.ask("carl", "GET", f"{path}/access"), 403, "forbidden")


def test_who_reads_the_record_of_what_has_left_is_explained(places: dict[str, Place]) -> None:
    place = places["DEPROVISIONED"]
    assert place.world.ask("otto", "GET", tenant_path(place.tenant)).status == 200
    assert place.explained("otto")["tenant:read"]["because"] == [{"role": "Operator", "unitId": None, "of": "past"}]
    at_unit = [{"role": "Admin", "unitId": place.division, "of": "past"}]
    assert place.explained("uma")["tenant:read"]["because"] == at_unit
    path = tenant_path(place.tenant, "users", "user-otto", "access")
    assert place.world.ask("boss", "GET", path).json["_links"].keys() == {"self"}
    problem(place.world.ask("ada", "GET", path), 403, "account-suspended")


@pytest.mark.parametrize("status", sorted(set(STATUSES) - {"DEPROVISIONED"}))
def test_a_member_is_a_link_away(places: dict[str, Place], status: str) -> None:
    place = places[status]
    for name in MEMBERS:
        path = tenant_path(place.tenant, "users", f"user-{name}")
        assert place.world.ask("boss", "GET", f"{path}/access").json["_links"]["user"] == {"href": path}
        assert place.world.ask("boss", "GET", path).status == 200


def test_an_admin_of_a_closed_tenant_of_the_customer_is_a_stranger(world: World) -> None:
    own = world.active("carl", organizationName="Own")
    tenant = world.found("boss", customerId=own["customerId"])
    path = tenant_path(tenant, "users", "user-carl", "access")
    assert world.ask("boss", "GET", path).status == 200
    assert world.ask("carl", "POST", tenant_path(own, "lifecycle", "park"), WHY).status == 200
    problem(world.ask("boss", "GET", path), 404, "user-not-found")
    problem(world.ask("carl", "GET", tenant_path(tenant)), 404, "tenant-not-found")


def test_a_reason_names_each_role_and_where_it_is_held(places: dict[str, Place]) -> None:
    place = places["ACTIVE"]
    assert place.explained("both", by="ada")["tenant:members:read"]["because"] == [
        {"role": "Viewer", "unitId": None, "of": None},
        {"role": "Admin", "unitId": place.division, "of": None},
    ]
