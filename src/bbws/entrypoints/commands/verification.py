"""How the findings of a verification are told."""

from collections.abc import Iterator, Sequence
from typing import Any

from bbws.audit.verify import Report
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.screen import Screen


def show(screen: Screen, where: str, report: Report) -> None:
    """Tell what was found in an archive.

    Raises:
        Failure: it is not sound.
    """
    if screen.as_json:
        screen.document(_report(report))
    else:
        for line in _told(where, report):
            screen.write(line)
    if not report.sound:
        findings = [f"{finding.name}: {finding.reason}" for finding in report.findings]
        raise Failure(f"the archive is not sound: {len(findings)} found", ExitCode.FAILED, findings)


def _report(report: Report) -> dict[str, Any]:
    return {
        "sound": report.sound,
        "records": report.records,
        "entities": report.entities,
        "checkpoints": report.checkpoints,
        "through": report.through,
        "newer": report.newer,
        "keyIds": report.key_ids,
        "findings": [{"name": finding.name, "reason": finding.reason} for finding in report.findings],
    }


def _told(where: str, report: Report) -> Iterator[str]:
    records, entities = _counted(report.records, "record"), _counted(report.entities, "entity", "entities")
    yield f"{where}: {records} of {entities}, {_counted(report.checkpoints, 'checkpoint')}"
    if report.through is None:
        yield "There is no checkpoint yet, so that a cut-off end would not show. `bbws audit checkpoint` makes one."
    else:
        yield f"Held against checkpoint {report.checkpoints} (through {report.through})"
        yield f"Newer than that: {_counted(report.newer, 'record')}"
    keys: Sequence[str] = report.key_ids
    yield f"Signatures: {', '.join(keys)}" if keys else "Signatures: none"
    if report.sound:
        yield "Everything is as it was written."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
