"""Acknowledged durable creates over HTTP: how many a second, and whether feed and archive keep up with them."""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from bbws.bootstrap.embedded import verify_archive
from bbws.engines.embedded.schema import DATABASE_FILE
from bench import servers
from bench.events import PRODUCT
from bench.loadgen import Load, NextRequest, put_load, request
from bench.measure import mebibytes
from bench.options import Options
from bench.report import Finding, Section, Table
from bench.subjects import BASE

_CLIENTS = 32
_PER_SECOND = 1_500
_LAG_SECONDS = 5.0
_CAUGHT_UP_SECONDS = 600
_STORED = "SELECT count(*) FROM rows WHERE partition >= 'PRODUCT#' AND partition < 'PRODUCT$' AND sort = 'METADATA'"


@dataclass(slots=True)
class Lag:
    """How far feed and queues were behind, sampled while creating. ``oldest`` in seconds."""

    oldest: float = 0.0
    waiting: int = 0
    samples: int = 0
    failure: Exception | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, server: servers.Server) -> None:
        """Sample until told to stop."""
        try:
            while not self.stop.wait(0.5):
                oldest, waiting = behind(server)
                self.oldest, self.waiting = max(self.oldest, oldest), max(self.waiting, waiting)
                self.samples += 1
        except Exception as failure:  # noqa: BLE001 - raised by the thread that waits for this one
            self.failure = failure


def run(options: Options) -> Section:
    seconds = options.sized(6, 30)
    section = Section("Acknowledged durable creates over HTTP")
    with TemporaryDirectory(dir=options.data) as folder:
        data_dir = Path(folder) / "data"
        with servers.bbws(data_dir) as server:
            before = server.memory()
            put_load(server.port, _creates(server.key), connections=_CLIENTS, seconds=1.0)
            _wait_until_caught_up(server)
            load, lag, processor = _create(server, seconds)
            behind_seconds = _wait_until_caught_up(server)
            after, most = server.memory(), server.memory("VmHWM")
        stored, records = _count_stored(data_dir), _verify(data_dir)
        sizes = mebibytes(_size(data_dir, "*")), mebibytes(_size(data_dir / "archive", "**/*"))
    assert not load.refused, load.refused
    assert stored >= load.acknowledged, (stored, load.acknowledged)
    assert records >= stored, (records, stored)
    _findings(section, load, lag, behind_seconds)
    rows = [
        ("acknowledged", f"{load.acknowledged:,} in {load.seconds:.1f} s"),
        ("p50 / p99", f"{load.milliseconds(50):.1f} / {load.milliseconds(99):.1f} ms"),
        ("server's processor time a create, feed, audit and archive included", f"{processor:,.0f} µs"),
        ("oldest change or message seen waiting", f"{lag.oldest:.2f} s ({lag.samples} samples)"),
        ("most changes and messages seen waiting", f"{lag.waiting:,}"),
        ("until feed and queues were empty after the last create", f"{behind_seconds:.2f} s"),
        ("memory before, after, most", ", ".join(mebibytes(each) for each in (before, after, most))),
        ("database files, archive", ", ".join(sizes)),
        ("products in the database, records in the verified archive", f"{stored:,}, {records:,}"),
    ]
    section.tables.append(Table((f"{_CLIENTS} clients, {seconds} s", ""), rows))
    section.notes.append(
        "Only answers 201 count, each sent after the commit's fsync. The server runs as shipped: authentication, "
        "feed, audit consumer, archive, logs, metrics. Afterwards every acknowledged product is counted in the "
        "database file, and the archive is verified offline, chain by chain."
    )
    return section


def _findings(section: Section, load: Load, lag: Lag, behind_seconds: float) -> None:
    what = f"durable creates over HTTP, {_CLIENTS} clients, {load.seconds:.0f} s"
    ratio = f"{load.per_second / _PER_SECOND:.2f} × the budget"
    section.findings.append(
        Finding(what, "≥ 1,500/s", f"{load.per_second:,.0f}/s", ratio, load.per_second >= _PER_SECOND)
    )
    longest = max(lag.oldest, behind_seconds)
    shown = f"most seen {lag.oldest:.2f} s, at the end {behind_seconds:.2f} s"
    section.findings.append(Finding("archive lag meanwhile", "≤ 5 s", shown, "", longest <= _LAG_SECONDS))


def _create(server: servers.Server, seconds: float) -> tuple[Load, Lag, float]:
    lag = Lag()
    watcher = threading.Thread(target=lag.watch, args=(server,))
    watcher.start()
    processor = server.processor_seconds()
    try:
        load = put_load(server.port, _creates(server.key), connections=_CLIENTS, seconds=seconds)
    finally:
        lag.stop.set()
        watcher.join()
    if lag.failure is not None:
        raise lag.failure
    return load, lag, (server.processor_seconds() - processor) / load.acknowledged * 1e6


def _creates(key: str) -> NextRequest:
    def requests() -> Iterator[bytes]:
        for number in count(1):
            body = orjson.dumps(PRODUCT | {"name": f"{PRODUCT['name']} {number}"})
            yield request("POST", BASE, key=key, body=body)

    return requests().__next__


def behind(server: servers.Server) -> tuple[float, int]:
    """The age of the oldest change or message that waits, and how many there are."""
    status, text = server.call("GET", "/metrics")
    assert status == 200, text
    figures = re.findall(r"^(bbws_(?:feed|queue)_\w+?)(?:\{.*\})? (\S+)$", text, re.MULTILINE)
    ages = [float(value) for name, value in figures if name in {"bbws_feed_lag_seconds", "bbws_queue_oldest_seconds"}]
    counts = [float(value) for name, value in figures if name.endswith(("_waiting", "_in_flight"))]
    assert ages, text
    return max(ages), int(sum(counts))


def _wait_until_caught_up(server: servers.Server) -> float:
    begun = time.monotonic()
    while behind(server)[1]:
        assert time.monotonic() < begun + _CAUGHT_UP_SECONDS, "feed and queues do not empty"
        time.sleep(0.05)
    return time.monotonic() - begun


def _count_stored(data_dir: Path) -> int:
    with sqlite3.connect(data_dir / DATABASE_FILE) as connection:
        stored: int = connection.execute(_STORED).fetchone()[0]
        return stored


def _verify(data_dir: Path) -> int:
    report = verify_archive(data_dir / "archive")
    assert report.sound, report.findings[:3]
    return report.records


def _size(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())
