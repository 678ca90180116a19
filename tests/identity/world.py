"""Calls that ask for a person, and tokens that no issuer of ours would write."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bbws.engines.embedded.identity import KEY_FILE, LocalTokens, SignIns
from bbws.engines.embedded.promoted import Promoted
from bbws.identity.model import Claims
from bbws.kernel.actor import PLATFORM_ADMIN, SIGNED_IN
from bbws.kernel.endpoint import Answer, Call, Endpoint, Resource
from bbws.kernel.http import Request
from bbws.people.model import UNDATED
from bbws.tables import ENDPOINTS

ADMINS, MEMBERS = "/v1.0/admins", "/v1.0/members"
HOUR = timedelta(hours=1)
NOWHERE = Path("/nowhere")


class Caller(Resource):
    """Whom dispatch took the caller for."""

    subject: str
    kind: str


def _who(call: Call[Any, Any, Any]) -> Answer:
    actor = call.work.actor
    return Answer(Caller(subject=actor.subject, kind=actor.kind))


FOR_ADMINS = Endpoint(
    "getAdmin",
    "people-api",
    "GET",
    ADMINS,
    "Who is asking, of the platform's people",
    _who,
    cli=("people", "admin"),
    permission=PLATFORM_ADMIN,
    response=Caller,
)
FOR_MEMBERS = Endpoint(
    "getMember",
    "people-api",
    "GET",
    MEMBERS,
    "Who is asking",
    _who,
    cli=("people", "member"),
    permission=SIGNED_IN,
    response=Caller,
)
WITH_PEOPLE = (*ENDPOINTS, FOR_ADMINS, FOR_MEMBERS)


def admin_token(data_dir: Path, environment: str = "local") -> str:
    """A good one, of the data folder."""
    return LocalTokens(data_dir, environment).issue("someone", HOUR, admin=True)


def verified(tokens: LocalTokens, token: str) -> Claims | None:
    """What a token proves, whenever it was issued."""
    verifier = SignIns(tokens, Promoted(NOWHERE))
    found = verifier.claims(Request("GET", "/", headers={"authorization": f"Bearer {token}"}))
    return None if found is None else found._replace(issued_at=UNDATED)


def key_of(data_dir: Path) -> Ed25519PrivateKey:
    """The data folder's own key, as only its owner can have it."""
    LocalTokens(data_dir, "local").issue("someone", HOUR)
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex((data_dir / KEY_FILE).read_text().strip()))


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token says, but for what is changed; None leaves a claim out."""
    now = datetime.now(UTC)
    good = {
        "iss": "urn:bbws:local",
        "aud": "bbws",
        "sub": "someone",
        "iat": now,
        "nbf": now,
        "exp": now + HOUR,
        "platformRole": "Admin",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(key: Ed25519PrivateKey, **changed: Any) -> str:
    """A token with these claims."""
    return jwt.encode(claims(**changed), key, algorithm="EdDSA", headers={"kid": kid_of(key)})


def kid_of(key: Ed25519PrivateKey) -> str:
    """What the data folder calls a key of its own."""
    digest = hashlib.sha256(key.public_key().public_bytes_raw()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def part(document: object) -> str:
    """One part of a token, whatever it holds."""
    content = document if isinstance(document, bytes) else json.dumps(document, default=datetime.timestamp).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
