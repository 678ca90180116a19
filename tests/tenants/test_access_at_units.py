"""Roles that are held at units, against every call in a tenant: there and below, above, beside; moved; taken away."""

from collections.abc import Iterator, Mapping

import pytest

from tests.tenants.test_access import (
    ADMIN,
    ADMINS,
    DIVISION,
    EVERYONE,
    GROUP,
    IN_PLACE_OF,
    MAY,
    OPERATION,
    OPERATOR,
    TEAM,
    VIEWER,
    WORKING,
    T,
    outcome,
)
from tests.tenants.units import KINDS, Hierarchy, Unit, hierarchy, unit_id, where
from tests.tenants.world import World, opened

pytestmark = pytest.mark.unmeasured  # the other tests of this folder run the same

# Whoever belongs to the tenant, wherever that is.
ANYWHERE = {
    ("GET", T),
    ("GET", OPERATION),
    ("POST", f"{OPERATION}/cancel"),
    ("POST", f"{OPERATION}/retry"),
    ("GET", f"{T}/tree"),
    ("GET", f"{T}/divisions"),
    ("GET", DIVISION),
    ("GET", f"{DIVISION}/groups"),
    ("GET", GROUP),
    ("GET", f"{GROUP}/teams"),
    ("GET", TEAM),
}
# Who holds one of these roles at the unit that is last in the path, or above it.
THERE: Mapping[tuple[str, str], set[str]] = {
    ("PUT", DIVISION): WORKING,
    ("DELETE", DIVISION): ADMINS,
    ("POST", f"{DIVISION}/groups"): WORKING,
    ("PUT", GROUP): WORKING,
    ("DELETE", GROUP): ADMINS,
    ("POST", f"{GROUP}/teams"): WORKING,
    ("PUT", TEAM): WORKING,
    ("DELETE", TEAM): ADMINS,
    ("GET", f"{TEAM}/members"): EVERYONE,
    ("POST", f"{TEAM}/members"): WORKING,
    ("GET", f"{TEAM}/members/{{userId}}"): EVERYONE,
    ("DELETE", f"{TEAM}/members/{{userId}}"): WORKING,
}
PEOPLE = {f"{role.lower()}-{kind}": (role, kind) for role in (ADMIN, OPERATOR, VIEWER) for kind in KINDS}

type Line = Mapping[str, Unit]


class Place:
    """Two divisions, and in the first two groups, each with a team; somebody of each role at each unit of one line."""

    def __init__(self, world: World) -> None:
        self.units = hierarchy(world)
        first, second = self.units.add("First"), self.units.add("Second")
        self.line = self._line(first, "Line")
        self.lines = [self.line, self._line(first, "Beside"), self._line(second, "Far")]
        for name, (role, kind) in PEOPLE.items():
            self.units.join(name, role, self.line[kind])

    def _line(self, division: Unit, name: str) -> dict[str, Unit]:
        group = self.units.add(name, division)
        return {"division": division, "group": group, "team": self.units.add(name, group)}

    def check(self, held: Mapping[str, str]) -> None:
        """Hold every call at every place against the matrix; ``held``: who holds their role at which unit."""
        for line in self.lines:
            ids = {f"{kind}Id": unit_id(unit) for kind, unit in line.items()}
            for method, path in MAY:
                target = _target(self.units, method, path, ids)
                named = [value for name, value in ids.items() if f"{{{name}}}" in path]
                for name, (role, _) in PEOPLE.items():
                    expected = _expected(role, method, path, at=held.get(name), named=named)
                    assert outcome(self.units.world, name, method, target) == expected, (name, method, target)


def _target(units: Hierarchy, method: str, path: str, ids: Mapping[str, str]) -> str:
    for name, value in {**IN_PLACE_OF, **ids, "tenantId": units.tenant["tenantId"]}.items():
        path = path.replace(f"{{{name}}}", value)
    return path if method == "GET" else f"{path}?dryRun=true"


def _expected(role: str, method: str, path: str, *, at: str | None, named: list[str]) -> str:
    if at is None:
        return "nothing there"
    if (method, path) in ANYWHERE:
        return "let in"
    return "let in" if at in named and role in THERE.get((method, path), set()) else "forbidden"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened(tmp_path_factory.mktemp("units")) as world:
        yield Place(world)


def test_the_matrix_names_calls_that_there_are() -> None:
    assert ANYWHERE | THERE.keys() <= MAY.keys()
    about_units = {(method, path) for method, path in MAY if "/divisions" in path or path.endswith("/tree")}
    assert about_units - ANYWHERE - THERE.keys() == {("POST", f"{T}/divisions")}


def test_a_role_at_a_unit_gives_what_the_matrix_says_there_and_below_and_nothing_else(place: Place) -> None:
    held = {name: unit_id(place.line[kind]) for name, (_, kind) in PEOPLE.items()}
    place.check(held)
    # The group goes with its team into the other division: a role at the first reaches them no more.
    [first, _, far] = place.lines
    moved = place.units.change(first["group"], divisionId=unit_id(far["division"])).json
    place.lines[0] = {
        "division": far["division"],
        "group": moved,
        "team": {**first["team"], "divisionId": unit_id(far["division"])},
    }
    place.check(held)
    for name in PEOPLE:
        path = place.units.path(rest=f"users/user-{name}?unitId={held[name]}")
        assert place.units.ask("DELETE", path).status == 204
        del held[name]
        assert place.units.ask("GET", where(moved), who=name).status == 404
    place.check(held)
