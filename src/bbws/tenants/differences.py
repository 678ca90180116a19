"""What a planned change does to access: who gains and who loses what. Source: specification tenants, Decision 12."""

from collections.abc import Iterator
from itertools import islice

from bbws.kernel.work import UnitOfWork
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import Difference, Membership, difference
from bbws.tenants.units import store as units_store

# A plan looks at this many people at most.
MOST_PEOPLE = 1000

type Chain = tuple[str, ...]


def of_move(work: UnitOfWork, tenant_id: str, was: Chain, will_be: Chain) -> list[Difference]:
    """What changes when the unit at the end of both ways comes from the one to the other."""
    unit_id, found = was[-1], []
    people = {
        user_id: None
        for above in (*was[:-1], *will_be[:-1])
        if (above in was) != (above in will_be)
        for user_id in members_store.all_of_unit(work.table, tenant_id, above)
    }
    for user_id in islice(people, MOST_PEOPLE):
        current = members_store.find(work, tenant_id, user_id)
        if current is not None:
            below = [chain for chain in _own_chains(work, current.value) if unit_id in chain[:-1]]
            places = [(was, will_be), *((chain, _led(chain, unit_id, will_be)) for chain in below)]
            found += _told(current.value, current.value, unit_id, places)
    return found


def of_role(work: UnitOfWork, before: Membership, after: Membership, unit_id: str | None) -> list[Difference]:
    """What changes when somebody gets another role in the whole tenant, or at a unit."""
    whole = () if unit_id is None else units_store.chain(work.table, before.tenant_id, unit_id)
    chains = [chain for chain in _own_chains(work, before) if unit_id is None or unit_id in chain[:-1]]
    return _told(before, after, unit_id, [(chain, chain) for chain in (whole, *chains)])


def _told(
    before: Membership, after: Membership, unit_id: str | None, places: list[tuple[Chain, Chain]]
) -> list[Difference]:
    """The difference at the first place, and where there is one also those at places below with roles of their own."""
    units = (unit_id, *(was[-1] for was, _ in places[1:]))
    found = [difference(before, after, at, *ways) for at, ways in zip(units, places, strict=True)]
    return found if any(each.gains or each.loses for each in found) else []


def _led(chain: Chain, unit_id: str, will_be: Chain) -> Chain:
    """Where a unit below the moved one lies afterwards."""
    return (*will_be, *chain[chain.index(unit_id) + 1 :])


def _own_chains(work: UnitOfWork, membership: Membership) -> Iterator[Chain]:
    """The ways to the units at which somebody holds a role."""
    chains = (units_store.chain(work.table, membership.tenant_id, unit) for unit in sorted(membership.units))
    return (chain for chain in chains if chain)
