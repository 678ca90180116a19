"""Whose turn it is: a webhook with deliveries on their way has one row in an index, in the order of when to look.

So an address with a long backlog holds one place, as any other. Of the threads that take turns, a founder's webhooks
hold a few at once, so that others find one however many hang.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache, partial

from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.table import Key, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.tenants.model import MOST_FOUNDED
from bbws.tenants.webhooks.model import MOST_WEBHOOKS
from bbws.tenants.webhooks.store import TURNS, answerable, partition

# A quarter of the threads of one machine, or of one function.
MOST_AT_ONCE = 4
# So many can be of tenants that a founder has. What waits beside them is of tenants that have left.
MOST_PASSED = MOST_FOUNDED * MOST_WEBHOOKS
_PUT_OFF = timedelta(hours=1)
_WAITING = "WAITING"
_PAGE = 20
_REMEMBERED = 10_000


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


def waiting(table: Table, now: datetime) -> Iterator[str]:
    """Webhooks whose turn it is, the longest waiting first: all of them, read while more are asked for."""
    start = None
    while True:
        page = table.query(_WAITING, index=TURNS, start=start, limit=_PAGE)
        for row in page.rows:
            if row.document["at"] > rfc3339(now):
                return
            yield row.key.partition.partition("#")[2]
        if page.next is None:
            return
        start = page.next


def take_turn(work: UnitOfWork, webhook_id: str, lease: timedelta) -> bool:
    """Keep others from a webhook for as long as the lease; whether it was its turn, and nobody else's."""
    row, now = work.table.get(turn_key(webhook_id)), work.now()
    if row is None or parse_rfc3339(row.document["at"]) > now:
        return False
    set_turn(work, webhook_id, now + lease, row, held=True)
    return True


def put_off(work: UnitOfWork, webhook_id: str) -> bool:
    """Have a webhook looked at in an hour; whether it was its turn, and nobody at it."""
    row, now = work.table.get(turn_key(webhook_id)), work.now()
    if row is None or row.document["held"] or parse_rfc3339(row.document["at"]) > now:
        return False
    set_turn(work, webhook_id, now + _PUT_OFF, row)
    return True


class Shares:
    """Which part of a process's threads is at whose webhooks.

    Attributes:
        most_passed: how many of a founder's may wait in front of others'.
        whose: the founder of a webhook's tenant, by the webhook's id.
    """

    def __init__(self, table: Table, most_passed: int = MOST_PASSED) -> None:
        self.most_passed = most_passed
        self._lock = threading.Lock()
        self._held = Counter[str]()
        # It never changes, and is asked for whenever somebody looks past webhooks whose founder has all there is.
        self.whose = lru_cache(_REMEMBERED)(partial(answerable, table))

    @contextmanager
    def part(self, whose: str) -> Iterator[bool]:
        """Be one of those at a founder's webhooks; whether one more may be."""
        with self._lock:
            free = self._held[whose] < MOST_AT_ONCE
            self._held[whose] += free
        try:
            yield free
        finally:
            with self._lock:
                self._held[whose] -= free
                self._held += Counter()  # forgets those who have none
