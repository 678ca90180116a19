"""Text that came from elsewhere, made safe to show on a terminal."""

import json
import re

# Lone surrogates too, which no stream can encode, and what turns the direction of text.
_HIDDEN = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_CONTROL = re.compile(rf"[\x00-\x1f{_HIDDEN}]")
_CONTROL_BUT_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f{_HIDDEN}]")


def one_line(text: str) -> str:
    """``text`` with control characters and line breaks written as escapes, so that it cannot steer a terminal."""
    return _CONTROL.sub(_escape, text)


def some_lines(text: str) -> str:
    """The same, but line breaks and tabs stay."""
    return _CONTROL_BUT_LINES.sub(_escape, text)


def json_text(value: object, indent: int | None = None) -> str:
    """JSON with letters as they are, but what hides or steers spelt as JSON can: nothing is lost."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _CONTROL_BUT_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
