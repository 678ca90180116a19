"""What is asked of every token, whoever issued it: its length, its form, its times, and what it may say of a person."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from bbws.kernel.actor import CHALLENGE, unauthenticated
from bbws.kernel.http import Request
from bbws.kernel.problem import Problem
from bbws.people.model import MOST_CHARACTERS
from bbws.people.schemas import address

# Clocks of two machines differ by a little, and a token may arrive before it was issued.
LEEWAY = timedelta(seconds=5)
# There is no list of revoked tokens: one that is lost is good until it ends.
LONGEST = timedelta(hours=24)
MOST_BYTES = 8192
# The year 9999's last second, behind which no time of ours lies.
_LAST_SECOND = 253_402_300_799
_SCHEME = "bearer "
# RFC 8725 §3.11: what the same issuer signs for another purpose, such as a sign-out, is no token of a person.
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_KNOWN_ADDRESSES = 4096


class Head(NamedTuple):
    """What a token says of itself before anything is verified: only good for choosing who verifies it.

    Attributes:
        issuer: who it says has issued it; empty where it says nothing that is text.
        key: the id of the key that it says to be signed with.
    """

    issuer: str
    key: str | None


def bearer(request: Request) -> str | None:
    """The token in ``Authorization: Bearer``; None without the header.

    Raises:
        Problem: 401 for another scheme, or more than a token may have.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    if not header.lower().startswith(_SCHEME):
        raise unauthenticated("The header Authorization takes a token only: `Bearer`, a blank, and the token.")
    token = header[len(_SCHEME) :].strip()
    if len(token) > MOST_BYTES:
        raise unacceptable()
    return token


def head(token: str) -> Head:
    """What the token says of itself.

    Raises:
        Problem: 401 for what has not the form of a token.
    """
    import jwt  # noqa: PLC0415 - with the first token: most servers and commands never see one

    try:
        found = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError) as error:
        raise unacceptable() from error
    issuer, key, kind = found["payload"].get("iss"), found["header"].get("kid"), found["header"].get("typ", "")
    if not isinstance(key, str | None) or not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise unacceptable()
    return Head(issuer if isinstance(issuer, str) else "", key)


def decode(
    token: str,
    key: Any,  # noqa: ANN401 - a public key of any kind
    algorithm: str,
    issuer: str,
    audience: str | None,
    required: list[str],
) -> dict[str, Any]:
    """What a token says that ``key`` has signed by ``algorithm``, and no other way.

    Its times are for :func:`check_times`, by our own clock; without an audience, that is for the caller.

    Raises:
        Problem: 401 for every other token.
    """
    import jwt  # noqa: PLC0415 - see head

    options: Any = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat"), False)
    options |= {"require": required, "verify_aud": audience is not None}
    try:
        found: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], options=options, issuer=issuer, audience=audience
        )
    except (jwt.PyJWTError, RecursionError) as error:
        raise unacceptable() from error
    return found


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Refuse a token before its time and after it, but for a little, and one that lives for longer than a day.

    Raises:
        Problem: 401.
    """
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(_is_time(value) for value in times.values()):
        raise unacceptable()
    if times["exp"] <= (now - LEEWAY).timestamp():
        raise invalid("This token has expired. Sign in again for a new one.")
    if max(times.get("nbf", 0), times["iat"]) > (now + LEEWAY).timestamp():
        raise invalid("This token is not valid yet. See to the clocks of whoever issued it.")
    if times["exp"] - times["iat"] > LONGEST.total_seconds():
        raise invalid("This token lives for longer than 24 hours. Have its issuer give ones that end sooner.")


def issued_at(claims: Mapping[str, Any]) -> datetime:
    """When a token was issued whose times are good (:func:`check_times`)."""
    return datetime.fromtimestamp(claims["iat"], UTC)


def _is_time(value: object) -> bool:
    """Whether it is one in seconds, also of a part of a second (RFC 7519 §2); not a number is in no range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND


def text(value: object) -> str:
    """A name as it is kept: empty where it is no text, or longer than any."""
    return value if isinstance(value, str) and len(value) <= MOST_CHARACTERS and value.isprintable() else ""


def proven_address(claims: Mapping[str, Any]) -> str:
    """The address that the issuer has verified; empty without one that can be written to."""
    # Some issuers write every value as text.
    verified = claims.get("email_verified")
    return _address(text(claims.get("email"))) if verified is True or verified == "true" else ""


@lru_cache(maxsize=_KNOWN_ADDRESSES)
def _address(written: str) -> str:
    try:
        return address(written)
    except ValueError:
        return ""  # nobody can write to it: as good as none


def is_id(subject: object, pattern: str) -> bool:
    """Whether a subject is text of this form."""
    return isinstance(subject, str) and re.fullmatch(pattern, subject) is not None


def unacceptable() -> Problem:
    """The refusal that says no more than that."""
    return invalid("This token is not one that BBWS accepts. Sign in for a new one.")


def nobody() -> Problem:
    """The refusal of a good token without a good subject."""
    return invalid("This token is about nobody. Sign in again.")


def invalid(detail: str) -> Problem:
    """The refusal of a token."""
    # RFC 6750, 3.1: a client that refreshes tokens looks for this word.
    return unauthenticated(detail, f'{CHALLENGE}, error="invalid_token"')
