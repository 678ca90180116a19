"""What follows from what has happened: consumers of changes, their queues, and daily work. Source: design §2.

A reaction is a use case entered from another edge. Messages come at least once and in no promised order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from bbws.kernel.access import NOTHING, Access
from bbws.kernel.table import Key

EVERY_EVENT = "*"


@dataclass(frozen=True, slots=True)
class Message:
    """One announced change as a consumer receives it: an address, so that the consumer reads the present.

    Attributes:
        id: the id of the change (CloudEvents ``id``).
        type: the event's name.
        subject: the resource path.
        change: where the Change row lies.
        receives: how often this message has been handed out, this time included.
    """

    id: str
    type: str
    subject: str
    change: Key
    receives: int = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """How a queue treats its messages.

    Attributes:
        visibility: seconds for which a message that was handed out is hidden from others.
        max_receives: after how many failed receives a message is parked in the dead-letter queue.
        batch: how many messages are handed out at once.
        first_delay: seconds before the first retry; doubles with every further one, with jitter.
        longest_delay: seconds that a delay never exceeds.
    """

    visibility: float = 60.0
    max_receives: int = 3
    batch: int = 10
    first_delay: float = 1.0
    longest_delay: float = 300.0

    def retry_delay(self, receives: int, jitter: float) -> float:
        """Seconds before a message that failed ``receives`` times is handed out again.

        It doubles with every failure; ``jitter`` (0 to 1) takes up to half of it away: retries do not march in step.
        """
        doubled = self.first_delay * 2.0 ** min(receives - 1, 60)
        return min(doubled, self.longest_delay) * (1 - jitter / 2)


type Handler = Callable[..., Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Reaction:
    """A consumer: its name, its queue, the events it wants, and the use case.

    Attributes:
        name: the consumer, such as ``audit-logger``.
        queue: its queue's name without prefix and environment, such as ``product-audit``.
        events: event names; ``*`` is every one.
        handler: called with ``messages: Sequence[Message]`` and the ports that its further parameters name.
            Returns the ids of the messages that failed (None: none did); raising fails the whole batch.
        policy: how the queue treats its messages.
        access: the rows that its handler touches.
    """

    name: str
    queue: str
    events: frozenset[str]
    handler: Handler
    policy: Policy = Policy()
    access: Access = NOTHING

    def wants(self, event: str) -> bool:
        """Whether the consumer is told of events of this name."""
        return event in self.events or EVERY_EVENT in self.events


@dataclass(frozen=True, slots=True)
class Daily:
    """Work that is due once a day; a run that was missed is made up for at the next start.

    ``handler`` is called with the ports that its parameters name; ``access``: the rows that it touches.
    """

    name: str
    at: time
    handler: Callable[..., None]
    access: Access = NOTHING


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work that looks again and again for what has become due: when there is some, and ``every`` so often.

    ``handler`` is called with the ports that its parameters name, by several at once: ``parallel`` of them on one
    machine. It says whether it found something, and is called until it does not. ``access``: the rows that it touches.
    """

    name: str
    every: timedelta
    handler: Callable[..., bool]
    parallel: int = 1
    access: Access = NOTHING
