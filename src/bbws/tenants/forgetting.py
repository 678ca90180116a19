"""What follows in tenants where somebody is forgotten: they belong to none any more, and nobody waits for their answer.

And what is forgotten with a tenant that has left: the addresses that it invited. It is no step of its farewell, since
finding what an address leads to takes a key, which steps are not given.

The rule of the last Admin does not hold against a right to be forgotten: the platform's people appoint the next one.
"""

from collections.abc import Callable, Sequence
from functools import partial

from bbws.kernel.access import Access
from bbws.kernel.actor import Actor, system
from bbws.kernel.change import Change
from bbws.kernel.reaction import Message
from bbws.kernel.table import Position, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people import service as people
from bbws.people.events import CONTACT_ERASED, ERASED
from bbws.people.service import EmailKey
from bbws.tenants.events import DEPROVISIONED
from bbws.tenants.invitations import service as invitations
from bbws.tenants.invitations import store as invitations_store
from bbws.tenants.invitations.service import InvitationKey
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.store import BY_USER

EVENTS = frozenset({ERASED.name, CONTACT_ERASED.name, DEPROVISIONED.name})
_AT_ONCE = 100
ACCESS = Access.to(
    gets="CONTACT EMAIL PERSON TENANT PENDING INVITATION INVITATIONTOKEN",
    indexes=f"{BY_USER} {invitations_store.BY_TENANT}",
    puts="CONTACT TENANT INVITATION",
    removes="CONTACT EMAIL TENANT CUSTOMER PENDING INVITATIONTOKEN",
)


def forget(
    messages: Sequence[Message],
    *,
    table: Table,
    begin: Callable[[Actor, str], UnitOfWork],
    email_key: EmailKey,
    invitation_key: InvitationKey,
) -> None:
    """End memberships of who is forgotten; cancel what was sent to an address that is; forget whom a tenant invited.

    Done again it goes on.

    Raises:
        LookupError: what a message announces is not there.
        Conflict, Unavailable: not now; the message comes again.
    """
    for message in messages:
        row = table.get(message.change)
        if row is None:
            msg = f"the change that message {message.id} announces is not there"
            raise LookupError(msg)
        change = Change.from_document(row.document)
        starts = partial(begin, system("forgetting"), change.correlation_id)
        if change.type == ERASED.name:
            _leave_all(table, starts, change.after["userId"])
        elif change.type == DEPROVISIONED.name:
            _forget_invited(table, starts, email_key, change.after["tenantId"], change.after["contactId"])
        elif change.after["tenantId"] is not None:
            cancelled = partial(_cancel, invitation_key, change.after["tenantId"], change.after["contactId"])
            transact(starts, cancelled)


def _leave_all(table: Table, starts: Callable[[], UnitOfWork], user_id: str) -> None:
    for found in members_store.of_user(table, user_id):
        transact(starts, partial(members.forget, tenant_id=found.value.tenant_id, user_id=user_id))


def _forget_invited(
    table: Table, starts: Callable[[], UnitOfWork], email_key: EmailKey, tenant_id: str, kept: str
) -> None:
    """Forget the contacts of a tenant's invitations, each in a commit of its own, but the one it is written to by."""
    start: Position | None = None
    while True:
        found, start = invitations_store.listed(table, tenant_id, start, _AT_ONCE)
        for contact_id in {each.value.contact_id for each in found} - {kept}:
            forgotten = partial(people.forget_contact, email_key=email_key, tenant_id=tenant_id, contact_id=contact_id)
            transact(starts, forgotten)
        if start is None:
            return


def _cancel(invitation_key: InvitationKey, tenant_id: str, contact_id: str, work: UnitOfWork) -> None:
    holder = invitations_store.of_address(work, tenant_id, contact_id)
    if holder is not None:
        invitations.cancel(work, invitation_key, tenant_id, holder.value.invitation_id)
