"""People on AWS: API Gateway verifies a token of Cognito's and hands on what it claims; here that becomes an actor."""

import re
from collections.abc import Mapping, Sequence

from bbws.kernel.actor import EVERYTHING, Actor, ActorKind, unauthenticated
from bbws.kernel.callers import Authenticator
from bbws.kernel.http import Request
from bbws.kernel.table import Write

ADMIN = "Admin"
_SUBJECT = r"[A-Za-z0-9-]{1,64}"
_SEPARATORS = r"[\[\], ]+"


class ClaimsOrKeys:
    """The kernel's Authenticator: a verified token if there is one, else what another makes of the request."""

    def __init__(self, otherwise: Authenticator) -> None:
        self._otherwise = otherwise

    def authenticate(self, request: Request) -> Actor:
        """The person that the token is about, or the key's actor; ANONYMOUS without either.

        Raises:
            Problem: 401 for a token that says nobody, or a wrong key.
        """
        return person(request.claims) if request.claims else self._otherwise.authenticate(request)

    def used(self, actor: Actor) -> Sequence[Write]:
        """Writes that note the use of a key."""
        return self._otherwise.used(actor)

    def not_noted(self, actor: Actor) -> None:
        """They were not stored."""
        self._otherwise.not_noted(actor)


def person(claims: Mapping[str, str]) -> Actor:
    """Whom the claims of an access or identity token are about: never the e-mail address, but Cognito's own id.

    A token proves the platform role and nothing else (design §3); what somebody may do in a tenant is read from rows.

    Raises:
        Problem: 401 where they are about nobody.
    """
    subject = claims.get("sub", "")
    if claims.get("token_use") not in {"access", "id"} or not re.fullmatch(_SUBJECT, subject):
        raise unauthenticated("This token is about nobody. Sign in again.")
    # The gateway writes a list of one as it is, and a longer one in brackets or with commas.
    groups = frozenset(re.split(_SEPARATORS, claims.get("cognito:groups", "")))
    return Actor(f"user-{subject}", ActorKind.PERSON, frozenset({EVERYTHING}) if ADMIN in groups else frozenset())
