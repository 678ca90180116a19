"""Canonical JSON (RFC 8785) and the digests over it.

orjson with sorted keys gives the very bytes of RFC 8785 for what a :data:`Document` may hold: no floats, integers
within 2^53, keys below U+D800 (above it UTF-16 order, which the RFC asks for, and code point order part).
:func:`check_document` refuses everything else, and a property test holds both against the ``rfc8785`` library.
Why: docs/decisions/0004.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

type Document = dict[str, Any]

MAX_DEPTH = 16
MAX_DOCUMENT_BYTES = 100 * 1024
_LISTS = (list, tuple)
_MAX_INTEGER = 2**53 - 1
_FIRST_UNORDERED = "\ud800"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


class InvalidDocument(ValueError):  # noqa: N818 - names the finding, as a store would report it
    """A document holds what no engine may store: a programming error, never a caller's."""


def canonical(value: object) -> bytes:
    """The RFC 8785 bytes of ``value``.

    Raises:
        InvalidDocument: an integer beyond 2^53 or a string that is not valid Unicode.
    """
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError as error:
        raise InvalidDocument(str(error)) from error


def check_document(document: Document) -> bytes:
    """The canonical bytes of a document that every engine may store (design §3, Row).

    Raises:
        InvalidDocument: a value of another type, more than 16 levels deep, or above 100 KB.
    """
    _check(document, 1)
    encoded = canonical(document)
    if len(encoded) > MAX_DOCUMENT_BYTES:
        msg = f"a document may have {MAX_DOCUMENT_BYTES} bytes at most, this one has {len(encoded)}"
        raise InvalidDocument(msg)
    return encoded


def _check(value: object, depth: int) -> None:
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            msg = f"{value} does not fit in 53 bits"
            raise InvalidDocument(msg)
    elif depth > MAX_DEPTH:
        msg = f"deeper than {MAX_DEPTH} levels"
        raise InvalidDocument(msg)
    elif isinstance(value, dict):
        _check_keys(value)
        _check_members(value.values(), depth)
    elif isinstance(value, _LISTS):
        _check_members(value, depth)
    else:
        msg = f"{type(value).__name__} cannot be stored; decimals and times are strings"
        raise InvalidDocument(msg)


def _check_keys(value: Mapping[object, object]) -> None:
    for key in value:
        if not isinstance(key, str) or (not key.isascii() and max(key) >= _FIRST_UNORDERED):
            msg = f"{key!r} cannot be a key"
            raise InvalidDocument(msg)


def _check_members(members: Iterable[object], depth: int) -> None:
    """Most members are text, and this runs for every row of every commit: what needs no look gets no call."""
    for member in members:
        if type(member) is not str:
            _check(member, depth + 1)


def sha256(*parts: bytes) -> str:
    """Lower-case hexadecimal SHA-256 over the parts joined."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(part)
    return hasher.hexdigest()
