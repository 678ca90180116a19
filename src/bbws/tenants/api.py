"""The endpoints of tenants, and with them all of the domain's: they link to each other. Source: specification §2."""

from collections.abc import Mapping
from typing import Any

from bbws.kernel.access import Access
from bbws.kernel.endpoint import Answer, Call, Link, Listed
from bbws.people.model import USER_NOT_FOUND
from bbws.people.service import EmailKey
from bbws.people.store import FIRST_KNOWING, KNOWING
from bbws.tenants import lifecycle_api, operations_api, permissions, reading, service, store
from bbws.tenants.invitations import api as invitations_api
from bbws.tenants.members import api as members_api
from bbws.tenants.members import store as members_store
from bbws.tenants.model import NAME_TAKEN, QUOTA_EXCEEDED, TENANT_STATUS, UNKNOWN_CUSTOMER, fold_name
from bbws.tenants.permissions import Role
from bbws.tenants.rendering import ONE, TENANT, answer, endpoint, one
from bbws.tenants.schemas import (
    CountBody,
    CreateTenant,
    ReadTenant,
    SummaryBody,
    TenantBody,
    TenantPath,
    TenantQuery,
    UpdateTenant,
)
from bbws.tenants.units import api as units_api
from bbws.tenants.units import store as units_store
from bbws.tenants.units import team_api
from bbws.tenants.webhooks import api as webhooks_api


def _list(call: Call[Any, TenantQuery, Any]) -> Listed:
    query = call.query
    question = reading.Question(
        () if query.status is None else (query.status,),
        () if query.environment is None else (query.environment,),
        fold_name(query.organization_name or ""),
        query.sort_by,
        query.sort_order == "desc",
    )
    tenants, following = reading.listed(call.work, question, call.start, query.page_size)
    call.work.grant(frozenset({permissions.READ}))
    return Listed([TenantBody.of(current, call.work) for current in tenants], following)


def _get(call: Call[TenantPath, Any, Any]) -> Answer:
    work, tenant_id = call.work, call.path.tenant_id
    current = service.get(work, tenant_id)
    users = members_store.count(work.table, tenant_id) if work.actor.may(permissions.USERS_READ) else None
    units = units_store.count(work.table, tenant_id) if work.actor.may(permissions.UNITS_READ) else None
    summary = SummaryBody(users=CountBody.of(users), units=CountBody.of(units))
    return Answer(ReadTenant(**dict(TenantBody.of(current, work)), summary=summary), current.version)


def _create(call: Call[Any, Any, CreateTenant], email_key: EmailKey) -> Answer:
    current = service.create(call.work, email_key, dict(call.body))
    call.work.grant(permissions.given([Role.ADMIN]))
    return answer(call, current, new=True)


def _update(call: Call[TenantPath, Any, UpdateTenant], email_key: EmailKey) -> Answer:
    return answer(call, service.update(call.work, email_key, call.path.tenant_id, call.body.fields()))


_EXAMPLE: Mapping[str, Any] = {
    "organizationName": "Big Beard Web Solutions",
    "contactEmail": "thandi@example.com",
    "environment": "dev",
}

ENDPOINTS = (
    endpoint(
        "listTenants",
        "GET",
        store.BASE,
        "list",
        permission=permissions.SELF,
        access=store.LISTING,
        summary="List tenants",
        description="The caller's own and those of the caller's customers; for the platform's people all. A page of a "
        "search by name may be short and still have a next one.",
        handler=_list,
        query_schema=TenantQuery,
        response=TenantBody,
        links=(Link("create", "createTenant"),),
        item_links=(Link("self", "getTenant"),),
    ),
    endpoint(
        "createTenant",
        "POST",
        store.BASE,
        "create",
        permission=permissions.SELF,
        access=store.FOUNDING | FIRST_KNOWING,
        summary="Found a tenant",
        description="Whoever does becomes its Admin.",
        handler=_create,
        body_schema=CreateTenant,
        status=201,
        problems=(NAME_TAKEN, UNKNOWN_CUSTOMER, USER_NOT_FOUND, QUOTA_EXCEEDED),
        example=_EXAMPLE,
        **TENANT,
    ),
    one(
        "getTenant",
        "GET",
        ONE,
        "get",
        permission=permissions.READ,
        access=store.READING | Access.to(queries="TENANT", indexes=store.USERS),
        summary="Get a tenant",
        description="With `summary`: how many users and units it has, counted up to a hundred.",
        handler=_get,
        **TENANT | {"response": ReadTenant},
    ),
    one(
        "updateTenant",
        "PUT",
        ONE,
        "update",
        permission=permissions.WRITE,
        access=store.CHANGING | KNOWING,
        summary="Change a tenant",
        description="What is left out stays as it is.",
        handler=_update,
        body_schema=UpdateTenant,
        problems=(NAME_TAKEN, TENANT_STATUS),
        example={"organizationName": "Big Beard"},
        **TENANT,
    ),
    *lifecycle_api.ENDPOINTS,
    *operations_api.ENDPOINTS,
    *members_api.ENDPOINTS,
    *units_api.ENDPOINTS,
    *team_api.ENDPOINTS,
    *webhooks_api.ENDPOINTS,
    *invitations_api.ENDPOINTS,
)
