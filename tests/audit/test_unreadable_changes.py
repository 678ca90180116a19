"""A row of which no change can be made is passed by, named and told of until it is mended; all others are signed."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bbws.audit.model import Checkpoint, archive_name, archive_object, parse_checkpoint
from bbws.audit.service import checkpoint, daily_checkpoint, latest_checkpoint
from bbws.audit.signing import Ed25519Signer
from bbws.audit.store import UnreadableRow, changes_since
from bbws.audit.verify import verify
from bbws.engines.aws.codec import item_of
from bbws.engines.aws.layout import Layout
from bbws.engines.aws.table import DynamoTable
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.schema import DATABASE_FILE
from bbws.kernel.change import BY_DAY, Change
from bbws.kernel.clock import rfc3339
from bbws.kernel.problem import Problem
from bbws.kernel.table import Key, Page, Row, RowKind, Table
from infra.local.state import REGION
from tests import builders
from tests.audit.world import CHECKPOINTS, HOUR, PRODUCTS, MemoryArchive, records
from tests.aws import shared
from tests.aws.tables import create_table
from tests.builders import Client
from tests.fakes import NOON, FakeClock, TableProxy
from tests.http.answers import problem

SIGNER = Ed25519Signer(b"s" * 32)
DAY = 24 * HOUR
SECRET = "what nobody may read in a log"


@dataclass
class Damaged(TableProxy):
    """A table some of whose changes have become something else."""

    inner: Table
    damage: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    def query(self, partition: str, **arguments: Any) -> Page:
        page = self.inner.query(partition, **arguments)
        return Page(tuple(map(self._damaged, page.rows)), page.next)

    def _damaged(self, row: Row) -> Row:
        damage = self.damage.get(str(row.document.get("id")))
        return row if damage is None else row._replace(document=damage(dict(row.document)))


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda document: {key: value for key, value in document.items() if key != name} | {"note": SECRET}


DAMAGES = {
    "lost": lambda _: {"note": SECRET},
    "no entity": _without("entity"),
    "no digest": _without("digest"),
    "another kind of entity": lambda document: document | {"entity": SECRET},
    "a version in words": lambda document: document | {"version": SECRET},
    "a time that is none": lambda document: document | {"time": SECRET},
    "no name for the archive": lambda document: document | {"id": f"{SECRET}.1"},
    "a number that is too big": lambda document: document | {"after": {"price": 2**60}},
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Two products, the second changed twice on the next day."""
    clock = FakeClock()
    with builders.client(tmp_path / "data", clock=clock, start=False) as made:
        made.create(productId="PROD-001")
        made.create(productId="PROD-002")
        clock.advance(DAY)
        for price in "23":
            made.call("PUT", f"{PRODUCTS}/PROD-002", {"price": price})
        yield made


def _make(table: Table, archive: MemoryArchive, days: int = 1) -> Checkpoint:
    return checkpoint(table, archive, SIGNER, FakeClock(NOON + timedelta(days=days, hours=1)))


def _entities(archive: MemoryArchive) -> set[tuple[str, int]]:
    made = [parse_checkpoint(archive.objects[name]) for name in archive.names("checkpoints/")]
    return {(entry.entity.partition, entry.version) for each in made for entry in each.entries}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_no_change_is_passed_by_and_named_without_its_content(
    client: Client, caplog: pytest.LogCaptureFixture, damage: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    archive, table = MemoryArchive(), Damaged(client.app.engine.table, {"PROD-001.1": damage})
    with pytest.raises(Problem, match=r"cannot be read: 1\. Checkpoint 2 covers all others") as refused:
        _make(table, archive)
    assert (refused.value.type.status, refused.value.type.code) == (500, "unreadable-changes")
    assert "runbook" in refused.value.detail
    [logged] = (each for each in caplog.records if each.levelno == logging.ERROR)
    assert vars(logged)["key"] == Key("PRODUCT#PROD-001", "CHANGE#METADATA#0000000001")
    assert not any(SECRET in str(vars(each)) for each in caplog.records)
    assert {("PRODUCT#PROD-002", 1), ("PRODUCT#PROD-002", 3)} <= _entities(archive)
    report = verify(archive)
    assert [(finding.name, f"{rfc3339(NOON)}#PROD-001.1" in finding.reason) for finding in report.findings] == [
        ("checkpoints/00000002.jsonl", True)
    ]


def test_it_is_told_of_every_day_until_it_is_mended_and_signed_then(client: Client) -> None:
    archive, table = MemoryArchive(), Damaged(client.app.engine.table, {"PROD-001.1": DAMAGES["lost"]})
    for days in (1, 5, 9):
        with pytest.raises(Problem, match="cannot be read: 1"):
            daily_checkpoint(table, archive, SIGNER, FakeClock(NOON + timedelta(days=days)))
    table.damage.clear()
    assert ("PRODUCT#PROD-001", 1) not in _entities(archive)
    assert _make(table, archive, 13).unreadable == ()
    assert ("PRODUCT#PROD-001", 1) in _entities(archive)
    assert verify(archive).findings == []
    assert verify(archive).newer == 0


def test_what_the_archive_holds_all_the_same_is_sound(client: Client) -> None:
    archive, table = MemoryArchive(), Damaged(client.app.engine.table, {"PROD-001.1": DAMAGES["lost"]})
    [change] = (each for each in _changes(client.app.engine) if each.id == "PROD-001.1")
    archive.put(archive_name(change), archive_object(change))
    with pytest.raises(Problem):
        _make(table, archive)
    report = verify(archive)
    assert (report.findings, report.newer) == ([], 1)


def test_a_hole_in_a_history_is_named_where_it_is(client: Client) -> None:
    archive, table = MemoryArchive(), Damaged(client.app.engine.table, {"PROD-002.2": DAMAGES["lost"]})
    with pytest.raises(Problem):
        _make(table, archive)
    [third] = (name for name in records(archive) if name.endswith("-3.json"))
    assert third in {finding.name for finding in verify(archive).findings}


def test_who_asks_for_a_checkpoint_is_told_and_it_is_made(client: Client) -> None:
    bad = Row(Key("PRODUCT#X", "CHANGE#METADATA#0000000001"), RowKind.CHANGE, {"note": SECRET}, replayed=True,
              indexes={BY_DAY: Key("2026-11-20", f"{rfc3339(NOON)}#X.1")})  # fmt: skip
    client.app.engine.load_rows([bad])
    answer = problem(client.call("POST", CHECKPOINTS), 500, "unreadable-changes")
    assert SECRET not in str(answer)
    made = latest_checkpoint(client.app.engine.archive)
    assert made is not None
    assert made.unreadable == (Key("2026-11-20", f"{rfc3339(NOON)}#X.1"),)
    [daily] = (each for each in client.app.daily if each.name == "audit-checkpoint")
    with pytest.raises(Problem, match="cannot be read: 1"):
        daily.handler()


def test_who_lists_the_changes_of_that_day_is_told_which_row_it_is(client: Client) -> None:
    bad = Row(Key("PRODUCT#X", "CHANGE#METADATA#0000000001"), RowKind.CHANGE, {"note": SECRET}, replayed=True,
              indexes={BY_DAY: Key("2026-11-20", f"{rfc3339(NOON)}#X.1")})  # fmt: skip
    client.app.engine.load_rows([bad])
    answer = problem(client.call("GET", "/v1.0/audit/records?pageSize=100"), 500, "unreadable-changes")
    assert "PRODUCT#X / CHANGE#METADATA#0000000001" in answer["detail"]
    assert SECRET not in str(answer)


def _changes(engine: EmbeddedEngine) -> list[Change]:
    return [Change.from_document(row.document) for row in engine.rows([RowKind.CHANGE])]


def _rows(client: Client) -> list[Row]:
    """Changes of two days, some of them at one moment, more than a page."""
    [document] = (each.document() for each in _changes(client.app.engine) if each.id == "PROD-001.1")
    return [
        Change.from_document(
            document | {"id": f"PROD-{n:03}.1", "time": rfc3339(NOON + timedelta(minutes=7 * (n // 2))),
                        "entity": {"partition": f"PRODUCT#PROD-{n:03}", "sort": "METADATA"}}
        ).row(replayed=True)
        for n in range(100, 400)
    ]  # fmt: skip


@contextmanager
def _in_dynamodb(rows: list[Row], undecodable: set[Key], folder: Path) -> Iterator[Table]:
    name, dynamo = f"unreadable-{folder.name[-20:]}", shared.dynamo()
    create_table(dynamo, name, (BY_DAY,))
    for row in rows:
        binary = {"document": {"B": "AAAA"}} if row.key in undecodable else {}
        dynamo.call("PutItem", {"TableName": name, "Item": item_of(row, REGION) | binary})
    yield DynamoTable(dynamo, Layout({}, {BY_DAY: (name,)}, name), FakeClock(), REGION)
    dynamo.call("DeleteTable", {"TableName": name})


@contextmanager
def _in_sqlite(rows: list[Row], undecodable: set[Key], folder: Path) -> Iterator[Table]:
    engine = EmbeddedEngine.open(folder / "other", clock=FakeClock(), synchronous="OFF")
    engine.load_rows(rows)
    engine.stop(timeout=30)
    with closing(sqlite3.connect(folder / "other" / DATABASE_FILE)) as connection, connection:
        for key in undecodable:
            connection.execute("UPDATE rows SET document = x'ff' WHERE partition = ? AND sort = ?", key)
    engine = EmbeddedEngine.open(folder / "other", clock=FakeClock(), synchronous="OFF")
    yield engine.table
    engine.stop(timeout=30)


@pytest.mark.parametrize("stored", [_in_sqlite, _in_dynamodb], ids=["embedded", "dynamodb"])
def test_of_rows_that_the_engine_cannot_decode_the_moment_is_found(
    client: Client, tmp_path: Path, stored: Callable[[list[Row], set[Key], Path], AbstractContextManager[Table]]
) -> None:
    rows = _rows(client)
    bad = {rows[n].key for n in (3, 150, 151, 299)}
    with stored(rows, bad, tmp_path) as table:
        found = list(changes_since(table, NOON, NOON + timedelta(days=2)))
    lost = [each.place for each in found if isinstance(each, UnreadableRow)]
    moments = {row.indexes[BY_DAY].sort[:28] for row in rows if row.key in bad}
    assert {place.sort for place in lost} == moments
    assert len(lost) == 3
    read = [each.key for each in found if isinstance(each, Change)]
    # Whoever shares a moment with one of them cannot be told from it.
    assert read == [row.key for row in rows if row.indexes[BY_DAY].sort[:28] not in moments]
