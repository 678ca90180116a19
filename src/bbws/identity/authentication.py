"""From a token, or else from an API key, to an actor."""

from collections.abc import Sequence

from bbws.identity.ports import Verifier
from bbws.kernel.actor import Actor
from bbws.kernel.callers import Authenticator
from bbws.kernel.http import Request
from bbws.kernel.table import Write


class PeopleOrKeys:
    """The kernel's Authenticator: the person that a token is about if there is one, else what the keys make of it."""

    def __init__(self, verifier: Verifier, keys: Authenticator) -> None:
        self._verifier = verifier
        self._keys = keys

    def authenticate(self, request: Request) -> Actor:
        """The person or the key's actor; ANONYMOUS without either.

        Raises:
            Problem: 401 for a token that proves nothing, or a wrong key.
        """
        claims = self._verifier.claims(request)
        return self._keys.authenticate(request) if claims is None else claims.actor()

    def used(self, actor: Actor) -> Sequence[Write]:
        """Writes that note the use of a key."""
        return self._keys.used(actor)

    def not_noted(self, actor: Actor) -> None:
        """They were not stored."""
        self._keys.not_noted(actor)
