"""What dispatch asks of those who know the callers: who it is, and whether that one may call just now."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bbws.kernel.actor import Actor
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.http import Request
from bbws.kernel.table import Write


class Authenticator(Protocol):
    """Who is asking."""

    def authenticate(self, request: Request) -> Actor:
        """The actor of a request; ANONYMOUS without credentials.

        Raises:
            Problem: 401 for wrong ones.
        """
        ...

    def used(self, actor: Actor) -> Sequence[Write]:
        """Writes that note the use of the credentials, mostly none."""
        ...

    def not_noted(self, actor: Actor) -> None:
        """Told where those writes could not be stored."""
        ...


class Authority(Protocol):
    """What a caller may do where a request leads."""

    def within(self, actor: Actor, endpoint: Endpoint, path: Mapping[str, str]) -> Actor:
        """The actor with the permissions that it has there, read anew on every request.

        Raises:
            Problem: 404 for somebody who may not know that it is there, 403 where it is closed to the caller.
        """
        ...


class Limiter(Protocol):
    """How often somebody may ask."""

    def take(self, caller: str, share: str, limit: int) -> Mapping[str, str]:
        """Use one request of the caller's share of ``limit`` a second; the headers that say what is left.

        Raises:
            Problem: 429 with ``Retry-After``.
        """
        ...
