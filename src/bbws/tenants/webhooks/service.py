"""Use cases of webhooks. Source: issue 5, item 8; docs/decisions/0024."""

from collections.abc import Sequence

from bbws.kernel.change import change_key
from bbws.kernel.entity import Stored
from bbws.kernel.table import Position, Row
from bbws.kernel.work import UnitOfWork
from bbws.tenants import events as tenant_events
from bbws.tenants import service as tenants
from bbws.tenants.model import Status, require, require_not
from bbws.tenants.store import tenant_key
from bbws.tenants.webhooks import events, model, store, turns
from bbws.tenants.webhooks.model import (
    ADDRESS_REFUSED,
    DELIVERY_NOT_FOUND,
    EVERY,
    TOO_MANY_WEBHOOKS,
    UNKNOWN_EVENTS,
    WEBHOOK_DISABLED,
    WEBHOOK_NOT_FOUND,
    Delivery,
    State,
    Webhook,
)
from bbws.tenants.webhooks.ports import Forbidden, Sender

# What webhooks can be told of. What is asked of a webhook itself is told to that one, or to nobody.
TOLD = tuple(event.name for event in (*tenant_events.PUBLISHED, events.DISABLED, events.ENABLED))


def create(
    work: UnitOfWork, sender: Sender, tenant_id: str, url: str, description: str, wanted: Sequence[str]
) -> tuple[Stored[Webhook], str]:
    """Have an address told what happens to a tenant; the webhook and its secret, which is shown nowhere again.

    Raises:
        Problem: 404; 422 for an address that is refused, for events that there are not, for an eleventh webhook, and
            for a deprovisioned tenant.
    """
    tenant = tenants.get(work, tenant_id)
    require_not(tenant.value, Status.DEPROVISIONED)
    unknown = sorted(set(wanted) - {*TOLD, EVERY})
    if unknown:
        raise UNKNOWN_EVENTS(f"There are no events {', '.join(unknown)}.", allowedEvents=[EVERY, *sorted(TOLD)])
    slot = model.free_slot(current.value.slot for current in store.of_tenant(work.table, tenant_id))
    if slot is None:
        raise TOO_MANY_WEBHOOKS(f"This tenant has {model.MOST_WEBHOOKS} webhooks. Delete one first.")
    address = _checked(sender, url)
    names = (EVERY,) if EVERY in wanted else tuple(sorted(set(wanted)))
    now, by = work.now(), work.actor.subject
    webhook = Webhook(model.new_id(), tenant_id, address, description, names, slot, State.ACTIVE, now, by)
    secret = model.new_secret()
    # Who ends the tenant meanwhile must not find it told of anything afterwards.
    work.ensure(tenant_key(tenant_id), tenant.version)
    store.keep_secret(work, webhook.webhook_id, secret)
    return work.create(store.WEBHOOK, webhook, events.CREATED), secret


def _checked(sender: Sender, url: str) -> str:
    try:
        return sender.checked(url)
    except Forbidden as error:
        raise ADDRESS_REFUSED(str(error)) from error


def get(work: UnitOfWork, tenant_id: str, webhook_id: str) -> Stored[Webhook]:
    """A webhook of a tenant.

    Raises:
        Problem: 404.
    """
    tenants.get(work, tenant_id)
    current = store.load(work.table, webhook_id)
    if current is None or current.value.tenant_id != tenant_id or current.value.state is State.DELETED:
        raise WEBHOOK_NOT_FOUND(f"There is no webhook {webhook_id} in this tenant.")
    return current


def listed(work: UnitOfWork, tenant_id: str) -> list[Stored[Webhook]]:
    """A tenant's webhooks, the oldest first.

    Raises:
        Problem: 404.
    """
    tenants.get(work, tenant_id)
    return sorted(store.of_tenant(work.table, tenant_id), key=order)


def order(current: Stored[Webhook]) -> tuple[str, str]:
    """A webhook's place in the list."""
    return current.value.created_at.isoformat(), current.value.webhook_id


def delete(work: UnitOfWork, tenant_id: str, webhook_id: str) -> None:
    """Tell an address nothing any more, from the commit on, and forget its secret.

    Raises:
        Problem: 404 or 412.
    """
    current = _to_change(work, tenant_id, webhook_id)
    store.drop_secret(work, webhook_id)
    work.update(store.WEBHOOK, current, current.value._replace(state=State.DELETED), events.DELETED)


def end(work: UnitOfWork, tenant_id: str, start: Position | None) -> Position | None:
    """Remove a webhook of a tenant that has left; where to go on.

    One that wants to is told first that the tenant left. It is removed all the same, and its secret stays until then.
    """
    current, following = store.next_of_tenant(work.table, tenant_id, start)
    if current is not None:
        if not _is_to_be_told(work, current.value):
            store.drop_secret(work, current.value.webhook_id)
        work.update(store.WEBHOOK, current, current.value._replace(state=State.DELETED), events.DELETED)
    return following


def _is_to_be_told(work: UnitOfWork, webhook: Webhook) -> bool:
    """Whether a webhook is still to learn that its tenant left: by a delivery that is there afterwards."""
    left = tenants.get(work, webhook.tenant_id)
    # A tenant that has left does not change any more.
    change = store.change_at(work.table, change_key(tenant_key(webhook.tenant_id), left.version))
    if change is None or not webhook.wants(change.type):
        return False
    farewell = model.delivery_of(change, webhook, work.now())
    row = store.delivery_row(work.table, webhook.webhook_id, farewell.delivery_id)
    if row is None:
        store.save(work, farewell)
    elif store.delivery_in(row).due_at is None:
        return False
    # Also for what else is on its way to it, which ends.
    turns.call_for_turn(work, webhook.webhook_id, farewell.created_at)
    return True


def enable(work: UnitOfWork, tenant_id: str, webhook_id: str) -> Stored[Webhook]:
    """Use a disabled webhook again: for what happens from now on.

    Raises:
        Problem: 404 or 412.
    """
    current = _to_change(work, tenant_id, webhook_id)
    if current.value.state is State.ACTIVE:
        return current
    enabled = current.value._replace(state=State.ACTIVE, disabled_at=None, disabled_because=None)
    return work.update(store.WEBHOOK, current, enabled, events.ENABLED)


def rotate(work: UnitOfWork, tenant_id: str, webhook_id: str) -> tuple[Stored[Webhook], str]:
    """Give a webhook a new secret, which is shown nowhere again; for a day its calls are signed with the former, too.

    Raises:
        Problem: 404 or 412.
    """
    current, secret = _to_change(work, tenant_id, webhook_id), model.new_secret()
    store.replace_secret(work, webhook_id, secret, work.now() + model.BOTH_SIGN_FOR)
    return work.update(store.WEBHOOK, current, current.value, events.ROTATED), secret


def test(work: UnitOfWork, tenant_id: str, webhook_id: str) -> Delivery:
    """Send a webhook something that only says that it was sent. It is tried once.

    Raises:
        Problem: 404, 412, or 422 for a disabled one, and for a tenant that is closed.
    """
    current = _to_use(work, tenant_id, webhook_id)
    _require_told(work, tenant_id, events.TESTED.name)
    now = work.now()
    work.update(store.WEBHOOK, current, current.value, events.TESTED)
    delivery = model.delivery_of(work.changes[-1], current.value, now, test=True)
    store.save(work, delivery)
    turns.call_for_turn(work, webhook_id, now)
    return delivery


def delivery(work: UnitOfWork, tenant_id: str, webhook_id: str, delivery_id: str) -> Delivery:
    """A delivery to a webhook.

    Raises:
        Problem: 404.
    """
    get(work, tenant_id, webhook_id)
    return store.delivery_in(_row(work, webhook_id, delivery_id))


def replay(work: UnitOfWork, tenant_id: str, webhook_id: str, delivery_id: str) -> Delivery:
    """Deliver something once more, as if it were new. Its id stays, by which a receiver knows what it has.

    Raises:
        Problem: 404, 412, or 422 for a disabled webhook, and for what is not told of a tenant that is closed.
    """
    current = _to_use(work, tenant_id, webhook_id)
    row, now = _row(work, webhook_id, delivery_id), work.now()
    asked = model.replayed(store.delivery_in(row), now)
    _require_told(work, tenant_id, asked.event)
    work.update(store.WEBHOOK, current, current.value._replace(replayed=delivery_id), events.REPLAYED)
    store.save(work, asked, row)
    turns.call_for_turn(work, webhook_id, now)
    return asked


def _row(work: UnitOfWork, webhook_id: str, delivery_id: str) -> Row:
    row = store.delivery_row(work.table, webhook_id, delivery_id)
    if row is None:
        raise DELIVERY_NOT_FOUND(f"There is no delivery {delivery_id} to this webhook.")
    return row


def _to_change(work: UnitOfWork, tenant_id: str, webhook_id: str) -> Stored[Webhook]:
    current = get(work, tenant_id, webhook_id)
    work.match(current)
    return current


def _require_told(work: UnitOfWork, tenant_id: str, event: str) -> None:
    tenant = tenants.get(work, tenant_id).value
    if not model.may_be_told(tenant.status, event):
        require(tenant, Status.ACTIVE)


def _to_use(work: UnitOfWork, tenant_id: str, webhook_id: str) -> Stored[Webhook]:
    current = _to_change(work, tenant_id, webhook_id)
    if current.value.state is not State.ACTIVE:
        raise WEBHOOK_DISABLED("Nothing is sent to a disabled webhook. Enable it first.")
    return current
