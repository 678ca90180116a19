from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.kernel.clock import SteadyClock, SystemClock, parse_rfc3339, rfc3339
from tests.fakes import FakeClock

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_a_moment_survives_being_written(moment: datetime) -> None:
    assert parse_rfc3339(rfc3339(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    assert (rfc3339(one) < rfc3339(other)) == (one < other)


def test_an_offset_is_converted_to_utc() -> None:
    moment = parse_rfc3339("2026-11-20T12:00:00+02:00")
    assert moment == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-20", "must be an RFC 3339"),
        ("2026-11-20 10:00:00Z", "must be an RFC 3339"),
        ("2026-11-20T10:00:00", "must end with Z"),
        ("2026-02-30T10:00:00Z", "day"),
        ("T" * 41, "must be an RFC 3339"),
        ("0001-01-01T00:00:00+01:00", "of the calendar"),
        ("9999-12-31T23:59:59-01:00", "of the calendar"),
        ("", "must be an RFC 3339"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_rfc3339(text)


def test_the_machines_clock_is_in_utc() -> None:
    before = datetime.now(timezone(timedelta(hours=2)))
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now


def test_a_steady_clock_never_goes_back_nor_below_its_floor() -> None:
    below = FakeClock()
    noon = below.now()
    steady = SteadyClock(below, noon + timedelta(hours=1))
    assert steady.now() == noon + timedelta(hours=1, microseconds=1)
    below.advance(7200)
    assert steady.now() == noon + timedelta(hours=2)
    below.advance(-3600)
    assert steady.now() == noon + timedelta(hours=2)
