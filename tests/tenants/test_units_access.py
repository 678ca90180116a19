"""Who may do what with units: roles of the tenant, and roles at units, which reach below."""

from typing import Any

import pytest

from tests.http.answers import fields, problem
from tests.tenants.units import Hierarchy, Unit, hierarchy, unit_id, where
from tests.tenants.world import World

OK, NO = "yes", "no"
REFUSED = 400


class Two:
    """Two divisions, a group with a team in each; people with roles of all kinds."""

    def __init__(self, units: Hierarchy) -> None:
        self.units = units
        self.north, self.south = units.add("North"), units.add("South")
        self.web, self.shop = units.add("Web", self.north), units.add("Shop", self.south)
        self.team, self.other = units.add("Team", self.web), units.add("Team", self.shop)
        self.count = 0

    def tried(self, who: str) -> dict[str, str]:
        """What somebody may do in the northern team, by what is answered."""
        self.count += 1
        units, spare = self.units, self.units.add(f"Spare {self.count}", self.web)
        user = units.join(f"new{self.count}", "Viewer")
        found = {
            "tree": units.ask("GET", units.path(rest="tree"), who=who),
            "read": units.ask("GET", where(self.team), who=who),
            "members": units.ask("GET", f"{where(self.team)}/members", who=who),
            "divide": units.try_to_add(f"Division {self.count}", who=who),
            "add": units.try_to_add(f"Team {self.count}", self.web, who=who),
            "rename": units.change(spare, who=who, name=f"Renamed {self.count}"),
            "enter": units.enter(user, self.team, who=who),
            "leave": units.ask("DELETE", f"{where(self.team)}/members/{user}", who=who),
            "delete": units.delete(spare, who=who),
        }
        for reply in found.values():
            if reply.status >= REFUSED:
                problem(reply, 403, "forbidden")
        return {what: OK if reply.status < REFUSED else NO for what, reply in found.items()}


@pytest.fixture
def two(world: World) -> Two:
    return Two(hierarchy(world))


_READING = {"tree": OK, "read": OK}
_ALL = dict.fromkeys(("tree", "read", "members", "divide", "add", "rename", "enter", "leave", "delete"), OK)
_NONE = dict.fromkeys(_ALL, NO) | _READING


@pytest.mark.parametrize(
    ("role", "at", "may"),
    [
        ("Admin", None, _ALL),
        ("Operator", None, _ALL | {"delete": NO}),
        ("Viewer", None, _NONE | {"members": OK}),
        ("Admin", "north", _ALL | {"divide": NO}),
        ("Admin", "web", _ALL | {"divide": NO}),
        ("Operator", "north", _ALL | {"divide": NO, "delete": NO}),
        ("Operator", "web", _ALL | {"divide": NO, "delete": NO}),
        ("Viewer", "north", _NONE | {"members": OK}),
        ("Operator", "team", _NONE | {"members": OK, "enter": OK, "leave": OK}),
        ("Admin", "south", _NONE),
        ("Admin", "shop", _NONE),
        ("Admin", "other", _NONE),
    ],
)
def test_a_role_reaches_below_where_it_is_held(two: Two, role: str, at: str | None, may: dict[str, str]) -> None:
    two.units.join("eve", role, None if at is None else getattr(two, at))
    assert two.tried("eve") == may


def test_the_platforms_people_may_everything(two: Two) -> None:
    assert two.tried("boss") == _ALL


def test_an_admin_of_another_of_the_customers_tenants_reads_no_units(two: Two) -> None:
    said = {"organizationName": "Two", "customerId": two.units.tenant["customerId"]}
    other = two.units.world.active("boss", **said)
    eve = Hierarchy(two.units.world, other, "boss")
    eve.join("eve", "Admin")
    assert two.units.ask("GET", two.units.path(), who="eve").status == 200
    for path in (two.units.path(rest="tree"), where(two.team), f"{where(two.team)}/members"):
        problem(two.units.ask("GET", path, who="eve"), 403, "forbidden")


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(two: Two) -> None:
    two.units.join("eve", "Operator", two.north)
    assert two.units.try_to_add("One", two.web, who="eve").status == 201
    path = two.units.path(rest=f"users/user-eve?unitId={unit_id(two.north)}")
    assert two.units.ask("DELETE", path).status == 204
    problem(two.units.try_to_add("Two", two.web, who="eve"), 404, "tenant-not-found")
    problem(two.units.ask("DELETE", path), 404, "user-not-found")


def test_a_role_comes_and_goes_with_the_unit_that_moves(two: Two) -> None:
    two.units.join("eve", "Operator", two.south)
    problem(two.units.change(two.team, who="eve", name="Mine"), 403, "forbidden")
    moved = two.units.change(two.web, divisionId=two.south["divisionId"]).json
    team = {**two.team, "divisionId": moved["divisionId"]}
    assert two.units.change(team, who="eve", name="Mine").status == 200
    assert two.units.change(moved, divisionId=two.north["divisionId"]).status == 200
    problem(two.units.change(two.team, who="eve", name="Ours"), 403, "forbidden")


def test_a_move_needs_the_right_at_both_ends(two: Two) -> None:
    units = two.units
    units.join("eve", "Operator", two.north)
    units.join("dan", "Operator", two.south)
    units.join("flo", "Operator", two.web)
    for who in ("eve", "dan", "flo"):
        problem(units.change(two.web, who=who, divisionId=two.south["divisionId"]), 403, "forbidden")
    refused = units.change(two.team, who="eve", groupId=two.shop["groupId"])
    assert problem(refused, 403, "forbidden")["requiredPermission"] == "tenant:units:write"
    said = {"email": "eve@example.com", "role": "Operator", "unitId": two.south["divisionId"]}
    assert units.ask("POST", units.path(rest="users"), said).status == 201
    assert units.change(two.web, who="eve", divisionId=two.south["divisionId"]).status == 200


def test_a_member_of_a_team(two: Two) -> None:
    units = two.units
    user = units.join("eve", "Viewer")
    reply = units.enter(user, two.team, "Operator")
    assert reply.status == 201
    assert (reply.json["userId"], reply.json["email"], reply.json["role"]) == (user, "eve@example.com", "Operator")
    assert units.ask("GET", reply.headers["location"]).json == reply.json
    assert units.ask("GET", f"{where(two.team)}/members").json["items"][0]["userId"] == user
    problem(units.enter(user, two.team), 409, "already-assigned")
    assert units.enter(user, two.other).json["role"] == "Viewer"
    assert units.ask("DELETE", reply.headers["location"]).status == 204
    problem(units.ask("DELETE", reply.headers["location"]), 404, "user-not-found")
    problem(units.ask("GET", reply.headers["location"]), 404, "user-not-found")
    assert units.ask("GET", units.path(rest=f"users/{user}")).json["role"] == "Viewer"


def test_members_are_listed_in_pages(two: Two) -> None:
    users = sorted(two.units.join(f"p{number}", "Viewer", two.team) for number in range(5))
    found: list[str] = []
    path = f"{where(two.team)}/members?pageSize=2"
    following: str | None = path
    while following is not None:
        page = two.units.ask("GET", following).json
        found += [item["userId"] for item in page["items"]]
        following = None if page["nextToken"] is None else f"{path}&startAt={page['nextToken']}"
    assert found == users


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ({}, {"userId"}),
        ({"userId": "ann"}, {"userId"}),
        ({"userId": "user-"}, {"userId"}),
        ({"userId": 7}, {"userId"}),
        ({"userId": "user-ann", "role": "Owner"}, {"role"}),
        ({"userId": "user-ann", "role": None}, {"role"}),
        ({"userId": "user-ann", "email": "ann@example.com"}, {"email"}),
    ],
)
def test_what_is_wrong_with_a_member_is_named(two: Two, said: dict[str, Any], bad: set[str]) -> None:
    assert fields(two.units.ask("POST", f"{where(two.team)}/members", said)) == bad


def test_only_people_of_the_tenant_come_into_a_team(two: Two) -> None:
    two.units.world.known("zoe")
    told = [
        problem(two.units.enter(user, two.team), 404, "user-not-found")["detail"].replace(user, "X")
        for user in ("user-zoe", "user-nobody")
    ]
    assert told[0] == told[1]


def test_nobody_gives_or_takes_a_role_above_the_own(two: Two) -> None:
    units = two.units
    units.join("ops", "Operator", two.north)
    user = units.join("eve", "Viewer")
    problem(units.enter(user, two.team, "Admin", who="ops"), 403, "forbidden")
    assert units.enter(user, two.team, "Operator", who="ops").status == 201
    assert units.ask("DELETE", f"{where(two.team)}/members/{user}", who="ops").status == 204
    assert units.enter(user, two.team, "Admin").status == 201
    problem(units.ask("DELETE", f"{where(two.team)}/members/{user}", who="ops"), 403, "forbidden")
    assert units.ask("DELETE", f"{where(two.team)}/members/{user}").status == 204


def test_profiles_are_not_for_viewers(two: Two) -> None:
    units = two.units
    units.join("eve", "Viewer", two.team)
    units.join("ops", "Operator", two.web)
    shown = {who: units.ask("GET", f"{where(two.team)}/members", who=who).json["items"][0] for who in ("eve", "ops")}
    assert (shown["eve"]["email"], shown["eve"]["name"]) == (None, None)
    assert (shown["ops"]["email"], shown["ops"]["name"]) == ("eve@example.com", "Eve")


def test_a_role_at_a_unit_is_given_changed_and_taken_away(two: Two) -> None:
    units = two.units
    user = units.join("eve", "Viewer", two.north)
    path = units.path(rest=f"users/{user}")
    said = {"unitId": unit_id(two.north)}
    problem(units.ask("POST", units.path(rest="users"), {"email": "eve@example.com", "role": "Admin", **said}), 409,
            "already-assigned")  # fmt: skip
    changed = units.ask("PUT", path, {"role": "Operator", **said}).json
    assert (changed["role"], changed["units"]) == (None, [{**said, "role": "Operator"}])
    problem(units.ask("PUT", path, {"role": "Admin", "unitId": unit_id(two.south)}), 404, "user-not-found")
    assert fields(units.ask("PUT", path, {"role": "Admin", "unitId": "North"})) == {"unitId"}
    nowhere = {"email": "eve@example.com", "role": "Viewer", "unitId": "div-0123456789ABCDEF"}
    problem(units.ask("POST", units.path(rest="users"), nowhere), 404, "unit-not-found")


def test_the_last_admin_may_change_roles_at_units(two: Two) -> None:
    said = {"email": "ann@example.com", "role": "Admin", "unitId": unit_id(two.north)}
    assert two.units.ask("POST", two.units.path(rest="users"), said).status == 201
    path = two.units.path(rest="users/user-ann")
    assert two.units.ask("PUT", path, {"role": "Viewer", "unitId": unit_id(two.north)}).status == 200
    assert two.units.ask("DELETE", f"{path}?unitId={unit_id(two.north)}").status == 204
    problem(two.units.ask("PUT", path, {"role": "Viewer"}), 422, "last-admin")


def planned(units: Hierarchy, method: str, path: str, body: Any) -> list[tuple[str, str | None, set[str], set[str]]]:
    """What a plan says of access: who, where, what is gained, what is lost."""
    reply = units.ask(method, f"{path}?dryRun=true", body)
    assert reply.status == 200, reply.body
    return [(d["userId"], d["unitId"], set(d["gains"]), set(d["loses"])) for d in reply.json["accessDifference"]]


WRITING = {"tenant:units:write", "tenant:members:read", "tenant:members:write"}


def test_the_plan_of_a_move_says_who_gains_and_who_loses_what(two: Two) -> None:
    units = two.units
    units.join("all", "Admin")
    gus, lou, own = units.join("gus", "Operator", two.south), units.join("lou", "Viewer", two.north), "user-own"
    units.join("own", "Operator", two.north)
    units.enter(own, two.team, "Viewer")
    units.join("far", "Admin", two.other)
    web, team = two.web["groupId"], two.team["teamId"]
    found = planned(units, "PUT", where(two.web), {"divisionId": two.south["divisionId"]})
    assert sorted(found, key=str) == sorted(
        [
            (gus, web, WRITING, set()),
            (lou, web, set(), {"tenant:members:read"}),
            (own, web, set(), WRITING),
            (own, team, set(), WRITING - {"tenant:members:read"}),
        ],
        key=str,
    )
    assert planned(units, "PUT", where(two.web), {"name": "Renamed"}) == []
    done = units.change(two.web, divisionId=two.south["divisionId"])
    assert done.json["accessDifference"] is None
    moved: Unit = {**two.team, "divisionId": two.south["divisionId"]}
    for who, may in (("gus", 200), ("own", 403), ("lou", 403), ("far", 403)):
        assert units.change(moved, who=who, name=f"By {who}").status == may, who
    assert units.ask("GET", f"{where(moved)}/members", who="own").status == 200


def test_the_plan_of_a_role_says_what_is_gained_and_lost(two: Two) -> None:
    units = two.units
    eve = units.join("eve", "Admin")
    units.enter(eve, two.team, "Operator")
    path = units.path(rest=f"users/{eve}")
    [whole, at_team] = planned(units, "PUT", path, {"role": "Viewer"})
    assert whole[:3] == (eve, None, set())
    assert whole[3] >= {"tenant:write", "tenant:units:delete", *WRITING} - {"tenant:members:read"}
    assert "tenant:read" not in whole[3]
    assert at_team[1] == two.team["teamId"]
    assert whole[3] - at_team[3] == WRITING - {"tenant:members:read"}
    assert planned(units, "PUT", path, {"role": "Viewer", "unitId": two.team["teamId"]}) == []
    assert units.ask("PUT", path, {"role": "Viewer"}).json["accessDifference"] is None
    [at_team] = planned(units, "PUT", path, {"role": "Viewer", "unitId": two.team["teamId"]})
    assert at_team == (eve, two.team["teamId"], set(), WRITING - {"tenant:members:read"})
