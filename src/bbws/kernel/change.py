"""A Change: outbox, history, audit entry and time machine at once. Source: design §2.

It is an immutable row in its entity's partition, a CloudEvents 1.0 envelope with what changed, and a link of the
entity's hash chain: ``digest`` = SHA-256(previous digest as 32 bytes ‖ RFC 8785 bytes of the change without it).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bbws.kernel.canonical import Document, canonical, sha256
from bbws.kernel.table import Key, Row, RowKind

GENESIS = "0" * 64
BY_DAY = "ChangesByDayIndex"
SORT_PREFIX = "CHANGE#"
_DIGITS = 10


class EventType(NamedTuple):
    """A fact that a domain announces.

    Attributes:
        name: past tense with its domain, such as ``product.created``.
        change_type: the verb of the audit record, such as ``CREATE``.
        summary: what happened, for the published catalogue of events.
    """

    name: str
    change_type: str
    summary: str


class Change(NamedTuple):
    """One committed change of one entity. All attributes are as on the wire; times are RFC 3339 text."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    change_type: str
    entity: Key
    actor: str
    correlation_id: str
    version: int
    before: Document | None
    after: Document
    reason: str | None
    digest: str = ""

    def chained(self, previous: str) -> "Change":
        """This change, still without a digest, as the link after ``previous`` of its entity's chain."""
        return self.sealed(previous)[0]

    def sealed(self, previous: str) -> tuple["Change", Row]:
        """As :meth:`chained`, and its row: the record is written once for both."""
        record = self.document()
        change = Change(*self[:-1], digest_of(record, previous))
        record["digest"] = change.digest
        return change, change._row_of(record)

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return change_key(self.entity, self.version)

    def document(self) -> Document:
        """The record as stored, archived and served."""
        record: Document = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "changeType": self.change_type,
            "entity": {"partition": self.entity.partition, "sort": self.entity.sort},
            "actor": self.actor,
            "correlationId": self.correlation_id,
            "version": self.version,
            "before": self.before,
            "after": self.after,
        }
        if self.reason is not None:
            record["reason"] = self.reason
        if self.digest:
            record["digest"] = self.digest
        return record

    @classmethod
    def from_document(cls, record: Mapping[str, Any]) -> "Change":
        """The change that a stored or archived record describes.

        Raises:
            KeyError, TypeError: the record is not a change.
        """
        return cls(
            id=record["id"],
            source=record["source"],
            type=record["type"],
            subject=record["subject"],
            time=record["time"],
            change_type=record["changeType"],
            entity=Key(record["entity"]["partition"], record["entity"]["sort"]),
            actor=record["actor"],
            correlation_id=record["correlationId"],
            version=record["version"],
            before=record["before"],
            after=record["after"],
            reason=record.get("reason"),
            digest=record["digest"],
        )

    def row(self, *, replayed: bool = False) -> Row:
        """The immutable row of this change, also found by the day it was made."""
        return self._row_of(self.document(), replayed=replayed)

    def _row_of(self, record: Document, *, replayed: bool = False) -> Row:
        by_day = Key(self.time[:10], f"{self.time}#{self.id}")
        return Row(self.key, RowKind.CHANGE, record, 1, {BY_DAY: by_day}, replayed=replayed)


def change_key(entity: Key, version: int) -> Key:
    """Where the change that made ``version`` of the entity lies."""
    return Key(entity.partition, f"{SORT_PREFIX}{entity.sort}#{version:0{_DIGITS}}")


def history_prefix(entity: Key) -> str:
    """The sort prefix of all changes of one entity, oldest first."""
    return f"{SORT_PREFIX}{entity.sort}#"


def digest_of(record: Mapping[str, Any], previous: str) -> str:
    """The digest that belongs to a change record, given the digest of the one before (GENESIS for the first)."""
    if "digest" in record:
        record = {name: value for name, value in record.items() if name != "digest"}
    return sha256(bytes.fromhex(previous), canonical(record))
