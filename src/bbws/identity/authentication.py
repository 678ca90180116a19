"""From a token, or else from an API key, to an actor."""

import logging
from collections.abc import Callable, Sequence

from bbws.identity.model import Claims
from bbws.identity.ports import Verifier
from bbws.kernel.actor import Actor, ActorKind, unauthenticated
from bbws.kernel.callers import Authenticator
from bbws.kernel.http import Request
from bbws.kernel.ids import random_id
from bbws.kernel.table import Unavailable, Write
from bbws.kernel.work import UnitOfWork
from bbws.people.ports import Directory, Proven
from bbws.people.service import EmailKey, is_erased, register, values_of_user

_MOST_SEEN = 4096
_log = logging.getLogger("bbws.identity")


class PeopleOrKeys:
    """The kernel's Authenticator: the person that a token is about if there is one, else what the keys make of it.

    Whoever comes is registered with their first call that is answered, with the verified address if there is one.
    """

    def __init__(
        self,
        verifier: Verifier,
        keys: Authenticator,
        begin: Callable[[Actor, str], UnitOfWork],
        email_key: EmailKey,
        directory: Directory | None = None,
    ) -> None:
        self._verifier = verifier
        self._keys = keys
        self._begin = begin
        self._email_key = email_key
        self._directory = directory
        self._seen: dict[str, tuple[str, str]] = {}  # address and name that were noted last, by subject
        self._newest: dict[str, Claims] = {}  # of the tokens that came, by subject

    def authenticate(self, request: Request) -> Actor:
        """The person or the key's actor; ANONYMOUS without either.

        Raises:
            Problem: 401 for a token that proves nothing or is about somebody who was forgotten, or a wrong key.
            Unavailable: nothing is known of the person yet, and the directory cannot be asked.
        """
        claims = self._verifier.claims(request)
        if claims is None:
            return self._keys.authenticate(request)
        actor = self._as_of_now(claims).actor()
        work = self._begin(actor, request.id)
        if is_erased(work.table, actor.subject):
            raise unauthenticated("This person was forgotten, and signs in no more.")
        return actor if self._directory is None else self._known(self._directory, work)

    def _as_of_now(self, claims: Claims) -> Claims:
        """What a token proves, with the address of a newer one that came: tokens outlive the address that they name."""
        newest = self._newest.get(claims.subject, claims)
        if claims.issued_at < newest.issued_at:
            return claims._replace(email=newest.email, name=newest.name)
        _keep(self._newest, claims.subject, claims)
        return claims

    def _known(self, directory: Directory, work: UnitOfWork) -> Actor:
        """The actor with the address that the directory knows; with the one that it knew where it cannot be asked."""
        actor = work.actor
        try:
            proven = directory.address_of(actor.subject)
        except Unavailable as error:
            kept = values_of_user(work, actor.subject)
            if kept is None:
                raise
            _log.warning("the directory of people cannot be asked", extra={"error": str(error)})
            proven = Proven(kept.email, kept.name)
        return actor._replace(email=proven.email, name=proven.name)

    def used(self, actor: Actor) -> Sequence[Write]:
        """Writes that note the use of a key, or somebody who was not known so far."""
        if actor.kind is not ActorKind.PERSON:
            return self._keys.used(actor)
        proven = actor.email, actor.name
        if self._seen.get(actor.subject) == proven:
            return ()
        _keep(self._seen, actor.subject, proven)
        work = self._begin(actor, f"signed-in-{random_id(8)}")
        register(work, self._email_key)
        return work.writes

    def not_noted(self, actor: Actor) -> None:
        """They were not stored."""
        self._seen.pop(actor.subject, None)
        self._keys.not_noted(actor)


def _keep[T](kept: dict[str, T], subject: str, value: T) -> None:
    if len(kept) >= _MOST_SEEN and subject not in kept:
        kept.clear()
    kept[subject] = value
