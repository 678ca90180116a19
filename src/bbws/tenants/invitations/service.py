"""Use cases of invitations. Source: specification tenants §4, Decisions 5, 10."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from bbws.kernel.actor import ActorKind
from bbws.kernel.entity import Stored
from bbws.kernel.table import MAX_WRITES, Position
from bbws.kernel.work import UnitOfWork
from bbws.people import service as people
from bbws.people.model import fold_email
from bbws.people.service import EmailKey
from bbws.tenants import events
from bbws.tenants import service as tenants
from bbws.tenants import store as tenants_store
from bbws.tenants.invitations import model, store
from bbws.tenants.invitations.model import (
    ALREADY_INVITED,
    FORGOTTEN,
    INVITATION_NOT_FOUND,
    LIFETIME,
    NOT_INVITED,
    NOT_NOW,
    UNKNOWN_UNIT,
    Asked,
    Invitation,
    State,
    state_at,
    token_of,
)
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import ALREADY_ASSIGNED, Membership
from bbws.tenants.model import Status, Tenant, require
from bbws.tenants.units import store as units_store

# Each takes three writes: itself, its change, and the place of its address.
_CANCELLED_AT_ONCE = MAX_WRITES // 3

type InvitationKey = Callable[[], bytes]


def get(work: UnitOfWork, tenant_id: str, invitation_id: str) -> Stored[Invitation]:
    """An invitation of a tenant, whatever its state.

    Raises:
        Problem: 404.
    """
    tenants.get(work, tenant_id)
    current = store.load(work, invitation_id)
    if current is None or current.value.tenant_id != tenant_id:
        raise INVITATION_NOT_FOUND(f"There is no invitation {invitation_id} in this tenant.")
    return current


def invite(
    work: UnitOfWork, email_key: EmailKey, invitation_key: InvitationKey, tenant_id: str, asked: Asked
) -> Stored[Invitation]:
    """Ask whoever has an address to join an active tenant, or a unit of it. An expired invitation makes room.

    Raises:
        Problem: 404; 409 for who belongs to the tenant or is invited already; 422 for another status of the tenant, or
            a unit that is not there; 429 within a minute of the last mail to the address.
    """
    _require_active(work, tenant_id)
    _require_stranger(work, email_key, tenant_id, asked.email)
    _require_unit(work, tenant_id, asked.unit_id)
    contact_id = people.contact_for(work, email_key, tenant_id, asked.email)
    # Read before the place: who is overtaken by another is told of that invitation, not of its mail.
    until = store.resting_until(work, tenant_id, contact_id)
    _make_room(work, tenant_id, contact_id)
    _require_rested(work, until)
    now = work.now()
    invitation = Invitation(
        f"invitation-{uuid4()}",
        tenant_id,
        contact_id,
        asked.role,
        asked.unit_id,
        State.PENDING,
        issue=1,
        sent_at=now,
        expires_at=now + LIFETIME,
        created_at=now,
        created_by=work.actor.subject,
    )
    current = work.create(store.INVITATION, invitation, events.INVITED)
    return _issued(work, invitation_key, current)


def resend(work: UnitOfWork, invitation_key: InvitationKey, tenant_id: str, invitation_id: str) -> Stored[Invitation]:
    """Send a pending or expired invitation again: its token so far is dead, and its 7 days begin anew.

    Raises:
        Problem: 404, 412; 409 where another took the place of an expired one; 422 for one that was answered or
            cancelled, whose address was forgotten, or another status of the tenant; 429 within a minute of the last
            mail to the address.
    """
    _require_active(work, tenant_id)
    current = get(work, tenant_id, invitation_id)
    work.match(current)
    invitation = model.resent(current.value, work.now(current))
    if people.values_to_keep(work, invitation.contact_id) is None:
        raise FORGOTTEN("The address that this invitation was sent to has been forgotten. Make another one.")
    until = store.resting_until(work, tenant_id, invitation.contact_id)
    if current.value.state is State.EXPIRED:
        _make_room(work, tenant_id, invitation.contact_id)
    _require_rested(work, until)
    store.drop_token(work, _token(invitation_key, current.value))
    return _issued(work, invitation_key, work.update(store.INVITATION, current, invitation, events.RESENT))


def cancel(work: UnitOfWork, invitation_key: InvitationKey, tenant_id: str, invitation_id: str) -> Stored[Invitation]:
    """Take an invitation back: its token is dead. Repeating it changes nothing.

    Raises:
        Problem: 404, 412, or 422 for one that was answered.
    """
    current = get(work, tenant_id, invitation_id)
    work.match(current)
    if current.value.state is State.CANCELLED:
        return current
    invitation = model.cancelled(current.value, work.now(current), work.actor.subject)
    store.drop_token(work, _token(invitation_key, current.value))
    return work.update(store.INVITATION, current, invitation, events.INVITATION_CANCELLED)


def end(work: UnitOfWork, tenant_id: str, start: Position | None) -> Position | None:
    """Cancel pending invitations to a tenant that has left, as many as one commit takes; where to go on.

    Their tokens lead nowhere: that needs no key, as taking them away would.
    """
    found, following = store.waiting(work.table, tenant_id, start, _CANCELLED_AT_ONCE)
    for current in found:
        if current.value.state is State.PENDING:
            invitation = model.cancelled(current.value, work.now(current), work.actor.subject)
            work.update(store.INVITATION, current, invitation, events.INVITATION_CANCELLED)
    return following


def look_up(work: UnitOfWork, token: str) -> tuple[Stored[Invitation], Stored[Tenant]]:
    """What a token is good for: its open invitation, and the tenant. Of one that is over nothing is said but that.

    Raises:
        Problem: 404 for a token that leads nowhere; 400 for a used or expired one.
    """
    current = store.of_token(work, token)
    if current is None:
        raise model.not_found()
    model.require_open(current.value, work.clock.now())
    return current, tenants.get(work, current.value.tenant_id)


def accept(work: UnitOfWork, token: str) -> tuple[Stored[Invitation], Stored[Membership]]:
    """Join: who acts has proven to have the address. Of several at once one succeeds.

    Somebody who belongs to the tenant by now gets the role where it is offered if there is none yet.

    Raises:
        Problem: 404 for a token that leads nowhere; 403 for another's; 400 for a used or expired one; 409 for a person
            who has a role there; 422 unless the tenant is active and the unit there.
    """
    current, tenant = look_up(work, token)
    invitation = current.value
    _require_addressee(work, invitation)
    if tenant.value.status is not Status.ACTIVE:
        raise NOT_NOW("This invitation cannot be accepted now. Ask whoever sent it, or try again later.")
    _require_unit(work, invitation.tenant_id, invitation.unit_id)
    user_id = work.actor.subject
    membership = members.assign(work, tenant, user_id, invitation.role, invitation.unit_id)
    joined = model.answered(invitation, State.ACCEPTED, work.now(current), user_id)
    return work.update(store.INVITATION, current, joined, events.INVITATION_ACCEPTED), membership


def decline(work: UnitOfWork, token: str) -> tuple[Stored[Invitation], Stored[Tenant]]:
    """Say no. Whoever has the token can.

    Raises:
        Problem: 404 for a token that leads nowhere; 400 for a used or expired one.
    """
    current, tenant = look_up(work, token)
    by = work.actor.subject if work.actor.kind is ActorKind.PERSON else None
    declined = model.answered(current.value, State.DECLINED, work.now(current), by)
    return work.update(store.INVITATION, current, declined, events.INVITATION_DECLINED), tenant


def _token(invitation_key: InvitationKey, invitation: Invitation) -> str:
    return token_of(invitation_key(), invitation.invitation_id, invitation.issue)


def _issued(work: UnitOfWork, invitation_key: InvitationKey, current: Stored[Invitation]) -> Stored[Invitation]:
    invitation = current.value
    store.hand_over(work, invitation.tenant_id, invitation.contact_id)
    store.add_token(work, _token(invitation_key, invitation), invitation)
    store.add_rest(work, invitation)
    return current


def _make_room(work: UnitOfWork, tenant_id: str, contact_id: str) -> None:
    """Guards do not expire: one of an expired invitation is taken over (Decision 5)."""
    holder = store.of_address(work, tenant_id, contact_id)
    if holder is None:
        return
    if state_at(holder.value, work.clock.now()) is State.PENDING:
        detail = "This address is invited already. Send that invitation again, or cancel it."
        raise ALREADY_INVITED(detail, invitationId=holder.value.invitation_id)
    work.update(store.INVITATION, holder, model.expired(holder.value), events.INVITATION_EXPIRED)


def _require_rested(work: UnitOfWork, until: datetime | None) -> None:
    """Refuse to write to an address again so soon, by whatever invitation: cancelling one is no way around it."""
    if until is not None:
        raise model.too_soon(until, work.clock.now())


def _require_active(work: UnitOfWork, tenant_id: str) -> None:
    tenant = tenants.get(work, tenant_id)
    require(tenant.value, Status.ACTIVE)
    # Whoever suspends the tenant meanwhile must not find a later invitation in it.
    work.ensure(tenants_store.tenant_key(tenant_id), tenant.version)


def _require_stranger(work: UnitOfWork, email_key: EmailKey, tenant_id: str, email: str) -> None:
    users = people.users_of(work.table, email_key, email)
    if any(members_store.find(work, tenant_id, user_id) is not None for user_id in users):
        raise ALREADY_ASSIGNED("Who has this address belongs to the tenant already. Change the role instead.")


def _require_unit(work: UnitOfWork, tenant_id: str, unit_id: str | None) -> None:
    """Refuse a unit that is not there. It may go at the same moment: accepting looks again."""
    if unit_id is not None and not units_store.chain(work.table, tenant_id, unit_id):
        raise UNKNOWN_UNIT(f"There is no unit {unit_id} in this tenant.", unitId=unit_id)


def _require_addressee(work: UnitOfWork, invitation: Invitation) -> None:
    known = people.values(work, invitation.contact_id)
    own = fold_email(work.actor.email)
    if known is None or not own or fold_email(known.email) != own:
        raise NOT_INVITED("This invitation was sent to another address than the one that you have signed in with.")
