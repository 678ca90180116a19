"""Whose turn it is: a webhook with deliveries on their way has one row in an index, in the order of when to look.

So an address with a long backlog holds one place, as any other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.table import Key, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.tenants.webhooks.store import TURNS, partition

_WAITING = "WAITING"
_AT_ONCE = 20


def turn_key(webhook_id: str) -> Key:
    """Where it is said that something of a webhook is due."""
    return Key(partition(webhook_id), "TURN")


def set_turn(work: UnitOfWork, webhook_id: str, at: datetime | None, row: Row | None, *, held: bool = False) -> None:
    """Have something of a webhook looked at ``at`` a time, or nothing. ``row``: of its turn, as it was read."""
    key = turn_key(webhook_id)
    if at is None:
        if row is not None:
            work.remove(key, row.version)
        return
    indexes = {TURNS: Key(_WAITING, f"{rfc3339(at)}#{webhook_id}")}
    document = {"at": rfc3339(at), "held": held}
    turn = Row(key, RowKind.EPHEMERAL, document, 1 if row is None else row.version + 1, indexes)
    if row is None:
        work.insert(turn)
    else:
        work.replace(turn, row.version)


def call_for_turn(work: UnitOfWork, webhook_id: str, at: datetime) -> None:
    """Have a webhook looked at by ``at``. Who is at it learns of it meanwhile: its row changes in any case."""
    row = work.table.get(turn_key(webhook_id))
    if row is None:
        set_turn(work, webhook_id, at, None)
        return
    planned, held = parse_rfc3339(row.document["at"]), row.document["held"]
    set_turn(work, webhook_id, planned if held else min(at, planned), row, held=held)


def waiting(table: Table, now: datetime) -> Sequence[str]:
    """Webhooks whose turn it is, the longest waiting first."""
    rows = table.query(_WAITING, index=TURNS, limit=_AT_ONCE).rows
    return [row.key.partition.partition("#")[2] for row in rows if row.document["at"] <= rfc3339(now)]


def take_turn(work: UnitOfWork, webhook_id: str, lease: timedelta) -> bool:
    """Keep others from a webhook for as long as the lease; whether it was its turn, and nobody else's."""
    row, now = work.table.get(turn_key(webhook_id)), work.now()
    if row is None or parse_rfc3339(row.document["at"]) > now:
        return False
    set_turn(work, webhook_id, now + lease, row, held=True)
    return True
