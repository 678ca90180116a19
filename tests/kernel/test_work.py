from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.actor import system
from bbws.kernel.change import GENESIS, EventType, digest_of
from bbws.kernel.clock import rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.history import as_of, history
from bbws.kernel.problem import Problem
from bbws.kernel.table import Conflict, Insert, Key, Position, Remove, Replace, Row, RowKind, Table, Write
from bbws.kernel.work import MAX_RERUNS, UnitOfWork, plan, transact
from tests.fakes import NOON, FakeClock, TableProxy

MADE = EventType("thing.made", "CREATE", "Made.")
MOVED = EventType("thing.moved", "UPDATE", "Moved.")


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    words: tuple[tuple[str, str], ...] = ()


def _key(thing: Thing) -> Key:
    return Key(f"THING#{thing.name}", "METADATA")


def _words(thing: Thing) -> Iterable[Row]:
    return (Row(Key(_key(thing).partition, word), RowKind.DERIVED, {"text": text}) for word, text in thing.words)


THING: EntityType[Thing] = EntityType(
    name="thing",
    source="/test/things",
    key=_key,
    subject=lambda thing: f"/things/{thing.name}",
    dump=lambda thing: {"name": thing.name, "words": [list(word) for word in thing.words]},
    load=lambda document: Thing(document["name"], tuple((w, t) for w, t in document["words"])),
    derived=_words,
)
BARE: EntityType[Thing] = EntityType(
    name="bare",
    source="/test/bare",
    key=_key,
    subject=lambda thing: f"/bare/{thing.name}",
    dump=THING.dump,
    load=THING.load,
)


@dataclass
class World:
    table: Table
    clock: FakeClock

    def begin(self) -> UnitOfWork:
        return UnitOfWork(self.table, self.clock, system("test"), "R1")

    def load(self, name: str) -> Stored[Thing]:
        found = self.begin().load(THING, Key(f"THING#{name}", "METADATA"))
        assert found is not None
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = FakeClock()
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    yield World(engine.table, clock)
    engine.stop(timeout=10)


def _make(world: World, thing: Thing) -> Stored[Thing]:
    return transact(world.begin, lambda work: work.create(THING, thing, MADE))


def _move(world: World, current: Stored[Thing], thing: Thing) -> Stored[Thing]:
    return transact(world.begin, lambda work: work.update(THING, current, thing, MOVED, reason="Why not."))


def test_an_entity_and_its_change_are_committed_together(world: World) -> None:
    made = _make(world, Thing("a", (("w1", "x"),)))
    assert world.load("a") == made == Stored(made.value, 1, made.digest, rfc3339(NOON))
    [change] = history(world.table, _key(made.value), None, 10)[0]
    assert (change.id, change.type, change.version, change.before) == ("a.1", "thing.made", 1, None)
    assert change.digest == made.digest == digest_of(change.document(), GENESIS)


def test_history_is_a_chain_and_newest_first(world: World) -> None:
    first = _make(world, Thing("a"))
    second = _move(world, first, Thing("a", (("w1", "x"),)))
    changes, following = history(world.table, _key(first.value), None, 10)
    assert ([change.version for change in changes], following) == ([2, 1], None)
    assert changes[0].digest == digest_of(changes[0].document(), first.digest) == second.digest
    assert (changes[0].before, changes[0].reason) == (changes[1].after, "Why not.")


def test_time_never_stands_still_nor_goes_back_for_one_entity(world: World) -> None:
    first = _make(world, Thing("a"))
    second = _move(world, first, Thing("a"))
    assert second.changed_at == rfc3339(NOON + timedelta(microseconds=1))
    world.clock.advance(-3600)
    third = _move(world, second, Thing("a"))
    assert third.changed_at == rfc3339(NOON + timedelta(microseconds=2))
    assert _make(world, Thing("b")).changed_at == rfc3339(NOON - timedelta(hours=1))


def test_derived_rows_follow_their_entity(world: World) -> None:
    first = _make(world, Thing("a", (("w1", "x"), ("w2", "x"), ("w3", "x"))))
    work = world.begin()
    work.update(THING, first, Thing("a", (("w1", "x"), ("w2", "y"), ("w4", "x"))), MOVED)
    touched = {write.key.sort: type(write) for write in work.writes if write.key.sort.startswith("w")}
    assert touched == {"w2": Replace, "w3": Remove, "w4": Insert}
    world.table.commit(work.writes)
    rows = [(row.key.sort, row.document["text"]) for row in world.table.query("THING#a", prefix="w").rows]
    assert rows == [("w1", "x"), ("w2", "y"), ("w4", "x")]
    _move(world, world.load("a"), Thing("a", (("w2", "z"),)))
    assert [row.key.sort for row in world.table.query("THING#a", prefix="w").rows] == ["w2"]


def test_an_entity_needs_neither_indexes_nor_derived_rows(world: World) -> None:
    transact(world.begin, lambda work: work.create(BARE, Thing("a"), MADE))
    row = world.table.get(Key("THING#a", "METADATA"))
    assert row is not None
    assert dict(row.indexes) == {}


def test_other_rows_go_along(world: World) -> None:
    key, missing = Key("P", "k"), Key("P", "missing")
    work = world.begin()
    work.insert(Row(key, RowKind.EPHEMERAL, {}))
    work.ensure(missing, None)
    world.table.commit(work.writes)
    work = world.begin()
    work.replace(Row(key, RowKind.EPHEMERAL, {"a": 1}, 2), 1)
    world.table.commit(work.writes)
    work = world.begin()
    work.remove(key, 2)
    world.table.commit(work.writes)
    assert world.table.get(key) is None


def test_a_plan_tells_what_would_change_and_changes_nothing(world: World) -> None:
    first = _make(world, Thing("a"))
    work = world.begin()
    work.update(THING, first, Thing("a", (("w1", "x"),)), MOVED)
    assert plan(work, content=True) == [
        {
            "type": "thing.moved",
            "subject": "/things/a",
            "changeType": "UPDATE",
            "version": 2,
            "before": {"name": "a", "words": []},
            "after": {"name": "a", "words": [["w1", "x"]]},
        }
    ]
    assert world.load("a") == first


def test_the_version_named_by_the_caller_is_held_against_the_current_one(world: World) -> None:
    first = _make(world, Thing("a"))
    work = UnitOfWork(world.table, world.clock, system("test"), "R1", if_match=frozenset({1, 3}))
    work.match(first)
    assert work.matched
    stale = UnitOfWork(world.table, world.clock, system("test"), "R1", if_match=frozenset({2}))
    with pytest.raises(Problem) as refused:
        stale.match(first)
    assert refused.value.type.status == 412
    assert refused.value.members == {"currentVersion": 1, "expectedVersions": [2]}


class Racing(TableProxy):
    """A table on which somebody else is faster a number of times."""

    def __init__(self, table: Table, lost: int) -> None:
        super().__init__(table)
        self.lost = lost
        self.commits = 0

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits += 1
        if self.commits <= self.lost:
            raise Conflict(writes[0].key)
        super().commit(writes)


def test_a_lost_race_is_run_again_from_its_reads(world: World) -> None:
    racing = Racing(world.table, MAX_RERUNS)
    _make(World(racing, world.clock), Thing("a"))
    assert racing.commits == MAX_RERUNS + 1
    assert world.load("a").version == 1


def test_a_race_lost_every_time_is_given_up(world: World) -> None:
    racing = Racing(world.table, MAX_RERUNS + 1)
    with pytest.raises(Conflict):
        _make(World(racing, world.clock), Thing("a"))
    assert racing.commits == MAX_RERUNS + 1
    assert world.table.get(Key("THING#a", "METADATA")) is None


def test_history_comes_in_pages(world: World) -> None:
    current = _make(world, Thing("a"))
    for _ in range(4):
        current = _move(world, current, Thing("a"))
    seen: list[int] = []
    start: Position | None = None
    while True:
        changes, start = history(world.table, _key(current.value), start, 2)
        seen.extend(change.version for change in changes)
        if start is None:
            break
    assert seen == [5, 4, 3, 2, 1]


def test_before_its_first_change_there_was_nothing(world: World) -> None:
    current = _make(world, Thing("a"))
    entity = _key(current.value)
    assert as_of(world.table, entity, 1, rfc3339(NOON - timedelta(microseconds=1))) is None
    found = as_of(world.table, entity, 1, rfc3339(NOON))
    assert found is not None
    assert found.version == 1
