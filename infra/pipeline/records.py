"""The record of what was deployed, promoted and rolled back: table ``bbws-deployments-{env}``."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from infra.pipeline.aws import Client
from infra.pipeline.model import Names, PipelineError

type Kind = Literal["DEPLOYMENT", "PROMOTION", "ROLLBACK"]
type Status = Literal["STARTED", "SUCCEEDED", "FAILED", "ROLLED_BACK"]


@dataclass(frozen=True, slots=True)
class Record:
    """One deployment, promotion or rollback. ``details`` are texts for people and for the next step."""

    kind: Kind
    started: datetime
    run: str
    actor: str
    status: Status = "STARTED"
    ended: datetime | None = None
    checksum: str = ""
    commit: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def sort(self) -> str:
        """The sort key: newest last, and one row for each run."""
        return f"{self.started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}#{self.run}"

    def ends(self, status: Status, now: datetime, **details: str) -> "Record":
        """The record once its work has ended."""
        return replace(self, status=status, ended=now, details={**self.details, **details})


def save(dynamodb: Client, names: Names, record: Record) -> None:
    """Write ``record`` over what the same run wrote before."""
    row = {
        "PK": record.kind,
        "SK": record.sort,
        "run": record.run,
        "actor": record.actor,
        "status": record.status,
        "started": record.started.astimezone(UTC).isoformat(),
        "ended": "" if record.ended is None else record.ended.astimezone(UTC).isoformat(),
        "checksum": record.checksum,
        "commit": record.commit,
        "details": json.dumps(dict(record.details), sort_keys=True, ensure_ascii=False),
    }
    dynamodb.put_item(TableName=names.deployments, Item={name: {"S": value} for name, value in row.items()})


def newest(dynamodb: Client, names: Names, kind: Kind) -> Iterable[Record]:
    """Records of one kind, newest first."""
    paginator = dynamodb.get_paginator("query")
    wanted = {
        "TableName": names.deployments,
        "KeyConditionExpression": "PK = :kind",
        "ExpressionAttributeValues": {":kind": {"S": kind}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
    }
    for page in paginator.paginate(**wanted):
        yield from map(_record, page["Items"])


def _record(item: Mapping[str, Any]) -> Record:
    row = {name: value["S"] for name, value in item.items()}
    return Record(
        kind=row["PK"],
        started=datetime.fromisoformat(row["started"]),
        run=row["run"],
        actor=row["actor"],
        status=row["status"],
        ended=datetime.fromisoformat(row["ended"]) if row["ended"] else None,
        checksum=row["checksum"],
        commit=row["commit"],
        details=json.loads(row["details"]),
    )


def commits(dynamodb: Client, names: Names, checksums: Iterable[str]) -> dict[str, str]:
    """The commit of each package, by the newest deployment of it.

    Raises:
        PipelineError: no deployment of one was recorded.
    """
    missing, found = set(checksums), dict[str, str]()
    deployments = iter(newest(dynamodb, names, "DEPLOYMENT"))
    while missing and (record := next(deployments, None)) is not None:
        if record.checksum in missing:
            missing.remove(record.checksum)
            found[record.checksum] = record.commit
    if missing:
        raise PipelineError(
            f"{names.environment} runs {', '.join(sorted(missing))}, and no deployment of it is recorded: what its"
            " functions may do is not known. Record it ('record write', with its checksum and commit), and start again."
        )
    return found


def running(dynamodb: Client, names: Names) -> Record:
    """The deployment that an environment runs now.

    Raises:
        PipelineError: its last deployment did not succeed, or it was rolled back since.
    """
    last = next(iter(newest(dynamodb, names, "DEPLOYMENT")), None)
    back = next(iter(newest(dynamodb, names, "ROLLBACK")), None)
    if last is None or last.status != "SUCCEEDED" or last.ended is None:
        state = "there is none" if last is None else f"its status is {last.status}"
        raise PipelineError(f"The last deployment to {names.environment} is not good to go on: {state}.")
    if back is not None and back.started >= last.started:
        raise PipelineError(f"{names.environment} was rolled back since its last deployment: deploy it anew first.")
    return last


def promotion(dynamodb: Client, names: Names, checksum: str) -> Record:
    """The newest promotion of an artefact into an environment.

    Raises:
        PipelineError: it was never promoted.
    """
    found = (one for one in newest(dynamodb, names, "PROMOTION") if one.status == "SUCCEEDED")
    record = next((one for one in found if checksum in {"", one.checksum}), None)
    if record is None:
        what = f"{checksum} was" if checksum else "Nothing was"
        raise PipelineError(f"{what} never promoted to {names.environment}: run the workflow 'promote' first.")
    return record
