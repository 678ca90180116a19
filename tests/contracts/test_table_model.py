"""The Table against a model that is nothing but a dictionary: any sequence of commits, clock moves and queries."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bbws.kernel.table import Conflict, Ensure, Insert, Key, Position, Remove, Replace, Row, RowKind, Write
from tests.contracts.worlds import DynamoWorld, EmbeddedWorld, emulated
from tests.fakes import FakeClock

PARTS = st.sampled_from(["p", "q"])
SORTS = st.sampled_from(["", "a", "aa", "ab", "a\uffff", "a\U0001f600", "b", "é", "\U0010ffff"])
KEYS = st.builds(Key, PARTS, SORTS)
INDEXES = st.dictionaries(st.sampled_from(["one", "two"]), st.builds(Key, PARTS, SORTS))
VERSIONS = st.integers(1, 3)
EXPIRIES = st.none() | st.integers(1, 5)


def expected_version(write: Write) -> int | None:
    match write:
        case Insert():
            return None
        case Ensure(_, version):
            return version
        case Replace(_, version) | Remove(_, version):
            return version


def conflict_of(attempt: Callable[[list[Write]], None], writes: list[Write]) -> Key | None:
    try:
        attempt(writes)
    except Conflict as conflict:
        return conflict.key
    return None


class TableModel(RuleBasedStateMachine):
    """Holds an engine's table against ``self.rows``."""

    @staticmethod
    def make_world(clock: FakeClock) -> EmbeddedWorld | DynamoWorld:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.world = self.make_world(self.clock)
        self.table = self.world.table()
        self.rows: dict[Key, Row] = {}

    def teardown(self) -> None:
        self.world.close()

    def live(self) -> dict[Key, Row]:
        now = self.clock.now().timestamp()
        return {key: row for key, row in self.rows.items() if row.expires_at is None or row.expires_at > now}

    def make(self, key: Key, version: int, indexes: dict[str, Key], lifetime: int | None) -> Row:
        expires_at = None if lifetime is None else self.clock.now().timestamp() + lifetime
        kind = RowKind.ENTITY if lifetime is None else RowKind.EPHEMERAL
        return Row(key, kind, {"of": [*key], "version": version}, version, indexes, expires_at=expires_at)

    def write(self, data: st.DataObject, key: Key) -> Write:
        """One of any kind; most often one whose expectation holds."""
        current = self.live().get(key)
        guess = data.draw(VERSIONS)
        version = current.version if current is not None and data.draw(st.integers(0, 9)) else guess
        new = self.make(key, data.draw(VERSIONS), data.draw(INDEXES), data.draw(EXPIRIES))
        ensured = Ensure(key, None if current is None else version)
        kinds: list[Write] = [Insert(new), Replace(new, version), Remove(key, version), ensured]
        likely = [kinds[0], kinds[3]] if current is None else kinds[1:]
        return data.draw(st.sampled_from([*likely, *likely, *kinds]))

    @initialize(keys=st.lists(KEYS, unique=True, max_size=8), indexes=INDEXES)
    def fill(self, keys: list[Key], indexes: dict[str, Key]) -> None:
        rows = [self.make(key, 1, indexes, None) for key in keys]
        self.table.commit([Insert(row) for row in rows])
        self.rows = {row.key: row for row in rows}

    @rule(data=st.data(), keys=st.lists(KEYS, unique=True, max_size=5))
    def commit(self, data: st.DataObject, keys: list[Key]) -> None:
        writes = [self.write(data, key) for key in keys]
        live = self.live()
        held = {key: row.version for key, row in live.items()}
        broken = [write.key for write in writes if held.get(write.key) != expected_version(write)]
        for attempt in (self.table.check, self.table.commit):
            refused = conflict_of(attempt, writes)
            assert refused in broken if broken else refused is None
        if not broken:
            self.rows = live
            for write in writes:
                if isinstance(write, Insert | Replace):
                    self.rows[write.key] = write.row
                elif isinstance(write, Remove):
                    del self.rows[write.key]

    @rule(seconds=st.integers(1, 4))
    def move_clock(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def open_again(self) -> None:
        self.table = self.world.table()

    @rule(
        partition=PARTS,
        index=st.sampled_from([None, "one", "two"]),
        prefix=SORTS,
        limit=st.integers(1, 4),
        descending=st.booleans(),
    )
    def pages(self, partition: str, index: str | None, prefix: str, limit: int, *, descending: bool) -> None:
        """Pages, put together, are the model's rows in order; every page but the last is full."""
        places: list[tuple[Position, Row]] = []
        for row in self.live().values():
            place = row.key if index is None else row.indexes.get(index)
            if place is not None and place.partition == partition and place.sort.startswith(prefix):
                places.append((row.position(index), row))
        places.sort(key=lambda each: each[0], reverse=descending)
        found: list[Row] = []
        start: Position | None = None
        while True:
            page = self.table.query(
                partition, index=index, prefix=prefix, start=start, limit=limit, descending=descending
            )
            found += page.rows
            if page.next is None:
                break
            assert len(page.rows) == limit
            start = page.next
        assert found == [row for _, row in places]

    @invariant()
    def every_row_is_there(self) -> None:
        live = self.live()
        for partition in ("p", "q"):
            keys = [row.key for row in self.table.query(partition).rows]
            assert keys == sorted(key for key in live if key.partition == partition)
            assert all(first < second for first, second in pairwise(keys))
        for key, row in live.items():
            assert self.table.get(key) == row


class Embedded(TableModel):
    make_world = staticmethod(EmbeddedWorld)


class Dynamo(TableModel):
    make_world = staticmethod(emulated)


# test_table_contract.py measures each of their steps.
TestEmbedded = pytest.mark.unmeasured(Embedded.TestCase)
TestDynamo = pytest.mark.unmeasured(Dynamo.TestCase)
TestEmbedded.settings = settings(max_examples=60)
# Every step is some calls over HTTP.
TestDynamo.settings = settings(max_examples=25, stateful_step_count=30)
