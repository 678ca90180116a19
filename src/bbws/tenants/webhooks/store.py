"""Keys and queries of webhooks and their deliveries.

Everything of a webhook lies in its partition. Which of its deliveries are due is said by rows in the order of when;
that any is due, by its turn.
"""

from collections.abc import Iterable
from datetime import datetime

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.change import Change
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339, rfc3339_or_none
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.tenants.model import Quota, Tenant
from bbws.tenants.store import DECIDING, TENANT, tenant_key
from bbws.tenants.store import path as tenant_path
from bbws.tenants.webhooks.model import KEPT, MOST_WEBHOOKS, Because, Delivery, Outcome, State, Webhook

TURNS = "WebhookTurnsIndex"
STORE = Store("webhooks", ("WEBHOOK",), ("WEBHOOKSLOT",), (TURNS,))
READING = DECIDING | Access.to(gets="WEBHOOK")
LISTING = READING | Access.to(queries="WEBHOOKSLOT")
CREATING = LISTING | Access.to(puts="WEBHOOK WEBHOOKSLOT", ensures="TENANT")
CHANGING = READING | Access.to(puts="WEBHOOK")
DELETING = CHANGING | Access.to(removes="WEBHOOK WEBHOOKSLOT")
ENDING = Access.to(gets="WEBHOOK TENANT", queries="WEBHOOKSLOT", puts="WEBHOOK", removes="WEBHOOK WEBHOOKSLOT")
LISTING_DELIVERIES = READING | Access.to(queries="WEBHOOK")
REPLAYING = CHANGING | Access.to(removes="WEBHOOK")
# What is told is read where it was changed.
DELIVERING = Access.to(
    gets="WEBHOOK TENANT INVITATION", indexes=TURNS, queries="WEBHOOK", puts="WEBHOOK", removes="WEBHOOK"
)
ANNOUNCING = DELIVERING | Access.to(queries="WEBHOOKSLOT")
NOTIFYING = Access.to(gets="WEBHOOK TENANT PERSON CONTACT", queries="TENANT", puts="WEBHOOK")
_DUE, _DELIVERY, _NOTICE, _SLOT = "DUE#", "DELIVERY#", "NOTICE#", "WEBHOOKSLOT#"


def partition(webhook_id: str) -> str:
    """Where everything of a webhook lies."""
    return f"WEBHOOK#{webhook_id}"


def webhook_key(webhook_id: str) -> Key:
    """Where a webhook lies."""
    return Key(partition(webhook_id), "METADATA")


def secret_key(webhook_id: str) -> Key:
    """Where its secret lies."""
    return Key(partition(webhook_id), "SECRET")


def delivery_key(webhook_id: str, delivery_id: str) -> Key:
    """Where a delivery lies."""
    return Key(partition(webhook_id), f"{_DELIVERY}{delivery_id}")


def notice_key(change: Change, contact_id: str) -> Key:
    """Where it is said that somebody was written to about a change of a webhook."""
    return Key(change.entity.partition, f"{_NOTICE}{change.version}#{contact_id}")


def path(tenant_id: str, *further: str) -> str:
    """The path of a tenant's webhooks, or of something below it."""
    return "/".join((tenant_path(tenant_id), "webhooks", *further))


def _dump(webhook: Webhook) -> Document:
    return {
        "webhookId": webhook.webhook_id,
        "tenantId": webhook.tenant_id,
        "url": webhook.url,
        "description": webhook.description,
        "events": list(webhook.events),
        "slot": webhook.slot,
        "state": webhook.state.value,
        "createdAt": rfc3339(webhook.created_at),
        "createdBy": webhook.created_by,
        "disabledAt": rfc3339_or_none(webhook.disabled_at),
        "disabledBecause": None if webhook.disabled_because is None else webhook.disabled_because.value,
        "replayed": webhook.replayed,
        "entityType": "WEBHOOK",
    }


def _load(document: Document) -> Webhook:
    because = document["disabledBecause"]
    return Webhook(
        document["webhookId"],
        document["tenantId"],
        document["url"],
        document["description"],
        tuple(document["events"]),
        document["slot"],
        State(document["state"]),
        parse_rfc3339(document["createdAt"]),
        document["createdBy"],
        moment_or_none(document["disabledAt"]),
        None if because is None else Because(because),
        document["replayed"],
    )


def _slot(webhook: Webhook) -> Iterable[Row]:
    """What keeps a tenant from having more than ten, and says which it has."""
    if webhook.state is not State.DELETED:
        key = Key(f"{_SLOT}{webhook.tenant_id}", str(webhook.slot))
        yield Row(key, RowKind.DERIVED, {"webhookId": webhook.webhook_id})


WEBHOOK = EntityType(
    name="webhook",
    source="/bbws/tenants/webhooks",
    key=lambda webhook: webhook_key(webhook.webhook_id),
    subject=lambda webhook: path(webhook.tenant_id, webhook.webhook_id),
    dump=_dump,
    load=_load,
    derived=_slot,
)


def load(table: Table, webhook_id: str) -> Stored[Webhook] | None:
    """The webhook, whatever its state."""
    row = table.get(webhook_key(webhook_id))
    return None if row is None else WEBHOOK.stored(row)


def of_tenant(table: Table, tenant_id: str) -> list[Stored[Webhook]]:
    """A tenant's webhooks, in the order of their places."""
    rows = table.query(f"{_SLOT}{tenant_id}", limit=MOST_WEBHOOKS).rows
    found = (load(table, row.document["webhookId"]) for row in rows)
    return [webhook for webhook in found if webhook is not None]


def tenant_of(table: Table, tenant_id: str) -> Tenant | None:
    """The tenant itself, as it stands."""
    row = table.get(tenant_key(tenant_id))
    return None if row is None else TENANT.stored(row).value


def answerable(table: Table, webhook_id: str) -> str:
    """Who founded a webhook's tenant; the tenant itself where that was the platform."""
    webhook = load(table, webhook_id)
    tenant = None if webhook is None else tenant_of(table, webhook.value.tenant_id)
    if tenant is None:
        return webhook_id
    return tenant.created_by if Quota.FOUNDER in tenant.places else tenant.tenant_id


def next_of_tenant(
    table: Table, tenant_id: str, start: Position | None
) -> tuple[Stored[Webhook] | None, Position | None]:
    """The webhook of a tenant in the next place, and where to go on."""
    page = table.query(f"{_SLOT}{tenant_id}", start=start, limit=1)
    return (load(table, page.rows[0].document["webhookId"]) if page.rows else None), page.next


def keep_secret(work: UnitOfWork, webhook_id: str, secret: str) -> None:
    """Keep what a webhook's calls are signed with."""
    work.insert(Row(secret_key(webhook_id), RowKind.SECRET, {"secret": secret}))


def replace_secret(work: UnitOfWork, webhook_id: str, secret: str, until: datetime) -> None:
    """Sign with another one, and with the one before ``until`` then."""
    row = work.table.get(secret_key(webhook_id))
    if row is None:
        keep_secret(work, webhook_id, secret)
        return
    former = {"former": row.document["secret"], "formerUntil": rfc3339(until)}
    work.replace(Row(row.key, RowKind.SECRET, {"secret": secret, **former}, row.version + 1), row.version)


def drop_secret(work: UnitOfWork, webhook_id: str) -> None:
    """Forget it."""
    row = work.table.get(secret_key(webhook_id))
    if row is not None:
        work.remove(row.key, row.version)


def secrets_of(table: Table, webhook_id: str, now: datetime) -> tuple[str, ...]:
    """What a webhook's calls are signed with; none where that was lost with the rows and not in the archive."""
    row = table.get(secret_key(webhook_id))
    if row is None:
        return ()
    until = moment_or_none(row.document.get("formerUntil"))
    present = row.document["secret"]
    return (present,) if until is None or now >= until else (present, row.document["former"])


def _dump_delivery(delivery: Delivery) -> Document:
    return {
        "deliveryId": delivery.delivery_id,
        "webhookId": delivery.webhook_id,
        "tenantId": delivery.tenant_id,
        "event": delivery.event,
        "change": {"partition": delivery.change.partition, "sort": delivery.change.sort},
        "test": delivery.test,
        "outcome": delivery.outcome.value,
        "createdAt": rfc3339(delivery.created_at),
        "dueAt": rfc3339_or_none(delivery.due_at),
        "since": rfc3339_or_none(delivery.since),
        "attempts": delivery.attempts,
        "lastAttemptAt": rfc3339_or_none(delivery.last_attempt_at),
        "statusCode": delivery.status_code,
        "error": delivery.error,
    }


def delivery_in(row: Row) -> Delivery:
    """The delivery in its row."""
    document = row.document
    return Delivery(
        document["deliveryId"],
        document["webhookId"],
        document["tenantId"],
        document["event"],
        Key(document["change"]["partition"], document["change"]["sort"]),
        document["test"],
        Outcome(document["outcome"]),
        parse_rfc3339(document["createdAt"]),
        moment_or_none(document["dueAt"]),
        moment_or_none(document["since"]),
        document["attempts"],
        moment_or_none(document["lastAttemptAt"]),
        document["statusCode"],
        document["error"],
    )


def _row(delivery: Delivery, version: int) -> Row:
    key = delivery_key(delivery.webhook_id, delivery.delivery_id)
    return Row(key, RowKind.EPHEMERAL, _dump_delivery(delivery), version, expires_at=_expiry(delivery))


def _expiry(delivery: Delivery) -> float:
    # One that is on its way is there until it has arrived or was given up, however late it was replayed.
    return (max(delivery.created_at, delivery.due_at or delivery.created_at) + KEPT).timestamp()


def delivery_row(table: Table, webhook_id: str, delivery_id: str) -> Row | None:
    """The row of a delivery."""
    return table.get(delivery_key(webhook_id, delivery_id))


def deliveries(
    table: Table, webhook_id: str, start: Position | None, limit: int
) -> tuple[list[Delivery], Position | None]:
    """A page of a webhook's deliveries, that of the latest event first."""
    page = table.query(partition(webhook_id), prefix=_DELIVERY, start=start, limit=limit, descending=True)
    return [delivery_in(row) for row in page.rows], page.next


def _due_key(delivery: Delivery, due: datetime) -> Key:
    return Key(partition(delivery.webhook_id), f"{_DUE}{rfc3339(due)}#{delivery.delivery_id}")


def save(work: UnitOfWork, delivery: Delivery, before: Row | None = None) -> None:
    """Keep a delivery, new or in the place of the one in the row ``before``, and when it is due."""
    was = None
    if before is None:
        work.insert(_row(delivery, 1))
    else:
        was = delivery_in(before).due_at
        work.replace(_row(delivery, before.version + 1), before.version)
    if was == delivery.due_at:
        return
    if was is not None:
        work.remove(_due_key(delivery, was), 1)
    if delivery.due_at is not None:
        document = {"deliveryId": delivery.delivery_id, "dueAt": rfc3339(delivery.due_at)}
        key = _due_key(delivery, delivery.due_at)
        work.insert(Row(key, RowKind.EPHEMERAL, document, expires_at=_expiry(delivery)))


def note(work: UnitOfWork, notice: Key) -> None:
    """Remember that somebody was written to."""
    if work.table.get(notice) is None:
        work.insert(Row(notice, RowKind.EPHEMERAL, {}, expires_at=(work.now() + KEPT).timestamp()))


def due(table: Table, webhook_id: str, limit: int) -> list[tuple[datetime, str]]:
    """When a webhook's next deliveries are due, and their ids."""
    rows = table.query(partition(webhook_id), prefix=_DUE, limit=limit).rows
    return [(parse_rfc3339(row.document["dueAt"]), row.document["deliveryId"]) for row in rows]


def change_at(table: Table, key: Key) -> Change | None:
    """The change that lies there."""
    row = table.get(key)
    return None if row is None else Change.from_document(row.document)
