"""Whatever is done to units at the same moment, no unit loses its parent and no name is two units'. On both engines."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bbws.kernel.table import Conflict
from tests.tenants.forest import Act, Forest, Interrupted, forest

pytestmark = pytest.mark.unmeasured  # the other tests of this folder run the same

type Pair = Callable[[Forest, "Grown"], tuple[Act, Act]]


class Grown:
    """Two divisions of a group with a team, and eve in one of the teams."""

    def __init__(self, forest: Forest) -> None:
        self.north, self.south = forest.add("North"), forest.add("South")
        self.web, self.shop = forest.add("Web", self.north), forest.add("Shop", self.south)
        self.team, self.other = forest.add("One", self.web), forest.add("Two", self.shop)
        self.empty, self.free = forest.add("Empty"), forest.add("Free", self.north)
        forest.do(forest.joining("eve", self.team))


# What is done at once, and how many of both may succeed.
PAIRS: dict[str, tuple[Pair, set[int]]] = {
    "a child comes into what is deleted": (lambda f, g: (f.creating("New", g.empty), f.deleting(g.empty)), {1}),
    "a child comes into what is deleted with all": (
        lambda f, g: (f.creating("New", g.web), f.deleting(g.web, cascade=True)),
        {1, 2},
    ),
    "a child comes into what is deleted with what is above": (
        lambda f, g: (f.creating("New", g.web), f.deleting(g.north, cascade=True)),
        {1, 2},
    ),
    "a group moves to what is deleted": (
        lambda f, g: (f.changing(g.web, parent=g.empty), f.deleting(g.empty)),
        {1},
    ),
    "a team moves to what is deleted with all": (
        lambda f, g: (f.changing(g.team, parent=g.shop), f.deleting(g.south, cascade=True)),
        {1, 2},
    ),
    "a group moves out of what is deleted with all": (
        lambda f, g: (f.changing(g.web, parent=g.south), f.deleting(g.north, cascade=True)),
        {1, 2},
    ),
    "a group moves to two places": (
        lambda f, g: (f.changing(g.web, parent=g.south), f.changing(g.web, parent=g.empty)),
        {1},
    ),
    "a team moves while its group does": (
        lambda f, g: (f.changing(g.team, parent=g.free), f.changing(g.web, parent=g.south)),
        {1, 2},
    ),
    "two of one name are made": (lambda f, g: (f.creating("Same", g.web), f.creating("same", g.web)), {1}),
    "two divisions of one name are made": (lambda f, _: (f.creating("Same"), f.creating("SAME")), {1}),
    "a name is made and given": (lambda f, g: (f.creating("Same", g.north), f.changing(g.web, name="Same")), {1}),
    "two come to one name": (
        lambda f, g: (f.changing(g.web, name="Free", parent=g.south), f.changing(g.free, parent=g.south)),
        {1},
    ),
    "two are made beside each other": (lambda f, g: (f.creating("A1", g.web), f.creating("A2", g.web)), {2}),
    "what is deleted gets a name": (lambda f, g: (f.changing(g.empty, name="Full"), f.deleting(g.empty)), {1, 2}),
    "somebody joins a team that is deleted": (lambda f, g: (f.joining("dan", g.other), f.deleting(g.other)), {1}),
    "somebody joins a team that is deleted with all": (
        lambda f, g: (f.joining("dan", g.other), f.deleting(g.south, cascade=True)),
        {1, 2},
    ),
    "somebody leaves a team that is deleted": (lambda f, g: (f.leaving("eve", g.team), f.deleting(g.team)), {1, 2}),
    "somebody leaves a team that is deleted with all": (
        lambda f, g: (f.leaving("eve", g.team), f.deleting(g.north, cascade=True)),
        {1, 2},
    ),
    "somebody joins another team while one is deleted": (
        lambda f, g: (f.joining("eve", g.other), f.deleting(g.team, cascade=True)),
        {2},
    ),
    "somebody joins twice": (lambda f, g: (f.joining("dan", g.team), f.joining("dan", g.team)), {1}),
    "what is deleted is deleted": (
        lambda f, g: (f.deleting(g.north, cascade=True), f.deleting(g.web, cascade=True)),
        {1, 2},
    ),
}


@pytest.fixture(params=["embedded", "dynamodb"])
def wood(request: pytest.FixtureRequest) -> Iterator[Forest]:
    with forest(request.param) as made:
        yield made


# A deletion commits twice: first that nothing more may come.
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", PAIRS)
def test_the_one_reads_and_the_other_commits_before_it(wood: Forest, name: str, order: int, before: int) -> None:
    pair, succeed = PAIRS[name]
    first, second = pair(wood, Grown(wood))[::order]
    meanwhile = Interrupted(wood.table, lambda: wood.do(second), before)
    wood.do(first, meanwhile)
    if meanwhile.meanwhile is not None:  # it committed once alone
        wood.do(second)
    assert 2 - len(wood.refused) in succeed, wood.refused
    wood.require_sound()


@pytest.mark.parametrize("name", PAIRS)
def test_the_one_reads_before_the_other_begins_and_commits_before_it_ends(wood: Forest, name: str) -> None:
    pair, succeed = PAIRS[name]
    first, second = pair(wood, Grown(wood))
    held = wood.begin()
    first(held)

    def commit() -> None:
        try:
            wood.table.commit(held.writes)
        except Conflict:
            wood.do(first)

    meanwhile = Interrupted(wood.table, commit, before=1)
    wood.do(second, meanwhile)
    if meanwhile.meanwhile is not None:  # it committed once alone
        commit()
    assert 2 - len(wood.refused) in succeed, wood.refused
    wood.require_sound()


@pytest.mark.parametrize("name", PAIRS)
def test_both_at_once(wood: Forest, name: str) -> None:
    pair, succeed = PAIRS[name]
    start = Barrier(2)

    def act(act: Act) -> None:
        start.wait()
        wood.do(act)

    with ThreadPoolExecutor(2) as both:
        list(both.map(act, pair(wood, Grown(wood))))
    assert 2 - len(wood.refused) in succeed, wood.refused
    wood.require_sound()


def test_many_at_once(wood: Forest) -> None:
    division = wood.add("North")
    acts = [
        *(wood.creating(f"G{number % 4}", division) for number in range(8)),
        *(wood.creating(f"D{number}") for number in range(4)),
        wood.deleting(division, cascade=True),
        wood.changing(division, name="South"),
        wood.creating("North"),
        wood.joining("eve", division),
    ]
    with ThreadPoolExecutor(len(acts)) as all_of_them:
        list(all_of_them.map(wood.do, acts))
    wood.require_sound()
    assert {f"D{number}" for number in range(4)} <= {name for _, name in wood.tree().values()}


def test_any_number_can_be_put_into_one_unit_at_once(wood: Forest) -> None:
    division = wood.add("North")
    web = wood.add("Web", division)
    acts = [
        *(wood.creating(f"G{number}", division) for number in range(20)),
        *(wood.joining(f"p{number}", web) for number in range(20)),
    ]
    with ThreadPoolExecutor(8) as all_of_them:
        list(all_of_them.map(wood.do, acts))
    assert wood.refused == []
    assert len(wood.tree()) == 2 + 20
    wood.require_sound()


def test_what_a_deletion_closed_that_was_stopped_opens_by_itself(wood: Forest) -> None:
    division = wood.add("North")
    stopped = Interrupted(wood.table, stop, before=1)
    with pytest.raises(Stopped):
        wood.do(wood.deleting(division), stopped)
    wood.do(wood.creating("Web", division))
    wood.do(wood.deleting(division))
    assert wood.refused == ["version-conflict"] * 2
    wood.clock.advance(30)
    assert wood.do(wood.creating("Web", division)) is not None
    wood.do(wood.deleting(division))
    assert wood.refused[2:] == ["dependencies-exist"]
    wood.do(wood.deleting(division, cascade=True))
    assert wood.tree() == {}
    wood.require_sound()


def test_a_deletion_that_comes_to_nothing_closes_nothing(wood: Forest) -> None:
    division = wood.add("North")
    # Something came after the deletion had looked, and before it closed the unit.
    wood.do(wood.deleting(division), Interrupted(wood.table, lambda: wood.do(wood.creating("Web", division))))
    assert wood.refused == ["dependencies-exist"]
    assert wood.do(wood.creating("Shop", division)) is not None


class Stopped(BaseException):
    """The process is no more."""


def stop() -> None:
    raise Stopped
