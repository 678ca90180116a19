"""The habits of the project: commands, dependencies and what CI may run (CONTRIBUTING.md)."""

import re
import socket
import subprocess
import tomllib

import pytest
from coverage import Coverage
from pytest_socket import SocketConnectBlockedError

from tests.architecture.source import ROOT

GROUPS = ("requirements", "requirements-lambda", "requirements-dev", "requirements-bench")
COMMANDS = {"help", "run", "test", "check", "bench", "docs", "clean"}


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _asked_for(group: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in _read(f"{group}.in").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def _everything_asked_for() -> set[str]:
    return {line.partition("==")[0] for group in GROUPS for line in _asked_for(group)}


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_asked_for_is_exact_and_locked(group: str) -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+==\S+)", _read(f"{group}.txt"), re.MULTILINE))
    assert {line.lower() for line in _asked_for(group)} <= locked


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_locked_has_hashes_and_no_address(group: str) -> None:
    text = _read(f"{group}.txt")
    pinned = re.findall(r"^[a-z0-9._-]+==.*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(pinned) == text.count("==") - len(re.findall(r"(?<= ; ).*==", text))
    assert not re.search(r"://|^-|^\s+--(?!hash)", text, re.MULTILINE)


def test_every_dependency_has_its_line_and_no_other() -> None:
    explained = set(re.findall(r"^\| `([^`]+)` \|", _read("docs/dependencies.md"), re.MULTILINE))
    assert explained == _everything_asked_for()


def test_make_help_names_every_command() -> None:
    answer = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = set(re.findall(r"^make (\S+)", answer, re.MULTILINE))
    assert named == _commands()
    assert named >= COMMANDS


def test_every_exception_of_the_linter_has_its_reason() -> None:
    text = _read("pyproject.toml")
    listed = re.findall(r'^    "([A-Z]+[0-9]*)",(.*)$', text, re.MULTILINE)
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    ignored = [*lint["ignore"], *(code for codes in lint["per-file-ignores"].values() for code in codes)]
    assert [code for code, _ in listed] == ignored
    assert [code for code, reason in listed if not reason.strip().startswith("# ")] == []


def test_actions_are_pinned_by_commit() -> None:
    paths = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob(".github/actions/*/action.yml")]
    uses = [use for path in paths for use in re.findall(r"uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)]
    others = {use for use in uses if not use.startswith("./.github/")}
    assert others
    assert [use for use in others if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
    # One version of each, so that an update is one decision.
    assert len({use.partition("@")[0] for use in others}) == len(others)


def _commands() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", _read("Makefile"), re.MULTILINE)
    assert phony is not None
    return set(phony.group(1).split())


@pytest.mark.parametrize("path", [".ci/run", ".github/workflows/ci.yml"])
def test_ci_runs_the_commands_of_the_makefile(path: str) -> None:
    run = re.findall(r"^(?:\s+run: )?make ([\w -]+)$", _read(path), re.MULTILINE)
    named = {command for line in run for command in line.split()}
    assert {"check", "test"} <= named <= _commands()


def test_github_runs_every_check_that_needs_no_account() -> None:
    text = _read(".github/workflows/ci.yml")
    assert {f"make {name}" in text for name in ("lint-workflows", "tf-check", "aws-test")} == {True}
    # Without it both would pass unrun.
    assert "TF_PROVIDER_MIRROR=" in text


def test_a_test_reaches_loopback_alone() -> None:
    # The address is reserved for documentation (RFC 5737); the guard also warns, and warnings are errors here.
    with socket.socket() as sock, pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 9))


def test_nothing_measures_a_test_of_this_folder() -> None:
    assert Coverage.current() is None
