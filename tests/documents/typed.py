"""What somebody types, understood far enough to know whether it can work: are commands, verbs and options there?"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import click

from bbws.entrypoints.cli import build
from bbws.entrypoints.commands.session import App
from bbws.tables import ENDPOINTS
from infra.local.__main__ import main as local
from infra.pipeline.commands import main as pipeline
from tests.documents import aws_cli, resources
from tests.documents.runbooks import ROOT

_INNER = re.compile(r"\$\(((?:[^()']|'[^']*')*)\)")
_ENDS = {";", "&&", "||", "|"}
_SHELL = {"do", "done", "for", "if", "then", "fi", "export", "in"}
# The last: docs/cli.md leaves out the bbws before it.
_CUSTOM = {("sso", "login"), ("setup",)}
_TERRAFORM = {"init", "plan", "apply", "output", "import", "force-unlock", "destroy", "state", "providers"}


def faults(line: str, *, whole: bool = True) -> list[str]:
    """What cannot work in a line of the shell. ``whole``: whether what a command demands must be there too."""
    found = []
    for words in _commands(line):
        check = _CHECKS.get(words[0])
        if check is not None:
            try:
                check(words[1:], whole)
            except (ValueError, LookupError) as error:
                found.append(f"{' '.join(words)}: {error}")
    return found


def _commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a line, those within ``$( )`` first."""
    while (inner := _INNER.search(line)) is not None:
        yield from _commands(inner[1])
        line = f"{line[: inner.start()]}INNER{line[inner.end() :]}"
    words: list[str] = []
    for token in [*_tokens(line), ";"]:
        if token in _ENDS:
            if words:
                yield words
            words = []
        elif words or not (token in _SHELL or re.match(r"\w+=", token) or token.startswith("for ")):
            words.append(token)


def _tokens(line: str) -> list[str]:
    """The words of a line. A semicolon, pipe or ampersand within quotes is part of its word."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    found = list(lexer)
    return found[found.index(";") :] if found[:1] == ["for"] else found


def _aws(words: Sequence[str], whole: bool) -> None:  # noqa: FBT001 - see faults
    if not words or tuple(words[:2]) in _CUSTOM:
        return
    try:
        aws_cli.parse(words)
    except aws_cli.IncompleteError:
        if whole:
            raise


@cache
def _bbws() -> click.Group:
    return build(App(ENDPOINTS))


def _click(root: Callable[[], click.Command]) -> Callable[[Sequence[str], bool], None]:
    def check(words: Sequence[str], whole: bool) -> None:  # noqa: FBT001 - see faults
        found, rest = root(), list(words)
        context = click.Context(found)
        while isinstance(found, click.Group) and rest and not rest[0].startswith("-"):
            verb = rest.pop(0)
            inner = found.get_command(context, verb)
            if verb.isupper():
                return  # what a reader puts in
            if inner is None:
                raise ValueError(f"there is no {verb}")
            found = inner
        known = {name for each in found.get_params(context) for name in (*each.opts, *each.secondary_opts)}
        missing = {word.partition("=")[0] for word in rest if word.startswith("--")} - known
        if missing:
            raise ValueError(f"there is no {sorted(missing)}")
        arguments = [each for each in found.params if isinstance(each, click.Argument) and each.required]
        if whole and arguments and not [word for word in rest if not word.startswith("-")]:
            raise ValueError(f"{arguments[0].name} is missing")

    return check


def _python(words: Sequence[str], whole: bool) -> None:  # noqa: FBT001 - see faults
    if words[:1] == ["-m"] and words[1] in _MODULES:
        _MODULES[words[1]](words[2:], whole)
    for word in words:
        if word.endswith(".py") and not (ROOT / word).exists():
            raise ValueError(f"there is no {word}")


def _make(words: Sequence[str], _: bool) -> None:  # noqa: FBT001 - see faults
    missing = {word for word in words if re.fullmatch(r"[a-z-]+", word)} - resources.targets()
    if missing:
        raise ValueError(f"there is no {sorted(missing)}")


def _terraform(words: Sequence[str], _: bool) -> None:  # noqa: FBT001 - see faults
    verb = next((word for word in words if not word.startswith("-")), "")
    if verb not in _TERRAFORM:
        raise ValueError(f"{verb} is not used here")
    if verb == "output" and words[-1] not in resources.outputs():
        raise ValueError(f"there is no output {words[-1]}")
    files = [word.partition("=")[2] for word in words if word.startswith(("-var-file=", "-backend-config=env"))]
    for file in files:
        path = file.replace("$ENVIRONMENT", "dev").replace("{env}", "dev")
        if "/" in path and not (resources.TERRAFORM / path).exists():
            raise ValueError(f"there is no {file}")


_MODULES: Mapping[str, Callable[[Sequence[str], bool], None]] = {
    "infra.pipeline": _click(lambda: pipeline),
    "infra.local": _click(lambda: local),
}
_CHECKS: Mapping[str, Callable[[Any, bool], None]] = {
    "aws": _aws,
    "bbws": _click(_bbws),
    "make": _make,
    "python": _python,
    ".venv/bin/python": _python,
    "terraform": _terraform,
}
