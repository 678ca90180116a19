"""Signed cursors: a place in a list that only this service can have made, good for one caller's question only."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

import orjson

from bbws.kernel.canonical import canonical
from bbws.kernel.clock import Clock
from bbws.kernel.problem import VALIDATION, FieldError
from bbws.kernel.table import Key, Position

_MAC_BYTES = 16
_UNBOUND = ("pageSize", "startAt")
_HOUR = 60 * 60
_HOURS = 24


class Cursors:
    """Makes and reads cursors. A cursor is bound to its call and to every parameter except page size and itself.

    It is good for 24 hours, and for what is left of the last one: so a page stays the same, byte by byte, for an hour.
    ``secret`` is asked for its bytes whenever one is made or read. Source: specification tenants §8.
    """

    def __init__(self, secret: Callable[[], bytes], clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def sign(self, call: str, parameters: Mapping[str, str], position: Position) -> str:
        """The ``nextToken`` for the page after ``position``."""
        payload = canonical([self._hour() + _HOURS, position.sort, *position.key])
        return urlsafe_b64encode(self._mac(call, parameters, payload) + payload).decode().rstrip("=")

    def read(self, call: str, parameters: Mapping[str, str], token: str) -> Position:
        """The position in a cursor.

        Raises:
            Problem: 400 when it was altered, truncated, made for other parameters, or too long ago.
        """
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        genuine = hmac.compare_digest(mac, self._mac(call, parameters, payload))
        if genuine and urlsafe_b64encode(raw).decode().rstrip("=") == token:
            last_hour, sort, *key = orjson.loads(payload)
            if len(key) == len(Key._fields) and self._hour() <= last_hour:  # before there was an hour in it, one less
                return Position(sort, Key(*key))
        message = "must be the nextToken of a page of this list, read in the last 24 hours with its other parameters"
        raise VALIDATION(f"startAt {message}.", errors=(FieldError("startAt", message, "cursor"),))

    def _hour(self) -> int:
        return int(self._clock.now().timestamp() // _HOUR)

    def _mac(self, call: str, parameters: Mapping[str, str], payload: bytes) -> bytes:
        bound = {name: value for name, value in parameters.items() if name not in _UNBOUND}
        question = canonical([call, bound])
        return hmac.digest(self._secret(), question + b"\0" + payload, hashlib.sha256)[:_MAC_BYTES]
