"""From what functions were measured to do to what AWS charges for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.measure import mebibytes
from bench.report import Table
from bench.request_units import Call, Item, Projection, Units, everything, indexes_of, keys_alone, size, units

# Lambda gives a function one whole processor at 1,769 MB, and its share below that.
_WHOLE_PROCESSOR = 1769
# What is not measured here, since there is no network: seconds of a call within a region.
_WAITS = {"GetItem": 0.003, "Query": 0.005, "PutItem": 0.005, "TransactWriteItems": 0.010, "sdk": 0.025}
_RUNTIME_LOG = 420  # bytes of START, END and REPORT of an invocation
_ACCESS_LOG = 350
_RESPONSE_HEADERS = 600
_MEMORIES = (128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class Work:
    """What one invocation of a function does."""

    memory: int  # megabytes that it is given
    cpu: float  # seconds
    first: float  # seconds of the first one, which makes connections and builds schemas
    used: int  # bytes, at most
    logged: float
    answered: int
    calls: Sequence[Call]
    others: int = 0  # calls through the SDK

    def seconds(self, memory: int) -> float:
        """How long it takes where it is given so much."""
        waiting = sum(_WAITS[call.action] for call in self.calls) + self.others * _WAITS["sdk"]
        return math.ceil((self.cpu / min(1, memory / _WHOLE_PROCESSOR) + waiting) * 1000) / 1000

    def gb_seconds(self) -> float:
        """What Lambda charges for as it is set up."""
        return self.seconds(self.memory) * self.memory / 1024

    def units(self, projected: Projection = everything) -> Units:
        """What DynamoDB counts for it."""
        return sum((call.units(projected) for call in self.calls), Units())


@dataclass(frozen=True, slots=True)
class Line:
    """One component of a cost."""

    component: str
    amount: float  # per call
    price: str  # its name in prices.json


type Prices = Mapping[str, Mapping[str, Any]]


def usd(line: Line, prices: Prices) -> float:
    """What a million of a line cost."""
    price = prices[line.price]
    cost: float = line.amount * 1e6 * price["usd"] / price["per"]
    return cost


def read(work: Work) -> list[Line]:
    """The components of a read."""
    return [*_behind_the_gateway(work), *_stored(work)]


def creation(works: Mapping[str, Work]) -> list[Line]:
    """The components of a creation, and of what follows from it: announced and archived alone, as at low rates."""
    feed, logger = works["feed"], works["logger"]
    return [
        *_behind_the_gateway(works["create"]),
        *_stored(works["create"]),
        *_function(feed, "feed: "),
        Line("feed: event on the bus", 1, "busEvents"),
        Line("audit: queue, one send, receive and deletion", 3, "queueRequests"),
        *_function(logger, "audit: "),
        *_stored(logger, "audit: "),
        Line("audit: object in the archive", logger.others, "archiveWrites"),
        Line("audit: object to Glacier a year later", logger.others, "archiveToGlacier"),
    ]


def _behind_the_gateway(work: Work) -> list[Line]:
    return [
        Line("API Gateway", 1, "gatewayRequests"),
        *_function(work, logged=_ACCESS_LOG),
        Line("answers to the internet", work.answered + _RESPONSE_HEADERS, "bytesOut"),
    ]


def _function(work: Work, whose: str = "", *, logged: int = 0) -> list[Line]:
    return [
        Line(f"{whose}Lambda requests", 1, "lambdaRequests"),
        Line(
            f"{whose}Lambda, {work.memory} MB for {_ms(work.seconds(work.memory))}", work.gb_seconds(), "lambdaSeconds"
        ),
        Line(f"{whose}logs", work.logged + _RUNTIME_LOG + logged, "logBytes"),
    ]


def _stored(work: Work, whose: str = "") -> list[Line]:
    spent = work.units()
    lines = [
        Line(f"{whose}DynamoDB reads", spent.reads, "readUnits"),
        Line(f"{whose}DynamoDB writes of tables", spent.writes, "writeUnits"),
        Line(f"{whose}DynamoDB writes of indexes", spent.index_writes, "writeUnits"),
    ]
    return [line for line in lines if line.amount]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def priced(what: str, lines: Sequence[Line], prices: Prices) -> Table:
    """A bill."""
    rows = [
        (line.component, f"{line.amount:.4g} {prices[line.price]['unit']}", f"USD {usd(line, prices):.2f}")
        for line in lines
    ]
    total = ("altogether", "", f"USD {sum(usd(line, prices) for line in lines):.2f}")
    return Table((what, "per call", "a million"), [*rows, total])


def items(calls: Sequence[Call]) -> Table:
    """What a creation writes, item by item."""
    written = [item for call in calls for item in call.puts()]
    rows = []
    for item in written:
        entries = indexes_of(item)
        own = units("PutItem", {"Item": item}, {})
        what = f"{item['kind']['S']} {item['PK']['S'].partition('#')[0]}"
        rows.append((what, f"{size(item):,}", f"{2 * own.writes}", f"{len(entries)}", f"{own.index_writes}"))
    return Table(("a creation writes", "bytes", "write units", "indexes", "write units of indexes"), rows)


def projections(calls: Sequence[Call], prices: Prices) -> Table:
    """What other ways to keep the same indexes would cost."""
    every = [each for call in calls for each in call.payload.get("TransactItems", ())]
    unsearchable = [each for each in every if each.get("Put", {}).get("Item", {}).get("kind") != {"S": "derived"}]
    ways: Sequence[tuple[str, Sequence[Mapping[str, Any]], Projection]] = (
        ("everything (as it is)", every, everything),
        ("everything but the keys of other indexes", every, _without_other_keys),
        ("keys alone", every, keys_alone),
        ("everything, without rows of words", unsearchable, everything),
    )
    rows = []
    for name, written, projected in ways:
        spent = units("TransactWriteItems", {"TransactItems": written}, {}, projected)
        cost = usd(Line("", spent.writes + spent.index_writes, "writeUnits"), prices)
        rows.append((name, f"{spent.writes}", f"{spent.index_writes}", f"USD {cost:.2f}"))
    return Table(("indexes hold", "write units of tables", "of indexes", "a million creations"), rows)


def _without_other_keys(item: Item, index: str) -> Item:
    others = {f"{other}{part}" for other in indexes_of(item) if other != index for part in ("PK", "SK")}
    return {name: value for name, value in item.items() if name not in others}


def functions(works: Mapping[str, Work], prices: Prices) -> Table:
    """What functions take, and what they would cost at other sizes."""
    rows = [
        (
            name,
            f"{work.cpu * 1000:.1f} ms",
            f"{work.first * 1000:.0f} ms",
            mebibytes(work.used),
            f"{work.logged:,.0f} bytes",
            *(f"{_ms(work.seconds(memory))}, USD {_at(work, memory, prices):.2f}" for memory in _MEMORIES),
        )
        for name, work in works.items()
    ]
    header = (
        "function",
        "processor",
        "the first time",
        "memory at most",
        "logs",
        *(f"at {memory} MB" for memory in _MEMORIES),
    )
    return Table(header, rows)


def _at(work: Work, memory: int, prices: Prices) -> float:
    return usd(Line("", work.seconds(memory) * memory / 1024, "lambdaSeconds"), prices)


def notes(invocations: int) -> list[str]:
    """How it was found, and what was assumed."""
    waits = ", ".join(f"{name} {_ms(seconds)}" for name, seconds in _WAITS.items())
    measured = (
        f"Measured: processor time (median of {invocations} invocations) and greatest memory of the shipped "
        "entrypoints in processes of their own, on the emulator; the bytes that they log and answer; every request to "
        "DynamoDB, counted by AWS's rules (`bench/request_units.py`): 4 KB a read unit, 1 KB a write unit, twice in a "
        "transaction, and once more for each index that an item is in. Duration is processor time over the share of a "
        f"processor that the memory gives (1,769 MB: one), plus waiting, which is assumed: {waits} (`sdk`: a call to "
        "another service). This machine's processor stands for Graviton's."
    )
    assumed = (
        f"Assumed as well: {_RUNTIME_LOG} bytes of Lambda's own log lines, {_ACCESS_LOG} of the access log, "
        f"{_RESPONSE_HEADERS} of response headers; feed and audit handle changes one at a time, as they do at low "
        "rates (at high rates up to 100 and 10 at once, so their Lambda and queue lines shrink to a tenth and less). "
        "Left out: free tiers, cold starts, X-Ray, alarms, idle polling of queues, storage (docs/decisions/0016). "
        "Prices, and which of them are to be verified: `bench/prices.json`."
    )
    return [measured, assumed]
