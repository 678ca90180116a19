"""What the archive holds: one object per change, and signed checkpoints. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bbws.kernel.canonical import Document, canonical
from bbws.kernel.change import Change
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.problem import Kind, ProblemType
from bbws.kernel.table import Key

CHECKPOINTS = "checkpoints/"
PUBLIC_KEYS = "keys/"
NO_ROOT = "0" * 64

AUDIT_RANGE = ProblemType(
    Kind.REFUSED,
    "audit-range",
    "Range refused",
    "`from` must not be later than `to`. Without `subject`, records are read day by day, 366 days at most: narrow the "
    "range, or name a subject.",
)

UNREADABLE_CHANGES = ProblemType(
    Kind.FAULT,
    "unreadable-changes",
    "Unreadable changes",
    "Changes in the store cannot be read, so that they are neither archived nor signed. All others are: the checkpoint "
    "was made. The log names the rows; `bbws audit verify` names those that the archive lacks. Restore these rows: "
    "troubleshooting runbook, Unreadable changes. The next checkpoint looks at them again.",
)

_NAME = re.compile(r"\d{4}/\d{2}/\d{2}/(?P<id>[^/]+)_(?P<time>\d{8}T\d{6}\.\d{6}Z)-(?P<version>[1-9]\d*)\.json")


def archive_name(change: Change) -> str:
    """``{year}/{month}/{day}/{id}_{timestamp}-{version}.json`` (specification: products, Decision 2)."""
    entity_id = change.id.rpartition(".")[0]
    stamp = change.time.replace("-", "").replace(":", "")
    return f"{change.time[:10].replace('-', '/')}/{entity_id}_{stamp}-{change.version}.json"


def chain_of(name: str) -> str | None:
    """The entity's id in the name of an archived record; None where it is no such name."""
    match = _NAME.fullmatch(name)
    return None if match is None else match["id"]


def archive_object(change: Change) -> bytes:
    """The Change record in canonical JSON, with the names that specification §8 gives its time and actor."""
    return canonical(change.document() | {"timestamp": change.time, "user": change.actor})


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an entity's history stood."""

    entity: Key
    version: int
    digest: str

    def line(self) -> bytes:
        """The entry in a checkpoint."""
        return canonical([*self.entity, self.version, self.digest]) + b"\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of where histories stood.

    It holds the entities that changed since the checkpoint before it, whose root it names, so that each one vouches for
    all before it. ``through`` (RFC 3339): every change committed before that time is covered, save those at the places
    ``unreadable`` (day, and the beginning of the sort there), which nobody could read.
    """

    sequence: int
    through: str
    previous: str
    entries: tuple[Entry, ...]
    root: str
    key_id: str
    signature: str
    unreadable: tuple[Key, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the archive."""
        return checkpoint_name(self.sequence)

    def content(self) -> bytes:
        """The object: a header line, a line for each entity in order, and a last line with root and signature."""
        trailer: Document = {"root": self.root, "keyId": self.key_id, "signature": self.signature}
        return self.signed_part() + canonical(trailer) + b"\n"

    def signed_part(self) -> bytes:
        """The bytes whose SHA-256 is its root."""
        return signed_part(self.sequence, self.through, self.previous, self.entries, self.unreadable)


def checkpoint_name(sequence: int) -> str:
    """The name of a checkpoint in the archive, by its number."""
    return f"{CHECKPOINTS}{sequence:08d}.jsonl"


def signed_part(
    sequence: int, through: str, previous: str, entries: Iterable[Entry], unreadable: Sequence[Key] = ()
) -> bytes:
    """The bytes whose SHA-256 is a checkpoint's root."""
    header: Document = {"sequence": sequence, "through": through, "previous": previous}
    if unreadable:
        header["unreadable"] = [list(place) for place in unreadable]
    return canonical(header) + b"\n" + b"".join(entry.line() for entry in entries)


def root_of(part: bytes) -> str:
    """The root over a checkpoint's signed part."""
    return hashlib.sha256(part).hexdigest()


def parse_checkpoint(content: bytes) -> Checkpoint:
    """The checkpoint that an object holds; whether it is true is for the verifier.

    Raises:
        ValueError: it is not a checkpoint.
    """
    try:
        header, *lines, trailer = [orjson.loads(line) for line in content.splitlines()]
        checkpoint = Checkpoint(
            _number(header["sequence"]),
            _moment(header["through"]),
            _text(header["previous"]),
            tuple(Entry(Key(_text(p), _text(s)), _number(version), _text(digest)) for p, s, version, digest in lines),
            _text(trailer["root"]),
            _text(trailer["keyId"]),
            _text(trailer["signature"]),
            tuple(Key(_text(day), _text(sort)) for day, sort in header.get("unreadable", ())),
        )
        same = checkpoint.content() == content
    except (KeyError, TypeError, ValueError) as error:
        msg = "not a checkpoint"
        raise ValueError(msg) from error
    if not same:
        msg = "not written as checkpoints are"
        raise ValueError(msg)
    return checkpoint


def parse_record(content: bytes) -> tuple[Change, Mapping[str, Any]]:
    """The change that an archived object holds, and its record without the two further names.

    Raises:
        ValueError: it is not such an object, down to its last byte.
    """
    try:
        record = orjson.loads(content)
        change = well_formed(record)
        same = archive_object(change) == content
    except (KeyError, TypeError, ValueError) as error:
        msg = "not a change record"
        raise ValueError(msg) from error
    if not same:
        msg = "not written as records are"
        raise ValueError(msg)
    return change, change.document()


def well_formed(record: Mapping[str, Any]) -> Change:
    """The change that a record describes, once its parts are what they must be: anybody may have put anything anywhere.

    Raises:
        KeyError, TypeError, ValueError: it is not a change.
    """
    change = Change.from_document(record)
    for text in (change.id, change.source, change.type, change.subject, change.change_type, change.digest):
        _text(text)
    for text in (*change.entity, change.actor, change.correlation_id, change.reason or ""):
        _text(text)
    for document in (change.before or {}, change.after):
        if not isinstance(document, dict):
            raise TypeError(document)
    _moment(change.time)
    _number(change.version)
    return change


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: object) -> int:
    if type(value) is not int or value < 1:
        raise TypeError(value)
    return value


def _moment(value: object) -> str:
    text = _text(value)
    if rfc3339(parse_rfc3339(text)) != text:
        raise ValueError(text)
    return text
