"""Deleting units: what is in use stays, unless all of it is to go."""

from collections.abc import Mapping
from typing import Any

import pytest

from bbws.kernel.table import RowKind
from bbws.tenants.units.removal import MOST_AT_ONCE
from tests.http.answers import problem
from tests.tenants.units import Hierarchy, Overtaken, hierarchy, killed_after, unit_id, where, work
from tests.tenants.world import World

IN_USE = "dependencies-exist"
NOT_FOUND = "unit-not-found"


@pytest.fixture
def units(world: World) -> Hierarchy:
    return hierarchy(world)


def wide(units: Hierarchy, groups: int, teams: int) -> dict[str, Any]:
    """A division with so many groups of so many teams."""
    division = units.add("North")
    for g in range(groups):
        group = units.add(f"G{g}", division)
        for t in range(teams):
            units.add(f"T{t}", group)
    return division


def held_by(units: Hierarchy, user_id: str) -> dict[str, str]:
    """The roles that somebody holds at units."""
    reply = units.ask("GET", units.path(rest=f"users/{user_id}"))
    assert reply.status == 200, reply.body
    return {held["unitId"]: held["role"] for held in reply.json["units"]}


def test_what_nobody_uses_goes(units: Hierarchy) -> None:
    division = units.add("North")
    group = units.add("Web", division)
    team = units.add("Shop", group)
    for each in (team, group, division):
        assert units.delete(each).status == 204
        problem(units.ask("GET", where(each)), 404, NOT_FOUND)
        problem(units.change(each, name="Other"), 404, NOT_FOUND)
        problem(units.delete(each), 404, NOT_FOUND)
    assert units.tree() == []
    assert units.names("divisions") == []


def test_what_holds_units_stays_and_says_which(units: Hierarchy) -> None:
    division = wide(units, 2, 1)
    refused = problem(units.delete(division), 422, IN_USE)
    assert [(each["kind"], each["name"]) for each in refused["dependencies"]] == [("group", "G0"), ("group", "G1")]
    assert "cascade=true" in refused["detail"]
    listed = units.ask("GET", f"{where(division)}/groups").json["items"]
    assert [each["id"] for each in refused["dependencies"]] == [unit_id(group) for group in listed]


def test_what_holds_people_stays_and_says_whom(units: Hierarchy) -> None:
    division = units.add("North")
    team = units.add("Shop", units.add("Web", division))
    ben, eve = units.join("ben", "Operator", team), units.join("eve", "Viewer", division)
    found = problem(units.delete(team), 422, IN_USE)["dependencies"]
    assert found == [{"kind": "user", "id": ben, "name": "Ben"}]
    found = problem(units.delete(division), 422, IN_USE)["dependencies"]
    assert [each["kind"] for each in found] == ["group", "user"]
    assert found[1]["id"] == eve


def test_a_hundred_of_what_is_in_use_are_named(units: Hierarchy) -> None:
    division = units.add("North")
    for number in range(101):
        units.add(f"G{number:03}", division)
    assert len(problem(units.delete(division), 422, IN_USE)["dependencies"]) == 100


@pytest.mark.parametrize("said", ["cascade=yes!", "cascade=", "force=true", "cascade=true&cascade=false"])
def test_what_is_wrong_with_a_deletion_is_named(units: Hierarchy, said: str) -> None:
    division = units.add("North")
    assert units.ask("DELETE", f"{where(division)}?{said}").status == 400
    assert units.tree() == [("North", [])]


def test_a_cascade_takes_all_that_lies_there_and_the_roles_that_are_held_there(units: Hierarchy) -> None:
    division, other = wide(units, 2, 2), units.add("South")
    [group, _] = units.ask("GET", f"{where(division)}/groups").json["items"]
    [team, _] = units.ask("GET", f"{where(group)}/teams").json["items"]
    units.join("ben", "Operator", division)
    for each in (group, team, other):
        units.ask("POST", units.path(rest="users"), said("ben", each))
    units.join("eve", "Viewer", team)
    units.join("dan", "Viewer")
    units.enter("user-dan", team)
    assert units.delete(division, cascade=True).status == 204
    assert units.tree() == [("South", [])]
    assert held_by(units, "user-ben") == {other["divisionId"]: "Viewer"}
    assert held_by(units, "user-dan") == {}
    problem(units.ask("GET", units.path(rest="users/user-eve")), 404, "user-not-found")
    problem(units.ask("GET", units.path(rest="tree"), who="eve"), 404, "tenant-not-found")
    assert units.tree("ben") == [("South", [])]


def said(name: str, unit: Any) -> dict[str, str]:
    return {"email": f"{name}@example.com", "role": "Viewer", "unitId": unit_id(unit)}


def test_twenty_five_units_go_at_once(units: Hierarchy) -> None:
    division = wide(units, 4, 5)
    assert MOST_AT_ONCE == 1 + 4 + 4 * 5
    assert units.delete(division, cascade=True).status == 204
    assert units.tree() == []


def test_more_go_by_an_operation(units: Hierarchy) -> None:
    division, _ = wide(units, 5, 5), units.add("South")
    before = units.tree()
    planned = units.ask("DELETE", f"{where(division)}?cascade=true&dryRun=true").json
    assert [change["type"] for change in planned["changes"]] == ["operation.unit-deletion"]
    reply = units.delete(division, cascade=True)
    assert reply.status == 202
    operation = reply.json["_links"]["operation"]["href"]
    assert operation == reply.headers["location"]
    assert units.ask("GET", operation).json["status"] == "PENDING"
    assert units.tree() == before
    work(units, operation)
    done = units.ask("GET", operation).json
    assert (done["status"], done["result"]["unitId"]) == ("COMPLETED", division["divisionId"])
    assert units.tree() == [("South", [])]
    assert units.world.ask("eve", "GET", operation).status == 404


def test_few_units_with_many_people_go_by_an_operation(units: Hierarchy) -> None:
    team = units.add("Shop", units.add("Web", units.add("North")))
    for number in range(40):
        units.join(f"p{number}", "Viewer", team)
    reply = units.delete(team, cascade=True)
    assert reply.status == 202
    work(units, reply.headers["location"])
    assert units.tree() == [("North", [("Web", [])])]
    assert len(units.ask("GET", units.path(rest="users?pageSize=100")).json["items"]) == 1


def test_what_two_ask_for_is_done_once(units: Hierarchy) -> None:
    division = wide(units, 5, 5)
    asked = [units.delete(division, cascade=True).headers["location"] for _ in range(2)]
    work(units, asked[1])
    for each in asked:
        assert units.ask("GET", each).json["status"] == "COMPLETED"
    assert units.tree() == []


def test_a_deletion_that_was_killed_goes_on_where_it_was(units: Hierarchy) -> None:
    division = wide(units, 6, 6)
    units.join("ben", "Operator", division)
    operation = units.delete(division, cascade=True).headers["location"]
    # The start of the step, and one part, which is closed before.
    killed_after(units, operation, commits=3)
    [(_, groups)] = units.tree()
    assert 0 < sum(1 + len(teams) for _, teams in groups) < 42
    assert {name for name, _ in groups} <= {f"G{g}" for g in range(6)}
    assert units.ask("GET", operation).json["status"] == "IN_PROGRESS"
    work(units, operation)
    assert units.ask("GET", operation).json["status"] == "COMPLETED"
    assert units.tree() == []


# The start, two parts that are each closed before; what is left is the end of the operation.
@pytest.mark.parametrize("lived", range(1, 6))
def test_wherever_it_is_killed_nothing_is_lost_and_nothing_orphaned(units: Hierarchy, lived: int) -> None:
    division, other = wide(units, 5, 6), units.add("South")
    groups = units.ask("GET", f"{where(division)}/groups").json["items"]
    for number, group in enumerate(groups[:3]):
        units.join(f"p{number}", "Viewer", group)
    units.join("ben", "Operator", division)
    units.ask("POST", units.path(rest="users"), said("ben", other))
    operation = units.delete(division, cascade=True).headers["location"]
    killed_after(units, operation, commits=lived)
    assert units.ask("GET", operation).json["status"] == "IN_PROGRESS"
    # What is not gone yet is where it was, with those who hold a role there; who is told of a unit can read it.
    stored = _active(units)
    whole, kept = division["divisionId"], {other["divisionId"]: "Viewer"}
    assert whole in stored or stored.keys() == kept.keys()  # the unit itself goes last
    assert {parent for parent in stored.values() if parent is not None} <= stored.keys()
    held = {user: held_by(units, user) for user in ("user-ben", *_members(units, stored))}
    assert {unit for roles in held.values() for unit in roles} <= stored.keys()
    assert held["user-ben"] == kept | ({whole: "Operator"} if whole in stored else {})
    assert len(units.tree()) == (2 if whole in stored else 1)
    work(units, operation)
    assert units.ask("GET", operation).json["status"] == "COMPLETED"
    assert units.tree() == [("South", [])]
    assert _active(units).keys() == kept.keys()
    assert held_by(units, "user-ben") == kept


# After the start, after a part was closed, after it went, and so on.
@pytest.mark.parametrize("commits", range(1, 6))
def test_what_is_called_off_meanwhile_leaves_the_rest_in_use(units: Hierarchy, commits: int) -> None:
    division = wide(units, 8, 8)
    operation = units.delete(division, cascade=True).headers["location"]
    left: list[list[Any]] = []

    def call_off() -> None:
        assert units.ask("POST", f"{operation}/cancel").status == 200
        left.append(units.tree())

    work(units, operation, Overtaken(units.world.client.app.engine.table, commits, call_off))
    assert units.ask("GET", operation).json["status"] == "CANCELLED"
    assert [units.tree()] == left
    for group in units.ask("GET", f"{where(division)}/groups").json["items"]:
        units.add("Late", group)
    assert units.delete(division, cascade=True).status == 202


def _active(units: Hierarchy) -> dict[str, str | None]:
    """Every unit that is not deleted, as it is stored, and what it lies in."""
    rows = units.world.client.app.engine.rows({RowKind.ENTITY})
    found = (row.document for row in rows if row.document["entityType"] == "UNIT")
    return {each["unitId"]: each["parentId"] for each in found if each["active"]}


def _members(units: Hierarchy, stored: Mapping[str, str | None]) -> set[str]:
    """Those who hold a role at one of these units."""
    users = units.ask("GET", units.path(rest="users?pageSize=100")).json["items"]
    return {each["userId"] for each in users if {held["unitId"] for held in each["units"]} & stored.keys()}


def test_what_is_added_while_all_is_deleted_goes_too(units: Hierarchy) -> None:
    division = wide(units, 5, 6)
    operation = units.delete(division, cascade=True).headers["location"]
    killed_after(units, operation, commits=3)
    [*_, (left, _)] = units.tree()[0][1]
    [group] = [g for g in units.ask("GET", f"{where(division)}/groups").json["items"] if g["name"] == left]
    units.add("Late", units.add("Later", division))
    units.add("Late", group)
    work(units, operation)
    assert units.tree() == []
