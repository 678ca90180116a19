"""What every engine's Table promises (src/bbws/kernel/table.py)."""

import threading

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
    Table,
    Write,
)
from tests.contracts.rows import INDEXES, row, sorts
from tests.fakes import FakeClock


def test_a_row_comes_back_as_it_was_written(table: Table) -> None:
    document = {"t": "é\u0000\U0001f600", "n": -(2**53) + 1, "none": None, "l": [1, True, {"d": []}], "empty": {}}
    written = Row(
        Key("päärtition", "s#1"),
        RowKind.ENTITY,
        document,
        7,
        {"one": Key("x", "y"), "two": Key("x", "")},
        "d" * 64,
        "2026",
    )
    table.commit([Insert(written)])
    assert table.get(written.key) == written
    assert table.query("x", index="one").rows == (written,)


@pytest.mark.parametrize("kind", RowKind)
def test_every_kind_of_row_can_be_kept(table: Table, kind: RowKind) -> None:
    document = {"id": "1", "type": "t.happened", "subject": "/t/1"}
    written = Row(Key("p", "s"), kind, document, replayed=kind is RowKind.CHANGE)
    table.commit([Insert(written)])
    assert table.get(written.key) == written


def test_what_is_not_there_is_none(table: Table) -> None:
    table.commit([Insert(row("p", "s"))])
    assert [table.get(Key("p", "")), table.get(Key("p", "S")), table.get(Key("s", "p"))] == [None, None, None]


@pytest.mark.parametrize(
    "write",
    [
        Insert(row("p", "there")),
        Replace(row("p", "there", version=3), 2),
        Replace(row("p", "absent", version=2), 1),
        Remove(Key("p", "there"), 2),
        Remove(Key("p", "absent"), 1),
        Ensure(Key("p", "there"), 2),
        Ensure(Key("p", "there"), None),
        Ensure(Key("p", "absent"), 1),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_a_failed_expectation_names_its_key_and_nothing_is_stored(table: Table, write: Write, *, last: bool) -> None:
    table.commit([Insert(row("p", "there"))])
    other = Insert(row("p", "other"))
    writes: list[Write] = [other, write] if last else [write, other]
    for attempt in (table.check, table.commit):
        with pytest.raises(Conflict) as conflict:
            attempt(writes)
        assert conflict.value.key == write.key
    assert sorts(table, "p") == ["there"]


def test_expectations_that_hold_are_stored_together(table: Table) -> None:
    table.commit([Insert(row("p", "a")), Insert(row("p", "b")), Insert(row("p", "c"))])
    writes: list[Write] = [
        Replace(row("p", "a", {"new": True}, version=2), 1),
        Remove(Key("p", "b"), 1),
        Ensure(Key("p", "c"), 1),
        Ensure(Key("p", "x"), None),
        Insert(row("p", "d")),
    ]
    table.check(writes)
    assert sorts(table, "p") == ["a", "b", "c"]
    table.commit(writes)
    assert sorts(table, "p") == ["a", "c", "d"]
    assert table.get(Key("p", "a")) == row("p", "a", {"new": True}, version=2)


def test_a_removed_key_can_be_used_again(table: Table) -> None:
    table.commit([Insert(row("p", "a", one=("x", "1")))])
    table.commit([Remove(Key("p", "a"), 1)])
    assert table.query("x", index="one").rows == ()
    table.commit([Insert(row("p", "a", one=("x", "2")))])
    assert table.query("x", index="one").rows == (row("p", "a", one=("x", "2")),)


def test_a_commit_without_writes_is_fine(table: Table) -> None:
    table.commit([])
    table.check([])


TOO_MANY = [Insert(row("p", str(number))) for number in range(101)]
TOO_LARGE = [Insert(row("p", str(number), {"t": "x" * 99_000})) for number in range(43)]


@pytest.mark.parametrize(
    "writes",
    [TOO_MANY, TOO_LARGE, [Insert(row("p", "a")), Ensure(Key("p", "a"), None)]],
    ids=["101 writes", "over 4 MB", "one key twice"],
)
def test_the_limits_of_a_commit(table: Table, writes: list[Write]) -> None:
    for attempt in (table.check, table.commit):
        with pytest.raises(InvalidCommit):
            attempt(writes)
    assert table.query("p").rows == ()
    table.commit(TOO_MANY[:100])
    assert len(sorts(table, "p")) == 100


@pytest.mark.parametrize("bad", [Key("\ud800", "s"), Key("p", "\udfff")])
def test_keys_are_valid_unicode(table: Table, bad: Key) -> None:
    for write in (Insert(Row(bad, RowKind.ENTITY, {})), Remove(bad, 1), Insert(row("p", "s", one=(bad[0], bad[1])))):
        with pytest.raises(InvalidCommit):
            table.commit([write])


@pytest.mark.parametrize("value", [1.5, b"x", 2**53, "\ud800", {1: "x"}, {"\ue000": 1}, {"": 1}, "x" * 102_400])
def test_documents_hold_what_every_engine_can_store(table: Table, value: object) -> None:
    with pytest.raises(InvalidDocument):
        table.commit([Insert(row("p", "s", {"value": value}))])
    assert table.get(Key("p", "s")) is None


HARD = [
    "",
    "a",
    "a\u0000",
    "aa",
    "Z",
    "é",
    "e\u0301",
    "\u07ff",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "\U0010ffff",
]


def test_order_is_that_of_code_points(table: Table) -> None:
    table.commit([Insert(row("p", sort, one=("x", sort))) for sort in reversed(HARD)])
    for query in ({"partition": "p"}, {"partition": "x", "index": "one"}):
        assert sorts(table, **query, limit=3) == sorted(HARD)
        assert sorts(table, **query, limit=3, descending=True) == sorted(HARD, reverse=True)


@pytest.mark.parametrize("prefix", [*HARD, "\ud7ff\U0010ffff", "\U0010ffff\U0010ffff", "none"])
def test_a_prefix_finds_what_begins_with_it(table: Table, prefix: str) -> None:
    values = sorted({first + second for first in HARD for second in ("", "a", "\uffff", "\U0010ffff")})
    table.commit([Insert(row("p", value, one=("x", value))) for value in values])
    expected = [value for value in values if value.startswith(prefix)]
    for descending in (False, True):
        assert sorts(table, "p", prefix=prefix, limit=2, descending=descending) == expected
        assert sorts(table, "x", index="one", prefix=prefix, limit=2, descending=descending) == expected
        expected.reverse()


def test_ties_in_an_index_are_ordered_by_key(table: Table) -> None:
    keys = [("p", "b"), ("p", "a"), ("o", "z"), ("q", "")]
    table.commit([Insert(row(*key, one=("x", "same"))) for key in keys])
    page = table.query("x", index="one", limit=3)
    assert [each.key for each in page.rows] == sorted(keys)[:3]
    assert page.next == Position("same", Key("p", "b"))
    assert [each.key for each in table.query("x", index="one", start=page.next).rows] == [("q", "")]


def test_next_is_none_only_at_the_end(table: Table) -> None:
    table.commit([Insert(row("p", str(number))) for number in range(4)])
    first = table.query("p", limit=2)
    second = table.query("p", limit=2, start=first.next)
    assert first.next == Position("1", Key("p", "1"))
    assert [each.key.sort for each in second.rows] == ["2", "3"]
    assert second.next is None
    assert table.query("p", limit=4).next is None


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_begins_after_a_place_whose_row_is_gone(table: Table, *, descending: bool) -> None:
    table.commit([Insert(row("p", sort, one=("x", "same"))) for sort in "abcd"])
    page = table.query("x", index="one", limit=2, descending=descending)
    plain = table.query("p", limit=2, descending=descending)
    table.commit([Remove(page.rows[-1].key, 1)])
    rest = ["b", "a"] if descending else ["c", "d"]
    assert sorts(table, "x", index="one", descending=descending)[1:] == rest
    assert [each.key.sort for each in table.query("p", start=plain.next, descending=descending).rows] == rest
    found = table.query("x", index="one", start=page.next, descending=descending).rows
    assert [each.key.sort for each in found] == rest


@pytest.mark.parametrize(
    ("start", "descending", "expected"),
    [("a", False, ["pa", "pb"]), ("z", False, []), ("a", True, []), ("z", True, ["pb", "pa"])],
)
def test_a_start_outside_the_prefix_bounds_nothing_more(
    table: Table, *, start: str, descending: bool, expected: list[str]
) -> None:
    table.commit([Insert(row("p", sort)) for sort in ("a", "pa", "pb", "q", "z")])
    position = Position(start, Key("p", start))
    page = table.query("p", prefix="p", start=position, descending=descending)
    assert [each.key.sort for each in page.rows] == expected


def test_a_replacement_moves_the_row_in_its_indexes(table: Table) -> None:
    table.commit([Insert(row("p", "a", one=("x", "1"), two=("y", "1"), three=("z", "1")))])
    moved = row("p", "a", version=2, one=("x", "2"), two=("y", "1"), four=("w", "1"))
    table.commit([Replace(moved, 1)])
    found = {name: table.query(partition, index=name).rows for name, partition in zip(INDEXES, "xyzw", strict=True)}
    assert found == {"one": (moved,), "two": (moved,), "three": (), "four": (moved,)}


def test_indexes_do_not_see_each_other(table: Table) -> None:
    table.commit([Insert(row("p", "a", one=("x", "1"))), Insert(row("p", "b", two=("x", "1")))])
    assert sorts(table, "x", index="one") == ["a"]
    assert sorts(table, "x", index="none") == []
    assert sorts(table, "x") == []


def test_an_expired_row_is_absent_everywhere_at_once(table: Table, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    table.commit([Insert(row("p", "a", expires_at=now + 10, one=("x", "1"))), Insert(row("p", "b", one=("x", "2")))])
    assert sorts(table, "p") == ["a", "b"]
    clock.advance(10)
    assert table.get(Key("p", "a")) is None
    assert sorts(table, "p") == ["b"]
    assert sorts(table, "x", index="one", limit=1) == ["b"]
    table.check([Ensure(Key("p", "a"), None)])
    for write in (Replace(row("p", "a", version=2), 1), Remove(Key("p", "a"), 1), Ensure(Key("p", "a"), 1)):
        with pytest.raises(Conflict):
            table.commit([write])
    table.commit([Insert(row("p", "a", {"new": 1}, expires_at=now + 99, one=("x", "3")))])
    assert sorts(table, "x", index="one") == ["b", "a"]


def test_of_racing_commits_one_wins(table: Table) -> None:
    outcomes: list[BaseException | None] = []
    ready = threading.Barrier(8)

    def race(number: int) -> None:
        ready.wait()
        try:
            table.commit([Insert(row("p", "one", {"by": number})), Insert(row("q", str(number)))])
        except Conflict as conflict:
            outcomes.append(conflict)
        else:
            outcomes.append(None)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = table.get(Key("p", "one"))
    assert winner is not None
    assert outcomes.count(None) == 1
    assert sorts(table, "q") == [str(winner.document["by"])]
