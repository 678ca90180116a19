"""The log of a function: a line of JSON for everything, found by its fields. Never a secret, a body or a query."""

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType

import orjson

type _ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record with what was passed as ``extra``; of an exception its type and where it was raised.

    Never its text: that of a validation error, or of the SDK's, quotes what it was given.
    """

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the name of logging's own
        """Types and places, the newest first."""
        lines = []
        for error in _chain(ei[1]):
            frames = traceback.extract_tb(error.__traceback__)
            places = ", ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
            lines.append(f"{type(error).__module__}.{type(error).__qualname__} at {places}")
        return "\n".join(lines)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "logger": record.name,
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def write_line(logger: logging.Logger, event: str, fields: Mapping[str, object]) -> None:
    """A line of level INFO as ``logger`` would write it, without its record, which costs a third of a read.

    Args:
        logger: says whether it is wanted.
        event: what happened.
        fields: what else there is to say.
    """
    if logger.isEnabledFor(logging.INFO):
        line = {"event": event, "level": "info", "timestamp": datetime.now(UTC), "logger": logger.name, **fields}
        sys.stdout.write(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE).decode())
        sys.stdout.flush()


def configure(level: str) -> None:
    """Log to standard output, from where Lambda takes it, in place of what the runtime has set up."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("botocore").setLevel(logging.WARNING)
