"""What a cold start pays: importing an entrypoint in a fresh interpreter, and the size of the package."""

import compileall
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import bbws
from bench.measure import interleaved, mebibytes, ratio, times
from bench.options import Options
from bench.report import Finding, Section, Table

_BUDGET_BYTES = 25 * 2**20
# What the API functions, the feed and the workers import in Lambda; the server, the command line and the API page stay.
_IN_LAMBDA = ("pydantic", "orjson", "cryptography", "iso4217", "structlog")
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
    sizes = {"bbws": _compiled_size([Path(bbws.__file__).parent])}
    sizes |= {each.name: _compiled_size(_files(each)) for each in _closure(_IN_LAMBDA)}
    total = sum(sizes.values())
    section.findings.append(
        Finding(
            "package for Lambda, unpacked, without AWS SDK, with .pyc",
            "≤ 25 MB",
            mebibytes(total),
            "",
            total <= _BUDGET_BYTES,
        )
    )
    rows = [(name, mebibytes(size)) for name, size in sorted(sizes.items(), key=lambda item: -item[1])]
    section.tables.append(Table(("in the package", "with .pyc"), rows))
    section.notes.append(
        f"What counts: {', '.join(_IN_LAMBDA)}, what they bring, and BBWS whole. What does not: the HTTP server, the "
        "command line and the API page. Binary wheels are this machine's; those for arm64 differ a little."
    )


def _closure(names: Iterable[str]) -> list[Distribution]:
    """The distributions of these names and everything they need here."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        each = distribution(waiting.pop())
        if each.name.lower() in found:
            continue
        found[each.name.lower()] = each
        waiting += [name for need in each.requires or () if "extra ==" not in need and (name := _installed(need))]
    return list(found.values())


def _installed(requirement: str) -> str | None:
    """The name in a requirement, None where its marker left it out here."""
    match = re.match(r"[\w.-]+", requirement)
    try:
        return distribution(match[0]).name if match else None
    except PackageNotFoundError:
        return None


def _files(each: Distribution) -> list[Path]:
    tops = {path.parts[0] for path in each.files or () if path.parts[0] != ".." and "__pycache__" not in path.parts[0]}
    return [Path(str(each.locate_file(top))) for top in sorted(tops)]


def _compiled_size(paths: Iterable[Path]) -> int:
    """The bytes of files and folders once everything in them is compiled."""
    with TemporaryDirectory() as folder:
        copies = Path(folder)
        for path in paths:
            if path.is_dir():
                shutil.copytree(path, copies / path.name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(path, copies)
        compileall.compile_dir(folder, quiet=2)
        return sum(path.stat().st_size for path in copies.rglob("*") if path.is_file())
