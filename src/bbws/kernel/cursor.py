"""Signed cursors: a place in a list that only this service can have made, good for one caller's question only."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

import orjson

from bbws.kernel.canonical import canonical
from bbws.kernel.problem import VALIDATION, FieldError
from bbws.kernel.table import Key, Position

_MAC_BYTES = 16
_UNBOUND = ("pageSize", "startAt")


class Cursors:
    """Makes and reads cursors. A cursor is bound to its call and to every parameter except page size and itself.

    ``secret`` is asked for its bytes whenever one is made or read.
    """

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret

    def sign(self, call: str, parameters: Mapping[str, str], position: Position) -> str:
        """The ``nextToken`` for the page after ``position``."""
        payload = canonical([position.sort, *position.key])
        return urlsafe_b64encode(self._mac(call, parameters, payload) + payload).decode().rstrip("=")

    def read(self, call: str, parameters: Mapping[str, str], token: str) -> Position:
        """The position in a cursor.

        Raises:
            Problem: 400 when it was altered, truncated, or made for other parameters.
        """
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        genuine = hmac.compare_digest(mac, self._mac(call, parameters, payload))
        if not genuine or urlsafe_b64encode(raw).decode().rstrip("=") != token:
            message = "must be the nextToken of an earlier page of this very list, with the same other parameters"
            raise VALIDATION(f"startAt {message}.", errors=(FieldError("startAt", message, "cursor"),))
        sort, row_partition, row_sort = orjson.loads(payload)
        return Position(sort, Key(row_partition, row_sort))

    def _mac(self, call: str, parameters: Mapping[str, str], payload: bytes) -> bytes:
        bound = {name: value for name, value in parameters.items() if name not in _UNBOUND}
        question = canonical([call, bound])
        return hmac.digest(self._secret(), question + b"\0" + payload, hashlib.sha256)[:_MAC_BYTES]
