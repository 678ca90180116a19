"""Identity of one machine: tokens signed with a key in the data folder (EdDSA, RFC 8037), and their verification.

The key is a file beside the database, so that a command can issue a token while the server holds the folder.
"""

import base64
import hashlib
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bbws.engines.embedded.private import create_private, make_private
from bbws.identity.model import ADMIN, SUBJECT, Claims
from bbws.kernel.actor import CHALLENGE, unauthenticated
from bbws.kernel.http import Request
from bbws.kernel.problem import Problem
from bbws.kernel.table import Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "identity-key"
LONGEST = timedelta(hours=24)
_ALGORITHM = "EdDSA"
_AUDIENCE = "bbws"
_REQUIRED = ["aud", "exp", "iat", "iss", "nbf", "sub"]
_SCHEME = "bearer "
_SEED_BYTES = 32


class LocalTokens:
    """Issues tokens and is the identity's Verifier, with the key of one data folder.

    Its libraries are imported with the first token: most servers and commands never see one.

    Args:
        data_dir: the data folder; the key is made in it with the first token.
        environment: whose tokens they are.
    """

    def __init__(self, data_dir: Path, environment: str) -> None:
        self._file = data_dir / KEY_FILE
        self._issuer = f"urn:bbws:{environment}"

    def issue(self, subject: str, lifetime: timedelta, *, admin: bool = False, email: str = "", name: str = "") -> str:
        """A token for a person, whose address is taken as verified where one is given.

        Raises:
            ValueError: the subject is no id, or the token would live for more than a day or for no time.
            Unavailable: the key cannot be read or made.
        """
        import jwt  # noqa: PLC0415 - see the class

        if not re.fullmatch(SUBJECT, subject):
            msg = "a subject is an id of up to 64 letters, digits and hyphens, never an e-mail address"
            raise ValueError(msg)
        if not timedelta(0) < lifetime <= LONGEST:
            msg = "a token lives for more than no time and at most 24 hours"
            raise ValueError(msg)
        now = datetime.now(UTC)
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "jti": secrets.token_urlsafe(12),
        }
        if admin:
            claims["platformRole"] = ADMIN
        if email:
            claims |= {"email": email, "email_verified": True}
        if name:
            claims["name"] = name
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._kid})

    def claims(self, request: Request) -> Claims | None:
        """Whom the header ``Authorization: Bearer`` is about; None without the header.

        Raises:
            Problem: 401 for another scheme, or a token that is not ours, not yet or no longer valid.
            Unavailable: the key cannot be read or made.
        """
        header = request.headers.get("authorization")
        if header is None:
            return None
        if not header.lower().startswith(_SCHEME):
            raise unauthenticated("The header Authorization takes a token only: `Bearer`, a blank, and the token.")
        return self._verified(header[len(_SCHEME) :].strip())

    def _verified(self, token: str) -> Claims:
        import jwt  # noqa: PLC0415 - see the class

        try:
            found = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=self._issuer,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError as error:
            raise _invalid("This token has expired. Sign in again for a new one.") from error
        except jwt.ImmatureSignatureError as error:
            raise _invalid("This token is not valid yet. See to the clocks of whoever issued it.") from error
        except jwt.PyJWTError as error:
            raise _invalid("This token is not one that BBWS accepts. Sign in for a new one.") from error
        if not re.fullmatch(SUBJECT, str(found["sub"])):
            raise _invalid("This token is about nobody. Sign in again.")
        email = found.get("email", "") if found.get("email_verified") is True else ""
        return Claims(found["sub"], found.get("platformRole") == ADMIN, email, found.get("name", ""))

    @cached_property
    def _key(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see the class

        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_secret(self._file)))
        except (OSError, ValueError) as error:
            msg = f"the key of tokens in {self._file} cannot be read: {type(error).__name__}"
            raise Unavailable(msg) from error

    @property
    def _kid(self) -> str:
        digest = hashlib.sha256(self._key.public_key().public_bytes_raw()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _secret(file: Path) -> str:
    """The key's seed, hexadecimal, made by the first that asks: of several at once, one wins."""
    if not file.exists():
        made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        create_private(made)
        try:
            with made.open("w", encoding="ascii") as content:
                content.write(f"{secrets.token_hex(_SEED_BYTES)}\n")
                content.flush()
                os.fsync(content.fileno())  # or a power cut leaves a name without a key, and nobody signs in
            os.link(made, file)
            _flush(file.parent)  # for the name itself
        except FileExistsError:
            pass  # another process was faster, and its key is the one
        finally:
            made.unlink()
    make_private(file)  # it may have been copied here, or be from before a umask was mended
    return file.read_text(encoding="ascii").strip()


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _invalid(detail: str) -> Problem:
    # RFC 6750, 3.1: a client that refreshes tokens looks for this word.
    return unauthenticated(detail, f'{CHALLENGE}, error="invalid_token"')
