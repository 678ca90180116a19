"""The endpoint table of API keys, and their schemas on the wire."""

import logging
from typing import Annotated, Any

from pydantic import Field

from bbws.kernel.actor import Rate
from bbws.kernel.clock import rfc3339, rfc3339_or_none
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed, Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.table import Table, Unavailable
from bbws.kernel.text import ONE_LINE
from bbws.keys import service, store
from bbws.keys.model import ID_PATTERN, KEY_NOT_FOUND, RATE_NOT_HELD, UNKNOWN_PERMISSION, ApiKey
from bbws.keys.ports import Meter

logger = logging.getLogger("bbws.keys")

SERVICE = "keys-api"
ADMIN = "keys:admin"
_EXAMPLE_ID = "key-0123456789AB"

type PerSecond = Annotated[int, Field(ge=1, le=100_000)]
type Permission = Annotated[str, Field(pattern=r"^(\*|[a-z]+:[a-z]+)$", examples=["products:write"])]


class KeyPath(Query):
    """Which key."""

    key_id: str = Field(pattern=ID_PATTERN, examples=[_EXAMPLE_ID], description="Id of the key.")


class KeyQuery(Paging):
    """Which page of keys."""


class CreateKey(Wire):
    """A key that is to be."""

    name: Annotated[
        str, Field(min_length=3, max_length=100, description="What it is for.", examples=["Web shop"]), ONE_LINE
    ]
    permissions: list[Permission] = Field(
        min_length=1, max_length=50, description="What its holder may do; `*` is everything."
    )
    reads_per_second: PerSecond | None = Field(default=100, description="null: no limit.")
    writes_per_second: PerSecond | None = Field(default=50, description="null: no limit.")


class KeyBody(Resource):
    """An API key, without its secret."""

    key_id: str = Field(examples=[_EXAMPLE_ID], description="Id of the key.")
    name: str = Field(description="What it is for.")
    permissions: list[str] = Field(description="What its holder may do.")
    reads_per_second: int | None = Field(description="null: no limit.")
    writes_per_second: int | None = Field(description="null: no limit.")
    created_by: str = Field(description="Subject id of its maker.")
    created_at: str = Field(description="When it was made.")
    revoked_at: str | None = Field(description="When it was revoked.")
    last_used_at: str | None = Field(description="When it was last used, to about five minutes.")
    version: int = Field(description="Rises with every change.")

    @classmethod
    def of(cls, current: Stored[ApiKey], table: Table) -> "KeyBody":
        """The key as served."""
        return cls(**_fields(current), last_used_at=store.last_used(table, current.value.key_id))


class NewKeyBody(KeyBody):
    """A key just made, with its secret, which is shown only here."""

    secret: str = Field(description="Send it in the header x-api-key. It is kept only as a hash.")


def _fields(current: Stored[ApiKey]) -> dict[str, Any]:
    key = current.value
    return {
        "key_id": key.key_id,
        "name": key.name,
        "permissions": list(key.permissions),
        "reads_per_second": key.rate.reads,
        "writes_per_second": key.rate.writes,
        "created_by": key.created_by,
        "created_at": rfc3339(key.created_at),
        "revoked_at": rfc3339_or_none(key.revoked_at),
        "version": current.version,
    }


def _create(call: Call[Any, Any, CreateKey], environment: str, permissions: frozenset[str], meter: Meter) -> Answer:
    body = call.body
    current, secret = service.create(
        call.work,
        name=body.name,
        permissions=body.permissions,
        rate=Rate(body.reads_per_second, body.writes_per_second),
        environment=environment,
        known=permissions,
    )
    if not call.dry_run:
        # Before the commit: a secret that was answered works. One whose commit is lost is let in nowhere.
        meter.register(current.value.key_id, secret)
    answer = NewKeyBody(**_fields(current), last_used_at=None, secret=secret)
    return Answer(answer, current.version, location=store.path(current.value.key_id))


def _list(call: Call[Any, KeyQuery, Any]) -> Listed:
    keys, following = store.listed(call.work.table, call.start, call.query.page_size)
    return Listed([KeyBody.of(key, call.work.table) for key in keys], following)


def _revoke(call: Call[KeyPath, Any, Any], meter: Meter) -> Answer:
    service.revoke(call.work, call.path.key_id)
    if not call.dry_run:
        _forget(meter, call.path.key_id)
    return Answer()


def _forget(meter: Meter, key_id: str) -> None:
    """Have the gateway forget a key, if it can: dispatch refuses the key anyway, and repeating the call tries again."""
    try:
        meter.forget(key_id)
    except Unavailable as error:
        logger.warning("the gateway still knows a revoked key", extra={"keyId": key_id, "error": str(error)})


ENDPOINTS = (
    Endpoint(
        id="listKeys",
        service=SERVICE,
        method="GET",
        path=store.BASE,
        access=store.LISTING,
        summary="List API keys, newest first",
        handler=_list,
        cli=("keys", "list"),
        permission=ADMIN,
        query_schema=KeyQuery,
        response=KeyBody,
        links=(Link("create", "createKey"),),
        item_links=(Link("revoke", "revokeKey", lambda key: key["revokedAt"] is None),),
    ),
    Endpoint(
        id="createKey",
        service=SERVICE,
        method="POST",
        path=store.BASE,
        access=store.CREATING,
        summary="Make an API key",
        description="The answer holds the secret, once. Nobody can grant what they do not hold.",
        handler=_create,
        cli=("keys", "create"),
        permission=ADMIN,
        body_schema=CreateKey,
        response=NewKeyBody,
        status=201,
        problems=(UNKNOWN_PERMISSION, RATE_NOT_HELD),
        links=(Link("revoke", "revokeKey"), Link("collection", "listKeys")),
        secret_fields=("secret",),
        example={"name": "Web shop", "permissions": ["products:write"]},
    ),
    Endpoint(
        id="revokeKey",
        service=SERVICE,
        method="DELETE",
        path=f"{store.BASE}/{{keyId}}",
        access=store.REVOKING,
        summary="Revoke an API key",
        description="It is refused from the next request on. Repeating the call changes nothing.",
        handler=_revoke,
        cli=("keys", "revoke"),
        permission=ADMIN,
        path_schema=KeyPath,
        status=204,
        problems=(KEY_NOT_FOUND,),
    ),
)
