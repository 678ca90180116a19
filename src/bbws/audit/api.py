"""The endpoint table of the audit, and its schemas on the wire."""

from typing import Any

from pydantic import Field

from bbws.audit import service, store
from bbws.audit.model import AUDIT_RANGE, UNREADABLE_CHANGES, Checkpoint
from bbws.audit.ports import Archive, Signer
from bbws.kernel.clock import Clock, Moment
from bbws.kernel.endpoint import Answer, Call, Endpoint, Listed, Paging, Resource
from bbws.kernel.history import ChangeBody

SERVICE = "audit-api"
_BASE = "/v1.0/audit"


class RecordQuery(Paging):
    """Which records. Filters are combined."""

    subject: str | None = Field(
        default=None, min_length=1, max_length=300, description="Path of a resource, such as `/v1.0/products/PROD-001`."
    )
    actor: str | None = Field(default=None, min_length=1, max_length=100, description="Subject id of whoever did it.")
    type: str | None = Field(
        default=None, min_length=1, max_length=100, description="Event type, such as `product.updated`."
    )
    since: Moment | None = Field(
        default=None, alias="from", description="Not before; 30 days back where neither this nor `subject` is given."
    )
    until: Moment | None = Field(default=None, alias="to", description="Before.")


class CheckpointBody(Resource):
    """A signed checkpoint."""

    sequence: int = Field(description="Its number, from 1.")
    through: str = Field(description="Every change committed before this time is covered.")
    entities: int = Field(description="How many entities changed since the one before.")
    root: str = Field(description="SHA-256 over its lines and the root before it. Keep it somewhere else.")
    key_id: str = Field(description="Which key signed it.")
    signature: str = Field(description="Ed25519 over the root, hexadecimal.")
    name: str = Field(description="Its object in the archive. Keep a copy somewhere else.")

    @classmethod
    def of(cls, made: Checkpoint) -> "CheckpointBody":
        """The checkpoint as served."""
        return cls(
            sequence=made.sequence,
            through=made.through,
            entities=len(made.entries),
            root=made.root,
            key_id=made.key_id,
            signature=made.signature,
            name=made.name,
        )


def _records(call: Call[Any, RecordQuery, Any]) -> Listed:
    query = call.query
    changes, following = service.find_records(
        call.work,
        subject=query.subject,
        actor=query.actor,
        event=query.type,
        since=query.since,
        until=query.until,
        start=call.start,
        limit=query.page_size,
    )
    return Listed([ChangeBody.of(change) for change in changes], following)


def _checkpoint(call: Call[Any, Any, Any], archive: Archive, signer: Signer, clock: Clock) -> Answer:
    if call.dry_run:
        return Answer()
    made = service.checkpoint(call.work.table, archive, signer, clock)
    return Answer(CheckpointBody.of(made))


ENDPOINTS = (
    Endpoint(
        id="listAuditRecords",
        service=SERVICE,
        method="GET",
        path=f"{_BASE}/records",
        access=store.SEARCHING,
        summary="List changes of everything, newest first",
        handler=_records,
        cli=("audit", "records"),
        permission=service.READ,
        query_schema=RecordQuery,
        response=ChangeBody,
        problems=(AUDIT_RANGE, UNREADABLE_CHANGES),
        blocking=True,
    ),
    Endpoint(
        id="createCheckpoint",
        service=SERVICE,
        method="POST",
        path=f"{_BASE}/checkpoints",
        access=store.CHECKPOINT,
        summary="Complete the archive and sign a checkpoint",
        description="The same is done once a day.",
        handler=_checkpoint,
        cli=("audit", "checkpoint"),
        permission=service.WRITE,
        response=CheckpointBody,
        status=201,
        problems=(UNREADABLE_CHANGES,),
        blocking=True,
    ),
)
