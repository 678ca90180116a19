"""Documentation is executed: every command block in it runs, and prints what it says."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import SystemClock
from bbws.settings import PREFIX, Settings
from bbws.tables import ENDPOINTS
from tests import builders
from tests.documents.runbooks import ROOT, commands, prints
from tests.documents.runbooks import run as run_page

PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CLAUDE.md",
        *(p for p in (ROOT / "docs").rglob("*.md") if "decisions" not in p.parts),
    ]
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def environment(data_dir: Path, **values: str) -> dict[str, str]:
    """As after ``. .venv/bin/activate``, with nothing set but the data folder."""
    clean = builders.inherited()
    path = f"{Path(sys.executable).parent}:{clean['PATH']}"
    return clean | {"PATH": path, "BBWS_DATA_DIR": str(data_dir), "COLUMNS": "120"} | values


@pytest.mark.parametrize("page", [p for p in PAGES if any(commands(p))], ids=name_of)
def test_every_command_prints_what_the_page_says(page: Path, tmp_path: Path) -> None:
    with builders.server(tmp_path / "data") as server:
        known = environment(tmp_path / "data", BBWS_URL=server.url)
        instead = {"http://127.0.0.1:8000": server.url, "var/": f"{tmp_path / 'data'}/"}
        for command, printed in run_page(page, known, emulator=False, instead=instead):
            assert prints(printed, command.output), f"{command.line}\n{printed}"


def test_the_page_of_the_command_line_lists_every_verb_of_the_api() -> None:
    listed = set()
    for row in re.findall(r"^\| (`[a-z].*?) \|", (ROOT / "docs/cli.md").read_text("utf-8"), re.MULTILINE):
        group = ""
        for command in re.findall(r"`([^`]+)`", row):
            words = [word for word in command.split() if re.fullmatch(r"[a-z][a-z-]*", word)]
            group = words[0] if len(words) > 1 or not group else group
            listed.add((group, words[-1]))
    # A group of one list is that list.
    verbs = {each.cli for each in ENDPOINTS if each.cli is not None} - {("queues", "list")}
    assert verbs - listed == set()


def test_the_readme_runs_what_it_names_first(tmp_path: Path) -> None:
    """``make run`` serves, and its curl line works when pasted; ``make test`` finds the tests."""
    lines = re.findall(r"^    (make \w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert lines[:2] == ["make run", "make test"]
    known = environment(tmp_path / "data", BBWS_PORT="0")
    run = subprocess.Popen(
        lines[0].split(), cwd=ROOT, env=known, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert run.stdout is not None
    try:
        greeting = [run.stdout.readline() for _ in range(5)]
        curl = next(line.partition("Try")[2] for line in greeting if "curl" in line)
        answer = subprocess.run(["bash", "-c", curl], text=True, capture_output=True, check=True)
        assert '"items":[]' in answer.stdout
    finally:
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=60)
        run.stdout.read()  # the pipe ends when the server has ended, too
        run.stdout.close()
    EmbeddedEngine.open(tmp_path / "data", clock=SystemClock()).stop(timeout=10)  # it let go of the folder
    collected = subprocess.run(
        lines[1].split(),
        cwd=ROOT,
        env=known | {"PYTEST_ADDOPTS": "--collect-only --quiet --no-cov", "JOBS": "0", "MAKEFLAGS": ""},
        text=True,
        capture_output=True,
        check=False,
    )
    assert "test_the_readme_runs_what_it_names_first" in collected.stdout, collected.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [t for t in _LINK.findall(page.read_text("utf-8")) if "://" not in t]
    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_the_readme_names_every_setting() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    expected = {f"{PREFIX}{name.upper()}": field.description for name, field in Settings.model_fields.items()}
    found = dict(re.findall(r"^\| `(BBWS_\w+)` \| [^|]* \| ([^|]*) \|$", text, re.MULTILINE))
    assert found == expected


def test_the_tour_names_real_places() -> None:
    text = (ROOT / "docs" / "tour.md").read_text("utf-8")
    files = set(re.findall(r"`([a-z_/]+/[a-z_]+\.py)`", text))
    assert files
    assert [name for name in sorted(files) if not (ROOT / "src" / "bbws" / name).exists()] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))
