"""The endpoints of a tenant's hierarchy, three levels declared once. Source: specification tenants §2, Decision 1."""

from typing import Any, NamedTuple

from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed
from bbws.kernel.entity import Stored
from bbws.kernel.problem import ProblemType
from bbws.operations.model import Operation
from bbws.operations.schemas import Accepted
from bbws.operations.store import ACCEPTING
from bbws.people.store import SHOWING
from bbws.tenants import differences, permissions
from bbws.tenants.members.schemas import differences as told
from bbws.tenants.model import ACCOUNT_SUSPENDED, DEPENDENCIES, TENANT_NOT_FOUND, TENANT_STATUS
from bbws.tenants.store import BASE, operation_path
from bbws.tenants.units import reading, removal, schemas, service, store
from bbws.tenants.units.model import TREE_TOO_LARGE, UNIT_NAME_TAKEN, UNIT_NOT_FOUND, UnitKind
from bbws.tenants.units.schemas import DeleteQuery, NewUnit, TreeBody, UnitBody, UnitQuery, UnitsPath

SERVICE = "hierarchy-api"
TENANT = f"{BASE}/{{tenantId}}"
REFUSALS = (TENANT_NOT_FOUND, ACCOUNT_SUSPENDED)


class Level(NamedTuple):
    """What differs between divisions, groups and teams.

    Attributes:
        within: the path schema of what a unit of the level lies in; ``own``: that of the unit itself.
        below: kind of what lies in it, None where that is people.
    """

    kind: UnitKind
    above: "Level | None"
    below: UnitKind | None
    within: type[UnitsPath]
    own: type[UnitsPath]
    changes: type[Any]
    body: type[UnitBody]
    changed: type[Any]
    example: dict[str, Any]

    @property
    def many(self) -> str:
        """What units of the level are called."""
        return f"{self.kind}s"

    @property
    def all(self) -> str:
        """The path of a list of them."""
        return f"{TENANT if self.above is None else self.above.one}/{self.many}"

    @property
    def one(self) -> str:
        """The path of one."""
        return f"{self.all}/{{{self.kind}Id}}"

    @property
    def title(self) -> str:
        """As part of an operation id."""
        return self.kind.capitalize()

    def list_units(self, call: Call[UnitsPath, UnitQuery, Any]) -> Listed:
        """Those in one parent."""
        path, query = call.path, call.query
        service.require_there(call.work, path.tenant_id, path.chain)
        parent_id = path.chain[-1] if path.chain else None
        units, following = store.listed(call.work.table, path.tenant_id, parent_id, call.start, query.page_size)
        return Listed([self.body.of(unit, (*path.chain, unit.value.unit_id)) for unit in units], following)

    def create(self, call: Call[UnitsPath, Any, NewUnit]) -> Answer:
        """One more."""
        path = call.path
        unit = service.create(call.work, path.tenant_id, path.chain, self.kind, call.body.name)
        chain = (*path.chain, unit.value.unit_id)
        return Answer(self.body.of(unit, chain), unit.version, location=store.unit_path(path.tenant_id, chain))

    def get(self, call: Call[UnitsPath, Any, Any]) -> Answer:
        """One."""
        unit = service.get(call.work, call.path.tenant_id, call.path.chain)
        return Answer(self.body.of(unit, call.path.chain), unit.version)

    def update(self, call: Call[UnitsPath, Any, Any]) -> Answer:
        """Another name, another parent."""
        work, path, body = call.work, call.path, call.body
        unit, chain = service.update(work, path.tenant_id, path.chain, name=body.name, parent_id=body.parent_id)
        further = {}
        if call.dry_run and self.above is not None:
            found = differences.of_move(work, path.tenant_id, path.chain, chain)
            further["access_difference"] = told(found)
        return Answer(self.changed.of(unit, chain, **further), unit.version)

    def delete(self, call: Call[UnitsPath, DeleteQuery, Any]) -> Answer:
        """No more."""
        path = call.path
        cascade, dry_run = call.query.cascade, call.dry_run
        operation = removal.delete(call.work, path.tenant_id, path.chain, cascade=cascade, dry_run=dry_run)
        return Answer() if operation is None else _accepted(call.path.tenant_id, operation)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The calls about units of the level."""
        return self._list(), self._create(), self._get(), self._update(), self._delete()

    def _list(self) -> Endpoint:
        where = "a tenant" if self.above is None else f"a {self.above.kind}"
        return self._endpoint(
            f"list{self.title}s",
            "GET",
            self.all,
            "list",
            summary=f"List the {self.many} of {where}, by name",
            handler=self.list_units,
            permission=permissions.UNITS_READ,
            access=store.LISTING,
            path_schema=self.within,
            query_schema=UnitQuery,
            response=self.body,
            links=(Link("create", f"create{self.title}"), self._parent()),
            item_links=(Link("self", f"get{self.title}"), *self._below()),
        )

    def _create(self) -> Endpoint:
        return self._endpoint(
            f"create{self.title}",
            "POST",
            self.all,
            "create",
            (UNIT_NAME_TAKEN, TENANT_STATUS),
            summary=f"Add a {self.kind}",
            handler=self.create,
            permission=permissions.UNITS_WRITE,
            access=store.CREATING if self.above is None else store.CREATING_WITHIN,
            path_schema=self.within,
            body_schema=NewUnit,
            response=self.body,
            status=201,
            links=self._links(),
            example={"name": "Engineering"},
        )

    def _get(self) -> Endpoint:
        return self._endpoint(
            f"get{self.title}",
            "GET",
            self.one,
            "get",
            summary=f"Get a {self.kind}",
            handler=self.get,
            permission=permissions.UNITS_READ,
            access=store.READING,
            path_schema=self.own,
            response=self.body,
            links=self._links(),
        )

    def _update(self) -> Endpoint:
        moving = "" if self.above is None else f", or move it to another {self.above.kind} with all that lies in it"
        planned = " A plan says who gains and who loses access." if moving else ""
        return self._endpoint(
            f"update{self.title}",
            "PUT",
            self.one,
            "update",
            (UNIT_NAME_TAKEN, TENANT_STATUS),
            summary=f"Rename a {self.kind}{moving}",
            description=f"What is left out stays as it is.{planned}",
            handler=self.update,
            permission=permissions.UNITS_WRITE,
            access=store.CHANGING if moving else store.RENAMING,
            path_schema=self.own,
            body_schema=self.changes,
            response=self.changed,
            planned_fields=("accessDifference",) if moving else (),
            links=self._links(),
            example=self.example,
        )

    def _delete(self) -> Endpoint:
        return self._endpoint(
            f"delete{self.title}",
            "DELETE",
            self.one,
            "delete",
            (DEPENDENCIES, TENANT_STATUS),
            summary=f"Delete a {self.kind}",
            description="One that is in use needs `cascade=true`; what takes more than one commit is put in line.",
            handler=self.delete,
            permission=permissions.UNITS_DELETE,
            access=store.CHANGING | ACCEPTING | SHOWING,
            path_schema=self.own,
            query_schema=DeleteQuery,
            plans_content=False,
            status=204,
            accepted=Accepted,
        )

    def _endpoint(
        self,
        endpoint_id: str,
        method: str,
        path: str,
        verb: str,
        problems: tuple[ProblemType, ...] = (),
        **further: Any,  # noqa: ANN401 - Endpoint's own
    ) -> Endpoint:
        known = REFUSALS if "{divisionId}" not in path else (*REFUSALS, UNIT_NOT_FOUND)
        return Endpoint(
            id=endpoint_id,
            service=SERVICE,
            method=method,
            path=path,
            cli=(self.many, verb),
            problems=(*known, *problems),
            **further,
        )

    def _parent(self) -> Link:
        above = self.above
        return Link("tenant", "getTenant") if above is None else Link(above.kind.value, f"get{above.title}")

    def _below(self) -> tuple[Link, ...]:
        if self.below is None:
            return (Link("members", "listTeamMembers"),)
        return (Link(f"{self.below}s", f"list{self.below.capitalize()}s"),)

    def _links(self) -> tuple[Link, ...]:
        return (
            Link("self", f"get{self.title}"),
            Link("update", f"update{self.title}"),
            Link("delete", f"delete{self.title}"),
            *self._below(),
            self._parent(),
            Link("collection", f"list{self.title}s"),
        )


def _accepted(tenant_id: str, operation: Stored[Operation]) -> Answer:
    body = Accepted(operation_id=operation.value.operation_id, status=operation.value.status)
    return Answer(body, location=operation_path(tenant_id, operation.value.operation_id), queued=True)


def _tree(call: Call[UnitsPath, Any, Any]) -> Answer:
    tenant_id = call.path.tenant_id
    return Answer(schemas.tree(tenant_id, reading.tree(call.work, tenant_id)))


_DIVISION = Level(
    UnitKind.DIVISION,
    None,
    UnitKind.GROUP,
    UnitsPath,
    schemas.DivisionPath,
    schemas.UpdateDivision,
    schemas.DivisionBody,
    schemas.DivisionBody,
    {"name": "Engineering"},
)
_GROUP = Level(
    UnitKind.GROUP,
    _DIVISION,
    UnitKind.TEAM,
    schemas.DivisionPath,
    schemas.GroupPath,
    schemas.UpdateGroup,
    schemas.GroupBody,
    schemas.ChangedGroupBody,
    {"divisionId": "div-0123456789ABCDEF"},
)
_TEAM = Level(
    UnitKind.TEAM,
    _GROUP,
    None,
    schemas.GroupPath,
    schemas.TeamPath,
    schemas.UpdateTeam,
    schemas.TeamBody,
    schemas.ChangedTeamBody,
    {"groupId": "group-0123456789ABCDEF"},
)

TEAM = _TEAM.one
_TREE = Endpoint(
    id="getTree",
    service=SERVICE,
    method="GET",
    path=f"{TENANT}/tree",
    summary="Get the whole hierarchy of a tenant",
    handler=_tree,
    cli=("tenants", "tree"),
    permission=permissions.UNITS_READ,
    access=store.READING_ALL,
    path_schema=UnitsPath,
    response=TreeBody,
    blocking=True,
    problems=(*REFUSALS, TREE_TOO_LARGE),
    links=(Link("self", "getTree"), Link("divisions", "listDivisions"), Link("tenant", "getTenant")),
)
ENDPOINTS = (_TREE, *(endpoint for level in (_DIVISION, _GROUP, _TEAM) for endpoint in level.endpoints()))
