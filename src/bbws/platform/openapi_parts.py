"""The parts of the OpenAPI documents that belong to no single endpoint: what dispatch itself reads and answers."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field

from bbws.kernel.actor import CHALLENGE
from bbws.kernel.endpoint import Wire
from bbws.kernel.problem import VALIDATION, ProblemType
from bbws.platform.openapi_schemas import Json

API_KEY = "apiKey"
BEARER = "bearer"
SECURITY_SCHEMES: Mapping[str, Json] = {
    API_KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "An API key with the permission that the call names (`bbws keys create`).",
    },
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The token of a person (on one machine: `bbws token --admin`).",
    },
}
INTRODUCTION = """\
Every answer carries `X-Request-Id`; please name it when you report something.

* **Refusals** are RFC 9457 problems (`application/problem+json`) with a stable `code`; `type` leads to a page about it.
* **Lists** come in pages: pass `nextToken` as `startAt`, with the same other parameters.
* **Links**: `_links` says what can be done from here, by you, in the state that the resource is in.
* **Concurrency**: send the `ETag` that you read as `If-Match`, and nobody's change is lost.
* **Repeating** a POST with the same `Idempotency-Key` within 24 hours gets the same answer and does nothing twice.
* **Plans**: `?dryRun=true` answers what a call would change, or how it would be refused, and changes nothing.
* **Later**: `Prefer: respond-async` accepts the change at once (202) and carries it out as an operation.
"""

type Parts = Mapping[str, Json]


class FieldErrorBody(Wire):
    """One bad field."""

    field: str = Field(description="Dotted path of the field or parameter.")
    message: str = Field(description="What is allowed there.")
    code: str = Field(description="Stable code of the rule.")


class ProblemBody(Wire):
    """A refusal (RFC 9457). Some problems have further members, such as `requiredPermission`."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=False)

    type: str = Field(description="Address of the page about this problem.")
    title: str = Field(description="What it is called.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(description="What was wrong, and what to do.")
    code: str = Field(description="Stable code, for programs.")
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="Under which our log knows the request.")
    errors: list[FieldErrorBody] = Field(default_factory=list, description="Every bad field.")


class PlannedChange(Wire):
    """A change that would be made."""

    type: str = Field(description="What would happen, such as `product.created`.")
    subject: str = Field(description="The path of what would change.")
    change_type: str = Field(description="CREATE, UPDATE, DELETE, …")
    version: int | None = Field(description="The version that it would make; null as `before`.")
    before: dict[str, Any] | None = Field(
        description="The document now; null for a creation, and where a caller may be unable to read all of it."
    )
    after: dict[str, Any] | None = Field(description="The document then; null where a caller may be unable to read it.")


class PlanBody(Wire):
    """The answer to `dryRun`: nothing was changed. Some plans have further members, such as `redriven`."""

    model_config = ConfigDict(extra="allow")

    dry_run: Literal[True] = Field(description="Always true.")
    changes: list[PlannedChange] = Field(description="What would change, in order.")


def _header(description: str, example: str, *, required: bool = False, kind: str = "string") -> Json:
    schema = {"type": kind}
    value = int(example) if kind == "integer" else example
    return {"description": description, "required": required, "schema": schema, "example": value}


HEADERS: Parts = {
    "X-Request-Id": _header("Id of this request in our logs.", "01JD3V7Q4W", required=True),
    "ETag": _header("Version and hash: for `If-Match` and `If-None-Match`.", '"3-9f86d081884c7d65"', required=True),
    "Location": _header("Path of what was created, or of the operation.", "/v1.0/operations/op-1"),
    "Preference-Applied": _header("The preference that was followed.", "respond-async"),
    "Idempotency-Replayed": _header("`true`: the answer given to this `Idempotency-Key` before.", "true"),
    "RateLimit": _header("What is left of the caller's share.", '"read";r=99;t=1'),
    "RateLimit-Policy": _header("The caller's share: requests in a window of seconds.", '"read";q=100;w=1'),
    "Retry-After": _header("Seconds to wait.", "1", kind="integer"),
    "WWW-Authenticate": _header("How to authenticate.", CHALLENGE, required=True),
}
PROBLEM_HEADERS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}


def _parameter(name: str, place: str, description: str, **schema: object) -> Json:
    return {"name": name, "in": place, "required": False, "description": description, "schema": schema}


# RFC 9110 §8.8.3 without the bytes beyond ASCII: `*`, or entity tags in a list.
_TAGS = r'^(\*|((W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)?)$'
PARAMETERS: Parts = {
    "DryRun": _parameter(
        "dryRun", "query", "`true`: answer what would change (200), and change nothing.", type="boolean", default=False
    ),
    "IfMatch": _parameter(
        "If-Match",
        "header",
        'Only if the resource is still at the version of this `ETag`, such as `"3-9f86d081884c7d65"`; otherwise 412.',
        type="string",
        pattern=_TAGS,
    ),
    "IfNoneMatch": _parameter(
        "If-None-Match",
        "header",
        'Answer 304 where this `ETag`, such as `"3-9f86d081884c7d65"`, still holds.',
        type="string",
        pattern=_TAGS,
    ),
    "IdempotencyKey": _parameter(
        "Idempotency-Key",
        "header",
        "The same key, such as a UUID, gets the same answer within 24 hours, and the effect happens once.",
        type="string",
        minLength=1,
        maxLength=255,
        pattern=r"^[!-~]([ -~]*[!-~])?$",
    ),
    "Prefer": _parameter(
        "Prefer",
        "header",
        "`respond-async`: accept the change at once and carry it out as an operation (202).",
        type="string",
    ),
}


def problem_example(problem: ProblemType) -> Json:
    """The Example Object of a problem."""
    value: Json = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.explanation,
        "code": problem.code,
        "instance": "/v1.0/things/THING-1",
        "requestId": HEADERS["X-Request-Id"]["example"],
    }
    if problem is VALIDATION:
        value["errors"] = [{"field": "name", "message": "is required", "code": "missing"}]
    return {"summary": problem.title, "value": value}
