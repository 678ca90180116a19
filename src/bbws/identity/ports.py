"""What people's identity needs from outside."""

from collections.abc import Mapping
from typing import Any, Protocol

from bbws.identity.model import Claims
from bbws.kernel.http import Request


class Verifier(Protocol):
    """Who issued a token, and whether it is good: our own key on one machine, Cognito on AWS."""

    def claims(self, request: Request) -> Claims | None:
        """What the request's token proves; None without one.

        Raises:
            Problem: 401 for a token that proves nothing: forged, expired, for somebody else.
        """
        ...


class TokenKeys(Protocol):
    """The keys that this machine signs tokens with."""

    def document(self) -> Mapping[str, Any]:
        """Their public halves as a JSON Web Key Set.

        Raises:
            Unavailable: they cannot be read.
        """
        ...
