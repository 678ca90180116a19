"""Who may do what in a tenant: one table. Source: specification tenants §5, Decisions 4, 7.

Tests hold it against a matrix that is written by hand.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bbws.kernel.actor import IN_TENANT
from bbws.tenants.model import Status


class Role(StrEnum):
    """What somebody is in a tenant, or in a unit of it and everything below that."""

    ADMIN = "Admin"
    OPERATOR = "Operator"
    VIEWER = "Viewer"


# Whatever concerns the caller alone, and founding a tenant: for every person.
SELF = f"{IN_TENANT}self"
READ = f"{IN_TENANT}read"
WRITE = f"{IN_TENANT}write"
LIFECYCLE = f"{IN_TENANT}lifecycle"
# Apart from the rest of its lifecycle: what is parked can leave.
DELETE = f"{IN_TENANT}delete"
# Asking for a status; which ones is the use case's to say.
STATUS = f"{IN_TENANT}status"
UNPARK = f"{IN_TENANT}unpark"
RESUME = f"{IN_TENANT}resume"
USERS_READ = f"{IN_TENANT}users:read"
USERS_WRITE = f"{IN_TENANT}users:write"
INVITATIONS = f"{IN_TENANT}invitations"
UNITS_READ = f"{IN_TENANT}units:read"
UNITS_WRITE = f"{IN_TENANT}units:write"
UNITS_DELETE = f"{IN_TENANT}units:delete"
MEMBERS_READ = f"{IN_TENANT}members:read"
MEMBERS_WRITE = f"{IN_TENANT}members:write"
WEBHOOKS = f"{IN_TENANT}webhooks"

_ADMIN = frozenset({Role.ADMIN})
_WORKING = frozenset({Role.ADMIN, Role.OPERATOR})
_ALL = frozenset(Role)
GIVEN: Mapping[str, frozenset[Role]] = {
    READ: _ALL,
    WRITE: _ADMIN,
    LIFECYCLE: _ADMIN,
    DELETE: _ADMIN,
    STATUS: _ADMIN,
    UNPARK: _ADMIN,
    RESUME: frozenset(),  # the platform's people alone
    USERS_READ: _WORKING,
    USERS_WRITE: _ADMIN,
    INVITATIONS: _ADMIN,
    UNITS_READ: _ALL,
    UNITS_WRITE: _WORKING,
    UNITS_DELETE: _ADMIN,
    MEMBERS_READ: _ALL,
    MEMBERS_WRITE: _WORKING,
    WEBHOOKS: _ADMIN,
}
# What a role that is held at a unit gives there and below; in the rest of the tenant it gives what follows.
AT_UNITS = frozenset({UNITS_WRITE, UNITS_DELETE, MEMBERS_READ, MEMBERS_WRITE})
OF_ANY_MEMBER = frozenset({READ, UNITS_READ})
# Suspension and parking are total: what is named here is all that is left to those who belong to the tenant.
LEFT: Mapping[Status, frozenset[str]] = {
    Status.SUSPENDED: frozenset({READ}),
    Status.PARKED: frozenset({READ, STATUS, UNPARK, DELETE}),
    Status.DEPROVISIONED: frozenset({READ, WRITE}),  # a change is refused by the status itself
}


def given(roles: Iterable[Role]) -> frozenset[str]:
    """What roles that are held in a whole tenant permit."""
    held = frozenset(roles)
    return frozenset(permission for permission, those in GIVEN.items() if those & held)
