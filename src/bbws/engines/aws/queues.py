"""Queues in SQS: what operators see and do, and when messages that failed come again."""

import logging
import math
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import batched
from typing import Any

from bbws.engines.aws.letters import BUS_ERROR, parked_message, parked_place
from bbws.engines.aws.messages import Received
from bbws.engines.aws.names import FEED, Names
from bbws.engines.aws.sdk import Client, answered, packed, unlimited
from bbws.kernel.reaction import Policy, Reaction
from bbws.kernel.table import Position, Unavailable
from bbws.platform.ports import DeadLetter, QueueState

_log = logging.getLogger("bbws.engine")
_RANDOM = secrets.SystemRandom()
_BATCH = 10  # what SQS takes and gives at once
_BATCH_BYTES = 256 * 1024
_LISTED_AT_MOST = 300
_HIDDEN_SECONDS = 30
_LONG_POLL_SECONDS = 1
_POLLS = 3
_LONGEST_VISIBILITY = 43_200
# Receiving, sending and deleting ten messages, each with repetitions.
_MARGIN_SECONDS = 10.0
_WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
_IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
_DEPTHS = [*_WAITING, _IN_FLIGHT]
_CHECK = (
    "check that Terraform has made the queue and its dead-letter queue, and that the function's role may use them "
    "(infra/terraform/manifest.json)"
)


class SqsQueues:
    """The kernel's Queues.

    Args:
        client: of SQS.
        names: what the queues are called.
        reactions: whose queues.
        seconds_left: how long the running invocation still has; a redrive ends in time and says how far it came.
        jitter: gives numbers from 0 to 1.
    """

    def __init__(
        self,
        client: Client,
        names: Names,
        reactions: Iterable[Reaction],
        *,
        seconds_left: Callable[[], float] = unlimited,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._client = client
        self._names = names
        self._policies = {reaction.queue: reaction.policy for reaction in reactions}
        self._readers: dict[str, Callable[[Mapping[str, Any]], DeadLetter]] = {
            queue: partial(parked_message, queue, policy) for queue, policy in self._policies.items()
        } | {FEED: parked_place}
        self._seconds_left = seconds_left
        self._jitter = jitter
        self._urls: dict[str, str] = {}

    def states(self) -> Sequence[QueueState]:
        """Every queue, by name. Numbers are approximate; a message that waits for its next try counts as in flight.

        The feed is among them for what it parked: it reads streams and has nothing waiting.
        SQS tells the age of the oldest message as a metric alone (``ApproximateAgeOfOldestMessage``), so it is None.

        Raises:
            Unavailable: SQS does not answer now.
        """
        return [self._state(queue) for queue in sorted(self._readers)]

    def _state(self, queue: str) -> QueueState:
        dead = sum(self._depths(self._names.dead_letters(queue)).values())
        if queue not in self._policies:
            return QueueState(queue, 0, 0, dead, None, redrivable=False)
        depths = self._depths(self._names.queue(queue))
        return QueueState(queue, sum(depths[each] for each in _WAITING), depths[_IN_FLIGHT], dead, None)

    def dead_letters(self, queue: str, start: Position | None, limit: int) -> Sequence[DeadLetter]:
        """Parked messages of a queue after ``start``, oldest first, out of the 300 that SQS gives first.

        SQS has no way to look without taking: they are hidden for the moment of the look and put back after it, so of
        two who look at once one may see fewer. ``parked_at`` is when the message was first sent: SQS keeps no other
        time. It keeps no error either, but for what the bus could not deliver.

        Raises:
            KeyError: no such queue.
            Unavailable: SQS does not answer now.
        """
        read = self._readers[queue]
        name = self._names.dead_letters(queue)
        held: dict[str, Mapping[str, Any]] = {}
        try:
            for some in self._taken(name):
                held |= {each["MessageId"]: each for each in some}
                if len(held) >= _LISTED_AT_MOST:
                    break
        finally:
            self._change(name, [(each["ReceiptHandle"], 0) for each in held.values()])
        letters = sorted((read(each) for each in held.values()), key=lambda each: each.position)
        return [each for each in letters if start is None or each.position > start][:limit]

    def redrive(self, queue: str) -> int:
        """Put every parked message back, as new; how many there were.

        What could not be put back stays parked, and is there to be put back by the next call. A message may be put
        back twice where a call is cut off: consumers cope.

        Raises:
            KeyError: no such queue, or the feed, which parks no messages.
            Unavailable: SQS does not answer now, or takes none of them.
        """
        _ = self._policies[queue]
        back = stuck = 0
        try:
            for some in self._taken(self._names.dead_letters(queue)):
                done = self._put_back(queue, some)
                back += done
                stuck += len(some) - done
                if self._seconds_left() < _MARGIN_SECONDS:
                    break
        except Unavailable as error:
            if not back:
                raise
            _log.warning("redrive cut short", extra={"queue": queue, "redriven": back, "error": str(error)})
        if stuck:
            _log.warning("messages not put back", extra={"queue": queue, "redriven": back, "stuck": stuck})
            if not back:
                raise Unavailable(f"SQS took none of {stuck} messages of {queue} back")
        return back

    def settle(self, queue: str, failed: Iterable[Received]) -> None:
        """Say when failed messages come again: later and later; at once after the last try, for SQS to park them.

        Where it cannot be said they come again after the queue's visibility timeout, so that is no failure.
        """
        policy = self._policies[queue]
        self._change(self._names.queue(queue), [(each.receipt, self._delay(policy, each)) for each in failed])

    def _delay(self, policy: Policy, failed: Received) -> int:
        if failed.receives >= policy.max_receives:
            return 0
        return min(math.ceil(policy.retry_delay(failed.receives, self._jitter())), _LONGEST_VISIBILITY)

    def _url(self, name: str) -> str:
        if name not in self._urls:
            with answered(_CHECK):
                self._urls[name] = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        return self._urls[name]

    def _depths(self, name: str) -> dict[str, int]:
        url = self._url(name)
        with answered(_CHECK):
            found = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=_DEPTHS)["Attributes"]
        return {each: int(found.get(each, 0)) for each in _DEPTHS}

    def _taken(self, name: str) -> Iterator[Sequence[Mapping[str, Any]]]:
        """The messages of a queue by tens, each hidden for a while once given, until there is nothing new."""
        expected = sum(self._depths(name).values())
        seen: set[str] = set()
        polls = 0
        while polls < _POLLS:
            # Others may have hidden some for a moment; a long poll also asks every server of SQS's and not some.
            missing = len(seen) < expected
            found = self._receive(name, _LONG_POLL_SECONDS if missing else 0)
            new = [each for each in found if each["MessageId"] not in seen]
            seen |= {each["MessageId"] for each in new}
            if new:
                yield new
            elif found or not missing:
                return
            else:
                polls += 1

    def _receive(self, name: str, seconds: int) -> Sequence[Mapping[str, Any]]:
        url = self._url(name)
        with answered(_CHECK):
            answer = self._client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
                MessageAttributeNames=[BUS_ERROR],
            )
        found: Sequence[Mapping[str, Any]] = answer.get("Messages", ())
        return found

    def _put_back(self, queue: str, messages: Sequence[Mapping[str, Any]]) -> int:
        """Send messages to their queue and take them off the dead letters, in this order; how many were."""
        done = 0
        for some in packed(messages, _size, _BATCH, _BATCH_BYTES):
            sent = self._send(self._names.queue(queue), some)
            self._delete(self._names.dead_letters(queue), sent)
            done += len(sent)
        return done

    def _send(self, name: str, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        """The receipts of those that were sent."""
        entries = [{"Id": str(number), "MessageBody": each["Body"]} for number, each in enumerate(messages)]
        url = self._url(name)
        with answered(_CHECK):
            answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
        return [messages[int(each["Id"])]["ReceiptHandle"] for each in answer.get("Successful", ())]

    def _delete(self, name: str, receipts: Sequence[str]) -> None:
        if not receipts:
            return
        url = self._url(name)
        entries = [{"Id": str(number), "ReceiptHandle": each} for number, each in enumerate(receipts)]
        with answered(_CHECK):
            answer = self._client.delete_message_batch(QueueUrl=url, Entries=entries)
        if answer.get("Failed"):
            _log.warning("messages put back may be put back again", extra={"queue": name, "number": len(receipts)})

    def _change(self, name: str, seconds: Iterable[tuple[str, int]]) -> None:
        """Say after how many seconds messages (by receipt) may be handed out again."""
        for some in batched(seconds, _BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": delay}
                for number, (receipt, delay) in enumerate(some)
            ]
            try:
                url = self._url(name)
                with answered(_CHECK):
                    failed = self._client.change_message_visibility_batch(QueueUrl=url, Entries=entries).get("Failed")
            except Unavailable as error:
                _log.warning("messages come again when SQS says", extra={"queue": name, "error": str(error)})
                return
            if failed:
                codes = sorted({each["Code"] for each in failed})
                _log.warning("messages come again when SQS says", extra={"queue": name, "error": ", ".join(codes)})


def _size(message: Mapping[str, Any]) -> int:
    return len(message["Body"].encode())
