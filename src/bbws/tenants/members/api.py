"""The endpoints of who belongs to a tenant. Source: specification tenants §2, Decisions 4, 9, 15."""

from collections.abc import Mapping
from typing import Any

from bbws.kernel.clock import rfc3339
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed, Paging
from bbws.kernel.entity import Stored
from bbws.kernel.table import Position
from bbws.people.model import SHARED_ADDRESS, USER_NOT_FOUND
from bbws.people.schemas import PersonPath
from bbws.people.service import EmailKey
from bbws.people.store import BASE as PEOPLE
from bbws.tenants import differences, permissions, reading
from bbws.tenants.access import explain
from bbws.tenants.members import schemas, service, store
from bbws.tenants.members.model import ALREADY_ASSIGNED, LAST_ADMIN, TOO_MANY_UNIT_ROLES, Membership
from bbws.tenants.members.schemas import (
    AccessBody,
    AddUser,
    BelongingBody,
    ChangedUserBody,
    RemoveQuery,
    SetRole,
    UserBody,
    UserPath,
    UserQuery,
)
from bbws.tenants.model import ACCOUNT_SUSPENDED, TENANT_NOT_FOUND, TENANT_STATUS
from bbws.tenants.schemas import TenantPath
from bbws.tenants.store import BASE, DECIDING, tenant_key
from bbws.tenants.units.model import UNIT_NOT_FOUND

SERVICE = "users-api"


class BelongingQuery(Paging):
    """Which part of the list."""


def _answer(call: Call[Any, Any, Any], current: Stored[Membership], *, new: bool = False) -> Answer:
    location = f"{store.users_path(current.value.tenant_id)}/{current.value.user_id}" if new else None
    return Answer(UserBody.of(current, call.work), current.version, location=location)


def _list(call: Call[TenantPath, UserQuery, Any]) -> Listed:
    query = call.query
    users, following = store.listed(call.work.table, call.path.tenant_id, query.role, call.start, query.page_size)
    return Listed([UserBody.of(current, call.work) for current in users], following)


def _add(call: Call[TenantPath, Any, AddUser], email_key: EmailKey) -> Answer:
    body = call.body
    added = service.add(call.work, email_key, call.path.tenant_id, body.email, body.role, body.unit_id)
    return _answer(call, added, new=True)


def _get(call: Call[UserPath, Any, Any]) -> Answer:
    return _answer(call, service.get(call.work, call.path.tenant_id, call.path.user_id))


def _set_role(call: Call[UserPath, Any, SetRole]) -> Answer:
    work, path, body = call.work, call.path, call.body
    before = service.get(work, path.tenant_id, path.user_id)
    after = service.change_role(work, path.tenant_id, path.user_id, body.role, body.unit_id)
    found = differences.of_role(work, before.value, after.value, body.unit_id) if call.dry_run else None
    return Answer(ChangedUserBody.of(after, work, access_difference=schemas.differences(found)), after.version)


def _remove(call: Call[UserPath, RemoveQuery, Any]) -> Answer:
    path, unit_id = call.path, call.query.unit_id
    if unit_id is None:
        service.remove(call.work, path.tenant_id, path.user_id)
    else:
        service.leave_unit(call.work, path.tenant_id, path.user_id, unit_id)
    return Answer()


def _access(call: Call[UserPath, Any, Any]) -> Answer:
    tenant_id, user_id = call.path.tenant_id, call.path.user_id
    return Answer(AccessBody.of(tenant_id, user_id, explain(service.standing(call.work, tenant_id, user_id))))


def _is_user(access: Mapping[str, Any]) -> bool:
    return any(why["of"] is None for permission in access["permissions"] for why in permission["because"])


def _tenants(call: Call[PersonPath, BelongingQuery, Any]) -> Listed:
    found = {tenant.value.tenant_id: (tenant, held) for tenant, held in reading.of_user(call.work, call.path.user_id)}
    after = "" if call.start is None else call.start.sort
    ids = [tenant_id for tenant_id in sorted(found) if tenant_id > after]
    page = ids[: call.query.page_size]
    call.work.grant(frozenset({permissions.READ}))
    items = [
        BelongingBody(
            tenant_id=tenant_id,
            organization_name=found[tenant_id][0].value.organization_name,
            status=found[tenant_id][0].value.status,
            role=found[tenant_id][1].role,
            units=schemas.held(found[tenant_id][1].units),
            assigned_at=rfc3339(found[tenant_id][1].assigned_at),
        )
        for tenant_id in page
    ]
    return Listed(items, Position(page[-1], tenant_key(page[-1])) if len(ids) > len(page) else None)


LINKS = (
    Link("self", "getTenantUser"),
    Link("setRole", "setUserRole"),
    Link("remove", "removeUser"),
    Link("access", "getUserAccess"),
    Link("tenant", "getTenant"),
    Link("collection", "listUsers"),
)
_ALL = f"{BASE}/{{tenantId}}/users"
_ONE = f"{_ALL}/{{userId}}"
_REFUSALS = (TENANT_NOT_FOUND, ACCOUNT_SUSPENDED)
_OF_ONE = (*_REFUSALS, USER_NOT_FOUND)

ENDPOINTS = (
    Endpoint(
        id="listUsers",
        service=SERVICE,
        method="GET",
        path=_ALL,
        access=store.LISTING,
        summary="List who belongs to a tenant, the longest first",
        handler=_list,
        cli=("users", "list"),
        permission=permissions.USERS_READ,
        path_schema=TenantPath,
        query_schema=UserQuery,
        response=UserBody,
        problems=_REFUSALS,
        links=(Link("add", "addUser"), Link("tenant", "getTenant")),
        item_links=(Link("self", "getTenantUser"), Link("access", "getUserAccess")),
    ),
    Endpoint(
        id="addUser",
        service=SERVICE,
        method="POST",
        path=_ALL,
        access=store.ADDING,
        summary="Give somebody who has signed in before a role in a tenant, or at a unit of it",
        description="Somebody who has not is invited; so is one of several who have signed in with the same address.",
        handler=_add,
        cli=("users", "add"),
        permission=permissions.USERS_WRITE,
        path_schema=TenantPath,
        body_schema=AddUser,
        response=UserBody,
        status=201,
        problems=(*_OF_ONE, UNIT_NOT_FOUND, ALREADY_ASSIGNED, TOO_MANY_UNIT_ROLES, TENANT_STATUS, SHARED_ADDRESS),
        links=LINKS,
        secret_fields=("email", "name"),
        example={"email": "sipho@example.com", "role": "Operator"},
    ),
    Endpoint(
        id="getTenantUser",
        service=SERVICE,
        method="GET",
        path=_ONE,
        access=store.SHOWING,
        summary="Get what somebody is in a tenant",
        handler=_get,
        cli=("users", "get"),
        permission=permissions.USERS_READ,
        path_schema=UserPath,
        response=UserBody,
        problems=_OF_ONE,
        links=LINKS,
    ),
    Endpoint(
        id="setUserRole",
        service=SERVICE,
        method="PUT",
        path=_ONE,
        access=store.CHANGING | store.SHOWING,
        summary="Give somebody another role in a tenant, or at a unit of it",
        description="A plan says what the person gains and loses.",
        handler=_set_role,
        cli=("users", "role"),
        permission=permissions.USERS_WRITE,
        path_schema=UserPath,
        body_schema=SetRole,
        response=ChangedUserBody,
        planned_fields=("accessDifference",),
        problems=(*_OF_ONE, LAST_ADMIN, TENANT_STATUS),
        links=LINKS,
        example={"role": "Admin"},
    ),
    Endpoint(
        id="removeUser",
        service=SERVICE,
        method="DELETE",
        path=_ONE,
        access=store.REMOVING,
        summary="Take somebody out of a tenant and all its units, or out of one unit",
        description="It holds from the next request on.",
        handler=_remove,
        cli=("users", "remove"),
        permission=permissions.USERS_WRITE,
        path_schema=UserPath,
        query_schema=RemoveQuery,
        status=204,
        problems=(*_OF_ONE, LAST_ADMIN, TENANT_STATUS),
    ),
    Endpoint(
        id="getUserAccess",
        service=SERVICE,
        method="GET",
        path=f"{_ONE}/access",
        access=DECIDING,
        summary="Explain what somebody may do in a tenant, and why",
        handler=_access,
        cli=("users", "access"),
        permission=permissions.USERS_READ,
        path_schema=UserPath,
        response=AccessBody,
        problems=_OF_ONE,
        links=(Link("self", "getUserAccess"), Link("user", "getTenantUser", when=_is_user)),
    ),
    Endpoint(
        id="listUserTenants",
        service=SERVICE,
        method="GET",
        path=f"{PEOPLE}/{{userId}}/tenants",
        access=store.BELONGING,
        summary="List the tenants that a person belongs to",
        description="All of one's own; of somebody else those of which the caller is an Admin.",
        handler=_tenants,
        cli=("users", "tenants"),
        permission=permissions.SELF,
        path_schema=PersonPath,
        query_schema=BelongingQuery,
        response=BelongingBody,
        item_links=(Link("tenant", "getTenant"),),
    ),
)
