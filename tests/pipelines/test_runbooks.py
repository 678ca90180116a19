"""What a runbook tells somebody to type is there: workflows and their inputs, commands and their options."""

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest

from infra.pipeline.commands import main
from tests.architecture.source import ROOT
from tests.pipelines.test_workflows import NAMES, inputs

RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
OURS = ("product_lambda_cicd_guide", "environment_promotion_runbook", "rollback_runbook")


def lines(page: Path, start: str) -> list[list[str]]:
    """The command lines of a page that hold ``start``, from there on, as a shell would split them."""
    text = page.read_text(encoding="utf-8")
    return [shlex.split(found) for found in re.findall(rf"(?<=[ ]){start}( [^\n`]*)", f" {text}".replace("\n", "\n "))]


def test_the_runbooks_of_the_pipelines_are_there() -> None:
    assert {page.stem for page in RUNBOOKS} >= set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_runbook_has_the_parts_that_the_specification_wants(name: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    for part in ("| Version | ", "| Date | 20", "| Author | "):
        assert part in text
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "Purpose"
    assert headings[-1] == "Contacts"
    assert {"Prerequisites", "Verification", "Troubleshooting"} <= set(headings)


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_workflows_are_started_with_inputs_that_they_have(page: Path) -> None:
    for words in lines(page, "gh workflow run"):
        name = words[0].removesuffix(".yml")
        assert name in NAMES
        given = {word.partition("=")[0] for flag, word in pairwise(words) if flag == "-f"}
        if given:
            assert given <= set(inputs(name)), words
            required = {key for key, asked in inputs(name).items() if asked.get("required")}
            assert required <= given, words


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_commands_of_the_pipeline_take_what_the_page_gives_them(page: Path) -> None:
    for words in lines(page, "python -m infra.pipeline") + lines(page, r"\.venv/bin/python -m infra.pipeline"):
        found: Any = main
        while isinstance(found, click.Group):
            found = found.commands[words.pop(0)]
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


@pytest.mark.parametrize("name", ["rollback_runbook", "product_lambda_disaster_recovery"])
def test_a_restored_table_is_put_into_service_by_the_commands_that_terraform_names(name: str) -> None:
    told = (ROOT / "infra/terraform/restored.tf").read_text(encoding="utf-8")
    needed = re.findall(r"--(?:stream|time-to-live)-specification [\w=,]+", told)
    page = (ROOT / "docs/runbooks" / f"{name}.md").read_text(encoding="utf-8")
    assert len(needed) == 2
    assert [one for one in needed if one not in page] == []
    assert "`table_overrides`" in page or "table_overrides = {" in page
