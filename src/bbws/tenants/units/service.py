"""Use cases of units. Source: specification tenants §4, Decision 12.

A commit that puts something into a unit ensures that the unit is there and open; whoever deletes a unit closes it
first, and then reads what lies in it. So a unit never loses its parent, whoever does what at the same moment, and any
number can be put into one at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bbws.kernel.entity import Stored
from bbws.kernel.ids import random_id
from bbws.kernel.problem import VERSION_CONFLICT
from bbws.kernel.work import UnitOfWork
from bbws.tenants import events
from bbws.tenants import service as tenants
from bbws.tenants.access import require_at
from bbws.tenants.model import Status, require
from bbws.tenants.permissions import UNITS_WRITE
from bbws.tenants.units import store
from bbws.tenants.units.model import ABOVE, PREFIX, RANDOM_LENGTH, UNIT_NAME_TAKEN, UNIT_NOT_FOUND, Unit, UnitKind
from bbws.tenants.units.store import UNIT

type Chain = tuple[str, ...]


class Placed(NamedTuple):
    """A unit, and the ids that lead to it, its own last."""

    unit: Stored[Unit]
    chain: Chain


def get(work: UnitOfWork, tenant_id: str, chain: Chain) -> Stored[Unit]:
    """The unit to which a path leads.

    Raises:
        Problem: 404 where one of them is not there, or does not lie in the one before.
    """
    tenants.get(work, tenant_id)
    return _along(work, tenant_id, chain)


def require_there(work: UnitOfWork, tenant_id: str, chain: Chain) -> None:
    """Refuse a path that leads nowhere; the empty one leads to the tenant itself.

    Raises:
        Problem: 404.
    """
    tenants.get(work, tenant_id)
    if chain:
        _along(work, tenant_id, chain)


def create(work: UnitOfWork, tenant_id: str, above: Chain, kind: UnitKind, name: str) -> Stored[Unit]:
    """Add a unit to the one to which ``above`` leads, or to the tenant itself.

    Raises:
        Problem: 404 for a parent that is not there; 409 where the name is taken; 422 unless the tenant is active.
    """
    require_active(work, tenant_id)
    parent = _along(work, tenant_id, above) if above else None
    parent_id = None if parent is None else parent.value.unit_id
    now, by = work.now(), work.actor.subject
    unit = Unit(PREFIX[kind] + random_id(RANDOM_LENGTH), tenant_id, kind, name, parent_id, now, by, now, by)
    _require_free_name(work, unit)
    if parent is not None:
        enter(work, parent)
    return work.create(UNIT, unit, events.UNIT_CREATED)


def update(
    work: UnitOfWork, tenant_id: str, chain: Chain, *, name: str | None = None, parent_id: str | None = None
) -> Placed:
    """Give a unit another name, or another parent, or both; None keeps what it has.

    Raises:
        Problem: 403 for a move by somebody who may not change both parents; 404, 409, 412; 422 unless the tenant is
            active.
    """
    require_active(work, tenant_id)
    current = _along(work, tenant_id, chain)
    work.match(current)
    unit = current.value._replace(name=name or current.value.name, parent_id=parent_id or current.value.parent_id)
    if unit == current.value:
        return Placed(current, chain)
    moves = unit.parent_id != current.value.parent_id
    if moves:
        chain = _move(work, unit, chain)
    if _name_key(unit) != _name_key(current.value):
        _require_free_name(work, unit)
    unit = unit._replace(updated_at=work.now(current), updated_by=work.actor.subject)
    return Placed(work.update(UNIT, current, unit, events.UNIT_MOVED if moves else events.UNIT_UPDATED), chain)


def _move(work: UnitOfWork, unit: Unit, chain: Chain) -> Chain:
    """Enter the new parent; the way that leads to the unit from then on."""
    parent_id = str(unit.parent_id)
    above = store.chain(work.table, unit.tenant_id, parent_id)
    parent = store.load(work.table, unit.tenant_id, parent_id)
    if not above or parent is None or parent.value.kind is not ABOVE[unit.kind]:
        raise not_found(parent_id)
    for end in (chain[:-1], above):
        require_at(work, unit.tenant_id, UNITS_WRITE, end)
    enter(work, parent)
    return (*above, unit.unit_id)


def enter(work: UnitOfWork, unit: Stored[Unit]) -> None:
    """Put something into a unit, by the same commit.

    Raises:
        Problem: 409 where it is being deleted.
    """
    lock = store.lock_of(work.table, unit.value)
    if lock.held_against("", work.clock.now()):
        raise being_deleted()
    store.occupy(work, unit, lock)


def being_deleted() -> Exception:
    """Refuse what a deletion that is under way stands against: it may come to nothing."""
    return VERSION_CONFLICT("The unit is being deleted. Repeat the call.", headers={"retry-after": "1"})


def require_active(work: UnitOfWork, tenant_id: str) -> None:
    """Refuse unless the tenant is active. Its row is not ensured: what began before a suspension may finish.

    Raises:
        Problem: 404 or 422.
    """
    require(tenants.get(work, tenant_id).value, Status.ACTIVE)


def _along(work: UnitOfWork, tenant_id: str, chain: Sequence[str]) -> Stored[Unit]:
    *above, unit_id = chain
    parent_id = _along(work, tenant_id, above).value.unit_id if above else None
    current = store.load(work.table, tenant_id, unit_id)
    if current is None or current.value.parent_id != parent_id:
        raise not_found(unit_id)
    return current


def not_found(unit_id: str) -> Exception:
    """The same for a unit that is not there, and for one that lies elsewhere."""
    return UNIT_NOT_FOUND(f"There is no unit {unit_id} in this place.")


def _name_key(unit: Unit) -> object:
    return store.name_key(unit.tenant_id, unit.parent_id, unit.name)


def _require_free_name(work: UnitOfWork, unit: Unit) -> None:
    if store.holder_of_name(work.table, store.name_key(unit.tenant_id, unit.parent_id, unit.name)) is not None:
        where = "tenant" if unit.parent_id is None else ABOVE[unit.kind]
        raise UNIT_NAME_TAKEN(
            f"The {where} has a {unit.kind} {unit.name} already. Choose another name.", name=unit.name
        )
