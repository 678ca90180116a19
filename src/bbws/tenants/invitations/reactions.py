"""Mails that follow from what happens to invitations, and forgetting them. Source: specification tenants, Decision 11.

A mail is sent, then its message is done: whoever is killed in between sends it a second time, under the same
Message-ID. A folder of mails has it once all the same, under its name.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from bbws.kernel.access import NOTHING
from bbws.kernel.change import Change
from bbws.kernel.clock import Clock, parse_rfc3339
from bbws.kernel.reaction import Message, Reaction
from bbws.kernel.table import Table
from bbws.people import events as people_events
from bbws.tenants import events, mails
from bbws.tenants import store as tenants_store
from bbws.tenants.invitations import store
from bbws.tenants.invitations.model import Invitation, State, state_at, token_of
from bbws.tenants.invitations.service import InvitationKey
from bbws.tenants.model import Tenant
from bbws.tenants.ports import ForgetMail, Mail, Mailer

_INVITING = frozenset({events.INVITED.name, events.RESENT.name})
_OUTCOMES = {events.INVITATION_ACCEPTED.name: mails.ACCEPTED, events.INVITATION_DECLINED.name: mails.DECLINED}


class _Letter(NamedTuple):
    """Whom to write to, and about what."""

    change: Change
    invitation: Invitation
    tenant: Tenant
    contact_id: str


def send_mails(  # noqa: PLR0913 - each is needed
    messages: Sequence[Message],
    *,
    table: Table,
    clock: Clock,
    invitation_key: InvitationKey,
    mailer: Mailer,
    forget_mail: ForgetMail,
    public_url: str,
) -> None:
    """Write to who is invited, and to the tenant's contact what became of it; not to who was forgotten.

    An invitation that is not pending any more, or was sent again since, is not sent.

    Raises:
        Unavailable: the store or the mailer does not take it; the message comes again.
    """
    for message in messages:
        letter = _letter(table, clock, message)
        if letter is None:
            continue
        write = partial(_mail, letter, invitation_key, public_url)
        mails.post(table, mailer, forget_mail, letter.contact_id, write)


def forget_mails(messages: Sequence[Message], forget_mail: ForgetMail) -> None:
    """Drop what was written to somebody who was forgotten.

    Raises:
        Unavailable: it cannot be dropped now; the message comes again.
    """
    for message in messages:
        forget_mail(message.subject.rpartition("/")[2])


def _letter(table: Table, clock: Clock, message: Message) -> _Letter | None:
    """What a message asks to be written; None where nothing is to be written any more."""
    row = table.get(message.change)
    if row is None:
        return None
    change = Change.from_document(row.document)
    current = table.get(change.entity)
    told = store.INVITATION.load(change.after)
    tenant_row = table.get(tenants_store.tenant_key(told.tenant_id))
    if current is None or tenant_row is None:
        return None
    tenant = tenants_store.TENANT.stored(tenant_row).value
    if change.type in _OUTCOMES:
        return _Letter(change, told, tenant, tenant.contact_id)
    present = store.INVITATION.stored(current).value
    if present.issue != told.issue or state_at(present, clock.now()) is not State.PENDING:
        return None
    return _Letter(change, told, tenant, told.contact_id)


def _mail(letter: _Letter, invitation_key: InvitationKey, public_url: str, to: str) -> Mail:
    change, invitation, base = letter.change, letter.invitation, public_url.rstrip("/")
    said = {"organization": letter.tenant.organization_name, "role": invitation.role.value}
    outcome = _OUTCOMES.get(change.type)
    if outcome is None:
        token = token_of(invitation_key(), invitation.invitation_id, invitation.issue)
        expires = f"{invitation.expires_at:%d %B %Y, %H:%M} UTC"
        said |= {"token": token, "link": f"{base}{store.BASE}/{token}", "expires": expires}
    else:
        said |= {"link": base + store.path(invitation), "answered": f"{parse_rfc3339(change.time):%d %B %Y}"}
    at = parse_rfc3339(change.time)
    return mails.written(outcome or mails.INVITATION, said, change.id, letter.contact_id, to, at)


REACTIONS = (
    Reaction(
        "invitation-mailer",
        "invitation-mail",
        _INVITING | _OUTCOMES.keys(),
        send_mails,
        mails.PATIENT,
        store.MAILING,
    ),
    Reaction(
        "mail-forgetter",
        "mail-forgetting",
        frozenset({people_events.CONTACT_ERASED.name}),
        forget_mails,
        mails.PATIENT,
        NOTHING,
    ),
)
