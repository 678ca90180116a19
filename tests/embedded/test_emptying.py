"""What was removed is not in the write-ahead log either, once that was emptied."""

from contextlib import closing

import pytest

from bbws.engines.embedded.connections import connect_reader, empty_log
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.schema import DATABASE_FILE
from bbws.kernel.table import Insert, Key, Remove, Row, RowKind, Unavailable

KEY = Key("CONTACT#contact-1", "VALUES")
SECRET = b"somebody@sleutelwoord.example"


def _bytes(engine: EmbeddedEngine) -> bytes:
    return b"".join(path.read_bytes() for path in engine.folder.glob(f"{DATABASE_FILE}*"))


def _removed(engine: EmbeddedEngine) -> None:
    engine.table.commit([Insert(Row(KEY, RowKind.PERSONAL, {"email": SECRET.decode()}))])
    assert SECRET in _bytes(engine)
    engine.table.commit([Remove(KEY, 1)])


def test_what_was_removed_is_in_no_file_while_others_go_on(engine: EmbeddedEngine) -> None:
    _removed(engine)
    assert SECRET in _bytes(engine)  # in the log
    empty_log(engine.folder / DATABASE_FILE)
    assert SECRET not in _bytes(engine)
    engine.table.commit([Insert(Row(KEY, RowKind.PERSONAL, {"email": "another"}))])
    assert engine.table.get(KEY) is not None


def test_while_somebody_reads_what_only_the_log_has_it_is_to_be_asked_again(engine: EmbeddedEngine) -> None:
    _removed(engine)
    with closing(connect_reader(engine.folder / DATABASE_FILE, 0)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM rows").fetchone()
        with pytest.raises(Unavailable, match="while somebody reads"):
            empty_log(engine.folder / DATABASE_FILE)
        reader.execute("COMMIT")
    empty_log(engine.folder / DATABASE_FILE)
    assert SECRET not in _bytes(engine)


def test_a_database_that_is_not_there_is_not_made(engine: EmbeddedEngine) -> None:
    with pytest.raises(Unavailable, match="cannot be emptied"):
        empty_log(engine.folder / "nowhere.db")
    assert not (engine.folder / "nowhere.db").exists()
