"""Divisions, groups and teams: the calls, and what is said to whom."""

import re
from collections import defaultdict
from typing import Any

import pytest

from bbws.tenants.units.model import ANY_ID_PATTERN
from tests.http.answers import fields, problem
from tests.tenants.units import KINDS, Hierarchy, hierarchy, kind, unit_id, where
from tests.tenants.world import World

NAME_TAKEN = "unit-name-taken"
NOT_FOUND = "unit-not-found"


@pytest.fixture
def units(world: World) -> Hierarchy:
    return hierarchy(world)


def one_of_each(units: Hierarchy) -> list[dict[str, Any]]:
    division = units.add("North")
    group = units.add("Web", division)
    return [division, group, units.add("Shop", group)]


def test_each_level_lies_in_the_one_above(units: Hierarchy) -> None:
    division, group, team = one_of_each(units)
    assert [kind(each) for each in (division, group, team)] == list(KINDS)
    assert team["divisionId"] == division["divisionId"]
    assert team["groupId"] == group["groupId"]
    for each in (division, group, team):
        assert re.fullmatch(ANY_ID_PATTERN, unit_id(each))
        assert (each["tenantId"], each["createdBy"]) == (units.tenant["tenantId"], "user-ann")
        assert units.ask("GET", where(each)).json == each
    assert units.tree() == [("North", [("Web", ["Shop"])])]


def test_a_unit_is_where_it_says(units: Hierarchy) -> None:
    for parent in (None, *one_of_each(units)[:2]):
        reply = units.try_to_add("Another", parent)
        read = units.ask("GET", reply.headers["location"])
        assert (read.json, read.headers["etag"]) == (reply.json, reply.headers["etag"])


def test_links_lead_to_what_there_is(units: Hierarchy) -> None:
    division, _, team = one_of_each(units)
    for each in (division, team):
        for rel in {"self", "groups", "collection", "tenant", "group", "members"} & each["_links"].keys():
            assert units.ask("GET", each["_links"][rel]["href"]).status == 200
    assert units.tenant["_links"].keys() >= {"divisions", "tree"}
    units.join("eve", "Viewer")
    assert units.ask("GET", where(team), who="eve").json["_links"].keys() == {"self", "members", "group", "collection"}


def test_lists_are_by_name_and_of_one_parent(units: Hierarchy) -> None:
    for name in ("b two", "C three", "A one", "Zed", "7up"):
        units.add(name)
    assert units.names("divisions") == ["7up", "A one", "b two", "C three", "Zed"]
    north, south = units.add("North"), units.add("South")
    for name in ("X1", "X3", "X2"):
        units.add(name, north)
    units.add("Y1", south)
    assert units.names("groups", north) == ["X1", "X2", "X3"]
    assert units.names("groups", south) == ["Y1"]
    assert [d for d, _ in units.tree()] == ["7up", "A one", "b two", "C three", "North", "South", "Zed"]


@pytest.mark.parametrize("name", ["North", "NORTH", " north  ", "No\u0301rth"])
def test_a_name_is_one_units_within_its_parent(units: Hierarchy, name: str) -> None:
    units.add("No\u0301rth" if "\u0301" in name else "North")
    other = units.add("South")
    problem(units.try_to_add(name), 409, NAME_TAKEN)
    problem(units.change(other, name=name), 409, NAME_TAKEN)
    assert units.try_to_add("North", other).status == 201


def test_a_name_that_is_given_up_is_free(units: Hierarchy) -> None:
    north = units.add("North")
    assert units.change(north, name="NORTH").json["name"] == "NORTH"
    assert units.change(north, name="South").status == 200
    again = units.add("North")
    assert units.delete(again).status == 204
    assert units.add("North")["divisionId"] != again["divisionId"]


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ({"name": "A"}, {"name"}),
        ({"name": "A" * 51}, {"name"}),
        ({"name": " A "}, {"name"}),
        ({"name": "\u0410cme"}, {"name"}),
        ({"name": "R&D"}, {"name"}),
        ({"name": "a#b"}, {"name"}),
        ({"name": "A\x1fB"}, {"name"}),
        ({"name": "A\nB"}, {"name"}),
        ({"name": 17}, {"name"}),
        ({"name": ["North"]}, {"name"}),
        ({"name": None}, {"name"}),
        ({}, {"name"}),
        ({"name": "North", "parentId": "div-1"}, {"parentId"}),
        ({"name": "North", "divisionId": "div-0123456789ABCDEF"}, {"divisionId"}),
        ({"name": "North", "tenantId": "tenant-1"}, {"tenantId"}),
    ],
)
def test_what_is_wrong_with_a_unit_is_named(units: Hierarchy, said: dict[str, object], bad: set[str]) -> None:
    assert fields(units.ask("POST", units.path(rest="divisions"), said)) == bad


def test_a_changed_unit_says_what_it_is(units: Hierarchy) -> None:
    for each in one_of_each(units):
        changed = units.change(each, name="Other")
        assert changed.status == 200
        assert changed.json["name"] == "Other"
        assert units.ask("GET", where(each)).json["updatedAt"] == changed.json["updatedAt"] != each["updatedAt"]
        same = units.change(each, name="Other")
        assert same.headers["etag"] == changed.headers["etag"]
    assert units.tree() == [("Other", [("Other", ["Other"])])]


def test_a_change_of_nothing_or_to_nothing_is_refused(units: Hierarchy) -> None:
    division, group, team = one_of_each(units)
    for each in (division, group, team):
        assert fields(units.change(each)) == {"body"}
        assert fields(units.change(each, name=None)) == {"name"}
    assert fields(units.change(group, divisionId=None)) == {"divisionId"}


def test_nothing_can_come_to_lie_in_itself_or_at_another_level(units: Hierarchy) -> None:
    division, group, team = one_of_each(units)
    assert fields(units.change(division, divisionId=division["divisionId"])) == {"divisionId"}
    assert fields(units.change(group, groupId=group["groupId"])) == {"groupId"}
    for wrong in (group["groupId"], team["teamId"], units.tenant["tenantId"], "", 7):
        assert fields(units.change(group, divisionId=wrong)) == {"divisionId"}
    for wrong in (team["teamId"], division["divisionId"]):
        assert fields(units.change(team, groupId=wrong)) == {"groupId"}


def test_a_group_moves_with_its_teams(units: Hierarchy) -> None:
    _, group, team = one_of_each(units)
    south = units.add("South")
    moved = units.change(group, divisionId=south["divisionId"])
    assert moved.json["divisionId"] == south["divisionId"]
    assert moved.json["_links"]["self"]["href"] == where(moved.json)
    assert units.ask("GET", where(moved.json)).headers["etag"] != moved.headers["etag"]  # the answer says more
    problem(units.ask("GET", where(group)), 404, NOT_FOUND)
    problem(units.ask("GET", where(team)), 404, NOT_FOUND)
    assert units.ask("GET", where({**team, "divisionId": south["divisionId"]})).status == 200
    assert units.tree() == [("North", []), ("South", [("Web", ["Shop"])])]


def test_a_team_moves_to_a_group_of_any_division_and_gets_a_name_on_the_way(units: Hierarchy) -> None:
    _, group, team = one_of_each(units)
    web = units.add("Web", units.add("South"))
    units.add("Shop", web)
    problem(units.change(team, groupId=web["groupId"]), 409, NAME_TAKEN)
    moved = units.change(team, groupId=web["groupId"], name="Store").json
    assert (moved["divisionId"], moved["groupId"]) == (web["divisionId"], web["groupId"])
    assert units.tree() == [("North", [("Web", [])]), ("South", [("Web", ["Shop", "Store"])])]
    assert units.try_to_add("Shop", group).status == 201


def test_a_path_must_be_true(units: Hierarchy) -> None:
    division, group, team = one_of_each(units)
    south = units.add("South")
    elsewhere = {"divisionId": south["divisionId"]}
    for unit in ({**group, **elsewhere}, {**team, **elsewhere}):
        problem(units.ask("GET", where(unit)), 404, NOT_FOUND)
        problem(units.change(unit, name="Other"), 404, NOT_FOUND)
        problem(units.delete(unit), 404, NOT_FOUND)
    problem(units.try_to_add("More", {**group, **elsewhere}), 404, NOT_FOUND)
    problem(units.ask("GET", f"{where({**group, **elsewhere})}/teams"), 404, NOT_FOUND)
    problem(units.enter("user-ann", {**team, **elsewhere}), 404, NOT_FOUND)
    problem(units.ask("GET", f"{where({**team, **elsewhere})}/members"), 404, NOT_FOUND)
    assert fields(units.ask("GET", units.path(rest=f"divisions/{group['groupId']}"))) == {"divisionId"}
    missing = {**division, "divisionId": "div-0123456789ABCDEF"}
    for reply in (units.ask("GET", where(missing)), units.try_to_add("More", missing), units.delete(missing)):
        problem(reply, 404, NOT_FOUND)
    problem(units.change(group, divisionId=missing["divisionId"]), 404, NOT_FOUND)


def test_units_of_another_tenant_are_not_there(units: Hierarchy) -> None:
    division, group, team = one_of_each(units)
    other = Hierarchy(units.world, units.world.active("ben", organizationName="Other"), "ben")
    own = other.add("Web", other.add("North"))
    there = {**team, "tenantId": other.tenant["tenantId"]}
    nowhere = {**there, "divisionId": "div-0123456789ABCDEF"}
    told = [problem(other.ask("GET", where(each)), 404, NOT_FOUND)["detail"] for each in (there, nowhere)]
    assert told[0].replace(division["divisionId"], "X") == told[1].replace(nowhere["divisionId"], "X")
    problem(other.change(own, divisionId=division["divisionId"]), 404, NOT_FOUND)
    problem(
        other.ask(
            "POST", other.path(rest="users"), {"email": "ann@example.com", "role": "Viewer", "unitId": group["groupId"]}
        ),
        404,
        NOT_FOUND,
    )
    for each in (division, group, team):
        problem(other.ask("GET", where(each)), 404, "tenant-not-found")
        problem(other.delete(each), 404, "tenant-not-found")
    problem(other.ask("GET", units.path(rest="tree")), 404, "tenant-not-found")
    assert units.tree() == [("North", [("Web", ["Shop"])])]


def test_what_is_stale_is_refused(units: Hierarchy) -> None:
    for each in one_of_each(units):
        etag = units.ask("GET", where(each)).headers["etag"]
        assert units.change(each, name="Other").status == 200
        for method, body in (("PUT", {"name": "Third"}), ("DELETE", None)):
            reply = units.ask(method, f"{where(each)}", body, if_match=etag)
            problem(reply, 412, "precondition-failed")


def test_what_is_repeated_is_answered_again(units: Hierarchy) -> None:
    path = units.path(rest="divisions")
    first, second = (units.ask("POST", path, {"name": "North"}, idempotency_key="k1") for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert second.headers["idempotency-replayed"] == "true"
    problem(units.ask("POST", path, {"name": "South"}, idempotency_key="k1"), 422, "idempotency-key-reused")
    assert units.delete(first.json).status == 204
    problem(units.delete(first.json), 404, NOT_FOUND)


def test_a_plan_changes_nothing(units: Hierarchy) -> None:
    division, group, _ = one_of_each(units)
    before = units.tree()
    for method, path, body, kinds in (
        ("POST", units.path(rest="divisions"), {"name": "South"}, ["hierarchy.created"]),
        ("PUT", where(division), {"name": "South"}, ["hierarchy.updated"]),
        ("DELETE", f"{where(division)}?cascade=true", None, ["hierarchy.deleted"] * 3),
    ):
        reply = units.ask(method, f"{path}{'&' if '?' in path else '?'}dryRun=true", body)
        assert reply.status == 200, reply.body
        assert [change["type"] for change in reply.json["changes"]] == kinds
    problem(units.ask("POST", f"{units.path(rest='divisions')}?dryRun=true", {"name": "North"}), 409, NAME_TAKEN)
    problem(units.ask("DELETE", f"{where(group)}?dryRun=true"), 422, "dependencies-exist")
    assert units.tree() == before


def test_units_are_changed_while_their_tenant_is_active(units: Hierarchy) -> None:
    division, _, team = one_of_each(units)
    world = units.world
    pending = Hierarchy(world, world.found("ben", organizationName="Other"), "ben")
    problem(pending.try_to_add("North"), 422, "tenant-status")
    assert pending.tree() == []
    world.moved("ann", units.tenant, "SUSPENDED")
    for reply in (
        units.try_to_add("South"),
        units.ask("GET", units.path(rest="tree")),
        units.ask("GET", where(division)),
        units.change(division, name="South"),
        units.delete(team),
        units.enter("user-ann", team),
    ):
        problem(reply, 403, "account-suspended")
    for reply in (
        units.try_to_add("South", who="boss"),
        units.change(division, who="boss", name="South"),
        units.delete(team, who="boss"),
        units.enter("user-ann", team, who="boss"),
    ):
        problem(reply, 422, "tenant-status")


def test_what_is_announced(units: Hierarchy) -> None:
    division, group, _ = one_of_each(units)
    south = units.add("South")
    units.change(division, name="East")
    units.change(group, divisionId=south["divisionId"])
    units.delete(south, cascade=True)
    table = units.world.client.app.dispatcher.table
    rows = table.query(f"TENANT#{units.tenant['tenantId']}", prefix="CHANGE#UNIT#").rows
    found = defaultdict(list)
    for row in rows:
        found[row.document["subject"].rpartition("/")[2]].append(row.document["type"])
    assert found[division["divisionId"]] == ["hierarchy.created", "hierarchy.updated"]
    assert found[group["groupId"]] == ["hierarchy.created", "hierarchy.moved", "hierarchy.deleted"]
    assert found[south["divisionId"]] == ["hierarchy.created", "hierarchy.deleted"]


def test_keys_and_nobody_have_no_business_with_units(units: Hierarchy) -> None:
    division = units.add("North")
    for path in (units.path(rest="tree"), units.path(rest="divisions"), where(division)):
        problem(units.world.client.call("GET", path), 403, "forbidden")
        assert units.world.client.call("GET", path, key=None).status == 401
