import pytest

from bbws.kernel.canonical import InvalidDocument
from bbws.kernel.table import (
    Conflict,
    Ensure,
    Insert,
    InvalidCommit,
    Key,
    Position,
    Remove,
    Replace,
    Row,
    RowKind,
    Write,
    check_writes,
)


def _row(number: int, text: str = "x") -> Row:
    return Row(Key("P", f"{number:04}"), RowKind.DERIVED, {"text": text}, indexes={"I": Key("Q", f"{number:04}")})


def test_each_write_gives_its_document() -> None:
    key = Key("P", "k")
    writes: list[Write] = [Insert(_row(1)), Replace(_row(2), 1), Remove(key, 1), Ensure(Key("P", "e"), None)]
    assert check_writes(writes) == [b'{"text":"x"}', b'{"text":"x"}', b"", b""]
    assert [write.key.sort for write in writes] == ["0001", "0002", "k", "e"]


def test_a_hundred_writes_and_no_more() -> None:
    assert len(check_writes([Insert(_row(n)) for n in range(100)])) == 100
    with pytest.raises(InvalidCommit, match="100 writes at most, this one has 101"):
        check_writes([Insert(_row(n)) for n in range(101)])


def test_a_key_once() -> None:
    with pytest.raises(InvalidCommit, match="once"):
        check_writes([Insert(_row(1)), Remove(_row(1).key, 1)])


def test_four_megabytes_and_no_more() -> None:
    rows = [Insert(_row(n, "x" * 100_000)) for n in range(42)]
    assert len(check_writes(rows[:41])) == 41
    with pytest.raises(InvalidCommit, match="4194304 bytes"):
        check_writes(rows)


def test_a_document_no_engine_may_store() -> None:
    with pytest.raises(InvalidDocument):
        check_writes([Insert(Row(Key("P", "k"), RowKind.DERIVED, {"price": 1.5}))])


def test_a_rows_place_depends_on_the_order() -> None:
    row = Row(Key("P", "k"), RowKind.DERIVED, {}, indexes={"I": Key("Q", "s")})
    assert row.position() == Position("k", row.key)
    assert row.position("I") == Position("s", row.key)


def test_a_conflict_names_the_row() -> None:
    assert str(Conflict(Key("PRODUCT#1", "METADATA"))) == "the row at PRODUCT#1 / METADATA is not as expected"
