"""An issuer of OpenID Connect on loopback, that a test tells what to answer."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.identity.world import HOUR

AUDIENCE = "console"
DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"
_ALGORITHMS: Mapping[type, Any] = {
    ec.EllipticCurvePrivateKey: ECAlgorithm,
    rsa.RSAPrivateKey: RSAAlgorithm,
    Ed25519PrivateKey: OKPAlgorithm,
}


@dataclass
class Issuer:
    """Its keys by id, what it answers besides, and how often it was asked."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str) -> tuple[int, bytes]:
        """What it answers to a path."""
        self.asked.append(path)
        self.let_go.wait(30)
        if path in self.answers:
            return self.answers[path]
        if path == DISCOVERY:
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}"}).encode()
        return 200, json.dumps({"keys": [published(kid, key) for kid, key in self.keys.items()]}).encode()

    def token(
        self, kid: str, algorithm: str, key: Any = None, head: Mapping[str, Any] | None = None, **said: Any
    ) -> str:
        """A token of one of its keys; None leaves a claim out."""
        now = datetime.now(UTC)
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "auth0|ann", "iat": now, "exp": now + HOUR}
        claims = {name: value for name, value in (good | said).items() if value is not None}
        return jwt.encode(claims, self.keys[kid] if key is None else key, algorithm, {"kid": kid, **(head or {})})


def published(kid: str, key: Any) -> dict[str, Any]:
    """A key as an issuer publishes it; one that is a dict already as it is."""
    if isinstance(key, dict):
        return {"kid": kid, **key}
    [algorithm] = [found for kind, found in _ALGORITHMS.items() if isinstance(key, kind)]
    document: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kid": kid, "use": "sig"} | document


@contextmanager
def listening() -> Iterator[Issuer]:
    """An issuer that answers."""
    issuer = Issuer()
    issuer.let_go.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = issuer.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if status in {301, 302, 307}:
                self.send_header("location", body.decode())
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
