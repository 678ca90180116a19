"""Runbooks are whole, and everything that they name or tell somebody to type is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.documents import resources
from tests.documents.runbooks import EMULATOR, ROOT, RUNBOOKS, Command, commands, prints, runbook_commands, typed
from tests.documents.test_documents import PAGES, name_of
from tests.documents.typed import faults

PAGES_OF_RUNBOOKS = sorted(path for path in RUNBOOKS.rglob("*.md") if path.name != "README.md")
# Specification: operations §6, S000, S002 and S003.
WANTED = {
    *(
        f"product_lambda_{name}"
        for name in ("deployment", "operations", "disaster_recovery", "dev_setup", "cicd_guide")
    ),
    *("environment_promotion_runbook", "rollback_runbook", "troubleshooting_runbook"),
    "tenant_lambda_deployment_runbook",  # specification: tenants
    *(f"marketing_lambda/{name}_runbook" for name in ("deployment", "promotion", "troubleshooting", "rollback")),
}
# What each of the last four has besides: one of these headings for each thing that the specification lists.
MARKETING = {
    "deployment": ("Checklist", "dev: by itself", "sit and prod: by hand", "Validation", "Health checks", "Monitoring"),
    "promotion": ("Readiness", "dev to sit", "sit to prod", "Approvals", "Validation"),
    "troubleshooting": (
        *("Campaign not found", "Wrong status", "Lambda timeout", "DynamoDB throttling", "API Gateway 5xx"),
        *("Log investigation", "Slow answers"),
    ),
    "rollback": ("Criteria", "Lambda version", "Terraform", "Stage", "Table", "Incident report"),
}


def page_name(page: Path) -> str:
    return page.relative_to(RUNBOOKS).with_suffix("").as_posix()


OF_MARKETING = [page for page in PAGES_OF_RUNBOOKS if page.parent.name == "marketing_lambda"]
OF_LAMBDA = [page for page in PAGES_OF_RUNBOOKS if "_lambda" in page_name(page) and "cicd" not in page.stem]
OPERATIONS = RUNBOOKS / "product_lambda_operations.md"
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)]*))?\)")
_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")


def headings(page: Path, level: int | None = None) -> list[str]:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    found = re.findall(r"^(#+) (.*)$", text, re.MULTILINE)
    return [heading for marks, heading in found if level in (None, len(marks))]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: lower case, without punctuation, blanks as hyphens, numbered where there are several."""
    slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)]
    counted: Counter[str] = Counter()
    found = set()
    for slug in slugs:
        found.add(f"{slug}-{counted[slug]}" if counted[slug] else slug)
        counted[slug] += 1
    return found


def sections(page: Path, level: int) -> dict[str, str]:
    pieces = re.split(rf"^{'#' * level} (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # The next heading of a higher level ends a section.
    return {
        name: re.split(rf"^#{{1,{level - 1}}} ", text, flags=re.MULTILINE)[0]
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def spans(page: Path) -> list[str]:
    return _SPAN.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def test_every_runbook_that_the_specification_wants_is_there_and_listed() -> None:
    assert {page_name(page) for page in PAGES_OF_RUNBOOKS} == WANTED
    listed = re.findall(r"^\| \[([\w/]+)\]\(\1\.md\)", (RUNBOOKS / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(WANTED)


@pytest.mark.parametrize("page", PAGES_OF_RUNBOOKS, ids=page_name)
def test_a_runbook_has_its_head_and_its_parts(page: Path) -> None:
    head = dict(re.findall(r"^\| (\w[\w /]*) \| (.*) \|$", page.read_text("utf-8").partition("## ")[0], re.MULTILINE))
    assert re.fullmatch(r"\d+\.\d+", head["Version"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", head["Date"])
    assert "team" in head["Author"]  # a role, never a person
    assert head["Reviewed"].startswith("quarterly")
    own = headings(page, 2)
    assert own[0] == ("Overview" if page in OF_MARKETING else "Purpose")
    assert {"Prerequisites", "Verification", "Troubleshooting", "Contacts"} <= set(own)
    assert re.search(r"^1\. ", page.read_text("utf-8"), re.MULTILINE)  # numbered steps


@pytest.mark.parametrize("page", OF_LAMBDA, ids=page_name)
def test_a_runbook_of_a_lambda_service_names_service_and_targets(page: Path) -> None:
    text = page.read_text("utf-8")
    assert all(f"\n| {name} | " in text for name in ("Service", "Repository", "RPO / RTO"))
    assert headings(page, 2)[-1] == ("References" if page in OF_MARKETING else "Related")


@pytest.mark.parametrize("page", OF_MARKETING, ids=page_name)
def test_a_runbook_of_campaigns_has_the_sections_of_the_specification(page: Path) -> None:
    own = headings(page, 2)
    parts = ["Overview", "Steps", "Verification", "Troubleshooting", "Rollback", "References"]
    assert [name for name in own if name in parts] == parts
    assert set(MARKETING[page.stem.removesuffix("_runbook")]) <= set(headings(page, 3))
    assert "Expected" in page.read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_heading_that_is_there(page: Path) -> None:
    text = _FENCE.sub("", page.read_text("utf-8"))
    targets = [((page.parent / path) if path else page, anchor) for path, anchor in _LINK.findall(text) if anchor]
    local = [(path, anchor) for path, anchor in targets if "://" not in str(path)]
    assert [f"{path.name}#{anchor}" for path, anchor in local if anchor not in anchors(path)] == []


def test_every_signal_has_its_section_and_no_other_has() -> None:
    alarms = sections(OPERATIONS, 3)
    assert set(alarms) == resources.signals()
    assert resources.signals() <= anchors(OPERATIONS)
    for text in alarms.values():
        words = " ".join(re.findall(r"^\*\*(.*?)\*\*", text, re.MULTILINE)).lower()
        assert all(part in words for part in ("meaning", "impact", "diagnosis", "mitigation"))


def test_every_saved_query_is_explained() -> None:
    text = sections(OPERATIONS, 2)["Saved log queries"]
    assert set(re.findall(r"`bbws-\{env\}/([a-z-]+)`", text)) == resources.queries()


@pytest.mark.parametrize("page", PAGES_OF_RUNBOOKS, ids=page_name)
def test_everything_of_aws_that_a_runbook_names_is_made(page: Path) -> None:
    assert resources.unknown(page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", PAGES_OF_RUNBOOKS, ids=page_name)
def test_a_runbook_names_variables_outputs_and_files_that_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert set(re.findall(r"\bvariable `(\w+)", text)) <= resources.variables()
    assert set(re.findall(r"\boutput `(\w+)", text)) <= resources.outputs()
    files = {
        span.replace("{env}", "dev")
        for span in spans(page)
        if re.match(r"(src|infra|tests|docs|bench|\.github)/", span)
    }
    assert [file for file in sorted(files) if not list(ROOT.glob(file.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_is_to_be_typed_can_work(page: Path) -> None:
    assert [fault for line in typed(page) for fault in faults(line)] == []
    # Within a sentence a command may be named without everything that it needs.
    assert [fault for span in spans(page) for fault in faults(span, whole=False)] == []


def test_commands_for_an_environment_are_told_from_those_for_this_machine(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        f"```console\n$ here\nyes\n```\n\n   {EMULATOR}\n   ```console\n   $ there\n   no\n   $ then\n   ```\n"
    )
    assert list(commands(page)) == [Command("here", "yes\n")]
    assert list(commands(page, emulator=True)) == [Command("there", "no\n"), Command("then", "")]
    assert runbook_commands(page) == ["there", "then"]
    assert list(typed(page)) == ["here", "there", "then"]


def test_output_is_compared_without_what_differs_from_run_to_run() -> None:
    assert prints("at 2026-11-21T00:00:00Z   op-0123456789ABCDEF\n", "at 2027-01-01T00:00:00Z op-FEDCBA9876543210")
    assert prints("a\nb\nc\n", "a\n...\nc")
    assert prints("a\nc\n", "a\n...\nc")
    assert prints("depth 17 messages", "depth ... messages")
    assert not prints("a\nb\n", "a")
    assert not prints("a", "a\n...\nb")
    assert not prints("a.c", "abc")


@pytest.mark.parametrize(
    "line",
    [
        "aws sqs get-queue-atributes --queue-url URL",
        "aws sqs get-queue-attributes --queue URL",
        "aws sqs get-queue-attributes",
        "aws dynamodb wait table-there --table-name x",
        "aws lambda invoke --function-name x",
        "aws lambda invoke --function-name x --invocation-type Sometimes out.json",
        'echo "$(aws nothing at-all)"',
        "bbws queues redrived product-audit",
        "bbws queues redrive",
        "bbws products list --sorted-by price",
        "make aws-upp && true",
        "for x in a b; do aws s4 ls; done",
        "python -m infra.pipeline releases",
        "python tests/documents/nothing.py",
        "terraform output -raw nothing",
    ],
)
def test_what_cannot_work_is_found(line: str) -> None:
    assert len(faults(line)) == 1


def test_names_that_nothing_has_are_found() -> None:
    text = "`bbws-product-gone-{env}` `bbws-$FUNCTION-$ENVIRONMENT` `bbws/no-secret-dev` `things-prod` `products-sit`"
    assert resources.unknown(text) == ["bbws-product-gone-{env}", "bbws/no-secret-dev", "things-prod"]
