"""Reading an entity's history: its changes, newest first, and what it was at a time. Source: design §2."""

from typing import Any

from pydantic import Field

from bbws.kernel.change import Change, change_key, history_prefix
from bbws.kernel.endpoint import Resource
from bbws.kernel.table import Key, Position, Table


class ChangeBody(Resource):
    """One change on the wire."""

    id: str = Field(description="CloudEvents id.")
    type: str = Field(description="What happened, such as `product.created`.")
    subject: str = Field(description="The path of what changed.")
    time: str = Field(description="When, RFC 3339 in UTC.")
    change_type: str = Field(description="CREATE, UPDATE, DELETE, …")
    actor: str = Field(description="The subject id of whoever did it.")
    correlation_id: str = Field(description="The request that it belongs to.")
    version: int = Field(description="The version that it made.")
    before: dict[str, Any] | None = Field(description="The document before, null for a creation.")
    after: dict[str, Any] = Field(description="The document after.")
    reason: str | None = Field(default=None, description="Why, where it was given.")
    digest: str = Field(description="Link of the entity's hash chain (SHA-256).")

    @classmethod
    def of(cls, change: Change) -> "ChangeBody":
        """The change as served."""
        return cls(**{name: value for name, value in change._asdict().items() if name in cls.model_fields})


def history(table: Table, entity: Key, start: Position | None, limit: int) -> tuple[list[Change], Position | None]:
    """A page of an entity's changes, newest first."""
    page = table.query(entity.partition, prefix=history_prefix(entity), start=start, limit=limit, descending=True)
    return [Change.from_document(row.document) for row in page.rows], page.next


def as_of(table: Table, entity: Key, version: int, moment: str) -> Change | None:
    """The change with the highest version ≤ ``version`` whose time is ≤ ``moment`` (RFC 3339 text), if there is one.

    Times rise with versions and versions have no gap, so a binary search over keys finds it.
    """
    low, high, found = 1, version, None
    while low <= high:
        middle = (low + high) // 2
        row = table.get(change_key(entity, middle))
        if row is not None and str(row.document["time"]) <= moment:
            found, low = row, middle + 1
        else:
            high = middle - 1
    return None if found is None else Change.from_document(found.document)
