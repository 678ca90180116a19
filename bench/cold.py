"""What a cold start pays: importing an entrypoint in a fresh interpreter, and the size of the package."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.functions import VARIABLES
from bench.measure import Figures, interleaved, mebibytes, ratio, times
from bench.options import Options
from bench.report import Finding, Section, Table
from infra.package import BUDGET_BYTES, ROOT, SDK, host, sizes, without_sdk

_API = "BBWS: a call (`lambda_api`)"
_API_READY = "the same with its DynamoDB client over TLS"
_FRAMEWORKS = "FastAPI + Mangum, no application"
_FRAMEWORKS_READY = "the same with boto3's DynamoDB client"
_WORKER_READY = "BBWS: a consumer (`lambda_worker`)"
_FEED_READY = "BBWS: the feed (`lambda_feed`), with its client of the event bus"
_FASTAPI = "import fastapi, mangum"
IMPORTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    # An address without TLS: what authorities are trusted is read for the client alone, which the next one counts.
    _API: (
        "import bbws.entrypoints.lambda_api",
        {"BBWS_RUNS": "bbws.products.api:getProduct", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    ),
    _API_READY: ("import bbws.entrypoints.lambda_api", {"BBWS_RUNS": "bbws.products.api:getProduct"}),
    _FRAMEWORKS: (_FASTAPI, {}),
    _FRAMEWORKS_READY: (f"{_FASTAPI}, boto3; boto3.client('dynamodb')", {}),
    "FastAPI + Mangum with the five endpoints": ("import bench.peers.fastapi_entrypoint", {}),
    _WORKER_READY: (
        "import bbws.entrypoints.lambda_worker",
        {"BBWS_RUNS": "bbws.audit.reactions:audit-logger", "BBWS_ARCHIVE_BUCKET": "nowhere"},
    ),
    _FEED_READY: ("import bbws.entrypoints.lambda_feed", {"BBWS_RUNS": "feed"}),
    "Powertools resolver, no application": (
        "from aws_lambda_powertools.event_handler import APIGatewayRestResolver",
        {},
    ),
    "Starlette + Mangum, no application": ("import starlette.applications, starlette.routing, mangum", {}),
    "Chalice, no application": ("import chalice", {}),
    "Pydantic alone": ("import pydantic; pydantic.BaseModel", {}),
}
_TIMED = "import time; begun = time.process_time(); {}; print(time.process_time() - begun)"


def run(options: Options) -> Section:
    section = Section("Cold start")
    _imports(section, options.sized(3, 11))
    _package(section)
    return section


def _imports(section: Section, rounds: int) -> None:
    measures = {name: fresh(statement, **variables) for name, (statement, variables) in IMPORTS.items()}
    for measure in measures.values():
        measure()  # writes the byte code
    figures = interleaved(measures, rounds)
    section.findings += [
        _finding("import of a Lambda entrypoint, without AWS SDK", figures, _API, _FRAMEWORKS, 0.5),
        _finding("the same, with SDK and first client", figures, _API_READY, _FRAMEWORKS_READY, 0.8),
    ]
    rows = [(name, f"{median(of):.0f} ms", times(ratio(figures[_API], of))) for name, of in figures.items()]
    section.tables.append(Table(("import, fresh interpreter, byte code there", "median", "a call to it"), rows))
    section.notes.append(
        f"Processor time, median of {rounds} interleaved rounds, the shipped entrypoints started with a function's "
        "variables. A call, a consumer and the feed end their import ready for the first event: rows, routes, logging "
        "and the client are there. The verdicts are against the frameworks alone, without any schema or route of an "
        "application, and against a client that has not yet read which authorities it trusts, which ours has; both "
        "flatter the peer."
    )


def _finding(what: str, figures: Figures, ours: str, theirs: str, budget: float) -> Finding:
    measured = ratio(figures[ours], figures[theirs])
    peer = f"{times(measured)} {theirs} ({median(figures[theirs]):.0f} ms)"
    return Finding(what, f"≤ {budget} ×", f"{median(figures[ours]):.0f} ms", peer, measured <= budget)


def fresh(statement: str, **variables: str) -> Callable[[], float]:
    """A measure: milliseconds of processor time of a statement in a new interpreter that has these variables."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "AWS_ENDPOINT_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | VARIABLES | variables
    command = [sys.executable, "-c", _TIMED.format(statement)]

    def measure() -> float:
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return float(answer.stdout.splitlines()[-1]) * 1000

    return measure


def _package(section: Section) -> None:
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-I", "infra/package.py", "--out", folder, "--architecture", host()]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        package = next(Path(folder).glob("*.zip"))
        zipped, by_owner = package.stat().st_size, sizes(package)
    total = without_sdk(by_owner)
    section.findings.append(
        Finding(
            "package for Lambda, unpacked, without AWS SDK, with .pyc",
            "≤ 25 MB",
            mebibytes(total),
            "",
            total <= BUDGET_BYTES,
        )
    )
    rows = [(name, mebibytes(size), "SDK" if name in SDK else "") for name, size in by_owner.items()]
    rows.append(("everything", mebibytes(sum(by_owner.values())), ""))
    section.tables.append(Table(("in the package", "with .pyc", ""), rows))
    section.notes.append(
        f"What `make package` makes for this machine ({host()}): {mebibytes(zipped)} zipped. The package for the other "
        "architecture differs by its binary wheels."
    )
