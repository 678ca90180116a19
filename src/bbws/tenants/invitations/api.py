"""The endpoints of invitations. Source: specification tenants §2, Decision 10."""

from collections.abc import Mapping
from typing import Any

from bbws.kernel.actor import ANYONE
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed
from bbws.kernel.entity import Stored
from bbws.people.model import USER_NOT_FOUND
from bbws.people.service import EmailKey
from bbws.tenants import permissions
from bbws.tenants.invitations import service, store
from bbws.tenants.invitations.model import (
    ALREADY_INVITED,
    FORGOTTEN,
    INVITATION_EXPIRED,
    INVITATION_NOT_FOUND,
    INVITATION_STATUS,
    INVITATION_USED,
    NOT_INVITED,
    NOT_NOW,
    UNKNOWN_UNIT,
    Invitation,
    State,
)
from bbws.tenants.invitations.schemas import (
    CreateInvitation,
    InvitationBody,
    InvitationPath,
    InvitationQuery,
    ReceivedBody,
    TokenPath,
)
from bbws.tenants.invitations.service import InvitationKey
from bbws.tenants.members.api import LINKS as MEMBER_LINKS
from bbws.tenants.members.model import ALREADY_ASSIGNED, TOO_MANY_UNIT_ROLES, permitted
from bbws.tenants.members.schemas import UserBody
from bbws.tenants.model import ACCOUNT_SUSPENDED, TENANT_NOT_FOUND, TENANT_STATUS
from bbws.tenants.schemas import TenantPath
from bbws.tenants.store import BASE as TENANTS

SERVICE = "invitations-api"


def _answer(call: Call[Any, Any, Any], current: Stored[Invitation], *, new: bool = False) -> Answer:
    location = store.path(current.value) if new else None
    return Answer(InvitationBody.of(current, call.work), current.version, location=location)


def _list(call: Call[TenantPath, InvitationQuery, Any]) -> Listed:
    found, following = store.listed(call.work.table, call.path.tenant_id, call.start, call.query.page_size)
    return Listed([InvitationBody.of(current, call.work) for current in found], following)


def _create(
    call: Call[TenantPath, Any, CreateInvitation], email_key: EmailKey, invitation_key: InvitationKey
) -> Answer:
    current = service.invite(call.work, email_key, invitation_key, call.path.tenant_id, call.body.asked())
    return _answer(call, current, new=True)


def _get(call: Call[InvitationPath, Any, Any]) -> Answer:
    return _answer(call, service.get(call.work, call.path.tenant_id, call.path.invitation_id))


def _cancel(call: Call[InvitationPath, Any, Any], invitation_key: InvitationKey) -> Answer:
    return _answer(call, service.cancel(call.work, invitation_key, call.path.tenant_id, call.path.invitation_id))


def _resend(call: Call[InvitationPath, Any, Any], invitation_key: InvitationKey) -> Answer:
    return _answer(call, service.resend(call.work, invitation_key, call.path.tenant_id, call.path.invitation_id))


def _look_up(call: Call[TokenPath, Any, Any]) -> Answer:
    current, tenant = service.look_up(call.work, call.path.token)
    return Answer(ReceivedBody.of(current, tenant, call.work))


def _accept(call: Call[TokenPath, Any, Any]) -> Answer:
    _, membership = service.accept(call.work, call.path.token)
    call.work.grant(permitted(membership.value))
    # Whoever comes for the first time is registered once this call is done: what is shown is what the token proves.
    own = {"email": call.work.actor.email, "name": call.work.actor.name or None}
    return Answer(UserBody.of(membership, call.work).model_copy(update=own), membership.version)


def _decline(call: Call[TokenPath, Any, Any]) -> Answer:
    current, tenant = service.decline(call.work, call.path.token)
    return Answer(ReceivedBody.of(current, tenant, call.work))


def _unanswered(invitation: Mapping[str, Any]) -> bool:
    return invitation["status"] in {State.PENDING, State.EXPIRED}


_ALL = f"{TENANTS}/{{tenantId}}/invitations"
_ONE = f"{_ALL}/{{invitationId}}"
_RECEIVED = f"{store.BASE}/{{token}}"
_LINKS = (
    Link("self", "getInvitation"),
    Link("resend", "resendInvitation", _unanswered),
    Link("cancel", "cancelInvitation", _unanswered),
    Link("tenant", "getTenant"),
    Link("collection", "listInvitations"),
)
_OF_TENANT = (TENANT_NOT_FOUND, ACCOUNT_SUSPENDED)
_OF_TOKEN = (INVITATION_NOT_FOUND, INVITATION_USED, INVITATION_EXPIRED)
_RECEIVING = {"path_schema": TokenPath, "secret_parameters": ("token",)}


def _endpoint(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - Endpoint's own
    return Endpoint(id=endpoint_id, service=SERVICE, method=method, path=path, cli=("invitations", verb), **further)


def _one(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - the same
    return _endpoint(
        endpoint_id,
        method,
        path,
        verb,
        permission=permissions.INVITATIONS,
        path_schema=InvitationPath,
        response=InvitationBody,
        links=_LINKS,
        secret_fields=("email",),
        problems=(*_OF_TENANT, INVITATION_NOT_FOUND, *further.pop("problems", ())),
        **further,
    )


ENDPOINTS = (
    _endpoint(
        "listInvitations",
        "GET",
        _ALL,
        "list",
        access=store.LISTING,
        summary="List a tenant's invitations, the newest first",
        handler=_list,
        permission=permissions.INVITATIONS,
        path_schema=TenantPath,
        query_schema=InvitationQuery,
        response=InvitationBody,
        problems=_OF_TENANT,
        links=(Link("create", "createInvitation"), Link("tenant", "getTenant")),
        item_links=_LINKS[:3],
    ),
    _endpoint(
        "createInvitation",
        "POST",
        _ALL,
        "create",
        access=store.INVITING,
        summary="Ask somebody to join a tenant",
        description="A mail with a token goes to the address. It works once, within 7 days. A tenant has one pending "
        "invitation for an address, and writes to it once a minute at most: before that 429 with `Retry-After`.",
        handler=_create,
        permission=permissions.INVITATIONS,
        path_schema=TenantPath,
        body_schema=CreateInvitation,
        response=InvitationBody,
        status=201,
        problems=(*_OF_TENANT, ALREADY_INVITED, ALREADY_ASSIGNED, TENANT_STATUS, UNKNOWN_UNIT),
        links=_LINKS,
        secret_fields=("email",),
        example={"email": "sipho@example.com", "role": "Operator"},
    ),
    _one(
        "getInvitation",
        "GET",
        _ONE,
        "get",
        access=store.SHOWING,
        summary="Get an invitation",
        handler=_get,
    ),
    _one(
        "cancelInvitation",
        "DELETE",
        _ONE,
        "cancel",
        access=store.CANCELLING,
        summary="Take an invitation back",
        description="Its token is good for nothing from then on. Repeating the call changes nothing.",
        handler=_cancel,
        problems=(INVITATION_STATUS,),
    ),
    _one(
        "resendInvitation",
        "POST",
        f"{_ONE}/resend",
        "resend",
        access=store.RESENDING,
        summary="Send a pending or expired invitation again",
        description="With another token: the one so far is good for nothing. It lives for 7 days from then on. Once a "
        "minute at most for an address: before that 429 with `Retry-After`.",
        handler=_resend,
        problems=(INVITATION_STATUS, ALREADY_INVITED, TENANT_STATUS, FORGOTTEN),
    ),
    _endpoint(
        "lookUpInvitation",
        "GET",
        _RECEIVED,
        "lookup",
        access=store.LOOKING,
        summary="Look an invitation up by the token that was sent",
        description="Of one that was used or has expired it says only that.",
        handler=_look_up,
        permission=ANYONE,
        response=ReceivedBody,
        problems=_OF_TOKEN,
        **_RECEIVING,
    ),
    _endpoint(
        "acceptInvitation",
        "POST",
        f"{_RECEIVED}/accept",
        "accept",
        access=store.ACCEPTING,
        summary="Join the tenant that the caller is invited to",
        description="The caller's verified address must be the invited one; case makes no difference. Whoever has a "
        "role where another is offered keeps it: 409, and the invitation stays pending.",
        handler=_accept,
        permission=permissions.SELF,
        response=UserBody,
        problems=(
            *_OF_TOKEN,
            NOT_INVITED,
            ALREADY_ASSIGNED,
            TOO_MANY_UNIT_ROLES,
            NOT_NOW,
            UNKNOWN_UNIT,
            USER_NOT_FOUND,
        ),
        links=MEMBER_LINKS,
        secret_fields=("email", "name"),
        plans_content=False,
        **_RECEIVING,
    ),
    _endpoint(
        "declineInvitation",
        "POST",
        f"{_RECEIVED}/decline",
        "decline",
        access=store.DECLINING,
        summary="Decline an invitation",
        handler=_decline,
        permission=ANYONE,
        response=ReceivedBody,
        problems=_OF_TOKEN,
        secret_fields=("email",),
        plans_content=False,
        **_RECEIVING,
    ),
)
