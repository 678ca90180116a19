"""Text that came from elsewhere, made safe to show on a terminal."""

import re

# Lone surrogates too, which no stream can encode.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def one_line(text: str) -> str:
    """``text`` with control characters and line breaks written as escapes, so that it cannot steer a terminal."""
    return _CONTROL.sub(_escape, text)


def some_lines(text: str) -> str:
    """The same, but line breaks and tabs stay."""
    return _CONTROL_BUT_LINES.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
