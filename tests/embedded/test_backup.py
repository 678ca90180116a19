"""Backups of a data folder that is being written, and what becomes of them."""

import io
import os
import tarfile
import threading
from pathlib import Path

import orjson
import pytest

from bbws.engines.embedded import backup
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.errors import FolderUnusable, ForeignFile, NewerSchema
from bbws.kernel.reaction import EVERY_EVENT, Message, Reaction
from bbws.kernel.table import Insert, Key, RowKind, Unavailable
from tests.contracts.rows import change, row
from tests.fakes import FakeClock

WAIT = 60.0


def archiver(engine: EmbeddedEngine) -> Reaction:
    def archive(messages: list[Message]) -> None:
        engine.archive.put_all([(f"changes/{message.id}", message.subject.encode()) for message in messages])

    return Reaction("archiver", "archive", frozenset({EVERY_EVENT}), archive)


def open_engine(folder: Path) -> EmbeddedEngine:
    return EmbeddedEngine.open(folder, clock=FakeClock(), synchronous="OFF")


def write(engine: EmbeddedEngine, file: Path) -> bytes:
    with file.open("wb") as opened:
        backup.write_backup(engine, opened.write)
    return file.read_bytes()


@pytest.fixture
def file(tmp_path: Path, engine: EmbeddedEngine) -> Path:
    """A small backup."""
    engine.table.commit([Insert(row("p", "a", i=("x", "1")))])
    engine.archive.put("2026/11/20/one", b"1")
    engine.archive.put("two", b"22")
    write(engine, tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def test_a_restored_folder_is_the_one_that_was_backed_up(tmp_path: Path, file: Path, engine: EmbeddedEngine) -> None:
    secret = engine.secret("cursor")
    write(engine, file)
    engine.table.commit([Insert(row("p", "later"))])
    backup.restore(file, tmp_path / "restored")
    again = open_engine(tmp_path / "restored")
    assert again.table.query("p").rows == (row("p", "a", i=("x", "1")),)
    assert again.table.query("x", index="i").rows == (row("p", "a", i=("x", "1")),)
    assert again.secret("cursor") == secret
    assert {name: again.archive.get(name) for name in again.archive.names("")} == {
        "2026/11/20/one": b"1",
        "two": b"22",
    }
    again.table.commit([Insert(row("p", "b"))])
    again.stop(WAIT)
    assert (tmp_path / "restored").stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in tmp_path.iterdir() if "restoring" in entry.name] == []


def test_a_backup_of_a_folder_that_is_written_has_one_moment(tmp_path: Path, engine: EmbeddedEngine) -> None:
    engine.start([archiver(engine)], [])
    enough, stop = threading.Event(), threading.Event()

    def load() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            engine.table.commit([Insert(change(number)), Insert(row("p", f"{number:06}"))])
            if number == 200:
                enough.set()

    loading = threading.Thread(target=load)
    loading.start()
    enough.wait()
    files = [tmp_path / f"{number}.tar" for number in range(3)]
    for each in files:
        write(engine, each)
    stop.set()
    loading.join()
    assert engine.drain(WAIT)
    for number, each in enumerate(files):
        backup.restore(each, tmp_path / str(number))
        restored = open_engine(tmp_path / str(number))
        changes = {each.document["id"] for each in restored.rows([RowKind.CHANGE])}
        assert len(changes) >= 200
        assert len(list(restored.rows([RowKind.ENTITY]))) == len(changes)
        assert {name.removeprefix("changes/") for name in restored.archive.names("")} <= changes
        restored.start([archiver(restored)], [])
        assert restored.drain(WAIT)
        assert {name.removeprefix("changes/") for name in restored.archive.names("")} == changes
        restored.stop(WAIT)


def test_an_object_that_appears_during_the_backup_is_left_out(engine: EmbeddedEngine) -> None:
    engine.archive.put("early", b"1")
    chunks: list[bytes] = []

    def write_and_put(chunk: bytes) -> None:
        engine.archive.put("late", b"2")
        engine.archive.put("early", b"1")
        chunks.append(chunk)

    large = {"text": "x" * 90_000}
    engine.load_rows(row("p", str(number), large) for number in range(20))
    backup.write_backup(engine, write_and_put)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        assert tar.getnames() == ["bbws.db", "archive/early", "manifest.json"]
    engine.archive.put("after", b"3")
    assert set(engine.archive.names("")) == {"early", "late", "after"}


def test_a_backup_leaves_nothing_behind(file: Path, engine: EmbeddedEngine) -> None:
    def fail(_chunk: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        backup.write_backup(engine, fail)
    left = {entry.name for entry in engine.folder.iterdir()}
    assert left <= {"archive", "bbws.db", "bbws.db-wal", "bbws.lock"}
    assert file.exists()


def test_what_a_killed_backup_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    open_engine(tmp_path).stop(WAIT)
    (tmp_path / "0123.backup-copy").write_bytes(b"part")
    (tmp_path / "archive" / ".incoming" / "0123").write_bytes(b"part")
    engine = open_engine(tmp_path)
    assert list(engine.archive.names("")) == []
    engine.stop(WAIT)
    assert not (tmp_path / "0123.backup-copy").exists()
    assert list((tmp_path / "archive" / ".incoming").iterdir()) == []


def test_a_stopped_engine_cannot_be_backed_up(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    engine.stop(WAIT)
    (tmp_path / "bbws.db").unlink()
    with pytest.raises(Unavailable, match="cannot be copied"):
        backup.write_backup(engine, lambda _: None)


def test_a_folder_that_holds_something_is_never_restored_into(tmp_path: Path, file: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    backup.restore(file, target)
    with pytest.raises(FolderUnusable, match="is not empty"):
        backup.restore(file, target)


def test_what_is_restored_is_its_owners_alone(tmp_path: Path, file: Path) -> None:
    before = os.umask(0)
    try:
        backup.restore(file, tmp_path / "restored")
    finally:
        os.umask(before)
    restored = [path for path in (tmp_path / "restored").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in restored} == {0o600}
    assert len(restored) == 3


def test_a_target_that_cannot_be_made(tmp_path: Path, file: Path) -> None:
    (tmp_path / "file").touch()
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FolderUnusable):
            backup.restore(file, target)


def refused(tmp_path: Path, content: bytes, kind: type[Exception] = ForeignFile) -> str:
    bad = tmp_path / "bad.tar"
    bad.write_bytes(content)
    before = set(tmp_path.iterdir())
    with pytest.raises(kind) as refusal:
        backup.restore(bad, tmp_path / "restored")
    assert set(tmp_path.iterdir()) == before
    return str(refusal.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ForeignFile, match="cannot be read"):
        backup.restore(tmp_path / "none", tmp_path / "restored")


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240, b"\x1f\x8b" + b"x" * 999])
def test_a_file_that_is_no_backup(tmp_path: Path, content: bytes) -> None:
    assert "is not a whole BBWS backup" in refused(tmp_path, content)


def test_a_backup_that_was_cut_off_anywhere(tmp_path: Path, file: Path) -> None:
    content = file.read_bytes()
    end = content.rindex(b'"sha256"') - 512
    for length in {*range(0, end, 4099), *range(end - 1024, end, 37)}:
        refused(tmp_path, content[:length])


def test_a_bit_that_changed_is_found_or_meant_nothing(tmp_path: Path, file: Path) -> None:
    content = file.read_bytes()
    backup.restore(file, tmp_path / "whole")
    whole = {path: path.read_bytes() for path in sorted((tmp_path / "whole").rglob("*")) if path.is_file()}
    outcomes = set()
    for place in range(3, len(content), 1511):
        changed = bytearray(content)
        changed[place] ^= 1
        (tmp_path / "changed.tar").write_bytes(changed)
        target = tmp_path / f"at-{place}"
        try:
            backup.restore(tmp_path / "changed.tar", target)
        except ForeignFile:
            outcomes.add("found")
            assert not target.exists()
        else:
            outcomes.add("padding")
            assert {
                tmp_path / "whole" / path.relative_to(target): path.read_bytes()
                for path in target.rglob("*")
                if path.is_file()
            } == whole
    assert "found" in outcomes


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(mode="w", fileobj=made) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


def members_of(file: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(file) as tar:
        opened = [(member, tar.extractfile(member)) for member in tar]
        return [(member, content.read()) for member, content in opened if content is not None]


@pytest.mark.parametrize("name", ["../evil", "archive/../../evil", "/evil", "archive/.hidden", "bbws.db/x", "other"])
def test_a_member_that_leads_astray(tmp_path: Path, file: Path, name: str) -> None:
    first, *rest = members_of(file)
    refused(tmp_path, tar_of(first, (tarfile.TarInfo(name), b"evil"), *rest))
    assert not (tmp_path.parent / "evil").exists()


def test_a_member_that_is_no_plain_file(tmp_path: Path, file: Path) -> None:
    link = tarfile.TarInfo("archive/link")
    link.type = tarfile.SYMTYPE
    link.linkname = "/etc/passwd"
    first, *rest = members_of(file)
    assert "archive/link does not belong there" in refused(tmp_path, tar_of(first, (link, b""), *rest))


def test_members_that_were_dropped_added_or_exchanged(tmp_path: Path, file: Path) -> None:
    database, one, two, manifest = members_of(file)
    extra = (tarfile.TarInfo("archive/three"), b"3")
    swapped = [(one[0], two[1]), (two[0], one[1])]
    for members in (
        [database, one, manifest],
        [database, one, two, extra, manifest],
        [database, two, one, manifest],
        [database, *swapped, manifest],
        [database, one, two, manifest, extra],
        [database, one, two],
    ):
        refused(tmp_path, tar_of(*members))


def test_a_manifest_of_another_format(tmp_path: Path, file: Path) -> None:
    *members, (name, manifest) = members_of(file)
    other = orjson.dumps(orjson.loads(manifest) | {"format": "bbws-backup-2"})
    assert "does not match its manifest" in refused(tmp_path, tar_of(*members, (name, other)))


def test_a_backup_of_a_newer_bbws(tmp_path: Path, engine: EmbeddedEngine) -> None:
    engine.table.commit([Insert(row("p", "a"))])
    assert engine.table.get(Key("p", "a")) is not None
    engine._connection.execute("PRAGMA user_version = 99")  # noqa: SLF001 - what a newer program would do
    content = write(engine, tmp_path / "newer.tar")
    assert "version 99" in refused(tmp_path, content, NewerSchema)
