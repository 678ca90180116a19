"""How many roles at units somebody can hold: as many as go with the one commit that removes them."""

import pytest

from bbws.tenants.members.model import MOST_UNIT_ROLES
from tests.http.answers import problem
from tests.tenants.units import Hierarchy, hierarchy, unit_id, work
from tests.tenants.world import World, tenant_path


@pytest.fixture
def laden(world: World) -> Hierarchy:
    """A tenant whose second Admin holds as many roles at units as can be."""
    units = hierarchy(world)
    units.join("eve", "Admin")
    for number in range(MOST_UNIT_ROLES):
        said = {"email": "eve@example.com", "role": "Viewer", "unitId": unit_id(units.add(f"Division {number}"))}
        assert units.ask("POST", units.path(rest="users"), said).status == 201
    return units


def held(units: Hierarchy) -> int:
    rows = units.world.client.app.engine.table.query(f"TENANT#{units.tenant['tenantId']}", prefix="AT#").rows
    return len(rows)


def test_one_more_is_refused_and_all_of_them_go_at_once(laden: Hierarchy) -> None:
    division = laden.add("One more")
    said = {"email": "eve@example.com", "role": "Viewer", "unitId": unit_id(division)}
    refused = problem(laden.ask("POST", laden.path(rest="users"), said), 422, "too-many-unit-roles")
    assert refused["userId"] == "user-eve"
    assert held(laden) == MOST_UNIT_ROLES
    team = laden.add("Team", laden.add("Group", division))
    problem(laden.enter("user-eve", team), 422, "too-many-unit-roles")
    path = laden.path(rest="users/user-eve")
    some = laden.ask("GET", path).json["units"][0]["unitId"]
    assert laden.ask("PUT", path, {"role": "Operator", "unitId": some}).status == 200
    assert laden.ask("DELETE", path).status == 204
    assert held(laden) == 0


def test_they_end_with_the_tenant(laden: Hierarchy) -> None:
    leaving = laden.ask("DELETE", f"{tenant_path(laden.tenant)}?force=true&confirm=Acme")
    work(laden, leaving.headers["location"])
    assert held(laden) == 0
