"""Text that people write: trimmed, NFC, without control characters; and its folded form for search and order."""

import re
import unicodedata
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

# Half a surrogate pair is no character: JSON can spell one, and no store can keep it.
# Separators of lines and of paragraphs, and marks that turn the direction of the text around them.
_UNSEEN = r"\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
_CONTROL = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_UNSEEN}]")
_CONTROL_BUT_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_UNSEEN}]")
_WORD = re.compile(r"[^\W_]+")


def _clean(value: object) -> object:
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", value.strip().replace("\r\n", "\n"))


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        msg = "must not hold control characters, line breaks or lone surrogates"
        raise ValueError(msg)
    return value


def _lines(value: str) -> str:
    if _CONTROL_BUT_LINES.search(value):
        msg = "must not hold lone surrogates, nor control characters other than line breaks and tabs"
        raise ValueError(msg)
    return value


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


type Clean = Annotated[str, BeforeValidator(_clean)]
type Line = Annotated[Clean, AfterValidator(_one_line)]
type Lines = Annotated[Clean, AfterValidator(_lines)]
