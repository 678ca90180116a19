"""Time: always UTC, on the wire RFC 3339 with six digits and ``Z``, so that text order is time order."""

import re
import threading
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Protocol

import orjson
from pydantic import BeforeValidator, WithJsonSchema

MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,9})?(?P<zone>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)


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


@lru_cache(maxsize=1024)
def rfc3339(moment: datetime) -> str:
    """``2026-11-20T10:00:00.000000Z``: fixed width, sorts as text. ``moment`` must be in UTC."""
    # Four times as fast as datetime.isoformat, and every change has a time of its own. It leaves out six zeros.
    text = orjson.dumps(moment, option=orjson.OPT_UTC_Z).decode().strip('"')
    return text if moment.microsecond else f"{text[:-1]}.000000Z"


def rfc3339_or_none(moment: datetime | None) -> str | None:
    """As :func:`rfc3339`, of a time that may not have come."""
    return None if moment is None else rfc3339(moment)


def moment_or_none(text: str | None) -> datetime | None:
    """As :func:`parse_rfc3339`, of a time that may not have come.

    Raises:
        ValueError: as there.
    """
    return None if text is None else parse_rfc3339(text)


def parse_rfc3339(text: str) -> datetime:
    """The moment that an RFC 3339 text with a zone names, in UTC.

    Raises:
        ValueError: not a date-time, no zone, or a day that the calendar does not have.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        msg = "must be an RFC 3339 date-time such as 2026-11-20T10:00:00Z"
        raise ValueError(msg)
    if match["zone"] is None:
        msg = "must end with Z or an offset such as +02:00 (in a URL, + is written %2B)"
        raise ValueError(msg)
    try:
        # Python reads six digits of a fraction; RFC 3339 allows more, and they are cut off.
        moment = datetime.fromisoformat(f"{match['second']}{match['fraction'] or ''}"[:26] + match["zone"].upper())
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        msg = "must be a day and time of the calendar's years 1 to 9999"
        raise ValueError(msg) from error


type Moment = Annotated[
    datetime,
    BeforeValidator(lambda value: parse_rfc3339(value) if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-11-20T10:00:00Z"}),
]
