"""The endpoints of people, apart from what they are in tenants. Source: specification tenants, Decision 15."""

from typing import Annotated, Any

from pydantic import Field

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.endpoint import Answer, Call, Endpoint, Query
from bbws.people import service, store
from bbws.people.model import USER_NOT_FOUND
from bbws.people.service import EmailKey

SERVICE = "users-api"


class PersonPath(Query):
    """Which person."""

    user_id: Annotated[
        str,
        Field(pattern=r"^user-[A-Za-z0-9-]{1,64}$", examples=["user-thandi"], description="Subject id of the person."),
    ]


def _erase(call: Call[PersonPath, Any, Any], email_key: EmailKey) -> Answer:
    service.erase(call.work, email_key, call.path.user_id)
    return Answer()


ENDPOINTS = (
    Endpoint(
        id="eraseUser",
        service=SERVICE,
        method="DELETE",
        path=f"{store.BASE}/{{userId}}",
        access=store.ERASING,
        summary="Forget a person",
        description="Address and name are gone wherever they were shown, and the person signs in no more. History "
        "keeps the subject id. Repeating the call changes nothing.",
        handler=_erase,
        cli=("users", "erase"),
        permission=PLATFORM_ADMIN,
        path_schema=PersonPath,
        status=204,
        problems=(USER_NOT_FOUND,),
    ),
)
