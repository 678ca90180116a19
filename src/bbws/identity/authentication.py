"""From a token, or else from an API key, to an actor."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from bbws.identity.model import Claims
from bbws.identity.ports import Verifier
from bbws.kernel.actor import Actor, ActorKind, unauthenticated
from bbws.kernel.callers import Authenticator
from bbws.kernel.http import Request
from bbws.kernel.ids import random_id
from bbws.kernel.table import Unavailable, Write
from bbws.kernel.work import UnitOfWork
from bbws.people.model import Person
from bbws.people.ports import Directory
from bbws.people.service import EmailKey, register, values
from bbws.people.store import person_of

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
        self._newest: dict[str, Claims] = {}  # what was proven last, by subject: here or, where it is stored, anywhere

    def authenticate(self, request: Request) -> Actor:
        """The person or the key's actor; ANONYMOUS without either.

        Raises:
            Problem: 401 for a token that proves nothing or is about somebody who was forgotten, or a wrong key.
            Unavailable: nothing is known of the person yet, and the directory cannot be asked.
        """
        claims = self._verifier.claims(request)
        if claims is None:
            return self._keys.authenticate(request)
        actor = claims.actor()
        work = self._begin(actor, request.id)
        person = person_of(work.table, actor.subject)
        if person is not None and person.erased_at is not None:
            raise unauthenticated("This person was forgotten, and signs in no more.")
        if self._directory is not None:
            claims = _by_directory(self._directory, work, claims, person)
        return self._as_of_now(work, claims, person).actor()

    def _as_of_now(self, work: UnitOfWork, claims: Claims, person: Person | None) -> Claims:
        """What a token proves, with the address that was proven after it: tokens outlive the address that they name.

        What is stored is read where the token is older than that and nothing newer has come to this process.
        """
        subject = work.actor.subject
        newest = self._newest.get(subject, claims)
        if claims.issued_at < newest.issued_at:
            claims = _at_another_time(claims, newest.email, newest.name, newest.issued_at)
        if person is not None and claims.issued_at < person.proven_at:
            claims = _as_stored(work, claims, person) or _at_another_time(claims, "", "", person.proven_at)
            # Of what is stored there is nothing to note, and this token is not the one to say that it is gone.
            _keep(self._seen, subject, (claims.email, claims.name))
        _keep(self._newest, subject, claims)
        return claims

    def used(self, actor: Actor) -> Sequence[Write]:
        """Writes that note the use of a key, or somebody who was not known so far."""
        if actor.kind is not ActorKind.PERSON:
            return self._keys.used(actor)
        proven = actor.email, actor.name
        if self._seen.get(actor.subject) == proven:
            return ()
        newest = self._newest.get(actor.subject)
        if newest is None or (newest.email, newest.name) != proven:
            return ()  # a newer token came meanwhile, whose call notes it
        _keep(self._seen, actor.subject, proven)
        work = self._begin(actor, f"signed-in-{random_id(8)}")
        register(work, self._email_key, newest.issued_at)
        return work.writes

    def not_noted(self, actor: Actor) -> None:
        """They were not stored."""
        self._seen.pop(actor.subject, None)
        self._keys.not_noted(actor)


def _by_directory(directory: Directory, work: UnitOfWork, claims: Claims, person: Person | None) -> Claims:
    """Claims with the address that the directory knows; with the one that it knew where it cannot be asked."""
    try:
        proven = directory.address_of(work.actor.subject)
    except Unavailable as error:
        kept = None if person is None else _as_stored(work, claims, person)
        if kept is None:
            raise
        _log.warning("the directory of people cannot be asked", extra={"error": str(error)})
        return kept
    return _at_another_time(claims, proven.email, proven.name, proven.at)


def _as_stored(work: UnitOfWork, claims: Claims, person: Person) -> Claims | None:
    """Claims with the address that is stored of the person; None where there is none."""
    kept = values(work, person.contact_id)
    return None if kept is None else _at_another_time(claims, kept.email, kept.name, person.proven_at)


def _at_another_time(claims: Claims, email: str, name: str, moment: datetime) -> Claims:
    return claims._replace(email=email, name=name, issued_at=moment)


def _keep[T](kept: dict[str, T], subject: str, value: T) -> None:
    if len(kept) >= _MOST_SEEN and subject not in kept:
        kept.clear()
    kept[subject] = value
