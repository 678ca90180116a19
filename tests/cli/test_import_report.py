"""The report of an import, where it cannot be written, and what an import says of how to go on."""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bbws.entrypoints.commands.failures import Failure
from bbws.entrypoints.commands.report import ReportFile
from tests.cli.shell import Shell, answering

ROW = {"name": "Basic", "description": "Small", "price": "9.50", "period": "monthly"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plans.jsonl"
    path.write_text("".join(json.dumps(ROW | {"name": f"Plan {n}"}) + "\n" for n in range(5)))
    return path


def test_a_full_disk_ends_the_import_and_says_what_was_loaded_and_how_to_go_on(bbws: Shell, file: Path) -> None:
    result = bbws("products", "import", str(file), "--report", "/dev/full", "--at-once", "1", code=2)
    assert result.stderr.splitlines() == [
        "bbws: cannot write /dev/full: No space left on device",
        "  Make room there, or name another report.",
        f"  go on with: bbws products import {file} --from-row 1 --report /dev/full",
    ]
    assert "1 created, 0 unchanged" in result.stdout
    again = bbws.json("products", "import", str(file), "--report", str(file.with_suffix(".report")))
    assert (again["created"], again["unchanged"]) == (4, 1)
    assert len(file.with_suffix(".report").read_text().splitlines()) == 5


@pytest.mark.parametrize("report", ["missing/report.jsonl", "plans.jsonl/report.jsonl"])
def test_a_report_that_cannot_be_made_is_told_before_anything_is_sent(bbws: Shell, file: Path, report: str) -> None:
    path = file.parent / report
    result = bbws("products", "import", str(file), "--report", str(path), code=2)
    assert result.stderr.startswith(f"bbws: cannot write {path}: ")
    assert (len(result.stderr.splitlines()), result.stdout, bbws.sent) == (1, "", [])


def test_a_report_never_replaces_the_catalogue(bbws: Shell, file: Path) -> None:
    before = file.read_bytes()
    assert "would replace" in bbws("products", "import", str(file), "--report", str(file), code=2).stderr
    assert (file.read_bytes(), bbws.sent) == (before, [])


def _limited(path: str, size: int) -> None:
    """Write a report into a file that may not grow beyond ``size``: run in a process of its own."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with ReportFile(Path(path), go_on=False) as report:
        report.write({"row": 1})
        try:
            report.write({"row": 2, "message": "x" * size})
        except Failure as failure:
            print(failure.message)  # noqa: T201 - read by the test


def test_half_a_line_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    code = f"from tests.cli.test_import_report import _limited; _limited({str(path)!r}, 100)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == f"cannot write {path}: File too large\n"
    with ReportFile(path, go_on=True) as report:
        report.write({"row": 2})
    assert path.read_text() == '{"row": 1}\n{"row": 2}\n'


def test_where_the_file_is_wrong_there_is_nothing_to_go_on_with(bbws: Shell, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("colour\nred\n")
    result = bbws("products", "import", str(wrong), code=2)
    assert result.stderr.startswith("bbws: the first line must name the columns; known are ")
    assert (len(result.stderr.splitlines()), result.stdout) == (1, "")


def test_going_on_asks_the_same_server(tmp_path: Path, file: Path) -> None:
    gone = answering(lambda _: httpx.Response(500), tmp_path)
    result = gone("products", "import", str(file), "--url", "http://127.0.0.1:1", code=4)
    assert f"go on with: bbws products import {file} --from-row 1 --url http://127.0.0.1:1\n" in result.stderr
