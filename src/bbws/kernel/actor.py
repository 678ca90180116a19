"""Who is asking, and what they may do."""

from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.problem import FORBIDDEN, UNAUTHENTICATED, Problem

EVERYTHING = "*"


class ActorKind(StrEnum):
    """What kind of subject acts."""

    PERSON = "person"
    API_KEY = "api-key"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class Rate(NamedTuple):
    """Requests per second that a caller may make; None means no limit."""

    reads: int | None = 100
    writes: int | None = 50


class Actor(NamedTuple):
    """The subject of a request. ``subject`` is an id, never an e-mail address or a secret."""

    subject: str
    kind: ActorKind
    permissions: frozenset[str] = frozenset()
    rate: Rate = Rate()

    def may(self, permission: str) -> bool:
        """Whether the actor holds ``permission`` (``*`` holds every one)."""
        return permission in self.permissions or EVERYTHING in self.permissions

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds ``permission``.

        Raises:
            Problem: 401 for a caller without credentials, else 403 naming the permission.
        """
        if self.may(permission):
            return
        if self.kind is ActorKind.ANONYMOUS:
            raise unauthenticated("Send an API key in the header x-api-key.")
        detail = f"These credentials lack the permission {permission}. Use a key that has it."
        raise FORBIDDEN(detail, requiredPermission=permission)


def unauthenticated(detail: str) -> Problem:
    """The 401 problem with the challenge that RFC 9110 asks for."""
    return UNAUTHENTICATED(detail, headers={"www-authenticate": 'ApiKey realm="bbws", header="x-api-key"'})


ANONYMOUS = Actor("anonymous", ActorKind.ANONYMOUS)


def system(name: str) -> Actor:
    """The actor of work that no caller asked for, such as a daily job."""
    return Actor(f"system-{name}", ActorKind.SYSTEM, frozenset({EVERYTHING}), Rate(None, None))
