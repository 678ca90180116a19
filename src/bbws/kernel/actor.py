"""Who is asking, and what they may do."""

from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.problem import FORBIDDEN, UNAUTHENTICATED, Problem

# What a call may ask of its caller, beside a permission by name.
ANYONE = ""
SIGNED_IN = "signed-in"
# The platform role of a person, and what begins the names of permissions that a role in a tenant gives. No key holds
# them, not even one that holds everything else; the platform role holds all of them.
PLATFORM_ADMIN = "platform-admin"
IN_TENANT = "tenant:"
EVERYTHING = "*"
_ADMIN = "a person with the platform role Admin"
_MEMBER = "a person whose role in the tenant allows it"
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
    """The subject of a request.

    Attributes:
        subject: an id, never an e-mail address or a secret.
        permissions: what it holds; of a person also what a role gives in the tenant that the request is about.
        email, name: what is proven of a person. Personal: for use cases, never for a log, a change or an answer stored.
    """

    subject: str
    kind: ActorKind
    permissions: frozenset[str] = frozenset()
    rate: Rate = Rate()
    email: str = ""
    name: str = ""

    def may(self, permission: str) -> bool:
        """Whether the actor holds ``permission`` (``*`` holds every one but those of people)."""
        if permission in {ANYONE, SIGNED_IN}:
            return permission == ANYONE or self.kind is not ActorKind.ANONYMOUS
        every = PLATFORM_ADMIN if of_people(permission) else EVERYTHING
        return permission in self.permissions or every in self.permissions

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds ``permission``.

        Raises:
            Problem: 401 for a caller without credentials, else 403 naming the permission.
        """
        if self.may(permission):
            return
        person = _ADMIN if permission == PLATFORM_ADMIN else _MEMBER
        if self.kind is ActorKind.ANONYMOUS:
            token = f"the token of {person} in Authorization: Bearer"
            raise unauthenticated(f"Send {token if of_people(permission) else 'an API key in x-api-key'}.")
        hint = f"Only {person} may do this." if of_people(permission) else "Use a key that has it."
        detail = f"These credentials lack the permission {permission}. {hint}"
        raise FORBIDDEN(detail, requiredPermission=permission)


def of_people(permission: str) -> bool:
    """Whether a token of a person can give this permission, and no key."""
    return permission == PLATFORM_ADMIN or permission.startswith(IN_TENANT)


def unauthenticated(detail: str, challenge: str = CHALLENGE) -> Problem:
    """The 401 problem with the challenges that RFC 9110 asks for."""
    return UNAUTHENTICATED(detail, headers={"www-authenticate": challenge})


ANONYMOUS = Actor("anonymous", ActorKind.ANONYMOUS)


def system(name: str) -> Actor:
    """The actor of work that no caller asked for, such as a daily job."""
    return Actor(f"system-{name}", ActorKind.SYSTEM, frozenset({EVERYTHING, PLATFORM_ADMIN}), Rate(None, None))
