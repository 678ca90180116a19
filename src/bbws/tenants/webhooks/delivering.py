"""Telling webhooks what happened: deliveries are made of changes, and tried until they arrive or are given up.

One delivery of a webhook is tried at a time, and each try is a turn of its own. Whoever has the turn keeps others from
that webhook alone, and gives it back behind all that wait. An address that hangs keeps a thread for ten seconds; those
of one founder's tenants together keep a few, so that they hold up one another and nobody else.
Why it is so: docs/decisions/0024.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from bbws.kernel.actor import Actor, system
from bbws.kernel.change import Change
from bbws.kernel.reaction import Message
from bbws.kernel.table import Conflict, Row, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.tenants.events import DEPROVISIONED
from bbws.tenants.store import path as tenant_path
from bbws.tenants.webhooks import body, events, model, store, turns
from bbws.tenants.webhooks.model import Delivery, Outcome, State, Webhook
from bbws.tenants.webhooks.ports import Hasten, Sender, Sent

logger = logging.getLogger("bbws.webhooks")
# Longer than a try and the commits around it. Who was killed in one leaves the webhook to others after that.
_LEASE = timedelta(seconds=60)
# An address that did not take something is left alone for a moment, however much waits for it.
_REST = model.FIRST_DELAY
_DROPPED_AT_ONCE = 30
_NOT_THERE = "What it tells of, or the webhook's secret, is lost. Rotate the secret: what happens from then on is sent."
_ASKED_FOR = frozenset({events.TESTED.name, events.REPLAYED.name})

type Begin = Callable[[Actor, str], UnitOfWork]


def announce(messages: Sequence[Message], *, table: Table, begin: Begin, hasten: Hasten) -> list[str]:
    """Make a delivery of each change for every webhook that wants it; the ids of messages to be handed out again.

    Done twice it makes none twice: a delivery's id follows from the change and the webhook.
    """
    failed = []
    for message in messages:
        try:
            _announce(message, table, begin)
        except Exception:
            logger.exception("event not announced to webhooks", extra={"messageId": message.id})
            failed.append(message.id)
    hasten()
    return failed


def _announce(message: Message, table: Table, begin: Begin) -> None:
    if message.type in _ASKED_FOR:
        return  # who asked made the delivery, to one webhook alone
    change = store.change_at(table, message.change)
    if change is None:
        msg = f"the change that message {message.id} announces is not there"
        raise LookupError(msg)
    tenant_id = _tenant_of(change)
    tenant = None if tenant_id is None else store.tenant_of(table, tenant_id)
    if tenant is None or not model.is_to_be_told(tenant, change):
        return
    for current in store.of_tenant(table, tenant.tenant_id):
        webhook = current.value
        if webhook.tenant_id == tenant_id and webhook.wants(change.type):
            transact(partial(begin, system("webhooks"), change.correlation_id), partial(_add, change, webhook))


def _tenant_of(change: Change) -> str | None:
    """The tenant that a change is of: by its subject, and by what was changed."""
    tenant_id = change.after.get("tenantId")
    if not isinstance(tenant_id, str):
        return None
    own = tenant_path(tenant_id)
    return tenant_id if change.subject == own or change.subject.startswith(f"{own}/") else None


def _add(change: Change, webhook: Webhook, work: UnitOfWork) -> None:
    delivery = model.delivery_of(change, webhook, work.now())
    if store.delivery_row(work.table, webhook.webhook_id, delivery.delivery_id) is None:
        store.save(work, delivery)
        turns.call_for_turn(work, webhook.webhook_id, delivery.created_at)


def deliver_next(table: Table, begin: Begin, sender: Sender, shares: turns.Shares) -> bool:
    """Try one delivery that is due; whether there was any. Several may do this at once.

    None of a founder at whose webhooks are as many as may be: whoever is at one looks again when done. What is too much
    to be passed by every time is put off.

    Raises:
        Unavailable: the store cannot take it now.
    """
    starts = partial(begin, system("webhooks"), "deliveries")
    passed = Counter[str]()
    for webhook_id in turns.waiting(table, starts().now()):
        whose = shares.whose(webhook_id)
        with shares.part(whose) as free:
            if free and _won(starts, partial(turns.take_turn, webhook_id=webhook_id, lease=_LEASE)):
                _Turn(table, starts, sender, webhook_id).use()
                return True
        passed[whose] += not free
        if passed[whose] > shares.most_passed:
            _won(starts, partial(turns.put_off, webhook_id=webhook_id))
    return False


def _won(starts: Callable[[], UnitOfWork], turn: Callable[[UnitOfWork], bool]) -> bool:
    try:
        return transact(starts, turn)
    except Conflict:
        return False  # others are faster with this one


class _Try(NamedTuple):
    """A delivery that is tried: its row as it was read before, and what became of it."""

    row: Row
    at: datetime
    sent: Sent


class _Turn:
    """The turn of one webhook."""

    def __init__(self, table: Table, begin: Callable[[], UnitOfWork], sender: Sender, webhook_id: str) -> None:
        self._table = table
        self._begin = begin
        self._sender = sender
        self._id = webhook_id

    def use(self) -> None:
        """Try the delivery that is due first, and give the turn back."""
        current = store.load(self._table, self._id)
        used = current is not None and current.value.state is State.ACTIVE
        if (not used and transact(self._begin, self._drop)) or current is None:
            return
        now = self._begin().now()
        found = [name for at, name in store.due(self._table, self._id, 1) if at <= now]
        row = store.delivery_row(self._table, self._id, found[0]) if found else None
        if row is None:
            transact(self._begin, partial(self._give_back, rest=_REST))
            return
        delivery = store.delivery_in(row)
        tenant = store.tenant_of(self._table, delivery.tenant_id)
        if tenant is None or not model.may_be_told(tenant.status, delivery.event):
            transact(self._begin, partial(self._close, row))
            return
        sent = self._send(current.value, delivery, now)
        transact(self._begin, partial(self._record, _Try(row, now, sent)))

    def _send(self, webhook: Webhook, delivery: Delivery, now: datetime) -> Sent:
        change, secrets = store.change_at(self._table, delivery.change), store.secrets_of(self._table, self._id, now)
        if change is None or not secrets:
            return Sent(None, _NOT_THERE)
        said = body.told(change)
        return self._sender.send(webhook.url, body.signed(said, delivery.delivery_id, now, secrets), said)

    def _close(self, before: Row, work: UnitOfWork) -> None:
        """End a delivery that is not told of a tenant as it stands."""
        if self._is_as_read(before, work):
            delivery = model.dropped(store.delivery_in(before), closed=True)
            store.save(work, delivery, before)
            self._give_back(work, delivery)

    def _is_as_read(self, before: Row, work: UnitOfWork) -> bool:
        """Whether a delivery still is as it was; if not, the turn is given back."""
        row = work.table.get(before.key)
        if row is not None and row.version == before.version:
            return True
        self._give_back(work)  # somebody asked for it once more meanwhile: that one is still to be sent
        return False

    def _record(self, tried: _Try, work: UnitOfWork) -> None:
        """Keep what became of a try, disable the webhook where it was the last, and give the turn back."""
        if not self._is_as_read(tried.row, work):
            return
        delivery = model.tried(store.delivery_in(tried.row), tried.at, tried.sent.status, tried.sent.error)
        store.save(work, delivery, tried.row)
        if delivery.due_at is None and self._is_leaving(work) and _is_farewell(tried.row):
            store.drop_secret(work, self._id)
        if (because := model.disables(delivery)) is not None:
            self._disable(work, because)
        logger.info(
            "webhook called",
            extra={"deliveryId": delivery.delivery_id, "outcome": delivery.outcome, "statusCode": tried.sent.status},
        )
        rest = timedelta(0) if delivery.test or delivery.outcome is Outcome.DELIVERED else _REST
        self._give_back(work, delivery, rest)

    def _disable(self, work: UnitOfWork, because: model.Because) -> None:
        current = store.load(work.table, self._id)
        if current is None or current.value.state is not State.ACTIVE:
            return
        disabled = current.value._replace(state=State.DISABLED, disabled_at=work.now(current), disabled_because=because)
        work.update(store.WEBHOOK, current, disabled, events.DISABLED)

    def _give_back(self, work: UnitOfWork, delivery: Delivery | None = None, rest: timedelta = timedelta(0)) -> None:
        """Let others have the turn when the next delivery is due, but behind those that wait already.

        ``delivery``: what this very commit moves.
        """
        ended = set() if delivery is None else {delivery.delivery_id}
        following = [at for at, name in store.due(work.table, self._id, 2) if name not in ended]
        if delivery is not None and delivery.due_at is not None:
            following.append(delivery.due_at)
        at = max(min(following), work.now() + rest) if following else None
        turns.set_turn(work, self._id, at, work.table.get(turns.turn_key(self._id)))

    def _drop(self, work: UnitOfWork) -> bool:
        """End deliveries of a webhook that is used no more, some at a time; whether there is nothing to send.

        One whose tenant has left is removed, and has a secret until it was told so: by the delivery that stays.
        """
        leaving = self._is_leaving(work)
        found = store.due(work.table, self._id, _DROPPED_AT_ONCE + 1)
        rows = [store.delivery_row(work.table, self._id, name) for _, name in found[:_DROPPED_AT_ONCE]]
        dropped = [row for row in rows if row is not None and not (leaving and _is_farewell(row))]
        if leaving and not dropped:
            return False
        for row in dropped:
            store.save(work, model.dropped(store.delivery_in(row)), row)
        more = leaving or len(found) > _DROPPED_AT_ONCE
        turns.set_turn(work, self._id, work.now() if more else None, work.table.get(turns.turn_key(self._id)))
        return True

    def _is_leaving(self, work: UnitOfWork) -> bool:
        current = store.load(work.table, self._id)
        removed = current is not None and current.value.state is State.DELETED
        return removed and bool(store.secrets_of(work.table, self._id, work.now()))


def _is_farewell(row: Row) -> bool:
    return store.delivery_in(row).event == DEPROVISIONED.name
