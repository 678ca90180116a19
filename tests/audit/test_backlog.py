"""A checkpoint over many days signs each of them by itself: what a run did before it was cut off is not done again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bbws.audit.model import Checkpoint, parse_checkpoint, root_of, signed_part
from bbws.audit.service import FIRST_DAY, checkpoint, daily_checkpoint, latest_checkpoint
from bbws.audit.signing import Ed25519Signer
from bbws.audit.verify import verify
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.problem import Problem
from bbws.kernel.table import Page, Table, Unavailable
from tests import builders
from tests.audit.world import HOUR, PRODUCTS, MemoryArchive, checkpoints_of
from tests.builders import Client
from tests.fakes import NOON, FakeClock, TableProxy

SIGNER = Ed25519Signer(b"s" * 32)
DAY = 24 * HOUR
TODAY = NOON + timedelta(days=9)


@dataclass
class Cut(MemoryArchive):
    """An archive that stops answering at the records of a day, as if the run ended there."""

    day: str = "-"

    def get(self, name: str) -> bytes | None:
        if name.startswith(self.day):
            raise Unavailable("the time is over")
        return super().get(name)


class Days(TableProxy):
    """Notes which days are read."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.read: list[str] = []

    def query(self, partition: str, **arguments: object) -> Page:
        self.read.append(partition)
        return self.inner.query(partition, **arguments)  # type: ignore[arg-type]  # the same


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Changes on the days 20, 21, 25 and 29, and now it is noon of the last."""
    clock = FakeClock()
    with builders.client(tmp_path / "data", clock=clock, start=False) as made:
        made.create(productId="PROD-001")
        for days in (1, 4, 4):
            clock.advance(days * DAY)
            made.call("PUT", f"{PRODUCTS}/PROD-001", {"price": str(days), "name": rfc3339(clock.now())})
        yield made


def _make(client: Client, archive: MemoryArchive, table: Table | None = None) -> Checkpoint:
    return checkpoint(table or client.app.engine.table, archive, SIGNER, FakeClock(TODAY))


def _signed(archive: MemoryArchive) -> list[tuple[str, list[int]]]:
    """Until when each checkpoint goes, and which versions of the product it states."""
    made = [parse_checkpoint(archive.objects[name]) for name in checkpoints_of(archive)]
    return [
        (each.through[8:13], [entry.version for entry in each.entries if entry.entity.partition.startswith("PRODUCT#")])
        for each in made
    ]


def test_each_day_that_holds_something_new_is_signed_and_the_last_one_is_answered(client: Client) -> None:
    archive = MemoryArchive()
    made = _make(client, archive)
    assert _signed(archive) == [("21T00", [1]), ("22T00", [2]), ("26T00", [3]), ("29T12", [4])]
    assert made == latest_checkpoint(archive)
    report = verify(archive)
    assert (report.findings, report.newer) == ([], 0)


def test_a_run_that_was_cut_off_leaves_what_it_did_and_the_next_goes_on(client: Client) -> None:
    archive = Cut(day="2026/11/25")
    for _ in range(2):
        with pytest.raises(Unavailable):
            _make(client, archive)
        assert _signed(archive) == [("21T00", [1]), ("22T00", [2])]
        assert verify(archive.copy()).sound
    archive.day, days = "-", Days(client.app.engine.table)
    _make(client, archive, days)
    assert _signed(archive)[2:] == [("26T00", [3]), ("29T12", [4])]
    assert days.read == [f"2026-11-{day}" for day in range(21, 30)]  # from a day before what is signed, each once
    assert verify(archive).findings == []


def test_of_several_in_a_day_each_states_what_is_new_alone(client: Client) -> None:
    archive, clock = MemoryArchive(), FakeClock(TODAY)
    for hours in range(3):
        clock.advance(hours * HOUR)
        checkpoint(client.app.engine.table, archive, SIGNER, clock)
    assert [versions for _, versions in _signed(archive)[3:]] == [[4], [], []]
    clock.advance(DAY)
    checkpoint(client.app.engine.table, archive, SIGNER, clock)
    assert len(checkpoints_of(archive)) == 7  # the midnight between had nothing new
    assert verify(archive).findings == []


def test_what_was_committed_under_a_clock_set_back_by_days_is_signed_after_many_in_a_day(client: Client) -> None:
    archive, clock = MemoryArchive(), FakeClock(TODAY)
    table = client.app.engine.table
    for _ in range(2):
        checkpoint(table, archive, SIGNER, clock)
    late = FakeClock(NOON + timedelta(days=7))
    with builders.client(client.settings.data_dir.with_name("other"), clock=late, start=False) as other:
        other.create(productId="PROD-009")
        made = checkpoint(other.app.engine.table, archive, SIGNER, late)
    assert {entry.entity.partition for entry in made.entries} >= {"PRODUCT#PROD-009"}
    assert made.through > rfc3339(TODAY)


def test_two_that_run_beside_each_other_through_days_that_are_over_sign_the_same(client: Client) -> None:
    archive = MemoryArchive()
    _make(client, archive)
    alone = MemoryArchive({name: archive.objects[name] for name in checkpoints_of(archive)[:1]})
    _make(client, alone)
    assert alone.objects == archive.objects


@dataclass
class Overtaken(MemoryArchive):
    """An archive in which somebody else, who has another view of the days, signs at the same moment."""

    through: Callable[[Checkpoint], str] = field(default=lambda ours: ours.through)
    times: int = 1

    def put(self, name: str, content: bytes) -> None:
        if name.startswith("checkpoints/") and self.times:
            self.times -= 1
            ours = parse_checkpoint(content)
            root = root_of(signed_part(ours.sequence, self.through(ours), ours.previous, ()))
            theirs = replace(ours, through=self.through(ours), entries=(), root=root, signature=SIGNER.sign(root))
            super().put(name, theirs.content())
        super().put(name, content)


def test_of_two_made_at_one_moment_one_is_told_to_ask_again(client: Client) -> None:
    with pytest.raises(Problem) as refused:
        _make(client, Overtaken())
    assert refused.value.type.status == 409


def _daily(client: Client, archive: MemoryArchive) -> None:
    daily_checkpoint(client.app.engine.table, archive, SIGNER, FakeClock(TODAY))


def test_the_daily_one_rests_where_somebody_else_signed_today(client: Client) -> None:
    archive = Overtaken(through=lambda _: rfc3339(TODAY))
    _daily(client, archive)
    assert len(checkpoints_of(archive)) == 1


def test_the_daily_one_goes_on_from_what_somebody_else_signed_of_a_day_that_is_over(client: Client) -> None:
    archive = Overtaken(through=lambda _: rfc3339(FIRST_DAY + timedelta(days=1)))
    _daily(client, archive)
    last = latest_checkpoint(archive)
    assert last is not None
    assert parse_rfc3339(last.through) == TODAY
    assert [versions for _, versions in _signed(archive)] == [[], [1], [2], [3], [4]]
    assert verify(archive).findings == []


def test_the_daily_one_fails_where_others_are_always_faster_and_none_comes_to_the_end(client: Client) -> None:
    with pytest.raises(Problem) as refused:
        _daily(client, Overtaken(times=99, through=lambda ours: f"2026-11-0{ours.sequence + 1}T00:00:00.000000Z"))
    assert refused.value.type.status == 409
