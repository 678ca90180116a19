"""Use cases of API keys."""

from collections.abc import Sequence

from bbws.kernel.actor import EVERYTHING, Rate
from bbws.kernel.entity import Stored
from bbws.kernel.ids import random_id
from bbws.kernel.table import Position, Table
from bbws.kernel.work import UnitOfWork
from bbws.keys import events, model, store
from bbws.keys.model import ID_PREFIX, ID_RANDOM_LENGTH, KEY_NOT_FOUND, RATE_NOT_HELD, UNKNOWN_PERMISSION, ApiKey


def create(
    work: UnitOfWork, *, name: str, permissions: Sequence[str], rate: Rate, environment: str, known: frozenset[str]
) -> tuple[Stored[ApiKey], str]:
    """Make a key; the key and its secret, which is nowhere to be had again.

    Raises:
        Problem: 403 for a permission or a rate that the actor does not hold, 422 for one that no call asks for.
    """
    unknown = sorted(set(permissions) - known - {EVERYTHING})
    if unknown:
        detail = f"No call asks for {', '.join(unknown)}."
        raise UNKNOWN_PERMISSION(detail, allowedPermissions=sorted(known | {EVERYTHING}))
    for permission in permissions:
        work.actor.require(permission)
    if not _within(rate, work.actor.rate):
        own = work.actor.rate
        limits = ", ".join(
            f"{n or 'any number of'} {what}" for n, what in ((own.reads, "reads"), (own.writes, "writes"))
        )
        detail = f"Your own key may make {limits} a second; grant no more."
        raise RATE_NOT_HELD(detail, readsPerSecond=own.reads, writesPerSecond=own.writes)
    key = ApiKey(
        ID_PREFIX + random_id(ID_RANDOM_LENGTH),
        name,
        tuple(sorted(set(permissions))),
        rate,
        work.actor.subject,
        work.now(),
    )
    secret = model.new_secret(environment)
    for row in store.secret_rows(key, model.secret_hash(secret)):
        work.insert(row)
    return work.create(store.API_KEY, key, events.CREATED), secret


def any_usable(table: Table) -> bool:
    """Whether there is a key whose holder would be let in."""
    start: Position | None = None
    while True:
        keys, start = store.listed(table, start, limit=100)
        if any(table.get(store.hash_key(key.value.key_id)) is not None for key in keys):
            return True
        if start is None:
            return False


def is_usable(table: Table, secret: str) -> bool:
    """Whether the holder of this secret would be let in."""
    return table.get(store.lookup_key(model.secret_hash(secret))) is not None


def _within(asked: Rate, held: Rate) -> bool:
    pairs = ((asked.reads, held.reads), (asked.writes, held.writes))
    return all(own is None or (wanted is not None and wanted <= own) for wanted, own in pairs)


def revoke(work: UnitOfWork, key_id: str) -> None:
    """Take a key's power away, from the commit on; a revoked one stays so.

    Raises:
        Problem: 404 or 412.
    """
    current = store.load(work, key_id)
    if current is None:
        detail = f"There is no key {key_id}."
        raise KEY_NOT_FOUND(detail)
    work.match(current)
    if current.value.revoked_at is not None:
        return
    secret = work.table.get(store.hash_key(key_id))
    if secret is not None:
        work.remove(secret.key, secret.version)
        work.remove(store.lookup_key(secret.document["hash"]), 1)
    work.update(store.API_KEY, current, model.revoked(current.value, work.now(current)), events.REVOKED)
