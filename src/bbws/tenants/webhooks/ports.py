"""What webhooks need from outside: somebody who calls addresses that strangers chose, and no others."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol


class Forbidden(ValueError):  # noqa: N818 - names the finding
    """An address that is never called; the message says why, and nothing of what lies there."""


class Sent(NamedTuple):
    """What became of a call.

    Attributes:
        status: of the answer; None where there was none.
        error: in a line, why there was none.
    """

    status: int | None
    error: str = ""


class Sender(Protocol):
    """Calls addresses in the public Internet."""

    def checked(self, url: str) -> str:
        """The address as it is kept.

        Raises:
            Forbidden: it is none, or leads to where no stranger may send us.
        """
        ...

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Post to an address, which is checked anew. It takes ten seconds at most, and raises nothing."""
        ...


# Has what is due looked at now: by threads that wait for it, or by the caller.
type Hasten = Callable[[], object]
