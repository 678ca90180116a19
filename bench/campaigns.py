"""What campaigns cost that have ended: nothing, to those who ask for what runs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from statistics import median
from typing import NamedTuple

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import rfc3339
from bbws.kernel.table import Row
from bbws.marketing import events
from bbws.marketing.model import Campaign, State
from bbws.marketing.store import BASE, CAMPAIGN
from bbws.products import events as product_events
from bbws.products.model import Product
from bbws.products.store import PRODUCT
from bench.fill import created, made
from bench.measure import Figures, interleaved, microseconds, ratio, times, us
from bench.options import Options
from bench.report import Finding, Section, Table
from tests import builders
from tests.builders import Client

_PAGE = 20
_MOST = 2.0
_PRODUCTS = 50
_FOUNDED, _NEVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)


class _Case(NamedTuple):
    """A call, and what there is when it is made."""

    path: str
    products: int
    running: int
    few: int  # have ended
    many: int


def run(options: Options) -> Section:
    section = Section("Campaigns that have ended")
    lists = _measured(options, _Case(f"{BASE}?pageSize={_PAGE}", _PRODUCTS, 100, 100, 10_000))
    offers = _measured(options, _Case(f"/v1.0/products/{_product_id(0)}/offers", 1, 10, 10, 1_000))
    section.findings += [
        _finding("public list, first page of 20, 100 campaigns running", lists),
        _finding("offers of a product with 10 campaigns running", offers),
    ]
    rows = [*_rows("public list, 100 running", lists), *_rows("offers, 10 running", offers)]
    section.tables.append(Table(("", "ended", "median", "to the fewest"), rows))
    section.notes.append(
        "Processor time of the shipped dispatcher over the embedded engine, in this process, median of rounds that "
        "took turns; before, each answer was seen to hold what runs and nothing else. The listed campaigns are of "
        f"{_PRODUCTS} products."
    )
    return section


def _measured(options: Options, case: _Case) -> Figures:
    """Microseconds of a call, by how many have ended."""
    rounds, calls = (9, 20) if options.quick else (25, 40)
    with ExitStack() as stack:
        measures = {}
        for ended in (case.few, case.many):
            name = f"campaigns-{case.products}-{case.running}-{ended}"
            data_dir = made(options.data, name, _filling(case.products, case.running, ended))
            client = stack.enter_context(builders.client(data_dir, start=False))
            _require_what_runs(client, case.path, case.running)
            measures[f"{ended:,}"] = microseconds(_getter(client, case.path), calls)
        return interleaved(measures, rounds)


def _require_what_runs(client: Client, path: str, running: int) -> None:
    page = client.call("GET", path).json
    found = page["items"] if "items" in page else page["offers"]
    assert len(found) == min(running, _PAGE), page
    assert all(each["toDate"] == rfc3339(_NEVER) for each in found), page


def _getter(client: Client, path: str) -> Callable[[], object]:
    return lambda: client.call("GET", path)


def _filling(products: int, running: int, ended: int) -> Callable[[EmbeddedEngine], Iterable[Row]]:
    def rows(engine: EmbeddedEngine) -> Iterable[Row]:
        return chain(
            created(engine, PRODUCT, map(_product, range(products)), product_events.CREATED),
            created(engine, CAMPAIGN, _campaigns(products, running, ended), events.CREATED),
        )

    return rows


def _campaigns(products: int, running: int, ended: int) -> Iterator[Campaign]:
    for number in range(running + ended):
        begin = _FOUNDED + timedelta(hours=number)
        end = _NEVER if number < running else begin + timedelta(days=30)
        yield Campaign(
            code=f"SALE-{number:06}",
            name=f"Sale number {number}",
            description="For those who come early.",
            product_id=_product_id(number % products),
            currency="ZAR",
            discount_percent=number % 50 + 1,
            list_price=Decimal("99.90"),
            terms="For new orders, while it lasts, once for each customer.",
            special_conditions=None,
            from_date=begin,
            to_date=end,
            state=State.PUBLISHED,
            active=True,
            created_at=_FOUNDED,
            created_by="system-bench",
            updated_at=_FOUNDED,
            updated_by="system-bench",
        )


def _product_id(number: int) -> str:
    return f"PROD-{number:06}"


def _product(number: int) -> Product:
    return Product(
        _product_id(number),
        f"Hosting {number}",
        "For small businesses getting started online.",
        Decimal("120.00"),
        "ZAR",
        "per month",
        ("1 domain included", "SSL certificate"),
        active=True,
        created_at=_FOUNDED,
        updated_at=_FOUNDED,
    )


def _finding(what: str, figures: Figures) -> Finding:
    few, many = figures
    grown = ratio(figures[many], figures[few])
    return Finding(
        f"{what}, {many} ended",
        f"≤ {_MOST:.0f} × with {few} ended",
        us(median(figures[many])),
        times(grown),
        grown <= _MOST,
    )


def _rows(what: str, figures: Figures) -> Iterator[tuple[str, ...]]:
    fewest = next(iter(figures.values()))
    for ended, found in figures.items():
        yield what, ended, us(median(found)), times(ratio(found, fewest))
