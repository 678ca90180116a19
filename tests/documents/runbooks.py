"""What a page tells somebody to type, and what it says comes of it.

A ``console`` block is run: each line after ``$`` must print what follows it. Below ``<!-- run: emulator -->`` it is run
where an environment is deployed (:func:`runbook_commands`), otherwise against a server on this machine. In what is
expected, ``...`` stands for anything within a line, and alone on a line for any number of lines. Blocks of ``sh`` are
checked and not run.
"""

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
EMULATOR = "<!-- run: emulator -->"
_SAMPLE = re.compile(r"^```(python|javascript)\n(.*?)^```\n+It prints:\n+```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(
    rf"^(?P<marker> *{EMULATOR}\n)?(?P<indent> *)```(?P<kind>console|sh)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
# What differs from one run to the next. Column widths follow from it, so runs of blanks count as one.
_MASKS = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"\bop-[0-9A-Z]{16}\b", "OPERATION"),
    (r"\bkey-[0-9A-Z]{12}\b", "KEY"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"\b(div|group|team)-[0-9A-Z]{16}\b", r"\1-UNIT"),
    (r"\b[0-9a-f]{16,128}\b", "HEX"),
    (r"\d[\d,.]* (s|ms|bytes)\b", "AMOUNT"),
    (r"http://127\.0\.0\.1:\d+", "URL"),
    (r"\S*\barchive(?=: )", "ARCHIVE"),
    (r"\s{2,}|\t", " "),
)


class Command(NamedTuple):
    """A line to type, and what the page says it prints."""

    line: str
    output: str


def commands(page: Path, *, emulator: bool = False) -> Iterator[Command]:
    """The commands of a page that are run: on this machine, or where an environment is deployed."""
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "console" and bool(block["marker"]) is emulator:
            for piece in re.split(r"^\$ ", textwrap.dedent(block["text"]), flags=re.MULTILINE)[1:]:
                line, _, output = piece.partition("\n")
                yield Command(line, output)


class Sample(NamedTuple):
    """A program on a page, and what the page says it prints."""

    language: str
    text: str
    output: str


def samples(page: Path) -> list[Sample]:
    """The programs of a page."""
    return [Sample(*found) for found in _SAMPLE.findall(page.read_text(encoding="utf-8"))]


def runbook_commands(path: Path) -> list[str]:
    """The lines that a page wants run against a deployed environment, in its order."""
    return [command.line for command in commands(path, emulator=True)]


def typed(page: Path) -> Iterator[str]:
    """Every line of a page that somebody may type, lines that end in a backslash put together."""
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        text = textwrap.dedent(block["text"])
        if block["kind"] == "console":
            yield from re.findall(r"^\$ (.*)$", text, re.MULTILINE)
        else:
            yield from (line for line in text.replace("\\\n", " ").splitlines() if line.strip())


def masked(text: str) -> list[str]:
    """The lines of an output, without what differs between runs."""
    lines = []
    for line in text.splitlines():
        for pattern, word in _MASKS:
            line = re.sub(pattern, word, line)  # noqa: PLW2901 - one mask after another
        lines.append(line.strip())
    return [line for line in lines if line]


def prints(actual: str, expected: str) -> bool:
    """Whether an output is the expected one."""
    pieces = []
    for line in masked(expected):
        text = re.escape(line).replace(re.escape("..."), "[^\n]*")
        pieces.append("(?:[^\n]*\n)*" if line == "..." else f"{text}\n")
    return re.fullmatch("".join(pieces), "".join(f"{line}\n" for line in masked(actual))) is not None


def run(
    page: Path, environment: Mapping[str, str], *, emulator: bool = True, instead: Mapping[str, str] | None = None
) -> Iterator[tuple[Command, str]]:
    """Run what a page wants run, against a deployed environment or a server: each command, and what it printed.

    ``environment`` holds what a command needs to reach it (credentials, ``AWS_ENDPOINT_URL``, ``BBWS_*``, ``API_URL``),
    ``instead`` what is run in place of what a page shows. What a line exports is there for the lines below it, as in
    one session.
    """
    with tools() as folder:
        path = f"{folder}:{Path(sys.executable).parent}:{environment.get('PATH', os.defpath)}"
        known = {**environment, "PATH": path, "COLUMNS": "120", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        for command in commands(page, emulator=emulator):
            line = command.line
            for shown, meant in (instead or {}).items():
                line = line.replace(shown, meant)
            if line.startswith("export "):
                told = _shell(f"{line}; env -0", known)
                known |= dict(re.findall(r"(?<![^\0])(\w+)=([^\0]*)", told))
                yield command, ""
            else:
                yield command, _shell(line, known)


def _shell(line: str, environment: Mapping[str, str]) -> str:
    """What a line prints, its complaints included."""
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout


@contextmanager
def tools() -> Iterator[Path]:
    """A folder with an ``aws``, for machines that have none: :mod:`tests.documents.aws_cli`."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "aws"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tests.documents.aws_cli "$@"\n', "utf-8")
        script.chmod(0o755)
        yield Path(folder)
