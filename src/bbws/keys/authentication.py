"""From the header ``x-api-key`` to an actor. A key is looked up on every request, so revoking holds on the next one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bbws.kernel.actor import ANONYMOUS, Actor, ActorKind, unauthenticated
from bbws.kernel.clock import Clock, rfc3339
from bbws.kernel.http import Request
from bbws.kernel.table import Insert, Replace, Row, RowKind, Table, Write
from bbws.keys import store
from bbws.keys.model import secret_hash

HEADER = "x-api-key"
_NOTED_EVERY = timedelta(minutes=5)
_MOST_ACTORS = 1024


class ApiKeys:
    """The kernel's Authenticator over stored keys."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._noted: dict[str, datetime] = {}
        self._actors: dict[str, tuple[Row, Actor]] = {}

    def authenticate(self, request: Request) -> Actor:
        """The key's actor; ANONYMOUS without a key.

        Raises:
            Problem: 401 for a wrong or revoked key.
        """
        secret = request.headers.get(HEADER)
        if secret is None:
            return ANONYMOUS
        digest = secret_hash(secret)
        row = self._table.get(store.lookup_key(digest))
        if row is None:
            detail = "This API key is unknown or revoked. Send a valid one in x-api-key, or none for public calls."
            raise unauthenticated(detail)
        known = self._actors.get(digest)
        if known is not None and known[0] is row:
            return known[1]
        actor = store.actor_of(row)
        if len(self._actors) >= _MOST_ACTORS:
            self._actors.clear()
        self._actors[digest] = row, actor
        return actor

    def used(self, actor: Actor) -> Sequence[Write]:
        """Note a key's use, at most once in five minutes."""
        if actor.kind is not ActorKind.API_KEY:
            return ()
        now = self._clock.now()
        noted = self._noted.get(actor.subject)
        if noted is not None and noted <= now < noted + _NOTED_EVERY:
            return ()
        self._noted[actor.subject] = now
        key = store.used_key(actor.subject)
        current = self._table.get(key)
        document = {"at": rfc3339(now)}
        if current is None:
            return (Insert(Row(key, RowKind.EPHEMERAL, document)),)
        return (Replace(Row(key, RowKind.EPHEMERAL, document, current.version + 1), current.version),)

    def not_noted(self, actor: Actor) -> None:
        """The writes were not stored: the next use is to be noted."""
        self._noted.pop(actor.subject, None)
