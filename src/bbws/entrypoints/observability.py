"""What can be seen from outside: JSON logs and Prometheus metrics. Never a secret, a body or a query string."""

import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.dispatch import Exchange
from bbws.kernel.http import Response

_UNMATCHED = "none"
_SERVER_FAULT = 500
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


_LOST = Counter("bbws_log_lines_lost", "Times that standard error did not take what was logged.", registry=None)


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
    """Counts and logs every request."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(_EngineCollector(engine))
        self._registry.register(_LOST)
        self._requests = Counter(
            "bbws_http_requests", "Requests answered.", ("operation", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "bbws_http_request_seconds", "Time to answer.", ("operation",), registry=self._registry, buckets=_BUCKETS
        )
        self._bound: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._level = logging.getLogger().getEffectiveLevel()

    def observe(self, exchange: Exchange, response: Response, seconds: float) -> None:
        """Note an answered request. The route is logged as declared, so that nothing in a path is."""
        endpoint, status = exchange.endpoint, response.status
        operation = _UNMATCHED if endpoint is None else endpoint.id
        counter, histogram = self._bound.get((operation, status)) or self._bind(operation, status)
        counter.inc()
        histogram.observe(seconds)
        level = logging.ERROR if status >= _SERVER_FAULT else logging.INFO
        if level >= self._level:
            _write(_line(exchange, operation, status, seconds, level))

    def _bind(self, operation: str, status: int) -> tuple[Counter, Histogram]:
        bound = self._requests.labels(operation, str(status)), self._seconds.labels(operation)
        self._bound[operation, status] = bound
        return bound

    def render(self) -> bytes:
        """The Prometheus text exposition."""
        return generate_latest(self._registry)


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
