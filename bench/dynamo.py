"""What a call to DynamoDB costs the client: ours, the SDK's and others', against answers that never change."""

from collections.abc import Sequence
from statistics import median

from bbws.engines.aws.codec import item_of
from bbws.kernel.actor import system
from bbws.kernel.clock import SystemClock
from bbws.kernel.table import Insert, Row
from bbws.kernel.work import UnitOfWork
from bbws.products import service
from bbws.products.schemas import CreateProduct
from bench.cold import fresh
from bench.dynamo_clients import PAGE, Methods, clients
from bench.events import PRODUCT
from bench.functions import REGION
from bench.measure import Figures, interleaved, microseconds, ratio, times, us
from bench.memory_table import MemoryTable
from bench.options import Options
from bench.report import Finding, Section, Table
from bench.stub import stub

OURS = "http.client, own signing (BBWS)"
SDK = "botocore client"
ACTIONS = {"GetItem": "GetItem", "Query": f"Query of {PAGE}", "TransactWriteItems": "TransactWriteItems of 4"}
_PREPARED = {
    "boto3 resource": "import boto3; boto3.resource('dynamodb')",
    "boto3 client": "import boto3; boto3.client('dynamodb')",
    SDK: "import botocore.session; botocore.session.Session().create_client('dynamodb')",
    "aiodynamo over aiohttp": "import aiohttp, aiodynamo.client, aiodynamo.http.aiohttp",
    "urllib3, own signing": "import urllib3, bbws.engines.aws.calls, bbws.engines.aws.signing; urllib3.PoolManager()",
    OURS: (
        "import bbws.engines.aws.calls as d, bbws.kernel.clock as c; "
        "d.HttpTransport('eu-west-1', None, c.SystemClock(), 'http://127.0.0.1:9')"
    ),
}


def run(options: Options) -> Section:
    rounds, calls = (5, 40) if options.quick else (15, 100)
    writes = created()
    with stub(_answers(writes)) as address, clients(address, writes) as everyone:
        _require_same_rows(everyone, writes[0].row)
        figures = {
            action: interleaved({name: microseconds(of[action], calls) for name, of in everyone.items()}, rounds)
            for action in ACTIONS
        }
    measures = {name: fresh(statement) for name, statement in _PREPARED.items()}
    for measure in measures.values():
        measure()  # writes the byte code
    prepared = interleaved(measures, options.sized(3, 9))
    section = Section("Clients of DynamoDB")
    section.findings += [_finding(ACTIONS[action], of) for action, of in figures.items()]
    section.tables.append(_table(figures, prepared))
    section.notes.append(
        f"Processor time of the client, median of {rounds} interleaved rounds of {calls} calls, over HTTP without TLS "
        "to a process that gives fixed answers; each gives the same rows of BBWS. boto3's resource and aiodynamo make "
        "Python's values of their own; the others share our table and its conversion. Ready: importing it and making "
        "a client in a new interpreter, without reading which authorities TLS trusts. Why the client is our own: "
        "docs/decisions/0012."
    )
    return section


def created() -> list[Insert]:
    """Four of the rows that the creation of a product writes: product, change and two of its words."""
    clock = SystemClock()
    work = UnitOfWork(MemoryTable(clock), clock, system("bench"), "bench")
    service.create(work, CreateProduct.model_validate(PRODUCT).new())
    return [write for write in work.writes if isinstance(write, Insert)][:4]


def _answers(writes: list[Insert]) -> dict[str, object]:
    item = item_of(writes[0].row, REGION)
    return {
        "GetItem": {"Item": item},
        "Query": {"Items": [item] * PAGE, "Count": PAGE, "ScannedCount": PAGE},
        "TransactWriteItems": {},
    }


def _require_same_rows(everyone: dict[str, Methods], row: Row) -> None:
    for name, calls in everyone.items():
        assert calls["GetItem"]() == row, name
        found = calls["Query"]()
        assert isinstance(found, Sequence), name
        assert list(found) == [row] * PAGE, name
        calls["TransactWriteItems"]()


def _finding(what: str, figures: Figures) -> Finding:
    mine, theirs = figures[OURS], figures[SDK]
    return Finding(
        f"{what}, client", "–", us(median(mine)), f"{times(ratio(mine, theirs))} {SDK} ({us(median(theirs))})", None
    )


def _table(figures: dict[str, Figures], prepared: Figures) -> Table:
    rows = [
        (
            name,
            *(cell for of in figures.values() for cell in (us(median(of[name])), times(ratio(of[OURS], of[name])))),
            f"{median(prepared[name]):.0f} ms",
        )
        for name in prepared
    ]
    header = ("", *(cell for action in ACTIONS.values() for cell in (action, "ours to it")), "ready")
    return Table(header, rows)
