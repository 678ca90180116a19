"""What a cold start pays: importing an entrypoint in a fresh interpreter, and the size of the package."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.measure import interleaved, mebibytes, ratio, times
from bench.options import Options
from bench.report import Finding, Section, Table
from infra.package import BUDGET_BYTES, ROOT, SDK, host, sizes, without_sdk

_EDGE = "BBWS: edge, kernel, products, keys"
_FRAMEWORKS = "FastAPI + Mangum, no application"
_IMPORTS = {
    _EDGE: "import bench.lambda_edge",
    _FRAMEWORKS: "import fastapi, mangum",
    "FastAPI + Mangum with the five endpoints": "import mangum, bench.peers.fastapi_app",
    "Powertools resolver, no application": "from aws_lambda_powertools.event_handler import APIGatewayRestResolver",
    "Starlette + Mangum, no application": "import starlette.applications, starlette.routing, mangum",
    "Chalice, no application": "import chalice",
    "Pydantic alone": "import pydantic; pydantic.BaseModel",
}
_TIMED = "import time; begun = time.process_time(); {}; print(time.process_time() - begun)"


def run(options: Options) -> Section:
    section = Section("Cold start")
    _imports(section, options.sized(3, 11))
    _package(section)
    return section


def _imports(section: Section, rounds: int) -> None:
    measures = {name: _import(statement) for name, statement in _IMPORTS.items()}
    for measure in measures.values():
        measure()  # writes the byte code
    figures = interleaved(measures, rounds)
    measured = ratio(figures[_EDGE], figures[_FRAMEWORKS])
    peer = f"{times(measured)} {_FRAMEWORKS} ({median(figures[_FRAMEWORKS]):.0f} ms)"
    section.findings.append(
        Finding(
            "import of the Lambda edge, without AWS SDK",
            "≤ 0.5 ×",
            f"{median(figures[_EDGE]):.0f} ms",
            peer,
            measured <= 0.5,
        )
    )
    rows = [(name, f"{median(of):.0f} ms", times(ratio(figures[_EDGE], of))) for name, of in figures.items()]
    section.tables.append(Table(("import, fresh interpreter, byte code there", "median", "BBWS to it"), rows))
    section.notes.append(
        f"Processor time, median of {rounds} interleaved rounds. The verdict is against the two frameworks alone, "
        "without any schema or route of an application, so it flatters the peer. The edge is the benchmark's own "
        "(`bench/lambda_edge.py`) until the Lambda entrypoint is there."
    )


def _import(statement: str) -> Callable[[], float]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _TIMED.format(statement)]

    def measure() -> float:
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return float(answer.stdout) * 1000

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
