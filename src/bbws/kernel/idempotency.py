"""``Idempotency-Key``: the answer is inserted in the effect's own commit, so a repeated call gets the same answer."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from bbws.kernel.access import Access, Store
from bbws.kernel.actor import ANONYMOUS, Actor
from bbws.kernel.canonical import Document, sha256
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.http import Request, Response
from bbws.kernel.problem import IDEMPOTENCY_MISMATCH, VALIDATION, FieldError
from bbws.kernel.table import Key, Row, RowKind, Table

STORE = Store("platform", others=("IDEMPOTENCY",))
ACCESS = Access.to(gets="IDEMPOTENCY", puts="IDEMPOTENCY")
SECONDS_KEPT = 24 * 60 * 60
_MAX_LENGTH = 255
_KEPT_HEADERS = ("content-type", "location", "etag", "preference-applied")


class Repeatable(NamedTuple):
    """A request that came with an ``Idempotency-Key``: where its answer is kept, and what it asked for."""

    key: Key
    fingerprint: str

    @classmethod
    def of(cls, endpoint: Endpoint, actor: Actor, request: Request) -> "Repeatable | None":
        """The request's idempotency, None where it asks for none (design §4: on POST).

        Raises:
            Problem: 400 for a key that is empty, too long, or not printable ASCII.
        """
        header = request.headers.get("idempotency-key")
        if header is None or endpoint.method != "POST":
            return None
        if not 1 <= len(header) <= _MAX_LENGTH or not header.isascii() or not header.isprintable():
            message = "must be 1 to 255 printable ASCII characters"
            raise VALIDATION(
                f"Idempotency-Key {message}.", errors=(FieldError("Idempotency-Key", message, "idempotency_key"),)
            )
        question = orjson.dumps([request.path, request.query, request.headers.get("prefer", "")])
        # The key is hashed: it may hold anything a client puts there, and rows are readable in a console.
        # Callers without credentials are nobody in particular: they share a key only where they ask the same thing.
        name = sha256((f"{request.path}\0{header}" if actor == ANONYMOUS else header).encode())
        # What was asked may hold an address: nobody can try guesses without the client's key, which is stored nowhere,
        # nor what it is made into here (a long key would become the very hash that is the name).
        secret = hashlib.sha256(b"fingerprint\0" + header.encode()).digest()
        asked = hmac.digest(secret, question + request.body, hashlib.sha256).hex()
        return cls(Key(f"IDEMPOTENCY#{actor.subject}", f"{endpoint.id}#{name}"), asked)

    def answer(self, table: Table) -> Response | None:
        """The answer given before, None where there was none.

        Raises:
            Problem: 422 where the same key came with another request.
        """
        row = table.get(self.key)
        if row is None:
            return None
        if row.document["fingerprint"] != self.fingerprint:
            detail = "This Idempotency-Key was used for another request. Use a new key."
            raise IDEMPOTENCY_MISMATCH(detail)
        headers = dict(row.document["headers"]) | {"idempotency-replayed": "true"}
        return Response(row.document["status"], headers, row.document["body"].encode())

    def row(self, endpoint: Endpoint, response: Response, answer: Mapping[str, Any], now: float) -> Row:
        """The row that keeps the answer, without its secret fields. ``now`` is in seconds since 1970."""
        body = {name: value for name, value in answer.items() if name not in endpoint.secret_fields}
        document: Document = {
            "fingerprint": self.fingerprint,
            "status": response.status,
            "headers": _kept(endpoint, response.headers),
            "body": orjson.dumps(body).decode() if body else "",
        }
        return Row(self.key, RowKind.EPHEMERAL, document, expires_at=now + SECONDS_KEPT)


def _kept(endpoint: Endpoint, headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    if endpoint.secret_fields:
        del kept["etag"]  # it is of the body with the secret
    return kept
