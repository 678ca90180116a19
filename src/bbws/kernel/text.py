"""Text that people write: trimmed, NFC, seen, without control characters; and its folded form for search and order."""

import re
import unicodedata
from functools import lru_cache

from pydantic import BeforeValidator

# Half a surrogate pair is no character: JSON can spell one, and no store can keep it.
# Separators of lines and of paragraphs, and marks that turn the direction of the text around them.
_UNSEEN = r"\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
# Compiled when a text first needs them: that of classes takes a millisecond, and most text is plain.
_CONTROL = rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_UNSEEN}]"
_CONTROL_BUT_LINES = rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_UNSEEN}]"
# What shows nothing: these categories, Unicode's further Default_Ignorable_Code_Points, and the blank of Braille.
_BLANK_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_FILLERS = r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\uffa0"
_BLANK = rf"[{_FILLERS}\ufe00-\ufe0f\ufff0-\ufff8\U000e0000-\U000e0fff]"
_WORD = re.compile(r"[^\W_]+")


def _one_line(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.isascii() and text.isprintable():
        return text
    return _without(_CONTROL, text, "control characters, line breaks or lone surrogates")


def _lines(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().replace("\r\n", "\n")
    return _without(_CONTROL_BUT_LINES, text, "lone surrogates, nor control characters other than line breaks and tabs")


def _without(forbidden: str, text: str, names: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if re.search(forbidden, text):
        msg = f"must not hold {names}"
        raise ValueError(msg)
    if text and all(unicodedata.category(c) in _BLANK_CATEGORIES or re.match(_BLANK, c) for c in text):
        msg = "must hold a character that can be seen"
        raise ValueError(msg)
    return text


@lru_cache(maxsize=512)
def fold(text: str) -> str:
    """For comparing without regard to case and accents: NFKD, marks dropped, case folded (``Café`` → ``cafe``)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words(text: str) -> list[str]:
    """The distinct folded words of a text, in order of appearance."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))


# The last annotation of a string, so that its lengths are those of the text as it is kept.
ONE_LINE = BeforeValidator(_one_line)
LINES = BeforeValidator(_lines)
