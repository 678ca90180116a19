"""Every way of saying no, and the one table that turns a kind of refusal into an HTTP status.

A domain declares its refusals as :class:`ProblemType` constants beside the rule they belong to and raises them with
``raise PRODUCT_NOT_FOUND(f"…what to do…")``. Shape of the answer: RFC 9457. Source: design §3 and §4.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """Why something was refused, without a word about HTTP."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    TOO_LARGE = "too-large"
    MEDIA_TYPE = "media-type"
    HEAD_TOO_LARGE = "head-too-large"
    REFUSED = "refused"
    RATE_LIMITED = "rate-limited"
    FAULT = "fault"
    UNAVAILABLE = "unavailable"


STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.DUPLICATE: 409,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.TOO_LARGE: 413,
    Kind.MEDIA_TYPE: 415,
    Kind.REFUSED: 422,
    Kind.RATE_LIMITED: 429,
    Kind.HEAD_TOO_LARGE: 431,
    Kind.FAULT: 500,
    Kind.UNAVAILABLE: 503,
}


class FieldError(NamedTuple):
    """One bad field: its dotted path on the wire, what is allowed there, and a stable code."""

    field: str
    message: str
    code: str

    def document(self) -> dict[str, str]:
        """The error as it stands in the answer's ``errors`` list."""
        return {"field": self.field, "message": self.message, "code": self.code}


class ProblemType(NamedTuple):
    """A named refusal: its kind, its stable code, a title, and the page text that explains it to a reader."""

    kind: Kind
    code: str
    title: str
    explanation: str

    @property
    def status(self) -> int:
        """The HTTP status of this refusal."""
        return STATUS[self.kind]

    def __call__(
        self,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,  # noqa: ANN401 - extension members of RFC 9457 are any JSON value
    ) -> "Problem":
        """An exception of this type. ``detail`` says what to do; ``members`` become extension members."""
        return Problem(self, detail, errors=errors, headers=headers or {}, members=members)


class Problem(Exception):  # noqa: N818 - the field's own word (RFC 9457)
    """A refusal on its way to the caller."""

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.type = problem_type
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def document(self, *, base_path: str = "", instance: str = "", request_id: str = "") -> dict[str, Any]:
        """The ``application/problem+json`` body. ``type`` resolves to this server's own page on the problem."""
        body: dict[str, Any] = {
            "type": f"{base_path}/problems/{self.type.code}",
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
            "code": self.type.code,
        }
        if instance:
            body["instance"] = instance
        if request_id:
            body["requestId"] = request_id
        if self.errors:
            body["errors"] = [error.document() for error in self.errors]
        return body | self.members


VALIDATION = ProblemType(
    Kind.MALFORMED,
    "validation-error",
    "Validation error",
    "One or more fields or parameters are missing, unknown or out of range. `errors` names every one of them and "
    "what is allowed there.",
)
MALFORMED_BODY = ProblemType(
    Kind.MALFORMED,
    "malformed-body",
    "Invalid request",
    "The body is not one JSON object in UTF-8 that means the same to every reader: it is cut short, has a "
    "duplicate key, a number that JSON does not know, or nests too deeply.",
)
UNAUTHENTICATED = ProblemType(
    Kind.UNAUTHENTICATED,
    "unauthorized",
    "Unauthorized",
    "This call needs credentials, and none or wrong ones were sent. Send an API key in the header `x-api-key`.",
)
FORBIDDEN = ProblemType(
    Kind.FORBIDDEN,
    "forbidden",
    "Forbidden",
    "The credentials are good but do not carry the permission that this call needs. `requiredPermission` names it.",
)
NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "not-found",
    "Not found",
    "There is nothing at this address for you. Check the path and the id; ids are case-sensitive.",
)
METHOD_NOT_ALLOWED = ProblemType(
    Kind.METHOD_NOT_ALLOWED,
    "method-not-allowed",
    "Method not allowed",
    "The address exists but does not know this method. The header `Allow` lists the ones it knows.",
)
VERSION_CONFLICT = ProblemType(
    Kind.CONFLICT,
    "version-conflict",
    "Version conflict",
    "Somebody else changed the same thing since it was read, or at the same moment. Read it again and repeat the "
    "change.",
)
PRECONDITION_FAILED = ProblemType(
    Kind.PRECONDITION,
    "precondition-failed",
    "Precondition failed",
    "The version named in `If-Match` is not the current one. Read the resource again, decide again, and send its "
    "new `ETag`.",
)
BODY_TOO_LARGE = ProblemType(
    Kind.TOO_LARGE, "body-too-large", "Body too large", "A request body may have 10 KB (10,240 bytes) at most."
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    Kind.MEDIA_TYPE,
    "unsupported-media-type",
    "Unsupported media type",
    "Bodies are JSON in UTF-8, and not compressed: send `Content-Type: application/json` and no `Content-Encoding`.",
)
IDEMPOTENCY_MISMATCH = ProblemType(
    Kind.REFUSED,
    "idempotency-key-reused",
    "Idempotency key reused",
    "This `Idempotency-Key` was used within the last 24 hours for another request. Use a new key for a new request.",
)
RATE_LIMITED = ProblemType(
    Kind.RATE_LIMITED,
    "rate-limited",
    "Too many requests",
    "This caller has used up its share for now. Wait for the number of seconds in `Retry-After`.",
)
FAULT = ProblemType(
    Kind.FAULT,
    "internal-error",
    "Internal server error",
    "Something went wrong on our side and was logged under the `requestId`. Nothing was changed unless a later "
    "read shows it. Repeating the call with the same `Idempotency-Key` is safe.",
)
UNAVAILABLE = ProblemType(
    Kind.UNAVAILABLE,
    "service-unavailable",
    "Service unavailable",
    "The store cannot take the call just now (it is locked, full or shutting down). Nothing was changed. Try "
    "again after the seconds in `Retry-After`.",
)

COMMON = (
    VALIDATION,
    MALFORMED_BODY,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    VERSION_CONFLICT,
    PRECONDITION_FAILED,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    IDEMPOTENCY_MISMATCH,
    RATE_LIMITED,
    FAULT,
    UNAVAILABLE,
)
