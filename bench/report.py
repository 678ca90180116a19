"""What was measured: findings against budgets, and the tables behind them; as text, and as Markdown to keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the summary. ``met`` None: there is no budget, the figure is for information."""

    what: str
    budget: str
    measured: str
    ratio: str
    met: bool | None

    @property
    def verdict(self) -> str:
        return {True: "pass", False: "MISS", None: "–"}[self.met]

    def cells(self) -> Sequence[str]:
        return (self.what, self.budget, self.measured, self.ratio, self.verdict)


@dataclass(frozen=True, slots=True)
class Table:
    """Figures behind findings."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(slots=True)
class Section:
    """What one group of measurements found."""

    title: str
    findings: list[Finding] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


SUMMARY = ("what", "budget", "measured", "ratio", "verdict")


def summary(sections: Iterable[Section]) -> Table:
    """All findings in one table."""
    return Table(SUMMARY, [finding.cells() for section in sections for finding in section.findings])


def as_text(table: Table) -> str:
    """A table for a terminal."""
    lines = [list(table.header), *(list(row) for row in table.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([padded[0], "  ".join("-" * width for width in widths), *padded[1:]])


def as_markdown(table: Table) -> str:
    """A table for results.md."""
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def document(sections: Sequence[Section], heading: Sequence[str]) -> str:
    """The whole of results.md."""
    parts = ["# What the benchmarks measured", *heading, "## Summary", as_markdown(summary(sections))]
    for section in sections:
        parts.append(f"## {section.title}")
        parts.extend(as_markdown(table) for table in section.tables)
        parts.extend(section.notes)
    return "\n\n".join(parts) + "\n"
