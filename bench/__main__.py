"""`python -m bench`: measure against the budgets and the peers, print one table, write bench/results.md."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import (
    campaigns,
    cold,
    cost,
    durable,
    dynamo,
    growth,
    hierarchy,
    importing,
    in_lambda,
    over_http,
    starting,
    tenants,
)
from bench.options import Options
from bench.report import Section, as_text, document, summary

RESULTS = Path(__file__).with_name("results.md")
_SECTIONS: Mapping[str, Callable[[Options], Section]] = {
    "lambda": in_lambda.run,
    "cold": cold.run,
    "dynamo": dynamo.run,
    "cost": cost.run,
    "http": over_http.run,
    "durable": durable.run,
    "growth": growth.run,
    "campaigns": campaigns.run,
    "tenants": tenants.run,
    "hierarchy": hierarchy.run,
    "start": starting.run,
    "import": importing.run,
}
_PEERS = (
    "fastapi",
    "starlette",
    "mangum",
    "aws-lambda-powertools",
    "chalice",
    "uvicorn",
    "granian",
    "pydantic",
    "boto3",
)


def main() -> int:
    arguments = _arguments()
    data: Path = arguments.data
    data.mkdir(parents=True, exist_ok=True)
    options = Options(quick=arguments.quick, full=arguments.full, data=data)
    begun, sections = time.monotonic(), []
    for name in arguments.only or _SECTIONS:
        print(f"{name} …", file=sys.stderr, flush=True)
        sections.append(_SECTIONS[name](options))
        print(as_text(summary(sections[-1:])), file=sys.stderr, flush=True)
    print(as_text(summary(sections)))
    if arguments.only or arguments.quick:
        print("Not written to results.md: that takes a whole run.", file=sys.stderr)
    else:
        RESULTS.write_text(document(sections, _heading(time.monotonic() - begun, options)), encoding="utf-8")
        print(f"Written to {RESULTS.relative_to(Path.cwd(), walk_up=True)}", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="about two minutes, for trying; writes no results.md")
    size.add_argument(
        "--full", action="store_true", help="with a million products; the first time fills their database"
    )
    parser.add_argument("--only", nargs="+", choices=list(_SECTIONS), metavar="SECTION", help=", ".join(_SECTIONS))
    folder = Path(tempfile.gettempdir()) / "bbws-bench"
    parser.add_argument("--data", type=Path, default=folder, help=f"where databases lie ({folder}); filled ones stay")
    return parser.parse_args()


def _heading(seconds: float, options: Options) -> Sequence[str]:
    machine = f"{os.cpu_count()} × {_processor()}, {_memory_gb():.0f} GB, Python {platform.python_version()}"
    peers = ", ".join(f"{name} {version(name)}" for name in _PEERS)
    command = "python -m bench --full" if options.full else "make bench"
    load = os.getloadavg()[1]
    return (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}, {seconds / 60:.0f} minutes. {machine}. {peers}.",
        (
            f"Other work may have run on the machine meanwhile: the load average at the end was {load:.1f} over five "
            "minutes. Ratios are between rounds that took turns in this one run, and are what counts; absolute "
            "figures are this machine's at that time. A verdict is the plain comparison with the budget."
        ),
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    sys.exit(main())
