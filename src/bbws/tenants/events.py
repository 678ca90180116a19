"""What the tenants domain announces: its published language."""

from collections.abc import Mapping

from bbws.kernel.change import EventType
from bbws.tenants.model import Transition

CREATED = EventType("tenant.created", "CREATE", "An organisation is to be hosted.")
UPDATED = EventType("tenant.updated", "UPDATE", "Fields of a tenant changed.")
OF_TRANSITIONS: Mapping[Transition, EventType] = {
    Transition.ACTIVATE: EventType("tenant.activated", "ACTIVATE", "A tenant's environment is ready."),
    Transition.FAIL: EventType("tenant.failed", "FAIL", "A tenant's environment could not be made."),
    Transition.RETRY: EventType("tenant.retried", "RETRY", "A tenant's environment is to be made after all."),
    Transition.SUSPEND: EventType("tenant.suspended", "SUSPEND", "Nobody of a tenant is let in; what it has is kept."),
    Transition.RESUME: EventType("tenant.resumed", "RESUME", "The people of a suspended tenant are let in again."),
    Transition.PARK: EventType("tenant.parked", "PARK", "A tenant's sites are down; its data is kept."),
    Transition.UNPARK: EventType("tenant.unparked", "UNPARK", "A parked tenant's sites are being brought back."),
    Transition.DEPROVISION: EventType("tenant.deprovisioned", "DEPROVISION", "A tenant has left; its record stays."),
}
DEPROVISIONED = OF_TRANSITIONS[Transition.DEPROVISION]
LIFECYCLE_ASKED = EventType("operation.tenant-lifecycle", "REQUEST", "What follows from a new status is to be done.")

ASSIGNED = EventType("user.assigned", "ASSIGN", "Somebody got a role in a tenant.")
ROLE_CHANGED = EventType("user.role_changed", "UPDATE", "Somebody's role in a tenant became another.")
REMOVED = EventType("user.removed", "REMOVE", "Somebody has no role in a tenant any more.")

UNIT_CREATED = EventType("hierarchy.created", "CREATE", "A tenant has one more division, group or team.")
UNIT_UPDATED = EventType("hierarchy.updated", "UPDATE", "A division, group or team got another name.")
UNIT_MOVED = EventType("hierarchy.moved", "MOVE", "A group came into another division, or a team into another group.")
UNIT_DELETED = EventType("hierarchy.deleted", "DELETE", "A division, group or team is no more.")
UNIT_DELETION_ASKED = EventType("operation.unit-deletion", "REQUEST", "A unit is to go, with all that lies in it.")
_OF_UNITS = (UNIT_CREATED, UNIT_UPDATED, UNIT_MOVED, UNIT_DELETED)
INVITED = EventType("invitation.created", "CREATE", "Somebody was asked to join a tenant.")
RESENT = EventType("invitation.resent", "RESEND", "An invitation was sent again, with another token.")
INVITATION_ACCEPTED = EventType("invitation.accepted", "ACCEPT", "Somebody who was invited joined a tenant.")
INVITATION_DECLINED = EventType("invitation.declined", "DECLINE", "Somebody who was invited does not want to join.")
INVITATION_CANCELLED = EventType("invitation.cancelled", "CANCEL", "An invitation was taken back.")
INVITATION_EXPIRED = EventType("invitation.expired", "EXPIRE", "Another took the place of an expired invitation.")
OF_INVITATIONS = (
    INVITED,
    RESENT,
    INVITATION_ACCEPTED,
    INVITATION_DECLINED,
    INVITATION_CANCELLED,
    INVITATION_EXPIRED,
)

PUBLISHED = (
    CREATED,
    UPDATED,
    *OF_TRANSITIONS.values(),
    ASSIGNED,
    ROLE_CHANGED,
    REMOVED,
    *_OF_UNITS,
    *OF_INVITATIONS,
)
