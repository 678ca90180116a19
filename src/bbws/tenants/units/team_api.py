"""The endpoints of who is in a team. Source: specification tenants §2, Decision 1."""

from typing import Any

from pydantic import Field

from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.problem import ProblemType
from bbws.people.model import USER_NOT_FOUND
from bbws.people.schemas import ShownEmail, UserId
from bbws.people.service import values_of_user
from bbws.tenants import permissions
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import ALREADY_ASSIGNED, TOO_MANY_UNIT_ROLES, Membership
from bbws.tenants.model import TENANT_STATUS
from bbws.tenants.permissions import Role
from bbws.tenants.units import team
from bbws.tenants.units.api import REFUSALS, SERVICE, TEAM
from bbws.tenants.units.model import UNIT_NOT_FOUND
from bbws.tenants.units.schemas import MemberPath, TeamPath, UnitIds, UnitQuery, named
from bbws.tenants.units.store import unit_path


class NewMember(Wire):
    """Somebody of the tenant who is to be in the team."""

    user_id: UserId
    role: Role = Field(default=Role.VIEWER, strict=False, description="What they are to be there.")


class MemberBody(UnitIds):
    """Somebody in a team."""

    user_id: UserId
    email: ShownEmail
    name: str | None = Field(description="What the person is called, where it is known.")
    role: Role = Field(description="What they are in the team; roles above it are not shown here.")


def _shown[P: TeamPath](call: Call[P, Any, Any], current: Stored[Membership]) -> MemberBody:
    """The member as served. Profiles are not for Viewers (specification: tenants §5)."""
    actor, path, user_id = call.work.actor, call.path, current.value.user_id
    may = actor.may(permissions.USERS_READ) or actor.may(permissions.MEMBERS_WRITE)
    known = values_of_user(call.work, user_id) if may else None
    return MemberBody(
        tenant_id=path.tenant_id,
        user_id=user_id,
        email=None if known is None else known.email,
        name=None if known is None else known.name or None,
        role=current.value.units[path.team_id],
        **named(path.chain),
    )


def _list(call: Call[TeamPath, UnitQuery, Any]) -> Listed:
    path, query = call.path, call.query
    members, following = team.listed(call.work, path.tenant_id, path.chain, call.start, query.page_size)
    return Listed([_shown(call, current) for current in members], following)


def _add(call: Call[TeamPath, Any, NewMember]) -> Answer:
    path, body = call.path, call.body
    current = team.add(call.work, path.tenant_id, path.chain, body.user_id, body.role)
    location = f"{unit_path(path.tenant_id, path.chain)}/members/{body.user_id}"
    return Answer(_shown(call, current), current.version, location=location)


def _get(call: Call[MemberPath, Any, Any]) -> Answer:
    current = team.get(call.work, call.path.tenant_id, call.path.chain, call.path.user_id)
    return Answer(_shown(call, current), current.version)


def _remove(call: Call[MemberPath, Any, Any]) -> Answer:
    team.remove(call.work, call.path.tenant_id, call.path.chain, call.path.user_id)
    return Answer()


def _endpoint(
    endpoint_id: str,
    method: str,
    path: str,
    verb: str,
    *problems: ProblemType,
    **further: Any,  # noqa: ANN401 - Endpoint's own
) -> Endpoint:
    return Endpoint(
        id=endpoint_id,
        service=SERVICE,
        method=method,
        path=path,
        cli=("teams", verb),
        problems=(*REFUSALS, UNIT_NOT_FOUND, *problems),
        **further,
    )


_ALL = f"{TEAM}/members"
_ONE = f"{_ALL}/{{userId}}"
_LINKS = (
    Link("self", "getTeamMember"),
    Link("remove", "removeTeamMember"),
    Link("user", "getTenantUser"),
    Link("team", "getTeam"),
    Link("collection", "listTeamMembers"),
)

ENDPOINTS = (
    _endpoint(
        "listTeamMembers",
        "GET",
        _ALL,
        "members",
        summary="List who holds a role at a team itself",
        description="Addresses and names are shown to those who may change members, or list users.",
        handler=_list,
        permission=permissions.MEMBERS_READ,
        access=members_store.SHOWING | members_store.OF_UNITS,
        path_schema=TeamPath,
        query_schema=UnitQuery,
        response=MemberBody,
        links=(Link("add", "addTeamMember"), Link("team", "getTeam")),
        item_links=(Link("self", "getTeamMember"), Link("remove", "removeTeamMember")),
    ),
    _endpoint(
        "addTeamMember",
        "POST",
        _ALL,
        "add-member",
        USER_NOT_FOUND,
        ALREADY_ASSIGNED,
        TOO_MANY_UNIT_ROLES,
        TENANT_STATUS,
        summary="Give somebody of the tenant a role at a team",
        description="None above those that the caller holds there.",
        handler=_add,
        permission=permissions.MEMBERS_WRITE,
        access=members_store.ADDING_TO_TEAM,
        path_schema=TeamPath,
        body_schema=NewMember,
        response=MemberBody,
        status=201,
        secret_fields=("email", "name"),
        plans_content=False,
        links=_LINKS,
        example={"userId": "user-thandi", "role": "Operator"},
    ),
    _endpoint(
        "getTeamMember",
        "GET",
        _ONE,
        "member",
        USER_NOT_FOUND,
        summary="Get what somebody is in a team",
        handler=_get,
        permission=permissions.MEMBERS_READ,
        access=members_store.SHOWING,
        path_schema=MemberPath,
        response=MemberBody,
        links=_LINKS,
    ),
    _endpoint(
        "removeTeamMember",
        "DELETE",
        _ONE,
        "remove-member",
        USER_NOT_FOUND,
        TENANT_STATUS,
        summary="Take away somebody's role at a team",
        description="Who holds no other role is no user of the tenant any more. It holds from the next request on.",
        handler=_remove,
        permission=permissions.MEMBERS_WRITE,
        access=members_store.LEAVING_TEAM,
        path_schema=MemberPath,
        plans_content=False,
        status=204,
    ),
)
