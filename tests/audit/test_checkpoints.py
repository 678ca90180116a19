"""Checkpoints sign where every history stands, once the archive is complete. Source: design §2."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from bbws.audit.model import Checkpoint, parse_checkpoint
from bbws.audit.ports import ArchiveCorrupt
from bbws.audit.service import checkpoint as make
from bbws.audit.service import daily_checkpoint, latest_checkpoint
from bbws.audit.signing import Ed25519Signer
from bbws.audit.verify import verify
from bbws.kernel.clock import rfc3339
from tests import builders
from tests.audit.world import CHECKPOINTS, HOUR, PRODUCTS, MemoryArchive, checkpoint, checkpoints_of, records, snapshot
from tests.builders import Client
from tests.fakes import NOON, FakeClock

SIGNER = Ed25519Signer(b"s" * 32)
DAY = 24 * HOUR


@dataclass(frozen=True)
class World:
    client: Client
    clock: FakeClock


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = FakeClock()
    with builders.client(tmp_path / "data", clock=clock) as client:
        yield World(client, clock)


def _make(world: World, archive: MemoryArchive) -> Checkpoint:
    return make(world.client.app.engine.table, archive, SIGNER, world.clock)


def _versions(made: Checkpoint) -> dict[str, int]:
    return {entry.entity.partition.partition("#")[2]: entry.version for entry in made.entries}


def test_each_checkpoint_vouches_for_what_changed_and_for_the_one_before(world: World) -> None:
    archive = MemoryArchive()
    world.client.create(productId="PROD-001")
    world.client.create(productId="PROD-002")
    first = _make(world, archive)
    world.clock.advance(2 * DAY)
    world.client.call("PUT", f"{PRODUCTS}/PROD-001", {"price": "5"})
    second = _make(world, archive)
    third = _make(world, archive)
    assert (first.sequence, first.previous, first.through) == (1, "0" * 64, rfc3339(NOON))
    assert (second.sequence, second.previous) == (2, first.root)
    assert (third.sequence, third.previous) == (3, second.root)
    assert _versions(first).items() >= {"PROD-001": 1, "PROD-002": 1}.items()
    assert _versions(second) == {"PROD-001": 2}
    assert _versions(third) == {}
    assert third.through > second.through > first.through
    assert checkpoints_of(archive) == [f"checkpoints/0000000{n}.jsonl" for n in (1, 2, 3)]
    assert latest_checkpoint(archive) == third
    assert verify(archive).sound


def test_an_object_is_read_as_it_was_written(world: World) -> None:
    archive = MemoryArchive()
    world.client.create()
    made = _make(world, archive)
    content = archive.objects[made.name]
    assert parse_checkpoint(content) == made
    header, *lines, trailer = (orjson.loads(line) for line in content.splitlines())
    assert header == {"sequence": 1, "through": made.through, "previous": "0" * 64}
    assert trailer == {"root": made.root, "keyId": SIGNER.key_id, "signature": made.signature}
    assert lines == sorted(lines)
    assert archive.objects[f"keys/{SIGNER.key_id}.pem"] == SIGNER.public_pem


@pytest.mark.parametrize("content", [b"", b"{}", b"nonsense", b"{}\n{}\n", b'[]\n["a"]\n{}', b"1\n2\n3"])
def test_what_is_no_checkpoint_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        parse_checkpoint(content)


def test_the_call_answers_what_was_signed(world: World) -> None:
    world.client.create()
    made = checkpoint(world.client)
    kept = parse_checkpoint(snapshot(world.client).objects[made["name"]])
    assert (made["sequence"], made["root"], made["through"]) == (1, kept.root, kept.through)
    assert (made["signature"], made["keyId"]) == (kept.signature, kept.key_id)
    assert made["entities"] == len(kept.entries) == 2


def test_a_checkpoint_first_completes_the_archive(world: World) -> None:
    world.client.create(productId="PROD-001")
    world.client.create(productId="PROD-002")
    whole = snapshot(world.client)
    [lost] = (name for name in records(whole) if "PROD-001" in name)
    (world.client.settings.data_dir / "archive" / lost).unlink()
    checkpoint(world.client)
    assert snapshot(world.client).objects[lost] == whole.objects[lost]
    assert verify(snapshot(world.client)).sound


def test_what_nobody_announced_is_archived_and_indexed_by_the_checkpoint(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:  # no audit logger runs
        client.create(productId="PROD-001")
        found = f"/v1.0/audit/records?subject={PRODUCTS}/PROD-001"
        assert client.call("GET", found).json["count"] == 0
        assert client.call("POST", CHECKPOINTS).status == 201
        assert client.call("GET", found).json["count"] == 1
        report = verify(client.app.engine.archive)
        assert (report.sound, report.records) == (True, 2)


def test_a_record_that_was_altered_stops_the_checkpoint(world: World) -> None:
    archive = MemoryArchive()
    world.client.create(productId="PROD-001")
    whole = snapshot(world.client)
    [name] = (name for name in records(whole) if "PROD-001" in name)
    archive.objects[name] = whole.objects[name].replace(b"Basic", b"Basil")
    with pytest.raises(ArchiveCorrupt):
        _make(world, archive)
    assert checkpoints_of(archive) == []


def test_a_change_committed_late_or_under_a_clock_set_back_is_in_the_next_checkpoint(world: World) -> None:
    archive = MemoryArchive()
    _make(world, archive)
    world.clock.advance(-HOUR)
    world.client.create(productId="PROD-001")
    assert _versions(_make(world, archive)) == {"PROD-001": 1}
    world.clock.advance(2 * HOUR)
    assert "PROD-001" not in _versions(_make(world, archive))
    assert verify(archive).sound


def test_once_a_day_a_checkpoint_is_made_by_itself(world: World) -> None:
    engine = world.client.app.engine
    [daily] = (each for each in world.client.app.daily if each.name == "audit-checkpoint")
    daily.handler()
    made = latest_checkpoint(engine.archive)
    assert made is not None
    world.clock.advance(DAY)
    daily_checkpoint(engine.table, engine.archive, SIGNER, world.clock)
    after = latest_checkpoint(engine.archive)
    assert after is not None
    assert (after.sequence, after.key_id) == (made.sequence + 1, SIGNER.key_id)
    assert verify(engine.archive).sound  # both keys lie in the archive


def test_the_moment_of_a_checkpoint_never_goes_back(world: World) -> None:
    archive = MemoryArchive()
    first = _make(world, archive)
    world.clock.advance(-HOUR)
    second = _make(world, archive)
    assert second.through == rfc3339(NOON + timedelta(microseconds=1)) > first.through
