"""What the platform's endpoints need from the engine and the server they run in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from bbws.kernel.canonical import Document
from bbws.kernel.problem import ProblemType
from bbws.kernel.table import Position


class Readiness(NamedTuple):
    """Whether the service can do its work, and why not. ``details`` holds figures such as queue depths."""

    ready: bool
    details: Mapping[str, Any]


class Health(Protocol):
    """The state of what lies below."""

    def readiness(self) -> Readiness:
        """The present state, cheaply read."""
        ...


class Metrics(Protocol):
    """What has been counted."""

    def render(self) -> bytes:
        """The Prometheus text exposition."""
        ...


class Backup(Protocol):
    """A consistent copy of everything."""

    def stream(self) -> Iterator[bytes]:
        """One file, in pieces, taken while serving."""
        ...


class Documents(Protocol):
    """What describes the API."""

    def openapi(self) -> Mapping[str, Any]:
        """The merged OpenAPI document."""
        ...

    def problems(self) -> Sequence[ProblemType]:
        """Every problem that any call can answer."""
        ...


class QueueState(NamedTuple):
    """What an operator sees of one queue.

    ``oldest_seconds`` is the age of the oldest message waiting; None when empty, or where the engine cannot tell (SQS).
    ``redrivable``: what it parks can be put back; the feed on AWS parks places in a stream, which cannot.
    """

    name: str
    waiting: int
    in_flight: int
    dead: int
    oldest_seconds: float | None
    redrivable: bool = True


class DeadLetter(NamedTuple):
    """A parked message.

    ``parked_at`` is RFC 3339, ``error`` the last failure in one line without any value of the data, ``position`` its
    place in the list.
    """

    id: str
    queue: str
    message: Document
    receives: int
    parked_at: str
    error: str
    position: Position


class Queues(Protocol):
    """What an operator may see and do; handing out messages is the engine's own affair."""

    def states(self) -> Sequence[QueueState]:
        """Every queue, by name."""
        ...

    def dead_letters(self, queue: str, start: Position | None, limit: int) -> Sequence[DeadLetter]:
        """Parked messages of a queue after ``start``, oldest first.

        Raises:
            KeyError: no such queue.
        """
        ...

    def redrive(self, queue: str) -> int:
        """Put every parked message back, as new; how many there were.

        Raises:
            KeyError: no such queue.
        """
        ...
