"""What grows with the number of products: the time of a page, memory, files."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import product
from statistics import median
from urllib.parse import urlencode

from bench import servers
from bench.fill import COMMON_WORD, RARE, RARE_WORD, RAREST, filled
from bench.loadgen import put_load, request
from bench.measure import Figures, interleaved, mebibytes, ratio, times
from bench.options import Options
from bench.report import Finding, Section, Table
from bench.subjects import BASE

_PAGE = 20
_DEEP = 500
_MOST = 2.0
_ORDERS = ("createdAt", "price", "name")

type Query = Mapping[str, str]
type Pages = dict[str, Figures]


def run(options: Options) -> Section:
    sizes = [1_000, 20_000 if options.quick else 100_000] + ([1_000_000] if options.full else [])
    section = Section("Growth with the number of products")
    with ExitStack() as stack:
        folders = {size: filled(options.data, size) for size in sizes}
        running = {size: stack.enter_context(servers.bbws(folder)) for size, folder in folders.items()}
        idle = {size: server.memory() for size, server in running.items()}
        figures = {name: _figures(running, query, options) for name, query in _queries()}
        used = {size: server.memory() for size, server in running.items()}
    _findings(section, figures, sizes)
    header = ("page of 20", *(f"{size:,}" for size in sizes), f"{sizes[-1]:,} to 1,000")
    section.tables.append(Table(header, list(_rows(figures, sizes))))
    files = {size: sum(path.stat().st_size for path in folder.glob("bbws.db*")) for size, folder in folders.items()}
    rows = [
        (
            f"{size:,}",
            mebibytes(idle[size]),
            mebibytes(used[size]),
            mebibytes(files[size]),
            f"{files[size] / size:,.0f} bytes",
        )
        for size in sizes
    ]
    section.tables.append(Table(("products", "memory at start", "after these pages", "database", "a product"), rows))
    grown = used[sizes[-1]] / used[1_000]
    section.findings.append(
        Finding(
            f"server memory at {sizes[-1]:,} products",
            "–",
            mebibytes(used[sizes[-1]]),
            f"{times(grown)} that at 1,000",
            None,
        )
    )
    section.notes.append(
        "The server's processor time a page, which other load disturbs least; median over HTTP, one request "
        f"at a time, servers of all sizes running and taking turns, their files in memory. Page {_DEEP} is "
        "reached by following `nextToken`; at 1,000 products, which have fewer pages, it is the last full one. The "
        f"rare currency has {_DEEP} pages where there are a million products; the rarest has 25 products at every "
        "size, evenly spread."
    )
    return section


def _queries() -> Iterator[tuple[str, Query]]:
    for order, direction, currency in product(_ORDERS, ("asc", "desc"), ("", RARE)):
        query = {"sortBy": order, "order": direction} | ({"currency": currency} if currency else {})
        yield f"{order} {direction}{', rare currency' if currency else ''}", query
    yield "rarest currency", {"currency": RAREST}
    yield "search, a common word", {"q": COMMON_WORD[:5]}
    yield "search, a rare word", {"q": RARE_WORD}
    yield "search, two words", {"q": f"{COMMON_WORD} {RARE_WORD}"}


def _figures(running: Mapping[int, servers.Server], query: Query, options: Options) -> Pages:
    """Milliseconds of processor time of the first page and of the deep one, by size."""
    pages = {"first": {size: _target(query, None) for size in running}}
    if "sortBy" in query:
        pages["deep"] = {size: _target(query, _token(server, query)) for size, server in running.items()}
    rounds, seconds = (3, 0.05) if options.quick else (7, 0.08)
    return {
        page: interleaved({str(size): _cost(running[size], targets[size], seconds) for size in running}, rounds)
        for page, targets in pages.items()
    }


def _target(query: Query, token: str | None) -> str:
    parameters = {**query, "pageSize": str(_PAGE)} | ({"startAt": token} if token else {})
    return f"{BASE}?{urlencode(parameters)}"


def _token(server: servers.Server, query: Query) -> str | None:
    """The token of page 500, or of the last full page before it."""
    tokens: list[str | None] = [None]
    for _ in range(_DEEP - 1):
        status, page = server.call("GET", _target(query, tokens[-1]))
        assert status == 200, page
        if not page["moreAvailable"]:
            return tokens[-2]
        tokens.append(page["nextToken"])
    return tokens[-1]


def _cost(server: servers.Server, target: str, seconds: float) -> Callable[[], float]:
    wire = request("GET", target, key=server.key)

    def measure() -> float:
        before = server.processor_seconds()
        load = put_load(server.port, lambda: wire, connections=1, seconds=seconds)
        assert not load.refused, (target, load.refused)
        return (server.processor_seconds() - before) / load.acknowledged * 1000

    return measure


def _grown(figures: Figures, size: int) -> float:
    return ratio(figures[str(size)], figures["1000"])


def _findings(section: Section, figures: Mapping[str, Pages], sizes: list[int]) -> None:
    largest = sizes[-1]
    for page, named in (("first", "first page"), ("deep", f"page {_DEEP}")):
        grown = {name: _grown(pages[page], largest) for name, pages in figures.items() if page in pages}
        lists = {name: value for name, value in grown.items() if not name.startswith("search")}
        worst = max(lists, key=lists.__getitem__)
        shown = f"{median(figures[worst][page][str(largest)]):.2f} ms"
        what = f"{named} of 20 from {largest:,} products, every order, rare currencies"
        section.findings.append(
            Finding(what, "≤ 2 × from 1,000", shown, f"at worst {times(lists[worst])} ({worst})", lists[worst] <= _MOST)
        )
    searches = {name: _grown(pages["first"], largest) for name, pages in figures.items() if name.startswith("search")}
    worst = max(searches, key=searches.__getitem__)
    shown = f"{median(figures[worst]['first'][str(largest)]):.2f} ms"
    section.findings.append(
        Finding(f"search in {largest:,} products", "–", shown, f"at worst {times(searches[worst])} ({worst})", None)
    )


def _rows(figures: Mapping[str, Pages], sizes: list[int]) -> Iterator[tuple[str, ...]]:
    for name, pages in figures.items():
        for page, of in pages.items():
            shown = (f"{median(of[str(size)]):.2f} ms" for size in sizes)
            yield (f"{name}, {page}", *shown, times(_grown(of, sizes[-1])))
