"""Records of many days are read several days at a time: the same pages, and little is read in vain."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, BrokenBarrierError, Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.audit.reading import ahead
from bbws.audit.store import Question, index_row, records
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.change import Change
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.table import Key, Page, Position, Table
from tests.fakes import NOON, FakeClock, TableProxy

YEAR = 366


class Counting(TableProxy):
    """Counts queries, and how many run at one time; with a barrier, until so many have met there once."""

    def __init__(self, table: Table, together: Barrier | None = None) -> None:
        super().__init__(table)
        self.queries = self.running = self.most = 0
        self._together = together
        self._lock = Lock()

    def query(self, partition: str, **arguments: Any) -> Page:
        with self._lock:
            self.queries += 1
            self.running += 1
            self.most = max(self.most, self.running)
        # By then as many are read at once as ever will be.
        if self._together is not None and partition < "2026-11-10":
            self._meet(self._together)
        with self._lock:
            self.running -= 1
        return self.inner.query(partition, **arguments)

    def _meet(self, together: Barrier) -> None:
        try:
            together.wait(timeout=30)
        except BrokenBarrierError:
            return
        self._together = None


def _change(number: int, days: int) -> Change:
    time = rfc3339(NOON - timedelta(days=days) + timedelta(seconds=number))
    return Change(f"P{number}.1", "/bbws/products", "product.created", f"/v1.0/products/P{number}", time, "CREATE",
                  Key(f"PRODUCT#P{number}", "METADATA"), "somebody", "r", 1, None, {}, None, "0" * 64)  # fmt: skip


@contextmanager
def _table(changes: list[Change]) -> Iterator[Table]:
    with TemporaryDirectory() as folder:
        engine = EmbeddedEngine.open(Path(folder) / "data", clock=FakeClock(), synchronous="OFF")
        engine.load_rows(row for each in changes for row in (each.row(replayed=True), index_row(each)))
        yield engine.table
        engine.stop(timeout=30)


def _question(days: int = YEAR, **filters: Any) -> Question:
    named = {"subject": None, "actor": None, "type": None} | filters
    return Question(**named, since=NOON - timedelta(days=days), until=NOON + timedelta(days=1))


@given(
    days=st.lists(st.integers(0, 40), max_size=40),
    limit=st.integers(1, 12),
    back=st.integers(0, 40),
    filters=st.sampled_from(({}, {"actor": "somebody"}, {"type": "product.created"})),
)
def test_pages_are_those_that_reading_one_after_the_other_gives(
    days: list[int], limit: int, back: int, filters: dict[str, str]
) -> None:
    changes = [_change(number, day) for number, day in enumerate(days)]
    since = NOON - timedelta(days=back)
    expected = [each for each in changes if parse_rfc3339(each.time) >= since]
    expected.sort(key=lambda each: (each.time, each.id), reverse=True)
    with _table(changes) as table:
        place: Position | None = None
        for at in range(0, len(expected) + 1, limit):
            page, place = records(table, _question(back, **filters), place, limit)
            wanted = expected[at : at + limit]
            assert page == wanted
            full = len(wanted) == limit  # then nobody has looked whether more is behind
            assert place == (_place(wanted[-1], filtered=bool(filters)) if full else None)


def _place(change: Change, *, filtered: bool) -> Position:
    return Position(f"{change.time}#{change.id}", index_row(change).key if filtered else change.key)


@pytest.mark.parametrize("limit", [1, 10, 11, 25, 95, 100])
def test_a_page_that_is_full_reads_little_in_vain(limit: int) -> None:
    days = 1 + -(-limit // 10)  # tomorrow too
    with _table([_change(n, n // 10) for n in range(1000)]) as table:
        counting = Counting(table)
        found, _ = records(counting, _question(), None, limit)
    assert len(found) == limit
    assert days <= counting.queries <= (2 if days == 2 else days + 8)


def test_empty_days_are_each_read_once_and_eight_at_a_time() -> None:
    with _table([]) as table:
        counting = Counting(table, Barrier(8))
        assert records(counting, _question(), None, 20) == ([], None)
        assert counting.queries == YEAR + 2
        assert counting.most == 8


def test_what_is_read_ahead_grows_with_what_is_asked_for() -> None:
    begun: list[int] = []
    reading = ahead(begun.append, range(100), at_once=8, first=1)
    assert [item for item, _ in islice(reading, 6)] == [0, 1, 2, 3, 4, 5]
    del reading  # nobody asks for more
    assert sorted(begun) == list(range(len(begun)))
    assert len(begun) <= 6 + 8
