from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.kernel.cursor import Cursors
from bbws.kernel.problem import Problem
from bbws.kernel.table import Key, Position
from tests.fakes import FakeClock

CURSORS = Cursors(lambda: b"secret", FakeClock())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLACE = Position("2026", Key("PRODUCT#1", "METADATA"))
ASKED = {"currency": "ZAR", "pageSize": "5"}


def _refused(call: str, parameters: dict[str, str], token: str, cursors: Cursors = CURSORS) -> bool:
    with pytest.raises(Problem) as refused:
        cursors.read(call, parameters, token)
    assert (refused.value.type.status, refused.value.errors[0].field) == (400, "startAt")
    return True


@pytest.mark.unmeasured  # nearly all of its time makes texts up
@given(TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS))
def test_a_cursor_leads_back_to_its_place(sort: str, partition: str, key: str, parameters: dict[str, str]) -> None:
    place = Position(sort, Key(partition, key))
    token = CURSORS.sign("list", parameters, place)
    assert token.isascii()
    assert CURSORS.read("list", parameters, token) == place


def test_a_cursor_takes_another_page_size() -> None:
    token = CURSORS.sign("list", ASKED, PLACE)
    assert CURSORS.read("list", {"currency": "ZAR", "pageSize": "7", "startAt": token}, token) == PLACE


def test_a_cursor_is_bound_to_its_question() -> None:
    token = CURSORS.sign("list", ASKED, PLACE)
    assert _refused("list", {"currency": "EUR"}, token)
    assert _refused("list", {}, token)
    assert _refused("list", {**ASKED, "order": "asc"}, token)
    assert _refused("another", ASKED, token)
    assert _refused("list", ASKED, token, Cursors(lambda: b"another secret", FakeClock()))


def test_a_cursor_is_good_for_24_hours_and_the_rest_of_the_last_one() -> None:
    clock = FakeClock()
    cursors = Cursors(lambda: b"secret", clock)
    token = cursors.sign("list", ASKED, PLACE)
    clock.advance(25 * 3600 - 1)
    assert cursors.read("list", ASKED, token) == PLACE
    clock.advance(1)
    assert _refused("list", ASKED, token, cursors)


def test_a_cursor_is_the_same_for_an_hour() -> None:
    clock = FakeClock()
    cursors = Cursors(lambda: b"secret", clock)
    token = cursors.sign("list", ASKED, PLACE)
    clock.advance(3599)
    assert cursors.sign("list", ASKED, PLACE) == token
    clock.advance(1)
    assert cursors.sign("list", ASKED, PLACE) != token


def test_every_changed_bit_is_noticed() -> None:
    token = CURSORS.sign("list", ASKED, PLACE)
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        assert _refused("list", ASKED, urlsafe_b64encode(changed).decode().rstrip("="))


@pytest.mark.parametrize("token", ["", "x", "%%%", "ü", "A" * 21, "A" * 22, "A" * 400])
def test_what_is_no_cursor_is_refused(token: str) -> None:
    assert _refused("list", ASKED, token)


def test_a_cut_cursor_is_refused() -> None:
    token = CURSORS.sign("list", ASKED, PLACE)
    assert all(_refused("list", ASKED, token[:length]) for length in range(len(token) - 1))
