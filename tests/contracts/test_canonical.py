"""Our canonical JSON gives the very bytes of RFC 8785, as another implementation of it does."""

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bbws.kernel.canonical import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    Document,
    InvalidDocument,
    canonical,
    check_document,
    sha256,
)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_KEYS = st.text(st.characters(max_codepoint=0xD7FF), min_size=1)
_INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
_SCALARS = st.none() | st.booleans() | _INTEGERS | _TEXT
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=20)


@pytest.mark.unmeasured  # nearly all of its time makes documents up
@given(st.dictionaries(_KEYS, _VALUES))
def test_the_bytes_are_those_of_the_rfc(document: Document) -> None:
    assert check_document(document) == rfc8785.dumps(document)
    assert canonical(document) == rfc8785.dumps(document)


@pytest.mark.unmeasured  # the same
@given(st.dictionaries(_KEYS, _VALUES))
def test_canonical_bytes_read_back_give_the_same_bytes(document: Document) -> None:
    assert canonical(orjson.loads(canonical(document))) == canonical(document)


def test_every_character_of_the_basic_plane_is_written_as_the_rfc_says() -> None:
    text = "".join(chr(code) for code in range(0x2100) if not 0xD800 <= code < 0xE000)
    assert canonical({"text": text}) == rfc8785.dumps({"text": text})


def test_keys_are_ordered_as_the_rfc_orders_them_wherever_they_are_allowed() -> None:
    document = {chr(code): code for code in [0, 0x20, 0x41, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF]}
    assert check_document(document) == rfc8785.dumps(document)


@pytest.mark.parametrize("key", ["\ue000", "a\U0001f600", "\ud800", "é\uffff"])
def test_keys_that_the_rfc_orders_by_utf16_are_refused(key: str) -> None:
    with pytest.raises(InvalidDocument):
        check_document({"outer": [{"a": 0, key: 1}]})


@pytest.mark.parametrize("value", [1.0, float("nan"), 2**53, -(2**53), b"", {1}, object(), "\udfff", {1: 2}, {None: 1}])
def test_values_that_no_engine_may_store_are_refused(value: object) -> None:
    with pytest.raises(InvalidDocument):
        check_document({"value": [value]})


def _nested(depth: int) -> Document:
    document: Document = {}
    for _ in range(depth - 1):
        document = {"in": document}
    return document


def test_the_limits_of_depth_and_size_are_exact() -> None:
    check_document(_nested(MAX_DEPTH))
    with pytest.raises(InvalidDocument, match="16 levels"):
        check_document(_nested(MAX_DEPTH + 1))
    around = len(b'{"t":""}')
    assert len(check_document({"t": "x" * (MAX_DOCUMENT_BYTES - around)})) == MAX_DOCUMENT_BYTES
    with pytest.raises(InvalidDocument, match="102400"):
        check_document({"t": "x" * (MAX_DOCUMENT_BYTES - around + 1)})


def test_canonical_refuses_what_has_no_canonical_form() -> None:
    with pytest.raises(InvalidDocument):
        canonical({"value": 2**53})


def test_a_digest_is_over_the_parts_joined() -> None:
    of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # pragma: allowlist secret
    assert sha256(b"ab", b"c") == of_abc
