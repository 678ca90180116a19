"""`bbws products import`: rows a second, and whether memory stays where it is."""

import csv
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import servers
from bench.events import PRODUCT
from bench.measure import mebibytes, times
from bench.options import Options
from bench.report import Finding, Section, Table

_MOST_GROWTH = 1.2


@dataclass(frozen=True, slots=True)
class _Import:
    rows: int
    seconds: float
    client: int
    server: int


def run(options: Options) -> Section:
    rows = options.sized(2_000, 100_000)
    section = Section("Import of a catalogue")
    with TemporaryDirectory(dir=options.data) as folder, servers.bbws(Path(folder) / "data") as server:
        some = _load(server, Path(folder) / "some.csv", 0, rows // 10)
        all_ = _load(server, Path(folder) / "all.csv", rows // 10, rows)
    grown = all_.client / some.client
    what = f"`bbws products import` of {rows:,} rows"
    section.findings += [
        Finding(what, "–", f"{all_.rows / all_.seconds:,.0f} rows/s", "", None),
        Finding(
            "its peak memory",
            "does not grow",
            mebibytes(all_.client),
            f"{times(grown)} that of {some.rows:,} rows",
            grown <= _MOST_GROWTH,
        ),
    ]
    header = ("rows", "seconds", "rows/s", "peak memory of the command", "peak memory of the server")
    section.tables.append(
        Table(
            header,
            [
                (
                    f"{of.rows:,}",
                    f"{of.seconds:.1f}",
                    f"{of.rows / of.seconds:,.0f}",
                    mebibytes(of.client),
                    mebibytes(of.server),
                )
                for of in (some, all_)
            ],
        )
    )
    section.notes.append("CSV with a result printed per row into a file, every row a durable, audited product.")
    return section


def _load(server: servers.Server, file: Path, first: int, rows: int) -> _Import:
    with file.open("w", newline="", encoding="utf-8") as output:
        writer = csv.writer(output)
        writer.writerow(PRODUCT)
        constant = [" | ".join(value) if isinstance(value, list) else value for value in PRODUCT.values()]
        for number in range(first, first + rows):
            writer.writerow([f"{constant[0]} {number}", *constant[1:]])
    address = {"BBWS_URL": f"http://127.0.0.1:{server.port}", "BBWS_API_KEY": server.key}
    with file.with_suffix(".out").open("wb") as results:
        begun = time.perf_counter()
        command = [sys.executable, "-m", "bbws.entrypoints.cli", "products", "import", str(file)]
        process = subprocess.Popen(command, stdout=results, stderr=results, env=servers.clean_environment(**address))
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    told = file.with_suffix(".out").read_text(encoding="utf-8")
    assert process.returncode == 0, told[-2000:]
    assert told.count("created") >= rows, told[-2000:]
    return _Import(rows, seconds, used.ru_maxrss * 1024, server.memory("VmHWM"))
