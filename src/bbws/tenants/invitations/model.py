"""An invitation and the rules it obeys. Pure. Source: specification tenants §3, §4, Decision 10."""

import hashlib
import hmac
import math
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.problem import RATE_LIMITED, Kind, ProblemType
from bbws.tenants.permissions import Role

LIFETIME = timedelta(days=7)
# Between two mails of one tenant that invite one address, whatever invitation they are of: no mailbox is filled by it.
REST = timedelta(seconds=60)
ID_PATTERN = r"^invitation-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
# What 32 bytes are in base 64, without padding.
TOKEN_PATTERN = r"^[A-Za-z0-9_-]{43}$"  # noqa: S105 - the form of tokens, and none of them
_KEY_LABEL = b"bbws invitation tokens"

INVITATION_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "invitation-not-found",
    "Invitation not found",
    "There is no such invitation that the caller may know of. A token is good for nothing once its invitation was "
    "cancelled or sent again.",
)
INVITATION_USED = ProblemType(
    Kind.MALFORMED, "invitation-used", "Invitation used", "An invitation is accepted or declined once."
)
INVITATION_EXPIRED = ProblemType(
    Kind.MALFORMED, "invitation-expired", "Invitation expired", "An invitation lives for 7 days. Ask for a new one."
)
INVITATION_STATUS = ProblemType(
    Kind.REFUSED,
    "invitation-status",
    "Not in this status",
    "The invitation has a status in which this cannot be done. `currentStatus` says which.",
)
ALREADY_INVITED = ProblemType(
    Kind.CONFLICT,
    "already-invited",
    "Already invited",
    "A tenant has one pending invitation for an address. Send that one again, or cancel it.",
)
NOT_INVITED = ProblemType(
    Kind.FORBIDDEN,
    "not-invited",
    "Somebody else is invited",
    "An invitation is accepted by whoever signs in with the address that it was sent to, and has proven to have it.",
)
NOT_NOW = ProblemType(
    Kind.REFUSED,
    "not-accepted-now",
    "Not accepted now",
    "The tenant takes nobody in at present; why is for those who belong to it. The invitation stays as it is.",
)
UNKNOWN_UNIT = ProblemType(
    Kind.REFUSED, "unknown-unit", "Unknown unit", "The tenant has no such division, group or team."
)
FORGOTTEN = ProblemType(
    Kind.REFUSED,
    "invitee-forgotten",
    "Address forgotten",
    "The address that it was sent to was forgotten.",
)


class State(StrEnum):
    """Where an invitation stands. EXPIRED is what a pending one is once its time is over."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Answered(NamedTuple):
    """When an invitation was accepted, declined or cancelled, and by whom; nobody is known of who only has a token."""

    at: datetime
    by: str | None


class Asked(NamedTuple):
    """Who is to be asked, and what to be. ``unit_id``: where; None: in the whole tenant."""

    email: str
    role: Role
    unit_id: str | None = None


class Invitation(NamedTuple):
    """Somebody who is asked to join a tenant.

    Attributes:
        contact_id: whom it was sent to; the address itself is a personal value.
        unit_id: where the role is to be held; None: in the whole tenant.
        state: as stored. Of one that has expired it says so only once another took its place; see :func:`state_at`.
        issue: from 1, raised whenever it is sent again; the token is that of the present one.
        sent_at: when that was.
    """

    invitation_id: str
    tenant_id: str
    contact_id: str
    role: Role
    unit_id: str | None
    state: State
    issue: int
    sent_at: datetime
    expires_at: datetime
    created_at: datetime
    created_by: str
    answered: Answered | None = None


def key_of(secret: bytes) -> bytes:
    """The key of tokens, from another key of the server."""
    return hmac.digest(secret, _KEY_LABEL, hashlib.sha256)


def token_of(key: bytes, invitation_id: str, issue: int) -> str:
    """The token of an issue of an invitation: made again when it is needed, and stored nowhere."""
    digest = hmac.digest(key, f"{invitation_id}#{issue}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    """What a token is looked up by."""
    return hashlib.sha256(token.encode()).hexdigest()


def state_at(invitation: Invitation, now: datetime) -> State:
    """Where an invitation stands at a time."""
    over = invitation.state is State.PENDING and now >= invitation.expires_at
    return State.EXPIRED if over else invitation.state


def require_open(invitation: Invitation, now: datetime) -> None:
    """Refuse what the token of an invitation is no longer good for.

    Raises:
        Problem: 400 for a used or expired one, 404 for a cancelled one.
    """
    state = state_at(invitation, now)
    if state is State.EXPIRED:
        raise INVITATION_EXPIRED("This invitation has expired. Ask whoever sent it to send it again.")
    if state is State.CANCELLED:
        raise not_found()
    if state is not State.PENDING:
        raise INVITATION_USED("This invitation was answered before. It works once.")


def not_found() -> Exception:
    """The same for a token that never was, and for one that is good for nothing any more."""
    return INVITATION_NOT_FOUND("There is no such invitation: it was cancelled, or sent again with another token.")


def resent(invitation: Invitation, now: datetime) -> Invitation:
    """The invitation, sent again: pending for 7 more days under another token.

    Raises:
        Problem: 422 unless it is pending or has expired.
    """
    _require_unanswered(invitation, now, "sent again")
    return invitation._replace(
        state=State.PENDING, issue=invitation.issue + 1, sent_at=now, expires_at=now + LIFETIME, answered=None
    )


def too_soon(until: datetime, now: datetime) -> Exception:
    """429 for an address that is not written to again before a moment, with ``Retry-After``."""
    left = max(1, math.ceil((until - now).total_seconds()))
    detail = f"This address was invited less than {REST.seconds} seconds ago. Wait as `Retry-After` says."
    return RATE_LIMITED(detail, headers={"retry-after": str(left)})


def cancelled(invitation: Invitation, now: datetime, by: str) -> Invitation:
    """The invitation, taken back.

    Raises:
        Problem: 422 for one that was accepted or declined.
    """
    _require_unanswered(invitation, now, "cancelled")
    return invitation._replace(state=State.CANCELLED, answered=Answered(now, by))


def expired(invitation: Invitation) -> Invitation:
    """The invitation that another takes the place of, since its time is over."""
    return invitation._replace(state=State.EXPIRED)


def answered(invitation: Invitation, state: State, now: datetime, by: str | None) -> Invitation:
    """The invitation, accepted or declined. That it is open was seen to before."""
    return invitation._replace(state=state, answered=Answered(now, by))


def _require_unanswered(invitation: Invitation, now: datetime, done: str) -> None:
    state = state_at(invitation, now)
    if state not in {State.PENDING, State.EXPIRED}:
        detail = f"This invitation is {state}: it cannot be {done}. Make another one."
        raise INVITATION_STATUS(detail, currentStatus=state.value)
