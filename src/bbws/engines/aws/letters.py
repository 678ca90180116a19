"""Dead letters as SQS hands them out: what consumers could not do, and what the feed could not announce."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bbws.engines.aws.messages import document_in, message_in
from bbws.engines.aws.names import FEED
from bbws.kernel.canonical import Document
from bbws.kernel.clock import rfc3339
from bbws.kernel.reaction import Policy
from bbws.kernel.table import Key, Position
from bbws.platform.ports import DeadLetter

BUS_ERROR = "ERROR_CODE"
_SHOWN_AT_MOST = 10_000  # characters of a message
_DIGITS = 15
_NO_ERROR = "SQS keeps no error; it is in the log of the consumer's function"
_NOT_OURS = "the stream record is none of ours; the log of the feed's function says how"
_UNKNOWN = "neither the feed nor Lambda has put this here"
# What Lambda says of a batch that it gave up: its place, and nothing of what was in it.
_PLACE = (
    "shardId", "startSequenceNumber", "endSequenceNumber", "batchSize",
    "approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord",
)  # fmt: skip


def parked_message(queue: str, policy: Policy, message: Mapping[str, Any]) -> DeadLetter:
    """What a consumer could not do."""
    attributes, body = message["Attributes"], message["Body"]
    document = document_in(body)
    # Every look counts as a receive; SQS parks a message when it would have been handed out once more than this.
    receives = min(int(attributes.get("ApproximateReceiveCount", 1)), policy.max_receives)
    ours = message_in(document, receives)
    if document is None or len(body) > _SHOWN_AT_MOST:
        document = _unreadable(body)
    refusal = message.get("MessageAttributes", {}).get(BUS_ERROR, {}).get("StringValue")
    error = _NO_ERROR if refusal is None else f"the bus could not deliver it: {refusal}"
    return _letter(queue, message, message["MessageId"] if ours is None else ours.id, document, receives, error)


def parked_place(message: Mapping[str, Any]) -> DeadLetter:
    """What the feed could not announce: where a record lies, or a batch that Lambda gave up, and nothing that is in it.

    Source: AWS Lambda, "Retaining discarded batches" for streams; ``bus.Parking``.
    """
    body = message["Body"]
    try:
        document, receives, error = _place_in(document_in(body) or {})
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        document, receives, error = _unreadable(body), 1, _UNKNOWN
    return _letter(FEED, message, message["MessageId"], document, receives, error)


def _place_in(found: Document) -> tuple[Document, int, str]:
    """What it says, how often it was tried, why it is here.

    Raises:
        AttributeError, IndexError, KeyError, TypeError, ValueError: it is neither a batch's place nor a record.
    """
    batch = found.get("DDBStreamBatchInfo")
    if batch is not None:
        context = found["requestContext"]
        place = {"table": batch["streamArn"].split("/")[1]} | {name: batch[name] for name in _PLACE if name in batch}
        return place, int(context["approximateInvokeCount"]), f"Lambda gave the batch up: {context['condition']}"
    stream = found.get("dynamodb", found)
    keys = stream["Keys"] if "Keys" in stream else stream["keys"]
    number = stream["SequenceNumber"] if "SequenceNumber" in stream else stream["sequenceNumber"]
    change = {"partition": keys["PK"]["S"], "sort": keys["SK"]["S"]}
    return {"change": change, "sequenceNumber": number}, 1, _NOT_OURS


def _unreadable(body: str) -> Document:
    return {"unreadable": body[:_SHOWN_AT_MOST]}


def _letter(
    queue: str, message: Mapping[str, Any], name: str, document: Document, receives: int, error: str
) -> DeadLetter:
    sent = int(message["Attributes"].get("SentTimestamp", 0))
    parked_at = rfc3339(datetime.fromtimestamp(sent / 1000, UTC))
    position = Position(f"{sent:0{_DIGITS}}", Key(queue, message["MessageId"]))
    return DeadLetter(name, queue, document, receives, parked_at, error, position)
