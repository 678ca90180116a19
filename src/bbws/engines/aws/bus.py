"""The feed: from the stream of a table to the event bus. At least once; what cannot be announced blocks nobody."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from bbws.engines.aws.sdk import Client, answered, packed
from bbws.kernel.table import RowKind, Unavailable

_log = logging.getLogger("bbws.engine")
_BATCH = 10
_BATCH_BYTES = 256 * 1024
_ATTEMPTS = 3
_PARKED_BYTES = 200 * 1024
_FIRST_WAIT = 0.1
_PASSING = frozenset({"InternalException", "InternalFailure", "ServiceUnavailable", "ThrottlingException"})
_CHECK = "check that Terraform has made the bus, and that the function's role may events:PutEvents on it"


class _Announcement(NamedTuple):
    """What a stream record gives: its place in the batch, and the entry for the bus."""

    place: int
    entry: dict[str, str]


def wait_a_little(attempt: int) -> None:
    """Before the ``attempt``-th repetition: longer each time, no two alike."""
    time.sleep(_FIRST_WAIT * 2**attempt * (0.5 + secrets.SystemRandom().random() / 2))


class Parking:
    """The feed's dead-letter queue, for records that Lambda would offer again for ever.

    Args:
        client: of SQS.
        queue: its name.
    """

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Keep a record; of one that is too big for a message its keys and its place in the stream.

        Raises:
            Unavailable: the queue does not take it now.
        """
        body = orjson.dumps(record, default=str)
        if len(body) > _PARKED_BYTES:
            stream = record.get("dynamodb", {})
            body = orjson.dumps({"keys": stream.get("Keys"), "sequenceNumber": _sequence_number(record)}, default=str)
        with answered(f"check that Terraform has made the queue {self._queue}, and that the role may send to it"):
            url = self._client.get_queue_url(QueueName=self._queue)["QueueUrl"]
            self._client.send_message(QueueUrl=url, MessageBody=body.decode())


class Bus:
    """Announces changes on an EventBridge bus.

    Args:
        client: of EventBridge (``events``).
        name: of the bus.
        park: keeps a record that is none of ours for an operator.
        region: our own: changes that a replica brought from elsewhere are announced there.
        pause: called with 1, 2, … before what the bus threw back is offered again.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        region: str,
        park: Callable[[Mapping[str, Any]], None],
        *,
        pause: Callable[[int], None] = wait_a_little,
    ) -> None:
        self._client = client
        self._name = name
        self._region = region
        self._park = park
        self._pause = pause

    def announce(self, records: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
        """Announce the changes among the records of a stream's event; the answer of the feed function.

        It names the first record that was not announced (``ReportBatchItemFailures``): that one and all after it come
        again. A record that is malformed would come again for ever and hold up its shard: it is put where an operator
        finds it, and is done.
        """
        announcements: list[_Announcement] = []
        failed: list[int] = []
        for place, record in enumerate(records):
            try:
                entry = self._entry(record)
            except (KeyError, TypeError, ValueError) as error:
                _complain(record, error)
                if not self._parked(record):
                    failed.append(place)
            else:
                if entry is not None:
                    announcements.append(_Announcement(place, entry))
        failed += self._announced(announcements)
        if not failed:
            return {"batchItemFailures": []}
        return {"batchItemFailures": [{"itemIdentifier": _sequence_number(records[min(failed)])}]}

    def _parked(self, record: Mapping[str, Any]) -> bool:
        try:
            self._park(record)
        except Unavailable as error:
            _log.warning("stream record not parked", extra={"error": str(error)})
            return False
        return True

    def _entry(self, record: Mapping[str, Any]) -> dict[str, str] | None:
        """The entry that announces a record; None where there is nothing to announce.

        Raises:
            KeyError, TypeError, ValueError: it is no record of ours.
        """
        if record["eventName"] != "INSERT":
            return None
        image = record["dynamodb"]["NewImage"]
        if _text(image["kind"]) != RowKind.CHANGE or image.get("replayed", {}).get("BOOL"):
            return None
        if _text(image["region"]) != self._region:
            return None
        change = image["document"]["M"]
        detail = {name: _text(change[name]) for name in ("id", "type", "subject")}
        address = {"partition": _text(image["PK"]), "sort": _text(image["SK"])}
        entry = {
            "EventBusName": self._name,
            "Source": _text(change["source"]),
            "DetailType": detail["type"],
            "Detail": orjson.dumps({**detail, "change": address}).decode(),
        }
        if _size_of(entry) > _BATCH_BYTES:
            msg = "too big for the bus"
            raise ValueError(msg)
        return entry

    def _announced(self, announcements: Iterable[_Announcement]) -> list[int]:
        """Announce them; the places of those that were not."""
        failed: list[int] = []
        batches = [*packed(announcements, lambda each: _size_of(each.entry), _BATCH, _BATCH_BYTES)]
        for number, batch in enumerate(batches):
            try:
                failed += self._put(batch)
            except Unavailable as error:
                # The bus cannot be had: the rest would fail alike, and slowly.
                _log.warning("changes not announced", extra={"error": str(error)})
                return failed + [each.place for unsent in batches[number:] for each in unsent]
        return failed

    def _put(self, batch: Sequence[_Announcement]) -> list[int]:
        """Put a batch; the places of those that the bus does not take."""
        refused = self._refused(batch)
        for attempt in range(1, _ATTEMPTS):
            if not refused or any(code not in _PASSING for _, code in refused):
                break
            self._pause(attempt)
            refused = self._refused([each for each, _ in refused])
        if refused:
            _log.warning("changes not announced", extra={"error": ", ".join(sorted({code for _, code in refused}))})
        return [each.place for each, _ in refused]

    def _refused(self, batch: Sequence[_Announcement]) -> list[tuple[_Announcement, str]]:
        """Put a batch once; those that the bus does not take, with its word for why."""
        with answered(_CHECK):
            answer = self._client.put_events(Entries=[each.entry for each in batch])
        codes = [each.get("ErrorCode", "") for each in answer["Entries"]]
        return [(each, code) for each, code in zip(batch, codes, strict=True) if code]


def _text(value: Any) -> str:  # noqa: ANN401 - whatever is there instead of an attribute
    text = value["S"]
    if not isinstance(text, str):
        msg = "not a text"
        raise TypeError(msg)
    return text


def _size_of(entry: Mapping[str, str]) -> int:
    """As the bus counts it, and the little that it says about the bus besides."""
    return sum(len(value.encode()) for value in entry.values())


def _sequence_number(record: Mapping[str, Any]) -> str:
    """Its place in the stream; empty where there is none, which has the whole batch come again."""
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return ""


def _complain(record: Mapping[str, Any], error: Exception) -> None:
    """Name the record and the kind of fault, and nothing that is in it."""
    _log.error(
        "stream record is none of ours",
        extra={"sequenceNumber": _sequence_number(record), "error": type(error).__name__},
    )
