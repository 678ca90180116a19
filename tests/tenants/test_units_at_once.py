"""Whatever is done to units at the same moment, no unit loses its parent and no name is two units'. On both engines."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.tenants.forest import Act, Forest, Interrupted, forest

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


# Ours on one machine measures the same lines sooner.
@pytest.fixture(params=["embedded", pytest.param("dynamodb", marks=pytest.mark.unmeasured)])
def wood(request: pytest.FixtureRequest) -> Iterator[Forest]:
    with forest(request.param) as made:
        yield made


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", PAIRS)
def test_the_one_reads_and_the_other_commits_before_it(wood: Forest, name: str, order: int) -> None:
    pair, succeed = PAIRS[name]
    first, second = pair(wood, Grown(wood))[::order]
    wood.do(first, Interrupted(wood.table, lambda: wood.do(second)))
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
