"""Asks an issuer of OpenID Connect for its keys, over HTTP: within a time, up to a size, and over TLS."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from bbws.engines.embedded.issuer_keys import NotFetched

if TYPE_CHECKING:
    import httpx

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DISCOVERY = "/.well-known/openid-configuration"
_EACH_SECONDS = 3.0
_WHOLE_SECONDS = 8.0
_MOST_BYTES = 256 * 1024
_OK = 200
# Not compressed: what is small on the wire may be large when it is unpacked.
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


def is_safe(url: str) -> bool:
    """Whether an address is one of TLS, or of this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


class IssuerHttp:
    """Where the keys of an issuer are: at an address, or else where the issuer's own description says.

    Args:
        issuer: as its tokens name it.
        jwks_url: of its keys; empty: its description is asked.
        transport: takes the place of the network.
    """

    def __init__(self, issuer: str, jwks_url: str = "", transport: "httpx.BaseTransport | None" = None) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._transport = transport

    def __call__(self) -> Mapping[str, Any]:
        """The JSON Web Key Set.

        Raises:
            NotFetched: there is no answer, not in time, or one that cannot be used.
        """
        import httpx  # noqa: PLC0415 - where no other issuer is named, nobody is asked

        until = time.monotonic() + _WHOLE_SECONDS
        try:
            # Redirects are not followed: who answers is who was named.
            with httpx.Client(timeout=_EACH_SECONDS, transport=self._transport) as client:
                return _document(client, self._jwks_url or self._described(client, until), until)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise NotFetched(f"it cannot be reached: {type(error).__name__}") from error

    def _described(self, client: "httpx.Client", until: float) -> str:
        document = _document(client, self._issuer.rstrip("/") + _DISCOVERY, until)
        if document.get("issuer") != self._issuer:
            raise NotFetched("what is found at the issuer's address describes another issuer")
        url = document.get("jwks_uri")
        if not isinstance(url, str) or not is_safe(url):
            raise NotFetched("the issuer's description names no address of keys that is safe (https)")
        return url


def _document(client: "httpx.Client", url: str, until: float) -> Mapping[str, Any]:
    with client.stream("GET", url, headers=_HEADERS) as response:
        if response.status_code != _OK:
            raise NotFetched(f"it answers {response.status_code}")
        content = b""
        for piece in response.iter_raw():
            content += piece
            if len(content) > _MOST_BYTES:
                raise NotFetched(f"its answer has more than {_MOST_BYTES} bytes")
            if time.monotonic() > until:
                raise NotFetched("its answer takes too long")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NotFetched("its answer is no JSON") from error
    if not isinstance(document, dict):
        raise NotFetched("its answer is no JSON object")
    return document
