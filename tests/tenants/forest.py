"""The use cases of units over a table of either engine, and what must hold of its rows whatever was done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bbws.kernel.actor import system
from bbws.kernel.entity import Stored
from bbws.kernel.problem import Problem
from bbws.kernel.table import Conflict, Row, Table, Write
from bbws.kernel.work import UnitOfWork, transact
from bbws.operations.model import Operation
from bbws.tenants import events
from bbws.tenants import service as tenants
from bbws.tenants.members import service as members
from bbws.tenants.model import Environment, Status, Tenant
from bbws.tenants.permissions import Role
from bbws.tenants.store import STORE, TENANT
from bbws.tenants.units import reading, removal, service, store
from bbws.tenants.units.model import ABOVE, Unit, UnitKind
from tests.contracts.worlds import DynamoWorld, EmbeddedWorld, emulated
from tests.fakes import NOON, FakeClock

ID = "tenant-5f0c1a52-6a4e-4e0b-9f6e-2f7c7d1f7a10"
BELOW = {above: kind for kind, above in ABOVE.items()}

type Act = Callable[[UnitOfWork], Any]
type World = EmbeddedWorld | DynamoWorld


def made(engine: str, clock: FakeClock) -> World:
    """Nothing but a table that has the indexes of tenants."""
    return EmbeddedWorld(clock) if engine == "embedded" else emulated(clock, STORE.indexes)


@contextmanager
def forest(engine: str) -> Iterator["Forest"]:
    """An active tenant without units, on an engine."""
    clock = FakeClock()
    world = made(engine, clock)
    try:
        yield planted(world.table(), clock)
    finally:
        world.close()


@dataclass
class Interrupted:
    """A table on which something else is committed, once, just before one of the next commits."""

    table: Table
    meanwhile: Callable[[], object] | None
    before: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def commit(self, writes: Sequence[Write]) -> None:
        """Let the other first."""
        if self.before == 0 and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        self.before -= 1
        self.table.commit(writes)


@dataclass
class Forest:
    """One tenant's units. What is refused, and what lost its race too often, is given as its code."""

    table: Table
    clock: FakeClock
    refused: list[str] = field(default_factory=list)
    requests: Iterator[int] = field(default_factory=lambda: count(1))

    def do(self, act: Act, table: Table | None = None) -> Any:
        """The result of a use case, None where it was refused."""
        request = f"R{next(self.requests)}"
        try:
            return transact(lambda: self.begin(table, request), act)
        except Problem as problem:
            self.refused.append(problem.type.code)
        except Conflict:
            self.refused.append("conflict")
        return None

    def begin(self, table: Table | None = None, request: str = "R0") -> UnitOfWork:
        """A unit of work of the platform's people."""
        return UnitOfWork(table or self.table, self.clock, system("test"), request)

    def chain(self, unit_id: str | None) -> tuple[str, ...]:
        """Where a unit lies, as it was before it was deleted if it was."""
        found: list[str] = []
        while unit_id is not None:
            found.insert(0, unit_id)
            row = self.table.get(store.unit_key(ID, unit_id))
            unit_id = None if row is None else row.document["parentId"]
        return tuple(found)

    def creating(self, name: str, parent: str | None = None) -> Act:
        """One more unit."""
        above = self.chain(parent)
        kind = list(UnitKind)[len(above)]
        return lambda work: service.create(work, ID, above, kind, name)

    def changing(self, unit_id: str, *, name: str | None = None, parent: str | None = None) -> Act:
        """Another name, another parent."""
        chain = self.chain(unit_id)
        return lambda work: service.update(work, ID, chain, name=name, parent_id=parent)

    def deleting(self, unit_id: str, *, cascade: bool = False) -> Act:
        """No more of it. What takes an operation is carried out at once, by commits of its own."""
        chain = self.chain(unit_id)
        return lambda work: self._deleted(work, removal.delete(work, ID, chain, cascade=cascade))

    @staticmethod
    def _deleted(work: UnitOfWork, operation: Stored[Operation] | None) -> None:
        if operation is not None:
            work.writes.clear()
            removal.clear(work, operation.value)

    def joining(self, user: str, unit_id: str | None, role: Role = Role.VIEWER) -> Act:
        """Somebody gets a role."""
        return lambda work: members.assign(work, tenants.get(work, ID), f"user-{user}", role, unit_id)

    def leaving(self, user: str, unit_id: str) -> Act:
        """Somebody loses the role at a unit."""
        return lambda work: members.leave_unit(work, ID, f"user-{user}", unit_id)

    def add(self, name: str, parent: str | None = None) -> str:
        """The id of a new unit."""
        unit: Stored[Unit] = self.do(self.creating(name, parent))
        return unit.value.unit_id

    def tree(self, table: Any = None) -> Mapping[str, tuple[str | None, str]]:
        """What is served: id → parent and name."""
        tree = reading.tree(self.begin(table), ID)
        return {leaf.unit_id: (parent, leaf.name) for parent, within in tree.items() for leaf in within}

    def rows(self, prefix: str) -> list[Row]:
        """Rows of the tenant."""
        return list(store._all(self.table, ID, prefix, 100))  # noqa: SLF001 - a test looks at every row there is

    def require_sound(self) -> None:
        """Every parent is there, every name is one unit's, and nobody is where nothing is."""
        units = {row.document["unitId"]: row.document for row in self.rows("UNIT#") if row.document["active"]}
        for unit in units.values():
            above = ABOVE[UnitKind(unit["kind"])]
            assert (unit["parentId"] is None) if above is None else (units[unit["parentId"]]["kind"] == above), unit
        names = {store.name_key(ID, unit["parentId"], unit["name"]): unit_id for unit_id, unit in units.items()}
        assert len(names) == len(units)
        assert {row.key: row.document["unitId"] for row in self.rows("UNITNAME#")} == names
        held = {
            (unit_id, row.document["userId"])
            for row in self.rows("MEMBER#")
            if row.document["active"]
            for unit_id in row.document["units"]
        }
        assert {unit_id for unit_id, _ in held} <= units.keys()
        assert {row.key.sort for row in self.rows("AT#")} == {f"AT#{unit_id}#{user}" for unit_id, user in held}
        assert {row.key.sort.partition("#")[2] for row in self.rows("UNITLOCK#")} <= units.keys()
        assert self.tree().keys() == units.keys()


def planted(table: Table, clock: FakeClock) -> Forest:
    """A tenant without units."""
    found = Forest(table, clock)
    tenant = Tenant(
        ID, "customer-1", "Acme", "contact-1", Environment.DEV, Status.ACTIVE, None, None, None, {},
        NOON, "user-1", NOON, "user-1", {},
    )  # fmt: skip
    found.do(lambda work: work.create(TENANT, tenant, events.CREATED))
    return found
