"""Conditional requests: entity tags, ``If-Match`` and ``If-None-Match``. Source: design §4, RFC 9110 §13."""

import hashlib
import re

from bbws.kernel.problem import PRECONDITION_FAILED, VALIDATION, FieldError

# Compiled when a request first brings one of these headers.
_TAG = r'\s*(?:W/)?"([^"]*)"\s*(?:,|$)'
_VERSIONED = r"(\d{1,16})(?:-[0-9a-f]*)?"


def entity_tag(version: int | None, body: bytes) -> str:
    """``"{version}-{hash of the body}"``; version 0 stands for answers that have none, such as lists."""
    return f'"{version or 0}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def tags(header: str, name: str) -> list[str]:
    """The opaque tags in a header.

    Raises:
        Problem: 400 where the header is not a list of quoted tags.
    """
    tag, found, position = re.compile(_TAG), [], 0
    while position < len(header):
        match = tag.match(header, position)
        if match is None:
            message = 'must be * or quoted ETags, such as "3-9f86d081884c7d65"'
            raise VALIDATION(f"{name} {message}.", errors=(FieldError(name, message, "etag"),))
        found.append(match[1])
        position = match.end()
    return found


def expected_versions(header: str | None) -> frozenset[int] | None:
    """The versions that ``If-Match`` accepts; None for any (no header, or ``*``).

    Raises:
        Problem: 400 for a malformed header.
    """
    if header is None or header.strip() == "*":
        return None
    matches = (re.fullmatch(_VERSIONED, tag) for tag in tags(header, "If-Match"))
    return frozenset(int(match[1]) for match in matches if match)


def require_version(expected: frozenset[int] | None, version: int | None) -> None:
    """Hold ``If-Match`` against what a call was about; None of ``expected`` is any version.

    Raises:
        Problem: 412 with both.
    """
    if expected is not None and version not in expected:
        detail = "What this call is about is not at the version that If-Match names."
        raise PRECONDITION_FAILED(detail, currentVersion=version, expectedVersions=sorted(expected))


def not_modified(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` holds the whole of ``etag``."""
    if header is None:
        return False
    return header.strip() == "*" or etag.strip('"') in tags(header, "If-None-Match")
