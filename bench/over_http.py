"""GET of one product over HTTP: the shipped server against peers on the same kind of server, one process each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import servers
from bench.events import PRODUCT
from bench.loadgen import Load, put_load, request
from bench.measure import interleaved, ratio, spread, times
from bench.options import Options
from bench.report import Finding, Section, Table
from bench.subjects import BASE

SHIPPED = "bbws serve (uvicorn)"
LIMITED = "bbws serve, key with a rate limit"
ON_GRANIAN = "BBWS on granian"
FASTAPI = "FastAPI async + SQLite"
STARLETTE = "Starlette + SQLite"
CONSTANT = "Starlette, a constant"
_CONNECTIONS = 16


@dataclass(slots=True)
class _Target:
    """A server under load, and what each round cost it."""

    server: servers.Server
    wire: bytes
    processor: list[float] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)

    def load(self, seconds: float) -> float:
        before = self.server.processor_seconds()
        load = put_load(self.server.port, lambda: self.wire, connections=_CONNECTIONS, seconds=seconds)
        assert not load.refused, load.refused
        self.processor.append((self.server.processor_seconds() - before) / load.acknowledged * 1e6)
        self.loads.append(load)
        return load.per_second


def run(options: Options) -> Section:
    rounds, seconds = (3, 1.0) if options.quick else (9, 1.5)
    with TemporaryDirectory(dir=options.data) as folder, ExitStack() as stack:
        targets = dict(_targets(Path(folder), stack))
        for target in targets.values():
            target.load(0.3)
            target.processor.clear()
            target.loads.clear()
        figures = interleaved({name: _measure(target, seconds) for name, target in targets.items()}, rounds)
    section = Section("GET one product over HTTP")
    for peer, budget in ((FASTAPI, 2.0), (CONSTANT, 0.6)):
        measured = ratio(figures[SHIPPED], figures[peer])
        what = f"GET one product over HTTP, one process, against {peer}"
        shown = f"{times(measured)} ({median(figures[peer]):,.0f}/s)"
        section.findings.append(
            Finding(what, f"≥ {budget} ×", f"{median(figures[SHIPPED]):,.0f}/s", shown, measured >= budget)
        )
    section.tables.append(_table(targets, figures))
    section.notes.append(
        f"{_CONNECTIONS} keep-alive connections, {rounds} interleaved rounds of {seconds} s each, all servers "
        "running, the load generator on the same machine. BBWS with shipped settings: JSON log to a file, metrics, "
        "ETag, links, rate limit, the first key on every request. Peers: uvicorn with uvloop and httptools, access "
        "log off, SQLite read inline, no authentication. `Processor` is the server's own time a request, which a "
        "busy machine disturbs least."
    )
    return section


def _measure(target: _Target, seconds: float) -> Callable[[], float]:
    return lambda: target.load(seconds)


def _targets(folder: Path, stack: ExitStack) -> Iterator[tuple[str, _Target]]:
    shipped = stack.enter_context(servers.bbws(folder / "bbws"))
    wire = _made(shipped)
    yield SHIPPED, _Target(shipped, wire)
    limited = {"name": "With a limit", "permissions": ["*"], "readsPerSecond": 100_000, "writesPerSecond": 100_000}
    status, key = shipped.call("POST", "/v1.0/keys", limited)
    assert status == 201, key
    yield LIMITED, _Target(shipped, wire.replace(shipped.key.encode(), key["secret"].encode()))
    granian = stack.enter_context(servers.bbws_on_granian(folder / "granian"))
    yield ON_GRANIAN, _Target(granian, _made(granian))
    for name, factory in ((FASTAPI, "fastapi"), (STARLETTE, "starlette")):
        database = folder / f"{factory}.sqlite"
        peer = stack.enter_context(
            servers.on_uvicorn(f"bench.peers.served:{factory}", BASE, folder / factory, BENCH_DATABASE=str(database))
        )
        yield name, _Target(peer, _made(peer))
    constant = stack.enter_context(servers.on_uvicorn("bench.peers.served:constant", f"{BASE}/x", folder / "constant"))
    yield CONSTANT, _Target(constant, request("GET", f"{BASE}/PROD-000000", key=shipped.key))


def _made(server: servers.Server) -> bytes:
    """The request for a product that was made for it."""
    status, product = server.call("POST", BASE, PRODUCT)
    assert status == 201, product
    return request("GET", f"{BASE}/{product['productId']}", key=server.key)


def _table(targets: dict[str, _Target], figures: dict[str, list[float]]) -> Table:
    rows = []
    for name, target in targets.items():
        middle = sorted(target.loads, key=lambda load: load.per_second)[len(target.loads) // 2]
        rows.append(
            (
                name,
                f"{median(figures[name]):,.0f}",
                spread(figures[name]),
                times(ratio(figures[SHIPPED], figures[name])),
                f"{median(target.processor):,.0f} µs",
                times(ratio(target.processor, targets[SHIPPED].processor)),
                f"{middle.milliseconds(50):.2f} / {middle.milliseconds(99):.2f} ms",
            )
        )
    header = (
        "",
        "requests/s",
        "range",
        "bbws serve to it",
        "processor a request",
        "its processor to ours",
        "p50 / p99",
    )
    return Table(header, rows)
