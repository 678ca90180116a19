"""Messages in SQS: what a worker function is handed, what became of it, and how it is told."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bbws.kernel.canonical import Document
from bbws.kernel.reaction import Handler, Message
from bbws.kernel.table import Key, Unavailable

_log = logging.getLogger("bbws.engine")


@dataclass(frozen=True, slots=True)
class Received:
    """A message as SQS hands it out: its id and receipt there, and what it says, None where that is nothing of ours."""

    id: str
    receipt: str
    receives: int
    message: Message | None


def received(records: Iterable[Mapping[str, Any]]) -> list[Received]:
    """The messages of a worker function's event (its ``Records``)."""
    return [_received(record) for record in records]


def _received(record: Mapping[str, Any]) -> Received:
    attributes = record.get("attributes")
    count = str(attributes.get("ApproximateReceiveCount")) if isinstance(attributes, dict) else ""
    receives = int(count) if count.isdecimal() else 1
    message = message_in(document_in(record.get("body")), receives)
    return Received(str(record.get("messageId", "")), str(record.get("receiptHandle", "")), receives, message)


def document_in(body: object) -> Document | None:
    """What a message says: the address of a change, or the event that holds it, as the bus parks it; None: no JSON."""
    try:
        found = orjson.loads(body) if isinstance(body, str) else None
    except ValueError:
        return None
    if isinstance(found, dict) and isinstance(found.get("detail"), dict):
        found = found["detail"]
    return found if isinstance(found, dict) else None


def message_in(document: Document | None, receives: int) -> Message | None:
    """The message that a document is; None where it is none of ours."""
    try:
        found = document or {}
        change = found["change"]
        texts = [found["id"], found["type"], found["subject"], change["partition"], change["sort"]]
    except (KeyError, TypeError):
        return None
    if not all(isinstance(text, str) for text in texts):
        return None
    id_, type_, subject, partition, sort = texts
    return Message(id_, type_, subject, Key(partition, sort), receives)


def failures(batch: Sequence[Received], handler: Handler) -> list[Received]:
    """Call a reaction's bound handler with a batch; which messages must come again: of a handler that raised, all.

    A message that is nothing of ours comes again too, until SQS parks it where an operator sees it.
    """
    poison = [each for each in batch if each.message is None]
    sound = [each for each in batch if each.message is not None]
    if poison:
        _log.error("messages that are none of ours", extra={"messageIds": [each.id for each in poison]})
    messages = [each.message for each in sound]
    try:
        failed = frozenset((handler(messages=messages) if messages else None) or ())
    except Unavailable as fault:
        _log.warning("batch put off", extra={"error": str(fault), "messages": len(messages)})
        return [*batch]
    except Exception as fault:  # noqa: BLE001 - any fault of a use case means "try again later"
        # No text of it: it may hold anybody's data.
        _log.warning("batch failed", extra={"error": type(fault).__name__, "messages": len(messages)})
        return [*batch]
    return [*poison, *(each for each in sound if each.message is not None and each.message.id in failed)]


def report(failed: Iterable[Received]) -> dict[str, list[dict[str, str]]]:
    """What a worker function answers (``ReportBatchItemFailures``): all but these are done."""
    return {"batchItemFailures": [{"itemIdentifier": each.id} for each in failed]}
