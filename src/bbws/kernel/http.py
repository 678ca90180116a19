"""Requests and answers as dispatch sees them, whichever edge they came through."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from bbws.kernel.problem import VALIDATION, FieldError, Problem

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
# How errors name a field whose own name is empty.
NO_NAME = '""'
_MAX_PARAMETERS = 50
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
# Joined, as lists are, two of one of these would be a third value that nobody sent.
SINGLE_HEADERS = frozenset({"authorization", "content-type", "idempotency-key", "x-api-key"})


class Request(NamedTuple):
    """One request.

    Attributes:
        method: upper case.
        path: as sent: percent-encoded, without the base path.
        query: the raw query string, without ``?``.
        headers: names in lower case.
        body: the bytes as received.
        address: the caller's network address, used for limits only and never stored.
        base_path: what the edge puts before every path (a gateway stage, a proxy prefix), without a slash at the end.
        id: the request id, also the correlation id of what it changes.
        repeated: those of SINGLE_HEADERS that came more than once.
        claims: what a token says that the edge has verified; empty where there was none.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    address: str = ""
    base_path: str = ""
    id: str = ""
    repeated: frozenset[str] = frozenset()
    claims: Mapping[str, str] = NO_HEADERS

    def parameters(self) -> dict[str, str]:
        """The query's parameters.

        Raises:
            Problem: 400 for a parameter given twice, or bytes that are not UTF-8.
        """
        if not self.query:
            return {}
        try:
            pairs = parse_qsl(
                self.query,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MAX_PARAMETERS,
            )
        except ValueError as error:
            detail = "The query string must be percent-encoded UTF-8 with at most 50 parameters."
            raise VALIDATION(detail, errors=(FieldError("query", detail, "malformed"),)) from error
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            names = [name for name, _ in pairs]
            twice = sorted({name or NO_NAME for name in names if names.count(name) > 1})
            raise VALIDATION(
                f"Give each query parameter once: {', '.join(twice)} came more than once.",
                errors=tuple(FieldError(name, "given more than once", "duplicate") for name in twice),
            )
        return parameters

    def repetition(self) -> Problem:
        """The 400 problem where ``repeated`` names anything."""
        names = sorted(name.title() for name in self.repeated)
        return VALIDATION(
            f"Send each of these headers once: {', '.join(names)} came more than once.",
            errors=tuple(FieldError(name, "sent more than once; send it once", "duplicate") for name in names),
        )


def decode_segment(segment: str) -> str:
    """A path segment decoded; bytes that are not UTF-8 become U+FFFD, which no id allows."""
    return unquote(segment, errors="replace") if "%" in segment else segment


class Response:
    """One answer. ``body`` is bytes, or an iterator of chunks for an answer too large to hold."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes | Iterable[bytes] = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body
