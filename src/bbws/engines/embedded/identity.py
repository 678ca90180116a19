"""Identity of one machine: tokens signed with a key in the data folder (EdDSA, RFC 8037), and their verification.

The key is a file beside the database, so that a command can issue a token while the server holds the folder.
"""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from bbws.engines.embedded import tokens
from bbws.engines.embedded.identity_keys import ALGORITHM, KEY_FILE, TokenKeys
from bbws.engines.embedded.oidc import OidcTokens
from bbws.engines.embedded.promoted import Promoted
from bbws.engines.embedded.tokens import LONGEST
from bbws.identity.model import ADMIN, SUBJECT, Claims
from bbws.kernel.clock import Clock, SystemClock
from bbws.kernel.http import Request

__all__ = ["KEY_FILE", "LONGEST", "LocalTokens", "SignIns"]
_AUDIENCE = "bbws"
_REQUIRED = ["aud", "exp", "iat", "iss", "nbf", "sub"]


class LocalTokens:
    """Issues tokens, and verifies them, with the keys of one data folder.

    Its libraries are imported with the first token: most servers and commands never see one.

    Args:
        data_dir: the data folder; the key is made in it with the first token.
        environment: whose tokens they are.
        clock: the time in tokens, and by which they are judged.

    Attributes:
        keys: the folder's.
        issuer: as tokens name it.
    """

    def __init__(self, data_dir: Path, environment: str, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.keys = TokenKeys(data_dir, self._clock)
        self.issuer = f"urn:bbws:{environment}"

    def issue(self, subject: str, lifetime: timedelta, *, admin: bool = False, email: str = "", name: str = "") -> str:
        """A token for a person, whose address is taken as verified where one is given.

        Raises:
            ValueError: the subject is no id, the address or the name none that is kept, or the token would live for
                more than a day or for no time.
            Unavailable: the key cannot be read or made.
        """
        import jwt  # noqa: PLC0415 - see the class

        if not tokens.is_id(subject, SUBJECT):
            msg = "a subject is an id of up to 64 letters, digits and hyphens, never an e-mail address"
            raise ValueError(msg)
        if not timedelta(0) < lifetime <= LONGEST:
            msg = "a token lives for more than no time and at most 24 hours"
            raise ValueError(msg)
        now = self._clock.now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": _AUDIENCE,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "jti": secrets.token_urlsafe(12),
        }
        if admin:
            claims["platformRole"] = ADMIN
        kid, key = self.keys.current()
        return jwt.encode(claims | _about(email, name), key, algorithm=ALGORITHM, headers={"kid": kid})

    def verified(self, token: str, kid: str | None) -> Claims:
        """What a token proves that says to be signed with the key ``kid``.

        Raises:
            Problem: 401 for a token that is not ours, not yet or no longer valid.
            Unavailable: the key cannot be read or made.
        """
        key = self.keys.public(kid)
        if key is None:
            raise tokens.unacceptable()
        found = tokens.decode(token, key, ALGORITHM, self.issuer, _AUDIENCE, _REQUIRED)
        tokens.check_times(found, self._clock.now())
        if not tokens.is_id(found["sub"], SUBJECT):
            raise tokens.nobody()
        admin, name = found.get("platformRole") == ADMIN, tokens.text(found.get("name"))
        return Claims(found["sub"], admin, tokens.proven_address(found), name, tokens.issued_at(found))


def _about(email: str, name: str) -> dict[str, Any]:
    """What a token says of a person beside the id.

    Raises:
        ValueError: it would not be read that way.
    """
    said: dict[str, Any] = {}
    if email:
        said = {"email": email, "email_verified": True}
        if not tokens.proven_address(said):
            msg = "this is no e-mail address that can be written to"
            raise ValueError(msg)
    if name:
        said["name"] = name
        if not tokens.text(name):
            msg = "a name has up to 254 characters, all of them printable"
            raise ValueError(msg)
    return said


class SignIns:
    """The identity's Verifier of one machine: its own tokens, those of another issuer, and who was made an Admin."""

    def __init__(self, own: LocalTokens, promoted: Promoted, other: OidcTokens | None = None) -> None:
        self._own = own
        self._promoted = promoted
        self._other = other

    def claims(self, request: Request) -> Claims | None:
        """Whom the header ``Authorization: Bearer`` is about; None without the header.

        Raises:
            Problem: 401 for another scheme, or a token that proves nothing; 503 while the keys of another issuer cannot
                be had.
            Unavailable: the data folder's key cannot be read or made.
        """
        token = tokens.bearer(request)
        if token is None:
            return None
        said = tokens.head(token)
        if self._other is not None and said.issuer == self._other.issuer:
            found = self._other.verified(token, said.key)
        else:
            found = self._own.verified(token, said.key)
        return found._replace(admin=True) if found.actor().subject in self._promoted.people() else found

    def waits(self, request: Request) -> bool:
        """Whether :meth:`claims` asks somebody else first, which takes a while."""
        if self._other is None or not request.headers.get("authorization"):
            return False
        return self._other.waits(request)
