"""What is asked of tenants: all of them for the platform's people, their own for everybody else."""

from collections.abc import Collection
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

# A page of a search looks at this many tenants at most, so it may be short and still have a next one.
_LOOKED_AT = 1000
_AT_ONCE = 200

type Tenants = tuple[list[Stored[Tenant]], Position | None]


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
    """A page of the tenants that the caller may read."""
    if work.actor.may(PLATFORM_ADMIN):
        return _all(work, question, start, limit)
    found = [current for current in _own(work, work.actor.subject) if question.fits(current.value)]
    found.sort(key=lambda current: _place(question, current), reverse=question.descending)
    if start is not None:
        found = [each for each in found if _follows(_place(question, each), start, descending=question.descending)]
    page = found[:limit]
    return page, _place(question, page[-1]) if len(found) > limit else None


def _follows(place: Position, start: Position, *, descending: bool) -> bool:
    return place < start if descending else place > start


def _place(question: Question, current: Stored[Tenant]) -> Position:
    return Position(store.sort_of(current.value, question.order), store.tenant_key(current.value.tenant_id))


def _own(work: UnitOfWork, user_id: str) -> list[Stored[Tenant]]:
    """Those that somebody belongs to, and the further ones of customers of which they are an Admin."""
    memberships = [current.value for current in members_store.of_user(work.table, user_id)]
    found = {each.tenant_id: store.load(work, each.tenant_id) for each in memberships if _stands(work, each)}
    for customer_id in sorted({each.customer_id for each in memberships if each.is_admin}):
        if members_store.is_admin_of_customer(work.table, customer_id, user_id):
            found |= {each.value.tenant_id: each for each in store.of_customer(work.table, customer_id)}
    return [current for current in found.values() if current is not None]


def _stands(work: UnitOfWork, seen: Membership) -> bool:
    """Whether a membership that an index showed is there: an index may lag."""
    return members_store.find(work, seen.tenant_id, seen.user_id) is not None


def _all(work: UnitOfWork, question: Question, start: Position | None, limit: int) -> Tenants:
    if not question.name:
        return _page(work, question, start, limit)
    found: list[Stored[Tenant]] = []
    for _ in range(_LOOKED_AT // _AT_ONCE):
        page, following = _page(work, question, start, _AT_ONCE)
        for current in page:
            if question.fits(current.value):
                found.append(current)
            if len(found) == limit:
                last = current is page[-1] and following is None
                return found, None if last else _place(question, current)
        if following is None:
            return found, None
        start = following
    return found, start


def _page(work: UnitOfWork, question: Question, start: Position | None, limit: int) -> Tenants:
    return store.listed(
        work.table,
        statuses=question.statuses,
        environments=question.environments,
        order=question.order,
        descending=question.descending,
        start=start,
        limit=limit,
    )


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
