"""Tokens of another issuer of OpenID Connect: verified with its published keys, by an allow-list of algorithms."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bbws.engines.embedded import tokens
from bbws.engines.embedded.issuer_keys import IssuerKeys
from bbws.identity.model import Claims
from bbws.kernel.clock import Clock
from bbws.kernel.http import Request
from bbws.kernel.problem import Problem

_REQUIRED = ["exp", "iat", "iss", "sub"]
_HASH_CHARACTERS = 40
_LONGEST_SUBJECT = 255  # OpenID Connect Core §2


class AdminClaim(NamedTuple):
    """What gives the platform role: a claim, by its name or by the names that lead to it, and its value."""

    name: str
    value: str

    @classmethod
    def of(cls, written: str) -> "AdminClaim | None":
        """From ``claim=value``; None of nothing."""
        name, _, value = written.partition("=")
        return cls(name, value) if name and value else None

    def given(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims say so: the value itself, or a list that has it."""
        found = claims[self.name] if self.name in claims else _inside(claims, self.name.split("."))
        return self.value in found if isinstance(found, list) else found == self.value


def _inside(claims: Any, names: Sequence[str]) -> object:  # noqa: ANN401 - any JSON
    for name in names:
        claims = claims.get(name) if isinstance(claims, Mapping) else None
    return claims


class OidcTokens:
    """Verifies what one issuer has signed for one audience.

    Attributes:
        issuer: as its tokens name it.
    """

    def __init__(self, issuer: str, audience: str, keys: IssuerKeys, clock: Clock, admin: AdminClaim | None) -> None:
        self.issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._admin = admin

    def verified(self, token: str, kid: str | None) -> Claims:
        """What a token proves that says to be signed with the key ``kid``. Its person gets an id of ours.

        Raises:
            Problem: 401 for a token that proves nothing; 503 while the issuer's keys cannot be had.
        """
        key = self._keys.find(kid)
        if key is None:
            raise tokens.unacceptable()
        found = tokens.decode(token, key.public, key.algorithm, self.issuer, None, _REQUIRED)
        if not self._is_for_us(found):
            raise tokens.unacceptable()
        tokens.check_times(found, self._clock.now())
        if not found["sub"] or len(found["sub"]) > _LONGEST_SUBJECT:
            raise tokens.nobody()
        admin = self._admin is not None and self._admin.given(found)
        subject, name = subject_of(self.issuer, found["sub"]), tokens.text(found.get("name"))
        return Claims(subject, admin, tokens.proven_address(found), name, tokens.issued_at(found))

    def waits(self, request: Request) -> bool:
        """Whether the request's token needs keys that have to be fetched first."""
        try:
            token = tokens.bearer(request)
            said = None if token is None else tokens.head(token)
        except Problem:
            return False  # it is refused without a look at a key
        return said is not None and said.issuer == self.issuer and self._keys.waits(said.key)

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        """The audience; where there is none, the client that the token was issued to, as in Cognito's access tokens."""
        audience = claims.get("aud", claims.get("client_id"))
        return self._audience in audience if isinstance(audience, list) else audience == self._audience


def subject_of(issuer: str, subject: str) -> str:
    """Our id of somebody whom an issuer calls by a subject: no other issuer's person, and none of ours, has it.

    What the issuer writes there may be an address, or longer and of other characters than our ids.
    """
    digest = hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()
    return f"oidc-{digest[:_HASH_CHARACTERS]}"
