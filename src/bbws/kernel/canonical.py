"""Canonical JSON (RFC 8785) and the digests over it.

orjson with sorted keys gives the very bytes of RFC 8785 for what a :data:`Document` may hold: no floats, integers
within 2^53, keys below U+D800 (above it UTF-16 order, which the RFC asks for, and code point order part).
:func:`check_document` refuses everything else, and a property test holds both against the ``rfc8785`` library.
Why: docs/decisions/0004.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import orjson

type Document = dict[str, Any]

MAX_DEPTH = 16
MAX_DOCUMENT_BYTES = 100 * 1024
_LISTS = (list, tuple)
_SCALARS = (str, int)
_PLAIN = frozenset({str, int, bool, type(None)})
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
    """Refuse what :func:`canonical` lets through. It runs for every row of every commit: plain members get no call."""
    if isinstance(value, dict):
        _check_keys(value)
        members: Collection[object] = value.values()
    elif isinstance(value, _LISTS):
        members = value
    elif isinstance(value, _SCALARS):
        return
    else:
        msg = f"{type(value).__name__} cannot be stored; decimals and times are strings"
        raise InvalidDocument(msg)
    if depth > MAX_DEPTH:
        msg = f"deeper than {MAX_DEPTH} levels"
        raise InvalidDocument(msg)
    for member in members:
        if type(member) not in _PLAIN:
            _check(member, depth + 1)


def _check_keys(value: Mapping[Any, object]) -> None:
    try:
        together = "".join(value)
    except TypeError as error:
        msg = "keys are strings"
        raise InvalidDocument(msg) from error
    if "" in value:
        msg = "a key is not empty"
        raise InvalidDocument(msg)
    if not together.isascii() and max(together) >= _FIRST_UNORDERED:
        msg = f"{next(key for key in value if key and max(key) >= _FIRST_UNORDERED)!r} cannot be a key"
        raise InvalidDocument(msg)


def sha256(*parts: bytes) -> str:
    """Lower-case hexadecimal SHA-256 over the parts joined."""
    return hashlib.sha256(b"".join(parts)).hexdigest()
