"""A backup that is pulled, as an answer over HTTP is."""

from pathlib import Path

import pytest

from bbws.engines.embedded import backup
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.streaming import BackupStream
from bbws.kernel.table import Unavailable
from tests.contracts.rows import row
from tests.fakes import FakeClock

WAIT = 60.0


def open_engine(folder: Path) -> EmbeddedEngine:
    return EmbeddedEngine.open(folder, clock=FakeClock(), synchronous="OFF")


def test_a_backup_can_be_pulled_piece_by_piece(tmp_path: Path, engine: EmbeddedEngine) -> None:
    engine.load_rows(row("p", str(number), {"text": "x" * 90_000}) for number in range(100))
    with (tmp_path / "pulled.tar").open("wb") as opened:
        opened.writelines(BackupStream(engine).stream())
    backup.restore(tmp_path / "pulled.tar", tmp_path / "restored")
    restored = open_engine(tmp_path / "restored")
    assert len(restored.table.query("p").rows) == 100
    restored.stop(WAIT)


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_a_reader_that_goes_away_ends_the_backup(engine: EmbeddedEngine, pieces: int) -> None:
    engine.load_rows(row("p", str(number), {"text": "x" * 90_000}) for number in range(100))
    stream = iter(BackupStream(engine).stream())
    for _ in range(pieces):
        assert next(stream)
    del stream
    assert not list(engine.folder.glob("*.backup-copy"))


def test_a_fault_reaches_whoever_pulls(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    engine.stop(WAIT)
    (tmp_path / "bbws.db").unlink()
    with pytest.raises(Unavailable, match="cannot be copied"):
        list(BackupStream(engine).stream())
