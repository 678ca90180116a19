"""What is asked of tenants: all of them for the platform's people, their own for everybody else."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import NamedTuple

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.entity import Stored
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork
from bbws.tenants import store
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import Membership
from bbws.tenants.model import Environment, Status, Tenant, fold_name
from bbws.tenants.permissions import LEFT

# A page looks at this many tenants at most, so it may be short and still have a next one.
_LOOKED_AT = 1000
_AT_ONCE = 200

type Tenants = tuple[list[Stored[Tenant]], Position | None]
# Tenants with their places in the order that is asked for, and where to go on.
type _Page = tuple[list[tuple[Position, Stored[Tenant]]], Position | None]
type _Fetch = Callable[[Position | None, int], _Page]


class Question(NamedTuple):
    """Which tenants, in which order. Empty collections: any; ``name``: a part of the name, folded."""

    statuses: Collection[Status]
    environments: Collection[Environment]
    name: str
    order: str
    descending: bool

    def fits(self, tenant: Tenant) -> bool:
        """Whether a tenant is asked for."""
        return (
            (not self.statuses or tenant.status in self.statuses)
            and (not self.environments or tenant.environment in self.environments)
            and self.name in fold_name(tenant.organization_name)
        )


def listed(work: UnitOfWork, question: Question, start: Position | None, limit: int) -> Tenants:
    """A page of the tenants that the caller may read. Where some are left out it may be short and have a next one."""
    if work.actor.may(PLATFORM_ADMIN):
        return _picked(question, partial(_all, work, question), start, limit, searches=bool(question.name))
    own = _Own.of(work, question)
    searches = bool(question.name or question.statuses or question.environments)
    return _picked(question, own.page, start, limit, searches=searches)


def _picked(question: Question, fetch: _Fetch, start: Position | None, limit: int, *, searches: bool) -> Tenants:
    """Those that are asked for, page after page until there are enough or too many were looked at."""
    found: list[Stored[Tenant]] = []
    for _ in range(_LOOKED_AT // _AT_ONCE):
        page, following = fetch(start, _AT_ONCE if searches else limit)
        for place, current in page:
            if question.fits(current.value):
                found.append(current)
            if len(found) == limit:
                last = place == page[-1][0] and following is None
                return found, None if last else place
        if following is None:
            return found, None
        start = following
    return found, start


def _all(work: UnitOfWork, question: Question, start: Position | None, limit: int) -> _Page:
    page, following = store.listed(
        work.table,
        statuses=question.statuses,
        environments=question.environments,
        order=question.order,
        descending=question.descending,
        start=start,
        limit=limit,
    )
    return [(_place(question, current), current) for current in page], following


def _place(question: Question, current: Stored[Tenant]) -> Position:
    return Position(store.sort_of(current.value, question.order), store.tenant_key(current.value.tenant_id))


class _Own(NamedTuple):
    """What somebody may read: all of the customers of which they are an Admin, and further tenants by their places."""

    work: UnitOfWork
    question: Question
    customers: frozenset[str]
    further: Mapping[Position, Stored[Tenant]]

    @classmethod
    def of(cls, work: UnitOfWork, question: Question) -> "_Own":
        """Those of whoever acts, by what they belong to. An index may lag, so that each is read anew."""
        user_id, customers = work.actor.subject, set()
        memberships = [current.value for current in members_store.of_user(work.table, user_id)]
        for customer_id in sorted({each.customer_id for each in memberships if each.is_admin}):
            if members_store.is_admin_of_customer(work.table, customer_id, user_id):
                customers.add(customer_id)
        others = (each.tenant_id for each in memberships if each.customer_id not in customers and _stands(work, each))
        loaded = (store.load(work, tenant_id) for tenant_id in others)
        further = {_place(question, current): current for current in loaded if current is not None}
        return cls(work, question, frozenset(customers), further)

    def page(self, start: Position | None, limit: int) -> _Page:
        """A page in order. Of what an index shows of a customer is left what is the customer's."""
        order, descending = self.question.order, self.question.descending
        rows, following = store.of_customers(
            self.work.table, self.customers, order, start, limit, descending=descending
        )
        shown = {place: store.load(self.work, tenant_id) for place, tenant_id in rows}
        further = {place: each for place, each in self.further.items() if self._follows(place, start)}
        places = sorted(shown.keys() | further.keys(), reverse=descending)
        page = [(place, further.get(place) or shown.get(place)) for place in places[:limit]]
        last = places[limit - 1] if len(places) > limit else following
        return [(place, each) for place, each in page if each is not None and self._may_read(place, each)], last

    def _follows(self, place: Position, start: Position | None) -> bool:
        return start is None or (place < start if self.question.descending else place > start)

    def _may_read(self, place: Position, current: Stored[Tenant]) -> bool:
        return place in self.further or current.value.customer_id in self.customers


def _stands(work: UnitOfWork, seen: Membership) -> bool:
    """Whether a membership that an index showed is there: an index may lag."""
    return members_store.find(work, seen.tenant_id, seen.user_id) is not None


def of_user(work: UnitOfWork, user_id: str) -> list[tuple[Stored[Tenant], Membership]]:
    """What a person belongs to, as far as the caller may know: everything of oneself, and to the platform's people.

    Somebody else is told of the tenants of which they are an Admin themselves.
    """
    actor, found = work.actor, []
    for seen in members_store.of_user(work.table, user_id):
        current = members_store.find(work, seen.value.tenant_id, user_id)
        tenant = store.load(work, seen.value.tenant_id)
        if current is None or tenant is None:
            continue
        if actor.subject == user_id or actor.may(PLATFORM_ADMIN) or _administers(work, tenant.value):
            found.append((tenant, current.value))
    return found


def _administers(work: UnitOfWork, tenant: Tenant) -> bool:
    own = members_store.find(work, tenant.tenant_id, work.actor.subject)
    return own is not None and own.value.is_admin and tenant.status not in LEFT
