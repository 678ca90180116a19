"""What the platform's endpoints need from the engine and the server they run in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from bbws.kernel.problem import ProblemType


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
