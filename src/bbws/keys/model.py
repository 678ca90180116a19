"""An API key and its rules. Pure. Source: specification products, Decision 9."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from bbws.kernel.actor import Rate
from bbws.kernel.ids import random_id
from bbws.kernel.problem import Kind, ProblemType

ID_PREFIX = "key-"
ID_PATTERN = r"^key-[0-9A-HJKMNP-TV-Z]{12}$"
ID_RANDOM_LENGTH = 12
_SECRET_CHARACTERS = 40

KEY_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND, "key-not-found", "Key not found", "There is no API key with this id. `bbws keys list` shows all."
)
UNKNOWN_PERMISSION = ProblemType(
    Kind.REFUSED,
    "unknown-permission",
    "Unknown permission",
    "A key can carry only permissions that a call asks for. `allowedPermissions` lists them.",
)


RATE_NOT_HELD = ProblemType(
    Kind.FORBIDDEN,
    "rate-not-held",
    "Rate not held",
    "A key cannot grant more requests a second than it may make itself. `readsPerSecond` and `writesPerSecond` say how "
    "many those are, null where there is no limit.",
)


class ApiKey(NamedTuple):
    """A key as everybody may see it; its secret is not part of it."""

    key_id: str
    name: str
    permissions: tuple[str, ...]
    rate: Rate
    created_by: str
    created_at: datetime
    revoked_at: datetime | None = None


def new_secret(environment: str) -> str:
    """A secret of 200 random bits; its prefix names the environment, so that a mix-up is recognised."""
    return f"bbws_{environment}_{random_id(_SECRET_CHARACTERS)}"


def secret_hash(secret: str) -> str:
    """What is kept of a secret. It has 200 random bits, so a plain fast hash cannot be searched."""
    return hashlib.sha256(secret.encode()).hexdigest()


def revoked(key: ApiKey, moment: datetime) -> ApiKey:
    """The key, good for nothing from now on."""
    return key._replace(revoked_at=moment)
