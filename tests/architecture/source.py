"""What the architecture tests read: the files of the repository and the syntax trees of the Python among them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "bbws"

type Function = ast.FunctionDef | ast.AsyncFunctionDef
type Documented = ast.Module | ast.ClassDef | Function


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file: its path from the root of the repository, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def imports(self) -> Iterator[str]:
        """The dotted names that the file imports, at its top or inside functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def functions(self) -> Iterator[Function]:
        """Every function and method of the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def code_lines(self) -> int:
        """How many lines are code: no blank line, no comment, no docstring."""
        lines = {
            n for n, line in enumerate(self.text.splitlines(), 1) if line.strip() and not line.lstrip().startswith("#")
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                lines -= docstring_lines(node)
        return len(lines)


def docstring_lines(node: Documented) -> set[int]:
    """The numbers of the lines that the docstring of ``node`` takes; empty without one."""
    if ast.get_docstring(node, clean=False) is None:
        return set()
    first = node.body[0]
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def length(function: Function) -> int:
    """How many lines a function takes, its decorators and its docstring left out."""
    lines = set(range(function.lineno, (function.end_lineno or function.lineno) + 1))
    return len(lines - docstring_lines(function))


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Every Python file below ``folder`` (from the root of the repository), in the order of their paths."""
    found = sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)
    return tuple(_read(path) for path in found)


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text))
