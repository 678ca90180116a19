"""The published keys of another issuer: fetched, kept, and fetched again for a key that is not known, rarely."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from bbws.kernel.problem import UNAVAILABLE, Problem

_log = logging.getLogger("bbws.engine")
# An issuer that has replaced its key is asked within this time; a flood of made-up ids asks no more often.
AGAIN_SECONDS = 60.0
# Without any key nobody of the issuer signs in, and nobody's made-up id is the reason.
AFTER_FAILURE_SECONDS = 5.0
# A key that the issuer has withdrawn is good for no longer.
FRESH_SECONDS = 3600.0
# The threads that wait for a fetch are those of long calls: some are left for others.
_MOST_WAITING = 2
_MOST_KEYS = 100
_LEAST_RSA_BITS = 2048


class Key(NamedTuple):
    """A public key, and the one algorithm that it verifies by."""

    public: Any
    algorithm: str


class NotFetched(Exception):  # noqa: N818 - names the finding
    """The keys could not be had, and why."""


class IssuerKeys:
    """The keys of one issuer. Safe to use from several threads; those who need the same fetch share one.

    Args:
        fetch: gets the issuer's JSON Web Key Set, or raises NotFetched.
        seconds: a clock that only goes forward.
    """

    def __init__(self, fetch: Callable[[], Mapping[str, Any]], seconds: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING + 1)
        self._keys: Mapping[str | None, Key] = {}
        self._fetched = self._tried = -math.inf
        self._failed = False

    def find(self, kid: str | None) -> Key | None:
        """The key of an id; None where the issuer has none.

        Raises:
            Problem: 503 where the issuer cannot be asked, and might have one.
        """
        if kid in self._keys:
            if self._is_due(kid) and self._lock.acquire(blocking=False):
                self._refresh_and_release(kid)
            return self._keys.get(kid)
        if not self._waiting.acquire(blocking=False):
            raise self._unknown()
        try:
            self._lock.acquire()
            self._refresh_and_release(kid)
        finally:
            self._waiting.release()
        key = self._keys.get(kid)
        if key is None and self._failed:
            raise self._unknown()
        return key

    def waits(self, kid: str | None) -> bool:
        """Whether :meth:`find` fetches, or waits for who does."""
        return self._is_due(kid) or (kid not in self._keys and self._lock.locked())

    def _is_due(self, kid: str | None) -> bool:
        now = self._seconds()
        since = now - self._tried
        if kid in self._keys:
            return now - self._fetched >= FRESH_SECONDS and since >= AGAIN_SECONDS
        return since >= (AGAIN_SECONDS if self._keys or not self._failed else AFTER_FAILURE_SECONDS)

    def _refresh_and_release(self, kid: str | None) -> None:
        """Fetch, unless somebody else just has. The lock is held, and let go of."""
        try:
            if not self._is_due(kid):
                return
            try:
                self._keys = usable(self._fetch())
                self._failed = False
                self._fetched = self._seconds()
            except NotFetched as error:
                self._failed = True
                _log.warning("an issuer's keys cannot be fetched", extra={"error": str(error)})
            self._tried = self._seconds()
        finally:
            self._lock.release()

    def _unknown(self) -> Problem:
        wait = AGAIN_SECONDS if self._keys else AFTER_FAILURE_SECONDS
        left = max(1, math.ceil(self._tried + wait - self._seconds())) if math.isfinite(self._tried) else 1
        detail = "Who issued this token cannot be asked for its keys just now. Try again."
        return UNAVAILABLE(detail, headers={"retry-after": str(left)})


def usable(document: Mapping[str, Any]) -> Mapping[str | None, Key]:
    """The keys of a set by their ids, but for those of other kinds, for other uses, or too weak.

    Raises:
        NotFetched: it is no JSON Web Key Set, or holds no key that could verify a token.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise NotFetched("what the issuer publishes is no JSON Web Key Set")
    found = dict(_each(listed))
    if not found:
        raise NotFetched("the issuer publishes no key for EdDSA, RS256 or ES256")
    return found


def _each(listed: Iterable[object]) -> Iterable[tuple[str | None, Key]]:
    for each in listed:
        algorithm = _algorithm(each) if isinstance(each, dict) else None
        if isinstance(each, dict) and algorithm is not None:
            public, kid = _public(each, algorithm), each.get("kid")
            if public is not None and (kid is None or isinstance(kid, str)):
                yield kid, Key(public, algorithm)


def _algorithm(key: Mapping[str, Any]) -> str | None:
    """The one algorithm of a key of this type: whatever a token says, it is verified by no other."""
    match key:
        case {"kty": "OKP", "crv": "Ed25519"}:
            algorithm = "EdDSA"
        case {"kty": "EC", "crv": "P-256"}:
            algorithm = "ES256"
        case {"kty": "RSA"}:
            algorithm = "RS256"
        case _:
            return None
    return algorithm if key.get("alg", algorithm) == algorithm and key.get("use", "sig") == "sig" else None


def _public(key: Mapping[str, Any], algorithm: str) -> Any | None:  # noqa: ANN401 - a public key of any kind
    from jwt import PyJWK, PyJWKError  # noqa: PLC0415 - with the first token of another issuer
    from jwt.exceptions import InvalidKeyError  # noqa: PLC0415 - the same

    # A private half that was published by mistake is none of ours to load.
    members = {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}
    try:
        public = PyJWK(members, algorithm).key
    except (PyJWKError, InvalidKeyError, ValueError, TypeError) as error:
        _log.warning("an issuer's key cannot be used", extra={"error": type(error).__name__})
        return None
    weak = algorithm == "RS256" and public.key_size < _LEAST_RSA_BITS
    return None if weak else public
