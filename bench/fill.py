"""Data folders with much in them: the rows and changes that creating each thing would have written, loaded in bulk."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.actor import system
from bbws.kernel.change import EventType
from bbws.kernel.clock import SystemClock
from bbws.kernel.entity import EntityType
from bbws.kernel.table import Insert, Row, RowKind
from bbws.kernel.work import UnitOfWork
from bbws.products import events
from bbws.products.model import Product
from bbws.products.store import PRODUCT

RAREST = "ISK"
RARE = "NAD"
COMMON_WORD, RARE_WORD = "hosting", "zephyr"
_DEEP = 10_020  # so that the rare currency has five hundred pages of twenty, where there are that many products
_RAREST = 25
_VOCABULARY = (
    *("basic", "business", "premium", "starter", "managed", "shared", "cloud", "agency", "family", "school", "clinic"),
    *("studio", "market", "garden", "harbour", "summit", "river", "forest", "desert", "island", "express", "compact"),
    *("extended", "annual", "monthly", "seasonal", "daily", "secure", "rapid", "steady", "bright", "silver"),
)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_START = datetime(2020, 1, 1, tzinfo=UTC)


def filled(folder: Path, count: int) -> Path:
    """A data folder with ``count`` products, made if it is not there yet."""
    random = Random(count)
    products = (_product(number, count, random) for number in range(count))
    return made(folder, f"products-{count}", lambda engine: created(engine, PRODUCT, products, events.CREATED))


def made(folder: Path, name: str, rows: Callable[[EmbeddedEngine], Iterable[Row]]) -> Path:
    """A data folder with these rows, made if it is not there yet."""
    data_dir = folder / name
    if not data_dir.exists():
        making = folder / f"making-{name}-{os.getpid()}"
        engine = EmbeddedEngine.open(making, clock=SystemClock(), synchronous="OFF")
        try:
            engine.load_rows(rows(engine))
        except BaseException:
            engine.stop(60)
            shutil.rmtree(making)
            raise
        engine.stop(600)
        making.rename(data_dir)
    return data_dir


def created[T](engine: EmbeddedEngine, entity: EntityType[T], values: Iterable[T], event: EventType) -> Iterator[Row]:
    """The rows that creating each would have written."""
    for number, value in enumerate(values):
        work = UnitOfWork(engine.table, SystemClock(), system("bench"), f"fill-{number}")
        work.create(entity, value, event)
        for write in work.writes:
            assert isinstance(write, Insert)
            # Marked as replayed: a million announcements are not what is measured here.
            yield write.row._replace(replayed=True) if write.row.kind is RowKind.CHANGE else write.row


def _product(number: int, count: int, random: Random) -> Product:
    words = random.sample(_VOCABULARY, 3)
    words[1:1] = [COMMON_WORD] if number % 4 == 0 else []
    words[1:1] = [RARE_WORD] if number % (count // _RAREST) == 0 else []
    moment = _START + timedelta(seconds=number * 20)
    return Product(
        "PROD-" + _spelt(number),
        " ".join(words).capitalize(),
        "For small businesses getting started online, with everything that a first site needs.",
        Decimal(random.randrange(1_000, 9_999_999)) / 100,
        _currency(number, count),
        "per month",
        ("1 domain included", "SSL certificate", "10 GB storage", "5 mailboxes", "Daily backups"),
        active=True,
        created_at=moment,
        updated_at=moment,
    )


def _currency(number: int, count: int) -> str:
    """25 products in the rarest currency, spread evenly; a fifth to a hundredth in the rare one; the rest elsewhere."""
    if number % (count // _RAREST) == 1:
        return RAREST
    if number % max(5, count // _DEEP) == 2:
        return RARE
    return ("ZAR", "ZAR", "ZAR", "USD", "EUR", "GBP")[number % 6]


def _spelt(number: int) -> str:
    """Six characters, in no order, as random ids are."""
    scrambled = number * 0x2545F491 % 32**6
    return "".join(_ALPHABET[scrambled >> shift & 31] for shift in range(25, -1, -5))
