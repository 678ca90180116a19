"""Rows of a file that may hold anything: a bad one never takes others with it."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.entrypoints.commands.failures import Failure
from bbws.entrypoints.commands.lines import MAX_LINE, Lines
from bbws.entrypoints.commands.parameters import fields_of
from bbws.entrypoints.commands.rows import Row, csv_rows, json_rows
from bbws.tables import ENDPOINTS

FIELDS = fields_of(next(e for e in ENDPOINTS if e.id == "createProduct").body_schema, "body")
HEADER = b"productId,name,price\n"
GOOD = b"PROD-002,Good,2\n"


def _csv(content: bytes) -> list[Row]:
    return list(csv_rows(io.BytesIO(content), FIELDS))


def _json(content: bytes) -> list[Row]:
    return list(json_rows(io.BytesIO(content)))


def _names(rows: list[Row]) -> list[Any]:
    return [row.fault or row.fields.get("name") for row in rows]


def test_cells_become_what_their_fields_want() -> None:
    header = b"productId,name,price,features,active,description\n"
    (row,) = _csv(header + b'PROD-001, "x" ,5000,"SSL| 24/7, all year ||",TRUE,\n')
    assert row.fields == {
        "productId": "PROD-001",
        "name": '"x"',
        "price": "5000",
        "features": ["SSL", "24/7, all year"],
        "active": True,
    }


def test_a_cell_that_its_field_does_not_want_is_left_to_the_server() -> None:
    (row,) = _csv(b"name,active,colour\nx,maybe,red\n")
    assert row.fields == {"name": "x", "active": "maybe", "colour": "red"}


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_dialects_of_spreadsheets_are_read(delimiter: bytes, end: bytes, mark: bytes) -> None:
    lines = [b"name,price", b'"a, b; c\td",1', b"", b"e,2"]
    content = mark + end.join(line.replace(b'",', b'"' + delimiter).replace(b"e,", b"e" + delimiter) for line in lines)
    rows = _csv(content.replace(b"name,price", b"name" + delimiter + b"price"))
    assert [row.fields for row in rows] == [{"name": "a, b; c\td", "price": "1"}, {"name": "e", "price": "2"}]
    assert [(row.number, row.line) for row in rows] == [(1, 2), (2, 4)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"PROD-001,Bad\n", "the row has 2 columns, the first line of the file 3"),
        (b"PROD-001,Bad,1,2\n", "the row has 4 columns, the first line of the file 3"),
        (b'PROD-001,"Bad,1\n', "the quotes of the row do not match"),
        (b'PROD-001,"Bad"ly,1\n', "the quotes of the row do not match"),
        (b"PROD-001,B\xe4d,1\n", "the line is not valid UTF-8 (byte 11 of it)"),
        (b"PROD-001,B\x00d,1\n", "the line holds a NUL character"),
        (b"PROD-001," + b"B" * MAX_LINE + b",1\n", "the line is longer than 65,536 bytes"),
        (b'PROD-001,"' + b"B" * (4 * MAX_LINE) + b",1\n", "the line is longer than 65,536 bytes"),
    ],
)
def test_a_bad_row_is_refused_and_the_others_load(bad: bytes, reason: str) -> None:
    assert _names(_csv(HEADER + GOOD + bad + GOOD + GOOD)) == ["Good", reason, "Good", "Good"]


def test_a_quote_that_is_never_closed_takes_only_its_own_row() -> None:
    rows = _csv(HEADER + b'PROD-001,"Bad,1\n' + GOOD * 300)
    assert _names(rows) == ["the quotes of the row do not match"] + ["Good"] * 300
    assert [row.number for row in rows] == list(range(1, 302))


def test_two_unclosed_quotes_do_not_pair_up() -> None:
    rows = _csv(HEADER + b'PROD-001,"Bad,1\n' + GOOD + b'PROD-003,"Worse,1\n' + GOOD)
    fault = "the quotes of the row do not match"
    assert _names(rows) == [fault, "Good", fault, "Good"]


def test_a_line_that_cannot_be_read_does_not_close_a_quote() -> None:
    rows = _csv(HEADER + b'PROD-001,"Bad\n' + b"\xff\n" + b'more",1\n' + GOOD)
    assert len(rows) == 4
    assert [bool(row.fault) for row in rows] == [True, True, True, False]


def test_a_quoted_field_may_reach_over_lines() -> None:
    rows = _csv(HEADER + b'PROD-001,"one\ntwo ""2""\n",1\n' + GOOD)
    assert [row.fields["name"] for row in rows] == ['one\ntwo "2"', "Good"]
    assert [(row.number, row.line) for row in rows] == [(1, 2), (2, 5)]


@pytest.mark.parametrize("content", [b"", b"\n", b"colour,size\n1,2\n", b"\xff\xfen\x00a\x00\n", b"name\x00\n"])
def test_a_file_without_column_names_is_told_as_a_whole(content: bytes) -> None:
    with pytest.raises(Failure, match="the first line must name the columns"):
        _csv(content)


def test_a_column_named_twice_is_told() -> None:
    with pytest.raises(Failure, match="names a column twice: name"):
        _csv(b"name,price,name\n")


def test_json_lines_are_read_one_by_one() -> None:
    rows = _json(b'{"name": "a", "price": 12.345, "features": ["x"], "active": null}\n\n {"name":"b"} \r\n')
    assert rows[0].fields == {"name": "a", "price": Decimal("12.345"), "features": ["x"], "active": None}
    assert [(row.number, row.line) for row in rows] == [(1, 1), (2, 3)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"name": ', "the line is not JSON"),
        (b"[1]", "the line must be a JSON object"),
        (b'{"name": "a", "name": "b"}', "stands twice"),
        (b'{"price": NaN}', "NaN is not a JSON number"),
        (b'{"name": "\xff"}', "the line is not valid UTF-8"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nests too deeply"),
        (b'{"name": "' + b"x" * MAX_LINE + b'"}', "the line is longer than 65,536 bytes"),
        (b'{"price": ' + b"9" * 5000 + b"}", "40 digits"),
    ],
)
def test_a_bad_line_is_refused_and_the_others_load(bad: bytes, reason: str) -> None:
    first, second, third = _json(b'{"name": "a"}\n' + bad + b'\n{"name": "b"}\n')
    assert (first.fields, third.fields) == ({"name": "a"}, {"name": "b"})
    assert reason in second.fault


@given(st.binary(max_size=400))
def test_whatever_a_file_holds_good_rows_around_it_load(noise: bytes) -> None:
    rows = _csv(HEADER + GOOD + noise.replace(b'"', b"'") + b"\n" + GOOD)
    assert rows[0].fields == rows[-1].fields == {"productId": "PROD-002", "name": "Good", "price": "2"}
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))


_NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=60)


@given(st.lists(st.tuples(_NAME, st.integers(1, 99)), max_size=8))
def test_what_a_csv_writer_wrote_is_what_is_read(written: list[tuple[str, int]]) -> None:
    quoted = "".join(f'"{name.replace(chr(34), chr(34) * 2)}",{price}\n' for name, price in written)
    rows = _csv(b"name,price\n" + quoted.encode())
    assert [(row.fields.get("name", ""), row.fields["price"]) for row in rows] == [
        (name.strip(), str(price)) for name, price in written
    ]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)), max_size=8))
def test_what_a_json_writer_wrote_is_what_is_read(written: list[dict[str, Any]]) -> None:
    content = "".join(json.dumps(document) + "\n" for document in written)
    assert [row.fields for row in _json(content.encode())] == written


def test_the_place_in_the_file_is_known_in_bytes() -> None:
    content = HEADER + GOOD + b"\xff" * 3 * MAX_LINE + b"\n" + GOOD
    ends = [row.end for row in _csv(content)]
    assert ends == [len(HEADER + GOOD), len(content) - len(GOOD), len(content)]


def test_lines_that_were_put_back_come_again_in_order() -> None:
    lines = Lines(io.BytesIO(b"a\nb\nc\n"))
    first, second = next(lines), next(lines)
    lines.put_back([first, second])
    assert [line.text for line in lines] == ["a", "b", "c"]
