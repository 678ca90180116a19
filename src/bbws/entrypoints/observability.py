"""What can be seen from outside: JSON logs and Prometheus metrics. Never a secret, a body or a query string."""

import asyncio
import logging
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import orjson
import prometheus_client
import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.dispatch import Exchange
from bbws.kernel.http import Response

_UNMATCHED = "none"
_SERVER_FAULT = 500
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


_LOST = prometheus_client.Counter(
    "bbws_log_lines_lost", "Times that standard error did not take what was logged.", registry=None
)


def _write(line: bytes) -> None:
    """Write a line of the log. A full disk or a closed pipe there costs lines, which are counted, but no answers."""
    try:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
    except OSError:
        _LOST.inc()


def _line(exchange: Exchange, operation: str, status: int, seconds: float, level: int) -> bytes:
    """The line of a request, written directly: through a logging library it was a sixth of a read's whole cost."""
    endpoint = exchange.endpoint
    record = {
        "event": "request",
        "level": logging.getLevelName(level).lower(),
        "timestamp": datetime.now(UTC),
        "requestId": exchange.request.id,
        "operation": operation,
        "method": exchange.request.method,
        "route": _UNMATCHED if endpoint is None else endpoint.path,
        "status": status,
        "durationMs": round(seconds * 1000, 3),
        "actor": exchange.actor.subject,
    }
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _without_colour(_logger: object, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Drop what uvicorn adds for terminals."""
    event.pop("color_message", None)
    return event


def configure_logging(level: str) -> None:
    """Everything that is logged becomes one line of JSON on standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_colour,
            # Without the locals of each frame, which hold keys and bodies.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode()),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level, force=True)


class Observer:
    """Counts and logs every request. All of it happens on the event loop's thread, so plain numbers are enough."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._requests = _Requests()
        for own in (_EngineCollector(engine), self._requests, _LOST):
            self._registry.register(own)
        self._lines: list[bytes] = []
        self._level = logging.getLogger().getEffectiveLevel()

    def observe(self, exchange: Exchange, response: Response, seconds: float) -> None:
        """Note an answered request. The route is logged as declared, so that nothing in a path is."""
        endpoint, status = exchange.endpoint, response.status
        operation = _UNMATCHED if endpoint is None else endpoint.id
        self._requests.note(operation, status, seconds)
        level = logging.ERROR if status >= _SERVER_FAULT else logging.INFO
        if level >= self._level:
            self._log(_line(exchange, operation, status, seconds, level))

    def _log(self, line: bytes) -> None:
        """The lines of one turn of the event loop are written together."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(line)

    def _flush(self) -> None:
        _write(b"".join(self._lines))
        self._lines.clear()

    def render(self) -> bytes:
        """The Prometheus text exposition."""
        return generate_latest(self._registry)


class _Requests(Collector):
    """Answers by operation and status, and how long they took.

    The library's own counters, made for many threads, cost three times as much as finding the endpoint.
    """

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._within: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS) + 1))

    def note(self, operation: str, status: int, seconds: float) -> None:
        """One more answer."""
        self._answers[operation, status] += 1
        self._seconds[operation] += seconds
        self._within[operation][bisect_left(_BUCKETS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily("bbws_http_requests", "Requests answered.", labels=("operation", "status"))
        for (operation, status), count in self._answers.items():
            answers.add_metric((operation, str(status)), count)
        yield answers
        times = HistogramMetricFamily("bbws_http_request_seconds", "Time to answer.", labels=("operation",))
        for operation, within in self._within.items():
            bounds = (*(str(bound) for bound in _BUCKETS), "+Inf")
            times.add_metric((operation,), list(zip(bounds, accumulate(within), strict=True)), self._seconds[operation])
        yield times


class _EngineCollector(Collector):
    """Feed and queues as they are when somebody looks."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        status = self._engine.status()
        yield _gauge("bbws_feed_waiting", "Changes in no queue yet.", status.feed_waiting)
        yield _gauge("bbws_feed_lag_seconds", "Age of the oldest of them.", status.feed_lag_seconds or 0.0)
        figures: list[tuple[str, str, Any]] = [
            ("waiting", "Messages that wait.", lambda queue: queue.waiting),
            ("in_flight", "Messages being worked on.", lambda queue: queue.in_flight),
            ("dead", "Messages parked after failing too often.", lambda queue: queue.dead),
            ("oldest_seconds", "Age of the oldest waiting message.", lambda queue: queue.oldest_seconds or 0.0),
        ]
        for name, text, read in figures:
            family = GaugeMetricFamily(f"bbws_queue_{name}", text, labels=("queue",))
            for queue in status.queues:
                family.add_metric((queue.name,), read(queue))
            yield family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
