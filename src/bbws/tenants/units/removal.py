"""Deleting units: what is in use is refused, unless all of it is to go. Source: specification tenants, Decision 12."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.canonical import Document
from bbws.kernel.entity import Stored
from bbws.kernel.table import MAX_WRITES, Conflict, Table, Write
from bbws.kernel.work import MAX_RERUNS, UnitOfWork, transact
from bbws.operations.model import Operation
from bbws.operations.service import OperationKind, accept, goes_on
from bbws.people.service import values_of_user
from bbws.tenants import events
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.model import DEPENDENCIES
from bbws.tenants.units import service, store
from bbws.tenants.units.model import Unit
from bbws.tenants.units.service import Chain
from bbws.tenants.units.store import UNIT, Lock

MOST_AT_ONCE = 25
_MOST_NAMED = 100
# Writes of a commit: a unit, its change, its name and its lock; a membership, its change and one row for each unit.
_OF_UNIT = 4
_OF_MEMBER, _OF_ROLE = 2, 1


class _Locked(NamedTuple):
    """A unit, and its lock before anybody looked at what lies in it."""

    unit: Stored[Unit]
    lock: Lock


class _Part:
    """As much of what is to be deleted as one commit takes, which holds so many writes ``besides``."""

    def __init__(self, besides: int) -> None:
        self.units: list[_Locked] = []
        self.leaving: dict[str, list[str]] = {}
        self._writes = besides

    def add_role(self, user_id: str, unit_id: str) -> bool:
        """Whether somebody's role at a unit can go with the same commit."""
        if not self._take(_OF_ROLE if user_id in self.leaving else _OF_MEMBER + _OF_ROLE):
            return False
        self.leaving.setdefault(user_id, []).append(unit_id)
        return True

    def add_unit(self, locked: _Locked) -> bool:
        """Whether a unit can go with the same commit."""
        if len(self.units) == MOST_AT_ONCE or not self._take(_OF_UNIT):
            return False
        self.units.append(locked)
        return True

    def _take(self, writes: int) -> bool:
        if self._writes + writes > MAX_WRITES:
            return False
        self._writes += writes
        return True

    def is_closed(self, work: UnitOfWork) -> bool:
        """Whether nothing can have come into the units since they were read."""
        return all(lock.closed_by == work.correlation_id for _, lock in self.units)

    def close(self, work: UnitOfWork, *, takes_over: bool) -> None:
        """Close the units, by a commit of its own: what lies in them must be read again.

        Raises:
            Problem: 409 where another is deleting one of them, unless it is taken over from that.
        """
        now = work.clock.now()
        writes: list[Write] = []
        for unit, lock in self.units:
            if lock.held_against(work.correlation_id, now) and not takes_over:
                raise service.being_deleted()
            if lock.closed_by != work.correlation_id:
                writes += store.close(unit, lock, work.correlation_id, now)
        _try_to_commit(work, writes)

    def reopen(self, work: UnitOfWork) -> None:
        """Open the units again that were closed for nothing."""
        closed = (each for each in self.units if each.lock.closed_by == work.correlation_id)
        _try_to_commit(work, [store.reopen(unit.value, lock) for unit, lock in closed])

    def delete(self, work: UnitOfWork, tenant_id: str) -> None:
        """Delete the units of this part, and take away the roles that are held at them."""
        for user_id, units in self.leaving.items():
            members.leave_deleted(work, tenant_id, user_id, units)
        for current, lock in self.units:
            store.unlock(work, current.value, lock)
            gone = current.value._replace(active=False, updated_at=work.now(current), updated_by=work.actor.subject)
            work.update(UNIT, current, gone, events.UNIT_DELETED)


def delete(
    work: UnitOfWork, tenant_id: str, chain: Chain, *, cascade: bool, dry_run: bool = False
) -> Stored[Operation] | None:
    """Delete a unit; with ``cascade`` also what lies in it, and the roles held there.

    The units are closed before, by a commit of its own, save for a plan. What is too much for one commit is put in
    line: the operation is answered, and deletes leaves first.

    Raises:
        Problem: 404, 409 where another is deleting it, 412; 422 for one that is in use, without ``cascade``, and unless
            the tenant is active.
    """
    service.require_active(work, tenant_id)
    for _ in range(MAX_RERUNS + 1):
        current = service.get(work, tenant_id, chain)
        work.match(current)
        part, whole = _next_part(work.table, current)
        if not cascade and (not whole or len(part.units) > 1 or part.leaving):
            part.reopen(work)
            raise _in_use(work, current.value)
        if not whole:
            return _accept(work, current.value)
        if dry_run or part.is_closed(work):
            part.delete(work, tenant_id)
            return None
        part.close(work, takes_over=False)
    raise service.being_deleted()


def _accept(work: UnitOfWork, unit: Unit) -> Stored[Operation]:
    return accept(
        work,
        UNIT_DELETION,
        subject=UNIT.subject(unit),
        permission=PLATFORM_ADMIN,
        content={"tenantId": unit.tenant_id, "unitId": unit.unit_id},
    )


def clear(work: UnitOfWork, operation: Operation) -> Document:
    """Delete a unit and what lies in it, a part in each commit. Done again it goes on where it was.

    What is called off meanwhile leaves the rest where it is.
    """

    def begin() -> UnitOfWork:
        return UnitOfWork(work.table, work.clock, work.actor, work.correlation_id)

    while transact(begin, partial(_delete_part, operation=operation)):
        pass
    return dict(operation.input)


def _delete_part(work: UnitOfWork, *, operation: Operation) -> bool:
    """Whether there is more to delete.

    Raises:
        Conflict: others took what was closed, again and again.
    """
    tenant_id, unit_id = operation.input["tenantId"], operation.input["unitId"]
    live = goes_on(work, operation)
    for _ in range(MAX_RERUNS + 1):
        current = store.load(work.table, tenant_id, unit_id)
        if current is None:
            return False
        part, whole = _next_part(work.table, current, besides=1)  # that the operation goes on
        if not live:
            part.reopen(work)
            return False
        if part.is_closed(work):
            part.delete(work, tenant_id)
            return not whole
        part.close(work, takes_over=True)
    raise Conflict(store.unit_key(tenant_id, unit_id))


def _try_to_commit(work: UnitOfWork, writes: Sequence[Write]) -> None:
    """Store them; where others were sooner, what is there is read again anyway."""
    with suppress(Conflict):
        work.table.commit(writes)


def _next_part(table: Table, root: Stored[Unit], besides: int = 0) -> tuple[_Part, bool]:
    """What can be deleted with one commit, and whether that is all."""
    part, tenant_id = _Part(besides), root.value.tenant_id
    for locked in _leaves_first(table, root):
        unit_id = locked.unit.value.unit_id
        for user_id in members_store.all_of_unit(table, tenant_id, unit_id):
            if not part.add_role(user_id, unit_id):
                return part, False
        if not part.add_unit(locked):
            return part, False
    return part, True


def _leaves_first(table: Table, unit: Stored[Unit]) -> Iterator[_Locked]:
    lock = store.lock_of(table, unit.value)
    for child in store.children(table, unit.value.tenant_id, unit.value.unit_id):
        yield from _leaves_first(table, child)
    yield _Locked(unit, lock)


def _in_use(work: UnitOfWork, unit: Unit) -> Exception:
    children = store.children(work.table, unit.tenant_id, unit.unit_id)
    used: list[dict[str, Any]] = [
        {"kind": child.value.kind.value, "id": child.value.unit_id, "name": child.value.name}
        for child in islice(children, _MOST_NAMED)
    ]
    for user_id in islice(members_store.all_of_unit(work.table, unit.tenant_id, unit.unit_id), _MOST_NAMED - len(used)):
        known = values_of_user(work, user_id)
        used.append({"kind": "user", "id": user_id, "name": None if known is None else known.name or None})
    detail = f"The {unit.kind} {unit.name} is in use. Move what lies in it, or send cascade=true to delete that too."
    return DEPENDENCIES(detail, dependencies=used)


UNIT_DELETION = OperationKind(
    "unit.deletion",
    events.UNIT_DELETION_ASKED,
    (("clear", clear),),
    # A killed process goes on where it was, so that each attempt brings what is to go nearer to its end.
    attempts=10,
    access=store.DELETING,
)
