import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bbws.kernel import text as kernel_text
from bbws.kernel.text import fold, words

LINE: TypeAdapter[str] = TypeAdapter(Annotated[str, kernel_text.ONE_LINE])
LINES: TypeAdapter[str] = TypeAdapter(Annotated[str, kernel_text.LINES])


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  Basic \t", "Basic"), ("Cafe\u0301", "Café"), ("\u00a0x\u2003", "x"), ("日本語 プラン", "日本語 プラン")],
)
def test_text_is_trimmed_and_composed(given: str, kept: str) -> None:
    assert LINE.validate_python(given) == kept


@pytest.mark.unmeasured  # nearly all of its time makes texts up
@given(st.text())
def test_what_is_kept_is_composed_and_trimmed_for_good(text: str) -> None:
    try:
        kept = LINE.validate_python(text)
    except ValidationError:
        return
    assert kept == kept.strip() == unicodedata.normalize("NFC", kept)
    assert not any(unicodedata.category(c) == "Cc" for c in kept)
    assert LINE.validate_python(kept) == kept


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\n", "\t", "\x7f", "\x85", "\x9f", "\ud800"], ids=ascii)
def test_a_line_holds_no_control_character(control: str) -> None:
    with pytest.raises(ValidationError, match="control characters"):
        LINE.validate_python(f"a{control}b")


@pytest.mark.parametrize("kind", [LINE, LINES], ids=["line", "lines"])
@pytest.mark.parametrize(
    "blank",
    ["\u200b", "\u2060", "\u00ad", "\u200d", "\u034f", "\u115f", "\u180b", "\u2065", "\u2800", "\u3164", "\ufe0f",
     "\uffa0", "\ufff0", "\U0001d173", "\U000e0001", "\U000e0100"],
    ids=ascii,
)  # fmt: skip
def test_a_text_can_be_seen(kind: TypeAdapter[str], blank: str) -> None:
    for text in (blank, blank * 3, f"{blank}\u2003{blank} {blank}"):
        with pytest.raises(ValidationError, match="must hold a character that can be seen"):
            kind.validate_python(text)
    assert kind.validate_python(f"a{blank}b{blank}") == f"a{blank}b{blank}"


@pytest.mark.parametrize("kind", [LINE, LINES], ids=["line", "lines"])
@pytest.mark.parametrize("text", ["👨‍👩‍👧", "❤️‍🔥", "می‌خواهم", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "क्‍ष", ""])
def test_what_joins_characters_that_are_seen_is_kept(kind: TypeAdapter[str], text: str) -> None:
    assert kind.validate_python(text) == text


def test_lines_may_hold_line_breaks_and_tabs() -> None:
    assert LINES.validate_python("a\n\tb") == "a\n\tb"
    for character in ("\x0b", "\r", "\ud800"):
        with pytest.raises(ValidationError, match="other than line breaks"):
            LINES.validate_python(f"a{character}b")


def test_what_is_no_text_is_left_for_the_schema_to_refuse() -> None:
    with pytest.raises(ValidationError, match="valid string"):
        LINE.validate_python(5)


@pytest.mark.parametrize(
    ("text", "folded"), [("Café", "cafe"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("ﬁ", "fi"), ("ÅÄÖ", "aao")]
)
def test_folding_forgets_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_are_distinct_folded_and_in_order() -> None:
    assert words("Büro & Café: büro_Paket 24/7") == ["buro", "cafe", "paket", "24", "7"]
    assert words("--- &") == []
