"""Webhooks and deliveries: values, rules, every way of saying no. Source: issue 5, item 8; docs/decisions/0024."""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.change import Change
from bbws.kernel.clock import MICROSECOND, parse_rfc3339
from bbws.kernel.ids import CROCKFORD, random_id
from bbws.kernel.problem import Kind, ProblemType
from bbws.kernel.table import Key
from bbws.tenants.events import OF_TRANSITIONS
from bbws.tenants.model import Status, Tenant, Transition

_CHARACTERS = f"[{CROCKFORD}]"
_RANDOM_LENGTH = 16
ID_PATTERN = rf"^webhook-{_CHARACTERS}{{{_RANDOM_LENGTH}}}$"
_TIME_LENGTH, _HASH_LENGTH = 11, 16
DELIVERY_PATTERN = rf"^delivery-{_CHARACTERS}{{{_TIME_LENGTH + _HASH_LENGTH}}}$"
_BITS = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_WEBHOOKS = 10
EVERY = "*"
_SECRET_BYTES = 32
# For as long a receiver may still know the secret before the present one alone.
BOTH_SIGN_FOR = timedelta(hours=24)

FIRST_DELAY = timedelta(seconds=5)
# Those that Standard Webhooks proposes; the last try is at the end of the three days.
DELAYS = (
    FIRST_DELAY,
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
GIVES_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
_GONE = 410
_SUCCESS = range(200, 300)
_REDIRECTS = range(300, 400)

WEBHOOK_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND, "webhook-not-found", "Webhook not found", "The tenant has no webhook of this id. It may be deleted."
)
DELIVERY_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "delivery-not-found",
    "Delivery not found",
    "The webhook has no delivery of this id. Deliveries are kept for 30 days.",
)
TOO_MANY_WEBHOOKS = ProblemType(
    Kind.REFUSED, "too-many-webhooks", "Too many webhooks", "A tenant can have ten webhooks. Delete one first."
)
WEBHOOK_DISABLED = ProblemType(
    Kind.REFUSED, "webhook-disabled", "Webhook disabled", "Nothing is sent to a disabled webhook. Enable it first."
)
ADDRESS_REFUSED = ProblemType(
    Kind.REFUSED,
    "webhook-address-refused",
    "Address refused",
    "A webhook's address is https://, the name of a host in the public Internet, and a path. It leads to no private, "
    "local or reserved network.",
)
UNKNOWN_EVENTS = ProblemType(
    Kind.REFUSED, "unknown-events", "Unknown events", "There are no such events. `allowedEvents` lists those there are."
)


# What is still told of a suspended or parked tenant: where it stands.
_LIFECYCLE = frozenset(event.name for event in OF_TRANSITIONS.values())
_LEFT = OF_TRANSITIONS[Transition.DEPROVISION].name
_CLOSING = {Status.SUSPENDED: Transition.SUSPEND, Status.PARKED: Transition.PARK}
_GIVEN_UP = "The webhook was disabled or deleted."
_CLOSED = "The tenant was suspended, parked or deprovisioned meanwhile. Replay it once the tenant is active."


class State(StrEnum):
    """Where a webhook stands."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    DELETED = "DELETED"


class Because(StrEnum):
    """Why a webhook was disabled."""

    FAILING = "failing"
    GONE = "gone"


class Webhook(NamedTuple):
    """An address that is told what happens to a tenant.

    Attributes:
        events: names of events, or ``*``.
        slot: which of the tenant's ten places it has.
        replayed: the delivery that somebody asked for once more last.
    """

    webhook_id: str
    tenant_id: str
    url: str
    description: str
    events: tuple[str, ...]
    slot: int
    state: State
    created_at: datetime
    created_by: str
    disabled_at: datetime | None = None
    disabled_because: Because | None = None
    replayed: str | None = None

    def wants(self, event: str) -> bool:
        """Whether it is told of events of this name."""
        return self.state is State.ACTIVE and (EVERY in self.events or event in self.events)


class Outcome(StrEnum):
    """What became of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Delivery(NamedTuple):
    """One event on its way to one webhook.

    Attributes:
        change: where lies what it tells of.
        test: it is tried once, and disables nothing.
        due_at: when it is tried next; None where it has ended.
        since: when it was tried first, or first since it was replayed.
        status_code: of the last answer; ``error``: in a line, what was wrong with it.
    """

    delivery_id: str
    webhook_id: str
    tenant_id: str
    event: str
    change: Key
    test: bool
    outcome: Outcome
    created_at: datetime
    due_at: datetime | None
    since: datetime | None = None
    attempts: int = 0
    last_attempt_at: datetime | None = None
    status_code: int | None = None
    error: str | None = None


def new_id() -> str:
    """The id of a new webhook."""
    return f"webhook-{random_id(_RANDOM_LENGTH)}"


def new_secret() -> str:
    """What a webhook's calls are signed with, as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def delivery_id(change: Key, time: str, webhook_id: str) -> str:
    """The id of what tells a webhook of a change: the same whenever it is made, and in the order of changes."""
    moment = (parse_rfc3339(time) - _EPOCH) // MICROSECOND
    name = f"{change.partition}\x1f{change.sort}\x1f{webhook_id}"
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest())
    return f"delivery-{_digits(moment, _TIME_LENGTH)}{_digits(digest, _HASH_LENGTH)}"


def _digits(number: int, length: int) -> str:
    """The last ``length`` digits of a number in Crockford's base 32."""
    return "".join(CROCKFORD[number >> _BITS * place & len(CROCKFORD) - 1] for place in reversed(range(length)))


def may_be_told(status: Status, event: str) -> bool:
    """Whether an event may be told of a tenant in this status."""
    if status is Status.DEPROVISIONED:
        return event == _LEFT
    return status not in _CLOSING or event in _LIFECYCLE


def is_to_be_told(tenant: Tenant, change: Change) -> bool:
    """Whether deliveries are made of a change; those from before a tenant was closed are kept for a replay."""
    if may_be_told(tenant.status, change.type):
        return True
    closing = _CLOSING.get(tenant.status)
    mark = None if closing is None else tenant.marks.get(closing)
    return mark is not None and parse_rfc3339(change.time) < mark.at


def delivery_of(change: Change, webhook: Webhook, now: datetime, *, test: bool = False) -> Delivery:
    """What tells a webhook of a change."""
    name = delivery_id(change.key, change.time, webhook.webhook_id)
    return Delivery(
        name, webhook.webhook_id, webhook.tenant_id, change.type, change.key, test, Outcome.PENDING, now, now
    )


def tried(delivery: Delivery, now: datetime, status: int | None, error: str) -> Delivery:
    """The delivery after a try: delivered, to be tried again later and later, or given up."""
    since = delivery.since or now
    delivery = delivery._replace(
        since=since,
        attempts=delivery.attempts + 1,
        last_attempt_at=now,
        status_code=status,
        error=error or _why(status),
    )
    if status in _SUCCESS:
        return delivery._replace(outcome=Outcome.DELIVERED, due_at=None)
    until = since + GIVES_UP_AFTER
    if delivery.test or status == _GONE or now >= until:
        return delivery._replace(outcome=Outcome.FAILED, due_at=None)
    delay = DELAYS[min(delivery.attempts, len(DELAYS)) - 1]
    return delivery._replace(due_at=min(now + delay, until))


def _why(status: int | None) -> str | None:
    if status in _SUCCESS:
        return None
    if status in _REDIRECTS:
        return f"The answer was {status}: redirections are not followed."
    return f"The answer was {status}."


def disables(delivery: Delivery) -> Because | None:
    """Why a delivery that ended is the end of its webhook; None where it is not."""
    if delivery.outcome is not Outcome.FAILED or delivery.test:
        return None
    return Because.GONE if delivery.status_code == _GONE else Because.FAILING


def dropped(delivery: Delivery, *, closed: bool = False) -> Delivery:
    """A delivery to a webhook that is used no more, or of something that is not told of a closed tenant."""
    return delivery._replace(outcome=Outcome.FAILED, due_at=None, error=_CLOSED if closed else _GIVEN_UP)


def replayed(delivery: Delivery, now: datetime) -> Delivery:
    """A delivery as if it were new, but for its id."""
    return delivery._replace(outcome=Outcome.PENDING, due_at=now, since=None, attempts=0)


def free_slot(taken: Iterable[int]) -> int | None:
    """A place that no webhook of the tenant has."""
    return next(iter(sorted(set(range(MOST_WEBHOOKS)) - set(taken))), None)
