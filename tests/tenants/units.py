"""A tenant's hierarchy, for tests of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bbws.kernel.change import Change
from bbws.kernel.reaction import Message
from bbws.kernel.table import Table, Write
from bbws.kernel.work import UnitOfWork
from bbws.operations.runner import carry_out
from bbws.tables import KINDS as KINDS_OF_OPERATION
from tests.builders import Reply
from tests.tenants.world import World, tenant_path

BELOW = {"division": "group", "group": "team"}
KINDS = ("division", "group", "team")

type Unit = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The units of one tenant, as its Admin makes them unless a test says who."""

    world: World
    tenant: Mapping[str, Any]
    admin: str = "ann"

    def path(self, *units: Unit, rest: str = "") -> str:
        """Where the last of these units is; without any the tenant."""
        path = tenant_path(self.tenant)
        for unit in units:
            path = where(unit)
        return f"{path}/{rest}" if rest else path

    def ask(self, method: str, path: str, json: Any = None, who: str = "", **headers: str) -> Reply:
        """A call."""
        return self.world.ask(who or self.admin, method, path, json, **headers)

    def add(self, name: str, parent: Unit | None = None, who: str = "") -> dict[str, Any]:
        """A new unit."""
        reply = self.try_to_add(name, parent, who)
        assert reply.status == 201, reply.body
        document: dict[str, Any] = reply.json
        return document

    def try_to_add(self, name: str, parent: Unit | None = None, who: str = "") -> Reply:
        """A unit that may be refused."""
        path = self.path(rest="divisions") if parent is None else f"{where(parent)}/{BELOW[kind(parent)]}s"
        return self.ask("POST", path, {"name": name}, who)

    def change(self, unit: Unit, who: str = "", **fields: Any) -> Reply:
        """Another name, another parent."""
        return self.ask("PUT", where(unit), fields, who)

    def delete(self, unit: Unit, *, cascade: bool = False, who: str = "") -> Reply:
        """A unit that is to go."""
        return self.ask("DELETE", f"{where(unit)}{'?cascade=true' if cascade else ''}", who=who)

    def join(self, name: str, role: str, unit: Unit | None = None) -> str:
        """The id of somebody who gets a role in the tenant, or at a unit."""
        self.world.known(name)
        said = {"email": f"{name}@example.com", "role": role} | ({} if unit is None else {"unitId": unit_id(unit)})
        reply = self.ask("POST", self.path(rest="users"), said)
        assert reply.status == 201, reply.body
        return f"user-{name}"

    def enter(self, user_id: str, team: Unit, role: str | None = None, who: str = "") -> Reply:
        """Somebody of the tenant comes into a team."""
        said = {"userId": user_id} | ({} if role is None else {"role": role})
        return self.ask("POST", f"{where(team)}/members", said, who)

    def tree(self, who: str = "") -> Any:
        """All names, each level by name: what lies in each."""
        reply = self.ask("GET", self.path(rest="tree"), who=who)
        assert reply.status == 200, reply.body
        return [
            (d["name"], [(g["name"], [t["name"] for t in g["teams"]]) for g in d["groups"]])
            for d in reply.json["divisions"]
        ]

    def names(self, kinds: str, parent: Unit | None = None) -> list[str]:
        """A list, by pages of two."""
        path = f"{self.path() if parent is None else where(parent)}/{kinds}?pageSize=2"
        names: list[str] = []
        token = None
        while True:
            reply = self.ask("GET", path if token is None else f"{path}&startAt={token}")
            assert reply.status == 200, reply.body
            names += [item["name"] for item in reply.json["items"]]
            token = reply.json["nextToken"]
            if token is None:
                return names


def kind(unit: Unit) -> str:
    """Its level."""
    return next(each for each in reversed(KINDS) if f"{each}Id" in unit)


def unit_id(unit: Unit) -> str:
    """Its id."""
    found: str = unit[f"{kind(unit)}Id"]
    return found


def where(unit: Unit) -> str:
    """Its path."""
    steps = [f"{each}s/{unit[f'{each}Id']}" for each in KINDS if f"{each}Id" in unit]
    return tenant_path(unit, *steps)


class Unlimited:
    """The kernel's Limiter of somebody who may make hundreds of units in a second."""

    def take(self, _caller: str, _share: str, _limit: int) -> Mapping[str, str]:
        """Nothing is used up."""
        return {}


def hierarchy(world: World) -> Hierarchy:
    """That of an active tenant of ann's, still empty, where nobody is held up."""
    app = world.client.app
    app = replace(app, dispatcher=app.dispatcher._replace(limiter=Unlimited()))
    world = replace(world, client=replace(world.client, app=app))
    return Hierarchy(world, world.active("ann"))


class Killed(BaseException):
    """The process is no more."""


class Mortal:
    """A table whose process is killed after some commits."""

    def __init__(self, table: Table, commits: int) -> None:
        self._table, self._left = table, commits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def commit(self, writes: Sequence[Write]) -> None:
        """Store, or be killed."""
        if self._left == 0:
            raise Killed
        self._left -= 1
        self._table.commit(writes)


class Overtaken:
    """A table where something happens once, after some commits."""

    def __init__(self, table: Table, commits: int, happening: Callable[[], object]) -> None:
        self._table, self._left, self._happening = table, commits, happening

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def commit(self, writes: Sequence[Write]) -> None:
        """Store, and let it happen when it is time."""
        self._table.commit(writes)
        self._left -= 1
        if self._left == 0:
            self._happening()


def killed_after(units: Hierarchy, operation: str, commits: int) -> None:
    """Have an operation carried out by a process that lives for so many commits."""
    with pytest.raises(Killed):
        work(units, operation, Mortal(units.world.client.app.engine.table, commits))


def work(units: Hierarchy, operation: str, table: Any = None) -> None:
    """Have an operation carried out, and those before it."""
    app = units.world.client.app
    table = table or app.engine.table
    [row] = app.engine.table.query(f"OPERATION#{operation.rpartition('/')[2]}", prefix="CHANGE#", limit=1).rows
    change = Change.from_document(row.document)
    failed = carry_out(
        [Message(change.id, change.type, change.subject, change.key)],
        table=table,
        begin=lambda actor, correlation_id: UnitOfWork(table, app.dispatcher.clock, actor, correlation_id),
        kinds=KINDS_OF_OPERATION,
        served={kind.name for kind in KINDS_OF_OPERATION},
        lease=timedelta(0),
    )
    assert failed == []
