"""Time: always UTC, on the wire RFC 3339 with six digits and ``Z``, so that text order is time order."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

from pydantic import BeforeValidator, WithJsonSchema

MICROSECOND = timedelta(microseconds=1)
_LONGEST = 40


class Clock(Protocol):
    """Where the time comes from. Tests move it; nothing sleeps for it."""

    def now(self) -> datetime:
        """The present, timezone-aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, timezone-aware, UTC."""
        return datetime.now(UTC)


class SteadyClock:
    """A clock that stands still where the one below it goes back, and never shows a time up to ``floor``.

    A change that carried a time before the last checkpoint would look as if it had been slipped in.
    """

    def __init__(self, clock: Clock, floor: datetime | None = None) -> None:
        self._clock = clock
        self._latest = datetime.min.replace(tzinfo=UTC) if floor is None else floor + MICROSECOND
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present, timezone-aware, UTC; never before a time that was given."""
        with self._lock:
            self._latest = max(self._latest, self._clock.now())
            return self._latest


def rfc3339(moment: datetime) -> str:
    """``2026-11-20T10:00:00.000000Z``: fixed width, sorts as text. ``moment`` must be in UTC."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_rfc3339(text: str) -> datetime:
    """The moment that an RFC 3339 text with a zone names, in UTC.

    Raises:
        ValueError: not a date-time, no zone, or a day that the calendar does not have.
    """
    if "T" not in text.upper() or len(text) > _LONGEST:
        msg = "not an RFC 3339 date-time such as 2026-11-20T10:00:00Z"
        raise ValueError(msg)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = "the time zone is missing: end with Z or an offset such as +02:00"
        raise ValueError(msg)
    try:
        return moment.astimezone(UTC)
    except OverflowError as overflow:
        msg = "outside the calendar's years 1 to 9999"
        raise ValueError(msg) from overflow


type Moment = Annotated[
    datetime,
    BeforeValidator(lambda value: parse_rfc3339(value) if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-11-20T10:00:00Z"}),
]
