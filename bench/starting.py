"""From starting `bbws serve` to the first answered request."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import servers
from bench.measure import interleaved
from bench.options import Options
from bench.report import Finding, Section, Table
from bench.subjects import BASE

_SECONDS = 2.0


def run(options: Options) -> Section:
    rounds = options.sized(3, 9)
    section = Section("Start")
    with TemporaryDirectory(dir=options.data) as folder:
        again = Path(folder) / "again"
        _start(again)  # makes the folder, writes the byte code
        fresh = iter(Path(folder) / f"fresh-{number}" for number in range(rounds))
        measures: dict[str, Callable[[], float]] = {
            "on a new data folder": lambda: _start(next(fresh)),
            "on one that was used": lambda: _start(again),
        }
        figures = interleaved(measures, rounds)
    longest = max(median(of) for of in figures.values())
    section.findings.append(
        Finding("`bbws serve` to first answered request", "≤ 2 s", f"{longest:.2f} s", "", longest <= _SECONDS)
    )
    rows = [(name, f"{median(of):.2f} s", f"{min(of):.2f} – {max(of):.2f} s") for name, of in figures.items()]
    section.tables.append(Table(("", "median", "range"), rows))
    section.notes.append(f"{rounds} interleaved rounds, byte code there, as after `make run` has set itself up.")
    return section


def _start(data_dir: Path) -> float:
    """Seconds from starting the process until the list of products is answered."""
    port, log = servers.free_port(), data_dir.with_suffix(".log")
    command = [sys.executable, "-m", "bbws.entrypoints.cli", "serve", "--port", str(port), "--data-dir", str(data_dir)]
    with log.open("wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=servers.clean_environment())
        try:
            servers.wait_until_answering(port, BASE, process, log)
            return time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait(60)
