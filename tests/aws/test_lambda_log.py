"""The line of a request is one as the logger would write."""

import io
import json
import logging
from contextlib import redirect_stdout

from bbws.entrypoints.lambda_log import JsonFormatter, write_line

FIELDS = {"requestId": "R1", "status": 200, "actor": "Zoë", "cold": True}


def written(level: int) -> str:
    """What a logger of a level writes to standard output."""
    logger = logging.getLogger(f"tests.line.{level}")
    logger.setLevel(level)
    with redirect_stdout(io.StringIO()) as output:
        write_line(logger, "request", FIELDS)
    return output.getvalue()


def test_a_line_is_as_the_logger_would_write_it() -> None:
    name = f"tests.line.{logging.INFO}"
    record = logging.getLogger(name).makeRecord(name, logging.INFO, "", 0, "request", (), None, extra=FIELDS)
    line = written(logging.INFO)
    found, expected = json.loads(line), json.loads(JsonFormatter().format(record))
    assert list(found) == list(expected)
    assert {**found, "timestamp": ""} == {**expected, "timestamp": ""}
    assert found["timestamp"].endswith("Z")
    assert line.endswith("}\n")


def test_nothing_is_written_below_the_level() -> None:
    assert written(logging.WARNING) == ""
