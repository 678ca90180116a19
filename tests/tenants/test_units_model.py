"""The hierarchy against a model that is nothing but a dictionary: any sequence of what can be done. On both engines."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bbws.tenants.model import fold_name
from bbws.tenants.units import store
from tests.fakes import FakeClock
from tests.tenants.forest import ID, Act, World, made, planted

# Few enough to meet; some of them are one name.
NAMES = st.sampled_from(["Aa", "aa", "AA", "Bb", "C c", "c  C", "Élan", "E\u0301LAN", "Dd"])
USERS = st.sampled_from(["eve", "dan"])
PLACES = st.integers(0, 30)
DEPTH = {"div": 1, "group": 2, "team": 3}
TAKEN, NOT_THERE, IN_USE, ASSIGNED = "unit-name-taken", "unit-not-found", "dependencies-exist", "already-assigned"
ABSENT = "user-not-found"


@dataclass
class Node:
    """A unit as the model has it."""

    name: str
    parent: str | None
    users: set[str] = field(default_factory=set)
    there: bool = True


class Hierarchies(RuleBasedStateMachine):
    """Holds the use cases against ``self.nodes``."""

    @staticmethod
    def make_world(clock: FakeClock) -> World:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        clock = FakeClock()
        self.world = self.make_world(clock)
        self.forest = planted(self.world.table(), clock)
        # Deleted ones too: what is done to them must be refused.
        self.nodes: dict[str, Node] = {}

    def teardown(self) -> None:
        self.world.close()

    def one(self, place: int) -> str | None:
        """A unit that is there or was; None while there has been none."""
        ids = list(self.nodes)
        return ids[place % len(ids)] if ids else None

    def within(self, parent: str | None) -> list[str]:
        return [each for each, node in self.nodes.items() if node.there and node.parent == parent]

    def taken(self, name: str, parent: str | None, but: str | None = None) -> bool:
        return any(fold_name(self.nodes[each].name) == fold_name(name) for each in self.within(parent) if each != but)

    def below(self, unit: str) -> list[str]:
        return [unit, *(each for child in self.within(unit) for each in self.below(child))]

    def expect(self, act: Act, refusals: dict[str, bool]) -> Any:
        """The result, or None where one of those refusals that apply was given, and none where none does."""
        self.forest.refused.clear()
        result = self.forest.do(act)
        applying = {code for code, applies in refusals.items() if applies}
        assert set(self.forest.refused) <= applying, (self.forest.refused, applying)
        assert bool(self.forest.refused) == bool(applying), applying
        return None if applying else result

    @rule(name=NAMES, place=st.none() | PLACES)
    def create(self, name: str, place: int | None) -> None:
        parent = None if place is None else self.one(place)
        if parent is not None and depth(parent) == DEPTH["team"]:
            return
        gone = parent is not None and not self.nodes[parent].there
        made = self.expect(
            self.forest.creating(name, parent), {NOT_THERE: gone, TAKEN: not gone and self.taken(name, parent)}
        )
        if made is not None:
            self.nodes[made.value.unit_id] = Node(name, parent)

    @rule(place=PLACES, name=NAMES)
    def rename(self, place: int, name: str) -> None:
        self.change(self.one(place), name=name)

    @rule(place=PLACES, to=PLACES, name=st.none() | NAMES)
    def move(self, place: int, to: int, name: str | None) -> None:
        unit = self.one(place)
        ends = [each for each in self.nodes if unit is not None and depth(each) == depth(unit) - 1]
        if ends:
            self.change(unit, name=name, parent=ends[to % len(ends)])

    def change(self, unit: str | None, name: str | None = None, parent: str | None = None) -> None:
        if unit is None:
            return
        node = self.nodes[unit]
        name, target = name or node.name, parent or node.parent
        gone = not node.there or (target is not None and not self.nodes[target].there)
        taken = not gone and self.taken(name, target, but=unit)
        if self.expect(self.forest.changing(unit, name=name, parent=parent), {NOT_THERE: gone, TAKEN: taken}):
            node.name, node.parent = name, target

    @rule(place=PLACES, cascade=st.booleans())
    def delete(self, place: int, cascade: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
        unit = self.one(place)
        if unit is None:
            return
        gone = not self.nodes[unit].there
        used = bool(self.within(unit) or self.nodes[unit].users)
        self.expect(
            self.forest.deleting(unit, cascade=cascade), {NOT_THERE: gone, IN_USE: not gone and used and not cascade}
        )
        if not self.forest.refused:
            for each in self.below(unit):
                self.nodes[each].there = False
                self.nodes[each].users.clear()

    @rule(user=USERS, place=PLACES)
    def join(self, user: str, place: int) -> None:
        unit = self.one(place)
        if unit is None:
            return
        node = self.nodes[unit]
        self.expect(self.forest.joining(user, unit), {NOT_THERE: not node.there, ASSIGNED: user in node.users})
        if node.there:
            node.users.add(user)

    @rule(user=USERS, place=PLACES)
    def leave(self, user: str, place: int) -> None:
        unit = self.one(place)
        if unit is None:
            return
        self.expect(self.forest.leaving(user, unit), {ABSENT: user not in self.nodes[unit].users})
        self.nodes[unit].users.discard(user)

    @rule(groups=st.integers(1, 3), teams=st.integers(1, 10))
    def grow(self, groups: int, teams: int) -> None:
        """Enough of a division that deleting it takes several commits."""
        division = self.add(f"Division {len(self.nodes)}", None)
        for group in range(groups):
            parent = self.add(f"Group {group}", division)
            for team in range(teams):
                self.add(f"Team {team}", parent)

    def add(self, name: str, parent: str | None) -> str:
        unit = self.forest.add(name, parent)
        self.nodes[unit] = Node(name, parent)
        return unit

    @invariant()
    def the_tree_is_the_models(self) -> None:
        assert self.forest.tree() == {each: (n.parent, n.name) for each, n in self.nodes.items() if n.there}

    @invariant()
    def lists_are_the_models(self) -> None:
        parents = {None, *(node.parent for node in self.nodes.values())}
        for parent in parents:
            listed, _ = store.listed(self.forest.table, ID, parent, None, 100)
            expected = sorted(self.within(parent), key=lambda each: (fold_name(self.nodes[each].name), each))
            assert [unit.value.unit_id for unit in listed] == expected

    @invariant()
    def rows_are_sound(self) -> None:
        self.forest.require_sound()
        held = {(u, f"user-{user}") for u, node in self.nodes.items() for user in node.users}
        assert {tuple(row.key.sort.split("#")[1:]) for row in self.forest.rows("AT#")} == held


def depth(unit: str) -> int:
    return DEPTH[unit.partition("-")[0]]


class Embedded(Hierarchies):
    make_world = staticmethod(lambda clock: made("embedded", clock))


class Dynamo(Hierarchies):
    make_world = staticmethod(lambda clock: made("dynamodb", clock))


# The other tests of units measure each of their steps.
TestEmbedded = pytest.mark.unmeasured(Embedded.TestCase)
TestDynamo = pytest.mark.unmeasured(Dynamo.TestCase)
TestEmbedded.settings = settings(max_examples=25, stateful_step_count=30)
# Every step is dozens of calls over HTTP.
TestDynamo.settings = settings(max_examples=3, stateful_step_count=15)
