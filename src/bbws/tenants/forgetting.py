"""What follows in tenants where somebody is forgotten: they belong to none any more, and nobody waits for their answer.

The rule of the last Admin does not hold against a right to be forgotten: the platform's people appoint the next one.
"""

from collections.abc import Callable, Sequence
from functools import partial

from bbws.kernel.access import Access
from bbws.kernel.actor import Actor, system
from bbws.kernel.change import Change
from bbws.kernel.reaction import Message
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people.events import CONTACT_ERASED, ERASED
from bbws.tenants.invitations import service as invitations
from bbws.tenants.invitations import store as invitations_store
from bbws.tenants.invitations.service import InvitationKey
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.store import BY_USER

EVENTS = frozenset({ERASED.name, CONTACT_ERASED.name})
ACCESS = Access.to(
    gets="CONTACT PERSON TENANT PENDING INVITATION INVITATIONTOKEN",
    indexes=BY_USER,
    puts="TENANT INVITATION",
    removes="TENANT CUSTOMER PENDING INVITATIONTOKEN",
)


def forget(
    messages: Sequence[Message],
    *,
    table: Table,
    begin: Callable[[Actor, str], UnitOfWork],
    invitation_key: InvitationKey,
) -> None:
    """End the memberships of who is forgotten, and cancel what was sent to an address that is. Done again it goes on.

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
        elif change.after["tenantId"] is not None:
            cancelled = partial(_cancel, invitation_key, change.after["tenantId"], change.after["contactId"])
            transact(starts, cancelled)


def _leave_all(table: Table, starts: Callable[[], UnitOfWork], user_id: str) -> None:
    for found in members_store.of_user(table, user_id):
        transact(starts, partial(members.forget, tenant_id=found.value.tenant_id, user_id=user_id))


def _cancel(invitation_key: InvitationKey, tenant_id: str, contact_id: str, work: UnitOfWork) -> None:
    holder = invitations_store.of_address(work, tenant_id, contact_id)
    if holder is not None:
        invitations.cancel(work, invitation_key, tenant_id, holder.value.invitation_id)
