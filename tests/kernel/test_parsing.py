import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from bbws.kernel.endpoint import Wire
from bbws.kernel.http import Request
from bbws.kernel.parsing import MAX_BODY, parse_body, parse_json, validate
from bbws.kernel.problem import Problem

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


class Part(Wire):
    size: int


class Whole(Wire):
    name: str = Field(min_length=3)
    parts: list[Part] = Field(max_length=2)
    wanted: bool


def _refused(body: bytes) -> Problem:
    with pytest.raises(Problem) as refused:
        parse_json(body)
    assert refused.value.type.code == "malformed-body"
    return refused.value


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_json_is_read_as_it_is(document: dict[str, Any]) -> None:
    assert parse_json(json.dumps(document).encode()) == document


def test_fractions_are_exact() -> None:
    assert parse_json(b'{"a": 0.1, "b": 1e2}') == {"a": Decimal("0.1"), "b": Decimal("1E+2")}


@given(st.binary())
def test_no_bytes_are_a_fault(body: bytes) -> None:
    try:
        found: object = parse_json(body)
    except Problem as problem:
        found = problem.type.status
    assert found == 400 or isinstance(found, dict)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 1} {}', "not JSON"),
        (b'{"a": 01}', "not JSON"),
        (b'{"a": "\n"}', "not JSON"),
        (b'{"a": "\\x"}', "not JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": ' + b"1" * 41 + b"}", "40 digits"),
        (b'{"a": 0.' + b"1" * 41 + b"}", "40 digits"),
        (b'{"a": 1e99999999999999999999}', "exponent"),
        (b'{"a": 1e-99999999999999999999}', "exponent"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": [' + b"[" * 10_000, "too deeply"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"5", "must be a JSON object"),
        (b"null", "must be a JSON object"),
    ],
    ids=repr,
)
def test_what_is_no_json_object_is_refused_with_the_reason(body: bytes, said: str) -> None:
    assert said in _refused(body).detail


@pytest.mark.parametrize(
    "body", [b'{"a": 1, "b": 2, "a": 1}', b'{"x": {"a": 1, "a": 2}}', b'{"x": [{"a": 1, "a": 1}]}']
)
def test_a_duplicate_key_is_named(body: bytes) -> None:
    assert [error.field for error in _refused(body).errors] == ["a"]


def test_a_duplicate_key_is_named_even_when_it_is_no_text() -> None:
    assert [error.field for error in _refused(b'{"\\ud800": 1, "\\ud800": 2}').errors] == ["\\ud800"]


def test_every_bad_field_is_named_by_its_path() -> None:
    with pytest.raises(Problem) as refused:
        validate(Whole, {"name": "ab", "parts": [{"size": "x"}, {"other": 1}], "wanted": 1, "more": None})
    found = {error.field: (error.code, error.message) for error in refused.value.errors}
    assert found == {
        "name": ("string_too_short", "must have at least 3 characters"),
        "parts.0.size": ("int_type", "must be a whole number"),
        "parts.1.size": ("missing", "is required"),
        "parts.1.other": ("extra_forbidden", "is not a known field; remove it"),
        "wanted": ("bool_type", "must be true or false"),
        "more": ("extra_forbidden", "is not a known field; remove it"),
    }
    assert refused.value.detail.startswith("6 fields are not as required: name, ")


def test_too_many_are_counted() -> None:
    with pytest.raises(Problem) as refused:
        validate(Whole, {"name": "abc", "parts": [{"size": 1}] * 3, "wanted": True})
    assert [(e.field, e.message) for e in refused.value.errors] == [("parts", "must have at most 2 items")]
    assert refused.value.detail == "1 field is not as required: parts."


def _body(size: int, content_type: str = "application/json") -> Request:
    start, end = b'{"name":"', b'","parts":[],"wanted":true}'
    body = start + b"x" * (size - len(start) - len(end)) + end
    return Request("POST", "/", headers={"content-type": content_type}, body=body)


def test_ten_kilobytes_and_no_more() -> None:
    parse_body(Whole, _body(MAX_BODY))
    with pytest.raises(Problem) as refused:
        parse_body(Whole, _body(MAX_BODY + 1))
    assert refused.value.type.status == 413


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8", " application/json "])
def test_json_is_taken(content_type: str) -> None:
    assert isinstance(parse_body(Whole, _body(100, content_type)), Whole)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "application/json+x", "json"])
def test_nothing_else_is_taken(content_type: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_body(Whole, _body(100, content_type))
    assert (refused.value.type.status, refused.value.headers) == (415, {"accept": "application/json"})
