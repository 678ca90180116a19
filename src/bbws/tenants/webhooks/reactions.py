"""What follows from what happens to tenants: their webhooks are told, and their Admins of one that is told no more."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from bbws.kernel.actor import Actor, system
from bbws.kernel.change import Change
from bbws.kernel.clock import parse_rfc3339
from bbws.kernel.reaction import Message, Policy, Reaction, Sweep
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people.store import person_of
from bbws.tenants import mails
from bbws.tenants.members.store import admins
from bbws.tenants.model import Status, Tenant
from bbws.tenants.ports import ForgetMail, Mail, Mailer
from bbws.tenants.webhooks import events, store
from bbws.tenants.webhooks.delivering import announce, deliver_next
from bbws.tenants.webhooks.model import Because, State
from bbws.tenants.webhooks.service import TOLD

_EVERY = timedelta(seconds=5)  # the first of the delays between tries
_AT_A_TIME = 16
_WHY = {Because.FAILING: "a delivery to it has failed for three days", Because.GONE: "its answer was 410, gone"}


def send_notices(
    messages: Sequence[Message],
    *,
    table: Table,
    begin: Callable[[Actor, str], UnitOfWork],
    mailer: Mailer,
    forget_mail: ForgetMail,
    public_url: str,
) -> None:
    """Write to each Admin of a tenant whose webhook was disabled; not about one that is used again, or deleted.

    Who was written to is noted after each mail: whoever is killed sends the last one a second time, and no other.

    Raises:
        Unavailable: the store or the mailer does not take it; the message comes again.
    """
    for message in messages:
        change = store.change_at(table, message.change)
        tenant = None if change is None else _told(table, change)
        if change is None or tenant is None:
            continue
        for contact_id in _contacts(table, tenant.tenant_id):
            notice = store.notice_key(change, contact_id)
            if table.get(notice) is None:
                write = partial(_mail, change, tenant, contact_id, public_url.rstrip("/"))
                mails.post(table, mailer, forget_mail, contact_id, write)
                transact(partial(begin, system("webhooks"), change.correlation_id), partial(store.note, notice=notice))


def _told(table: Table, change: Change) -> Tenant | None:
    """The tenant whose Admins are to know of a change; None where there is nothing to know any more."""
    webhook = store.WEBHOOK.load(change.after)
    current, tenant = store.load(table, webhook.webhook_id), store.tenant_of(table, webhook.tenant_id)
    if current is None or current.value.state is not State.DISABLED or current.value.disabled_at != webhook.disabled_at:
        return None
    return None if tenant is None or tenant.status is Status.DEPROVISIONED else tenant


def _contacts(table: Table, tenant_id: str) -> list[str]:
    found = (person_of(table, user_id) for user_id in admins(table, tenant_id))
    return [person.contact_id for person in found if person and person.contact_id and person.erased_at is None]


def _mail(change: Change, tenant: Tenant, contact_id: str, base: str, to: str) -> Mail:
    webhook, at = store.WEBHOOK.load(change.after), parse_rfc3339(change.time)
    said = {
        "organization": tenant.organization_name,
        # The rest of an address may be what keeps others from calling it.
        "host": urlsplit(webhook.url).hostname or "",
        "because": _WHY[webhook.disabled_because or Because.FAILING],
        "disabled": f"{at:%d %B %Y, %H:%M} UTC",
        "link": base + store.path(tenant.tenant_id, webhook.webhook_id),
        "tenant": tenant.tenant_id,
        "webhook": webhook.webhook_id,
    }
    return mails.written(mails.WEBHOOK_DISABLED, said, f"{change.id}.{contact_id}", contact_id, to, at)


REACTIONS = (
    Reaction(
        "webhook-announcer",
        "tenant-webhooks",
        frozenset({*TOLD, events.TESTED.name, events.REPLAYED.name}),
        announce,
        Policy(max_receives=10),
        store.ANNOUNCING,
    ),
    Reaction(
        "webhook-mailer",
        "webhook-mail",
        frozenset({events.DISABLED.name}),
        send_notices,
        mails.PATIENT,
        store.NOTIFYING,
    ),
)
SWEEPS = (Sweep("webhook-deliveries", _EVERY, deliver_next, _AT_A_TIME, store.DELIVERING),)
