"""Crash points: those that are declared are those in the code, each in one place."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import bbws.engines.embedded
from bbws.engines.embedded import faults
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.table import Insert
from tests.contracts.rows import row

SOURCES = Path(bbws.engines.embedded.__path__[0])


def marked(source: str) -> list[str]:
    """The names in ``point(FaultPoint.NAME)`` of a source text."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    points = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "point"]
    return [point.attr for point in points if isinstance(point, ast.Attribute)]


def test_every_declared_point_is_in_the_code_once() -> None:
    found = Counter(name for path in SOURCES.glob("*.py") for name in marked(path.read_text(encoding="utf-8")))
    assert found == {point.name: 1 for point in faults.FaultPoint}


def test_names_are_what_a_hook_is_told(engine: EmbeddedEngine) -> None:
    seen: list[str] = []
    faults.install(seen.append)
    try:
        engine.table.commit([Insert(row("p", "a"))])
    finally:
        faults.uninstall()
    engine.table.commit([Insert(row("p", "b"))])
    assert seen == ["writer.before-begin", "writer.before-commit", "writer.after-commit"]
    assert set(seen) < set(faults.names())


@pytest.mark.parametrize("name", faults.names())
def test_names_say_the_part_and_the_moment(name: str) -> None:
    part, _, moment = name.partition(".")
    assert (SOURCES / f"{part}.py").exists() or part in {"migration", "relay", "restore"}
    assert moment.split("-")[0] in {"before", "after"}
