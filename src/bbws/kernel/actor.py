"""Who is asking, and what they may do."""

from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.problem import FORBIDDEN, UNAUTHENTICATED, Problem

# What a call may ask of its caller, beside a permission by name.
ANYONE = ""
SIGNED_IN = "signed-in"
# The platform role of a person. No key holds it, not even one that holds everything else.
PLATFORM_ADMIN = "platform-admin"
EVERYTHING = "*"
_ADMIN = "a person with the platform role Admin"
CHALLENGE = 'ApiKey realm="bbws", header="x-api-key", Bearer realm="bbws"'


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
        """Whether the actor holds ``permission`` (``*`` holds every one but the platform role)."""
        if permission in {ANYONE, SIGNED_IN}:
            return permission == ANYONE or self.kind is not ActorKind.ANONYMOUS
        return permission in self.permissions or (permission != PLATFORM_ADMIN and EVERYTHING in self.permissions)

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds ``permission``.

        Raises:
            Problem: 401 for a caller without credentials, else 403 naming the permission.
        """
        if self.may(permission):
            return
        people = permission == PLATFORM_ADMIN
        if self.kind is ActorKind.ANONYMOUS:
            sent = f"the token of {_ADMIN} in Authorization: Bearer" if people else "an API key in x-api-key"
            raise unauthenticated(f"Send {sent}.")
        hint = f"Only {_ADMIN} may do this." if people else "Use a key that has it."
        detail = f"These credentials lack the permission {permission}. {hint}"
        raise FORBIDDEN(detail, requiredPermission=permission)


def unauthenticated(detail: str, challenge: str = CHALLENGE) -> Problem:
    """The 401 problem with the challenges that RFC 9110 asks for."""
    return UNAUTHENTICATED(detail, headers={"www-authenticate": challenge})


ANONYMOUS = Actor("anonymous", ActorKind.ANONYMOUS)


def system(name: str) -> Actor:
    """The actor of work that no caller asked for, such as a daily job."""
    return Actor(f"system-{name}", ActorKind.SYSTEM, frozenset({EVERYTHING, PLATFORM_ADMIN}), Rate(None, None))
