"""Diagrams name what there is. That they can be drawn is seen by ``make diagrams-check``, which has a browser."""

import json
import re
from pathlib import Path

import pytest

from tests.documents import diagrams, resources
from tests.documents.diagrams import LOCKED, Drawn
from tests.documents.runbooks import ROOT
from tests.documents.test_documents import name_of

FOLDER = ROOT / "docs" / "diagrams"
PAGES = sorted(FOLDER.glob("*.md"))
# Specification: operations §7.
WANTED = {"component", "deployment", "event_flow", "data_access", "tenants"}  # the last: specification tenants
KINDS = ("flowchart LR\n", "flowchart TB\n", "sequenceDiagram\n", "erDiagram\n")


def test_every_diagram_that_the_specification_wants_is_there_and_listed() -> None:
    listed = re.findall(r"^\| \[(\w+)\]\(\1\.md\)", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert set(listed) == WANTED == {page.stem for page in PAGES} - {"README"}


def test_every_diagram_says_what_kind_it_is() -> None:
    drawn = dict(diagrams.blocks())
    assert {name.rpartition("-")[0] for name in drawn} >= {f"docs-diagrams-{name}" for name in WANTED}
    assert [name for name, text in drawn.items() if not text.lstrip().startswith(KINDS)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_everything_of_aws_that_a_diagram_names_is_made(page: Path) -> None:
    assert resources.unknown(page.read_text("utf-8")) == []


def test_data_access_lists_every_index_of_every_table() -> None:
    rows = re.findall(r"^\| (?:`(\w+)-\{env\}` )?\| (?:`(\w+)`|none) \|", _text("data_access"), re.MULTILINE)
    found: dict[str, list[str]] = {}
    store = ""
    for named, index in rows:
        store = named or store
        found.setdefault(store, []).extend([index] if index else [])
    assert found == {store: each["indexes"] for store, each in resources.manifest()["stores"].items()}


def test_data_access_shows_every_function_that_touches_rows_of_its_own() -> None:
    shown = set(re.findall(r"[a-z]+(?:-[a-z]+)+", _text("data_access")))
    named = {each["function"] for part in ("endpoints", "consumers") for each in resources.manifest()[part].values()}
    own = {name for name in named if not name.startswith(("platform-", "queues-"))}
    assert own - shown == {"audit-checkpoint"}  # as the daily work, which is shown


def test_the_event_flow_has_the_figures_of_the_manifest_and_terraform() -> None:
    text = _text("event_flow")
    for consumer in resources.manifest()["consumers"].values():
        assert f"bbws-{consumer['queue']}-dlq-{{env}}" in text
        assert f"after {consumer['maxReceives']} tries" in text
        assert f"up to {consumer['window']} s" in text
        assert f"batches of {consumer['batch']}" in text
    [feed] = re.findall(r"default = \{ (batch = .*) \}", resources.all_variables())
    figures = {name: int(value) for name, value in re.findall(r"(\w+) = (-?\d+)", feed)}
    assert f"batches of {figures['batch']}; tried without end" in text
    assert figures["retries"] == -1
    assert f"up to {figures['record_age'] // 3600} hours" in text
    for work in resources.manifest()["daily"].values():
        assert _told(work["schedule"]) in text


def test_mermaid_is_locked_without_an_address() -> None:
    asked = json.loads((LOCKED / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((LOCKED / "package-lock.json").read_text("utf-8"))["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
    others = [each for name, each in locked.items() if name]
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in others)


def test_what_the_browser_tells_is_read(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    told = {"good": {"svg": "<svg/>"}, "bad": {"error": "Parse error"}}
    shown = json.dumps(told).replace("<", "&lt;").replace(">", "&gt;")
    browser.write_text(f"#!/bin/sh\ncat <<'END'\n<body><pre id=\"result\">{shown}</pre></body>\nEND\n")
    browser.chmod(0o755)
    drawn = diagrams.draw({"good": "flowchart LR", "bad": "?"}, str(browser), tmp_path / "mermaid.js")
    assert drawn == {"good": Drawn("<svg/>", ""), "bad": Drawn("", "Parse error")}


def test_a_browser_that_draws_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(diagrams.DrawingError, match="drew nothing"):
        diagrams.draw({}, "true", tmp_path / "mermaid.js")


def _told(schedule: str) -> str:
    if schedule == "rate(1 minute)":
        return "every minute"
    minute, hour = re.findall(r"cron\((\d+) (\d+) ", schedule)[0]
    return f"{int(hour):02}:{int(minute):02} UTC"


def _text(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text("utf-8")
