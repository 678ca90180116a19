"""A tenant and the rules it obeys. Pure. Source: specification tenants §1, §3, §4."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from bbws.kernel.canonical import Document, canonical
from bbws.kernel.problem import VALIDATION, FieldError, Kind, ProblemType
from bbws.operations.model import ILLEGAL_TRANSITION

ID_PATTERN = r"^tenant-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
CUSTOMER_PATTERN = r"^[A-Za-z0-9-]{3,64}$"

# Of the letters that names may have, those that Unicode's confusables (UTS 39) list as alike, small or capital.
_ALIKE = str.maketrans({"\u0111": "\u00f0", "\u00e6": "ae", "\u0153": "oe", "\u0151": "\u00f6", "\u011b": "\u0115"})
# In small these three write their caron as an apostrophe.
_AS_APOSTROPHE = str.maketrans({"\u013e": "l'", "\u010f": "d'", "\u0165": "t'"})
_JOINING = re.compile("[ '-]+")
# So many tenants that have not left can be founded by one person, and for one customer.
MOST_FOUNDED = 20
_MOST_METADATA = 32 * 1024
_PLACE = frozenset({"division", "group", "team"})
UNNESTED = "group needs division, and team needs group"

TENANT_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "tenant-not-found",
    "Tenant not found",
    "There is no tenant with this id that is the caller's.",
)
NAME_TAKEN = ProblemType(
    Kind.CONFLICT,
    "organization-name-taken",
    "Organisation name taken",
    "Another tenant has this name, or one that looks like it; case, blanks, hyphens and apostrophes make no"
    " difference. Names of deprovisioned tenants are free.",
)
TENANT_STATUS = ProblemType(
    Kind.REFUSED,
    "tenant-status",
    "Not in this status",
    "The tenant has a status in which this cannot be done. `currentStatus` says which.",
)
ACCOUNT_SUSPENDED = ProblemType(
    Kind.FORBIDDEN,
    "account-suspended",
    "Account suspended",
    "The tenant is suspended or parked. Its people can read the tenant itself, and its Admin can unpark "
    "or delete a parked one.",
)
UNKNOWN_CUSTOMER = ProblemType(
    Kind.REFUSED,
    "unknown-customer",
    "Unknown customer",
    "A tenant can be put under a customer by an Admin of one of the customer's tenants alone. Leave `customerId` out to"
    " have a new one made.",
)
QUOTA_EXCEEDED = ProblemType(
    Kind.REFUSED,
    "quota-exceeded",
    "Quota exceeded",
    "One person, and the people of one customer together, can found twenty tenants that have not left. The platform's"
    " people can found more.",
)
CONFIRMATION = ProblemType(
    Kind.REFUSED,
    "confirmation-needed",
    "Confirmation needed",
    "What cannot be undone must be confirmed: send `confirm` with the organisation's name.",
)


DEPENDENCIES = ProblemType(
    Kind.REFUSED,
    "dependencies-exist",
    "Dependencies exist",
    "What is to go is still used. `dependencies` lists by what, up to a hundred of them.",
)


# Counting goes no further: it must cost the same in every tenant.
MOST_COUNTED = 100


class Counted(NamedTuple):
    """How many of something there are, and whether there are more than were counted."""

    number: int
    more: bool


class Environment(StrEnum):
    """Where a tenant's sites run."""

    DEV = "dev"
    SIT = "sit"
    PROD = "prod"


class Status(StrEnum):
    """Where a tenant stands."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    PARKED = "PARKED"
    DEPROVISIONED = "DEPROVISIONED"
    FAILED = "FAILED"


class Transition(StrEnum):
    """What leads from one status to another."""

    ACTIVATE = "activate"
    FAIL = "fail"
    RETRY = "retry"
    SUSPEND = "suspend"
    RESUME = "resume"
    PARK = "park"
    UNPARK = "unpark"
    DEPROVISION = "deprovision"


_WAYS: Mapping[Status, Mapping[Transition, Status]] = {
    Status.PENDING: {
        Transition.ACTIVATE: Status.ACTIVE,
        Transition.FAIL: Status.FAILED,
        Transition.DEPROVISION: Status.DEPROVISIONED,
    },
    Status.FAILED: {Transition.RETRY: Status.PENDING, Transition.DEPROVISION: Status.DEPROVISIONED},
    Status.ACTIVE: {
        Transition.SUSPEND: Status.SUSPENDED,
        Transition.PARK: Status.PARKED,
        Transition.DEPROVISION: Status.DEPROVISIONED,
    },
    Status.SUSPENDED: {Transition.RESUME: Status.ACTIVE, Transition.DEPROVISION: Status.DEPROVISIONED},
    Status.PARKED: {Transition.UNPARK: Status.ACTIVE, Transition.DEPROVISION: Status.DEPROVISIONED},
    Status.DEPROVISIONED: {},
}


class Quota(StrEnum):
    """Whose tenants are counted."""

    FOUNDER = "founder"
    CUSTOMER = "customer"


class Mark(NamedTuple):
    """When something was last done to a tenant, by whom, and why (empty where no reason is asked for)."""

    at: datetime
    by: str
    reason: str = ""


class Tenant(NamedTuple):
    """An organisation that is hosted.

    Attributes:
        customer_id: who pays.
        contact_id: whom to write to; the address itself is a personal value.
        division, group, team: what the organisation calls the part of it that the tenant is for.
        marks: the last time of each transition.
        places: which of those that its founder, and its customer, can have it takes; of the platform's founding none.
    """

    tenant_id: str
    customer_id: str
    organization_name: str
    contact_id: str
    environment: Environment
    status: Status
    division: str | None
    group: str | None
    team: str | None
    metadata: Document
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    marks: Mapping[Transition, Mark]
    places: Mapping[Quota, int] = MappingProxyType({})


def fold_name(name: str) -> str:
    """A name for comparing: NFKC, without regard to case, runs of blanks as one, and letters that look alike as one."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    if not folded.isascii():  # nothing to translate, which takes most of the time for thousands of names
        folded = folded.translate(_ALIKE)
    return " ".join(folded.split())


def guarded_name(name: str) -> str:
    """What a name is kept for one by: :func:`fold_name`, without blanks, hyphens and apostrophes."""
    return _JOINING.sub("", fold_name(name).translate(_AS_APOSTROPHE))


def ways(status: Status) -> list[str]:
    """The transitions that lead out of a status."""
    return [transition.value for transition in _WAYS[status]]


def way_to(tenant: Tenant, status: Status) -> Transition:
    """The transition that leads from where the tenant stands to ``status``.

    Raises:
        Problem: 422 where none does.
    """
    for transition, leads_to in _WAYS[tenant.status].items():
        if leads_to is status:
            return transition
    raise _illegal(tenant, f"become {status}")


def moved(tenant: Tenant, transition: Transition, now: datetime, by: str, reason: str = "") -> Tenant:
    """The tenant after a transition.

    Raises:
        Problem: 422 with the status and the transitions that it allows.
    """
    status = _WAYS[tenant.status].get(transition)
    if status is None:
        raise _illegal(tenant, transition.value)
    marks = {**tenant.marks, transition: Mark(now, by, reason)}
    return tenant._replace(status=status, updated_at=now, updated_by=by, marks=marks)


def is_nested(division: str | None, group: str | None, team: str | None) -> bool:
    """Whether a group is of a division, and a team of a group."""
    return (group is None or division is not None) and (team is None or group is not None)


def changed(tenant: Tenant, fields: Mapping[str, Any], now: datetime, by: str) -> Tenant:
    """The tenant with ``fields`` in place of its own; metadata is merged, and null takes a key away (RFC 7396).

    Raises:
        Problem: 400 where metadata grows too large, and for a group without a division or a team without a group; 422
            for a deprovisioned one.
    """
    require_not(tenant, Status.DEPROVISIONED)
    placed = fields.keys() & _PLACE
    if placed and not is_nested(**{name: fields.get(name, getattr(tenant, name)) for name in _PLACE}):
        raise VALIDATION(f"{UNNESTED}.", errors=tuple(FieldError(name, UNNESTED, "nested") for name in sorted(placed)))
    metadata = merged(tenant.metadata, fields.get("metadata") or {})
    if len(canonical(metadata)) > _MOST_METADATA:
        message = f"must not grow beyond {_MOST_METADATA} bytes; take keys away by null"
        raise VALIDATION(f"metadata {message}.", errors=(FieldError("metadata", message, "too_long"),))
    return tenant._replace(**{**fields, "metadata": metadata}, updated_at=now, updated_by=by)


def merged(old: Document, patch: Document) -> Document:
    """RFC 7396: members replace members, null removes, maps are merged in turn."""
    new = dict(old)
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, dict):
            former = new.get(name)
            new[name] = merged(former if isinstance(former, dict) else {}, value)
        else:
            new[name] = value
    return new


def require(tenant: Tenant, status: Status) -> None:
    """Refuse unless the tenant has this status.

    Raises:
        Problem: 422.
    """
    if tenant.status is not status:
        detail = f"{tenant.organization_name} is {tenant.status}; this can be done while it is {status}."
        raise TENANT_STATUS(detail, currentStatus=tenant.status.value, allowedTransitions=ways(tenant.status))


def require_not(tenant: Tenant, status: Status) -> None:
    """Refuse if the tenant has this status.

    Raises:
        Problem: 422.
    """
    if tenant.status is status:
        detail = f"{tenant.organization_name} is {status}: this cannot be done any more."
        raise TENANT_STATUS(detail, currentStatus=status.value, allowedTransitions=ways(status))


def _illegal(tenant: Tenant, wanted: str) -> Exception:
    allowed = ways(tenant.status)
    detail = f"The tenant is {tenant.status}: it cannot {wanted}. It can {' or '.join(allowed) or 'do nothing more'}."
    return ILLEGAL_TRANSITION(detail, currentStatus=tenant.status.value, allowedTransitions=allowed)
