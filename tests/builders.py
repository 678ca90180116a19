"""BBWS for tests: the shipped composition on a temporary folder, called without a network or as a real process."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import orjson

from bbws.bootstrap.embedded import App, build, ensure_first_key
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.identity import LocalTokens
from bbws.kernel.clock import Clock, SystemClock
from bbws.kernel.dispatch import Exchange, run
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.http import Request, Response
from bbws.kernel.ids import random_id
from bbws.settings import Settings
from bbws.tables import ENDPOINTS
from bbws.tenants.webhooks.ports import Sender

SAMPLE: Mapping[str, Any] = {
    "name": "Basic",
    "description": "For small businesses getting started online",
    "price": "1500.00",
    "period": "per year",
    "features": ["1 domain included", "SSL certificate"],
}
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a test reads it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Calls an app in process, with the first key unless told otherwise."""

    app: App
    key: str
    settings: Settings

    def call(
        self,
        method: str,
        target: str,
        json: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = "",
        token: str | None = None,
        raw: bytes | None = None,
        address: str = "127.0.0.1",
        base_path: str = "",
    ) -> Reply:
        """One request. ``key`` None sends none, ``""`` the first key; a ``token`` is sent in its place.

        ``raw`` sends bytes as they are.
        """
        path, _, query = target.partition("?")
        sent = {} if key is None else {"x-api-key": key or self.key}
        if token is not None:
            sent = {"authorization": f"Bearer {token}"}
        body = raw if raw is not None else b"" if json is None else orjson.dumps(json)
        if body:
            sent["content-type"] = "application/json"
        request = Request(method, path, query, sent | dict(headers or {}), body, address, base_path, random_id(16))
        response = run(self.app.dispatcher.steps(Exchange(request)), self.app.dispatcher.table)
        return _reply(response)

    def token(self, subject: str = "operator", *, admin: bool = True, email: str = "", name: str = "") -> str:
        """The token of a person, who has the platform role unless told otherwise."""
        tokens = LocalTokens(self.settings.data_dir, self.settings.environment, self.app.dispatcher.clock)
        return tokens.issue(subject, timedelta(hours=1), admin=admin, email=email, name=name)

    def drain(self) -> None:
        """Wait until everything that follows from what was changed has happened."""
        assert self.app.engine.drain(timeout=60)

    def create(self, **fields: Any) -> dict[str, Any]:
        """A product made through the API."""
        reply = self.call("POST", "/v1.0/products", {**SAMPLE, **fields})
        assert reply.status == 201, reply.body
        document: dict[str, Any] = reply.json
        return document


def _reply(response: Response) -> Reply:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return Reply(response.status, response.headers, body)


@contextmanager
def client(
    data_dir: Path,
    *,
    clock: Clock | None = None,
    start: bool = True,
    endpoints: Sequence[Endpoint] = ENDPOINTS,
    sender: Sender | None = None,
    **settings: Any,
) -> Iterator[Client]:
    """BBWS on ``data_dir`` (not synced to disk: fast enough to be the fake), its background work running."""
    clock = clock or SystemClock()
    chosen = Settings.of(data_dir=data_dir, **settings)
    engine = EmbeddedEngine.open(data_dir, clock=clock, synchronous="OFF")
    try:
        app = build(chosen, engine, clock=clock, endpoints=endpoints, sender=sender)
        ensure_first_key(app, chosen)
        if start:
            app.start()
        yield Client(app, chosen.key_file.read_text().strip(), chosen)
    finally:
        engine.stop(timeout=30)


def inherited() -> dict[str, str]:
    """The environment of a process that a test starts: no setting of BBWS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BBWS_")}


@dataclass(frozen=True, slots=True)
class Server:
    """A real server process."""

    url: str
    key: str
    data_dir: Path
    process: subprocess.Popen[str]
    errors: IO[str]

    def logged(self) -> str:
        """What it has written to standard error."""
        self.errors.seek(0)
        return self.errors.read()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextmanager
def server(
    data_dir: Path, *arguments: str, module: str = "bbws.entrypoints.cli", environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """``bbws serve`` on a free port, once it listens; killed at the end if it still runs."""
    command = [sys.executable, "-m", module, "serve", "--port", "0", "--data-dir", str(data_dir), *arguments]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=inherited() | dict(environment or {})
        )
        try:
            url = _listening(process, errors)
            yield Server(url, (data_dir / "api-key").read_text().strip(), data_dir, process, errors)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _listening(process: "subprocess.Popen[str]", errors: Any) -> str:
    """The URL in the greeting."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = process.stdout.readline() if ready else ""
    if " serves " not in line:
        errors.seek(0)
        raise AssertionError(f"the server did not start: {line!r} {errors.read()}")
    return line.split(" serves ")[1].split()[0]
