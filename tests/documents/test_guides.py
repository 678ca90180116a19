"""Guides to the API: they name every call and every refusal, and their programs run and print what they say."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml

from bbws.engines.embedded.identity import LocalTokens
from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.tables import ENDPOINTS
from bbws.tenants.permissions import GIVEN, SELF, Role
from bbws.tenants.webhooks.events import TESTED
from bbws.tenants.webhooks.service import TOLD
from tests import builders
from tests.documents.runbooks import ROOT, Sample, prints, samples

FOLDER = ROOT / "docs" / "api"
GUIDES = {
    "campaign-api-guide": ("campaigns-public-api", "campaigns-admin-api"),
    "tenant-api-guide": ("tenant-api", "users-api", "hierarchy-api", "invitations-api"),
    "webhooks-events": ("webhooks-api",),
}
# Guides to what all calls have in common: their own parts, and the languages of their programs.
COMMON: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "getting-started": (("Start", "Sign in", "The first call", "The first tenant", "What next"), ()),
    "authentication": (("On one machine", "Another issuer", "On AWS", "What a token may be", "Forgetting"), ()),
    "error-handling": (("What a refusal says", "Statuses", "What to send again"), ("python", "javascript")),
    "pagination": (("Pages", "Filters and order", "Cursors"), ("python", "javascript")),
    "examples/create-tenant": (("curl", "bbws", "Python", "JavaScript"), ("python", "javascript")),
}
# Specification: operations §8.
PARTS = ["Authentication", "Endpoints", "Requests and responses", "Error codes", "Rate limits", "Python", "JavaScript"]
RUNS = {"python": [sys.executable], "javascript": ["node"]}
WITHOUT_NODE = "BBWS_WITHOUT_NODE"
_SECONDS = 60


def _text(guide: str) -> str:
    return (FOLDER / f"{guide}.md").read_text("utf-8")


def test_every_guide_is_looked_at() -> None:
    found = {page.relative_to(FOLDER).with_suffix("").as_posix() for page in FOLDER.rglob("*.md")}
    assert found == {*GUIDES, *COMMON}


@pytest.mark.parametrize("guide", [*GUIDES, *COMMON])
def test_a_guide_has_its_head_and_its_parts(guide: str) -> None:
    head = dict(re.findall(r"^\| (\w+) \| (.*) \|$", _text(guide).partition("## ")[0], re.MULTILINE))
    assert re.fullmatch(r"\d+\.\d+", head["Version"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", head["Date"])
    own = re.findall(r"^## (.*)$", _text(guide), re.MULTILINE)
    assert own[0] == "Overview"
    parts = list(COMMON[guide][0]) if guide in COMMON else PARTS
    assert [name for name in own if name in parts] == parts


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_lists_every_call_with_its_command_and_who_may_make_it(guide: str) -> None:
    calls = [endpoint for endpoint in ENDPOINTS if endpoint.service in GUIDES[guide]]
    row = r"^\| `([A-Z]+ /\S+)` \| ([\w, ]+) \| (?:`bbws ([a-z -]+)`|–) \|"
    found = re.findall(row, _text(guide), re.MULTILINE)
    assert {call: (who, command) for call, who, command in found} == {
        f"{call.method} {call.path}": (_who(guide, call.permission), " ".join(call.cli or ())) for call in calls
    }


def _who(guide: str, permission: str) -> str:
    """Who may, in the words of a guide. Campaigns know one role, the platform's Admin."""
    if permission == PLATFORM_ADMIN:
        return "Admin" if guide == "campaign-api-guide" else "platform"
    if permission == SELF:
        return "signed in"
    if permission not in GIVEN:
        return "everybody"
    return ", ".join(role for role in Role if role in GIVEN[permission]) or "platform"


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_lists_every_refusal(guide: str) -> None:
    found = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \|", _text(guide), re.MULTILINE)
    assert {(int(status), code) for status, code in found} == {
        refusal for service in GUIDES[guide] for refusal in _refusals(service)
    }


def test_the_guide_to_webhooks_lists_every_event() -> None:
    table = _text("webhooks-events").partition("### Events\n")[2].partition("\n### ")[0]
    listed = [
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    ]
    assert sorted(listed) == sorted([*TOLD, TESTED.name])


def _refusals(service: str) -> Iterator[tuple[int, str]]:
    """Those that its document has, each with an example."""
    document = yaml.safe_load((FOLDER / "openapi" / f"{service}.yaml").read_text("utf-8"))
    for code, example in document["components"]["examples"].items():
        if code == example["value"].get("code"):
            yield example["value"]["status"], code


@pytest.mark.parametrize(
    ("guide", "language", "runs"),
    [
        (guide, language, RUNS[language])
        for guide in (*GUIDES, *COMMON)
        for language in COMMON.get(guide, ((), tuple(RUNS)))[1]
    ],
)
def test_the_programs_of_a_guide_print_what_it_says(
    guide: str, language: str, runs: Sequence[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [sample] = [each for each in samples(FOLDER / f"{guide}.md") if each.language == language]
    if not can_run(runs[0], os.environ):
        with capfd.disabled():
            print(f"\n*** {runs[0]} is missing: the {language} of {guide} DID NOT RUN. ***")  # noqa: T201 - it has to be seen
        return
    printed = _printed(sample, runs, tmp_path)
    assert prints(printed, sample.output), printed


def can_run(program: str, environment: Mapping[str, str]) -> bool:
    """Whether a program of a guide is to be run. Where Node.js is missing, leaving it out is for somebody to say."""
    if shutil.which(program, path=environment.get("PATH", "")) is not None:
        return True
    assert environment.get(WITHOUT_NODE) == "1", (
        f"{program} is missing: apt-get install nodejs, as .ci/run does, or set {WITHOUT_NODE}=1 to leave this out"
    )
    return False


def test_node_is_left_out_on_purpose_alone(tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path)}
    with pytest.raises(AssertionError, match=r"node is missing: apt-get install nodejs"):
        can_run("node", nothing)
    with pytest.raises(AssertionError, match=r"node is missing"):
        can_run("node", {**nothing, WITHOUT_NODE: ""})
    assert not can_run("node", {**nothing, WITHOUT_NODE: "1"})
    (tmp_path / "node").touch(0o755)
    assert can_run("node", nothing)


def _printed(sample: Sample, runs: Sequence[str], folder: Path) -> str:
    program = folder / ("guide.mjs" if sample.language == "javascript" else "guide.py")
    program.write_text(sample.text, "utf-8")
    # A guide's receiver of webhooks listens on this machine.
    with builders.server(folder / "data", environment={"BBWS_WEBHOOK_LOOPBACK": "1"}) as server:
        product = {**builders.SAMPLE, "productId": "PROD-BASIC"}
        made = httpx.post(f"{server.url}/v1.0/products", json=product, headers={"x-api-key": server.key})
        assert made.status_code == httpx.codes.CREATED, made.text
        token = LocalTokens(server.data_dir, "local").issue(
            "operator", timedelta(hours=1), admin=True, email="operator@example.com"
        )
        known = {"PATH": os.environ["PATH"], "BBWS_URL": server.url, "BBWS_TOKEN": token}
        done = subprocess.run(
            [*runs, str(program)],
            env=known,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_SECONDS,
        )
    return done.stdout
