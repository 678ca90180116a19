"""The endpoints of people, apart from what they are in tenants. Source: specification tenants, Decision 15."""

from typing import Any

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.endpoint import Answer, Call, Endpoint
from bbws.people import service, store
from bbws.people.model import USER_NOT_FOUND
from bbws.people.schemas import ForgetAddress, ForgottenBody, PersonPath
from bbws.people.service import EmailKey

SERVICE = "users-api"


def _erase(call: Call[PersonPath, Any, Any], email_key: EmailKey) -> Answer:
    service.erase(call.work, email_key, call.path.user_id, dry_run=call.dry_run)
    return Answer()


def _forget(call: Call[Any, Any, ForgetAddress], email_key: EmailKey) -> Answer:
    return Answer(ForgottenBody(contacts=service.forget(call.work, email_key, call.body.email, dry_run=call.dry_run)))


ENDPOINTS = (
    Endpoint(
        id="eraseUser",
        service=SERVICE,
        method="DELETE",
        path=f"{store.BASE}/{{userId}}",
        access=store.ERASING,
        summary="Forget a person",
        description="Address and name are gone wherever they were shown, the address also where a tenant wrote it. The "
        "person signs in no more and belongs to no tenant: also one whose only Admin this was, so appoint another. "
        "History keeps the subject id. Repeating the call changes nothing. An address that the person had before is "
        "forgotten by `POST /v1.0/users/forget`.",
        handler=_erase,
        cli=("users", "erase"),
        permission=PLATFORM_ADMIN,
        path_schema=PersonPath,
        status=204,
        problems=(USER_NOT_FOUND,),
        blocking=True,  # of an address that many tenants wrote it is many commits
    ),
    Endpoint(
        id="forgetAddress",
        service=SERVICE,
        method="POST",
        path=f"{store.BASE}/forget",
        access=store.ERASING,
        summary="Forget an e-mail address, whoever has it",
        description="For those who were invited or written to and have never signed in. Every tenant's contact of the "
        "address goes, and whoever has signed in with it is erased as a person. Repeating the call finds what a call "
        "that broke off has left. A plan counts all, and shows the first.",
        handler=_forget,
        cli=("users", "forget"),
        permission=PLATFORM_ADMIN,
        body_schema=ForgetAddress,
        response=ForgottenBody,
        planned_fields=("contacts",),
        example={"email": "thandi@example.com"},
        blocking=True,  # the same
    ),
)
