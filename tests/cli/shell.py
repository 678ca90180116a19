"""The command line for tests: in this process, on BBWS without a network or on answers written in the test."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result

from bbws.entrypoints.cli import build
from bbws.entrypoints.commands.session import App
from bbws.kernel.endpoint import Endpoint
from bbws.settings import Settings
from bbws.tables import ENDPOINTS
from tests import builders

type Handler = Callable[[httpx.Request], httpx.Response]

URL = "http://127.0.0.1:18000"
PROBLEM = {"content-type": "application/problem+json"}


@dataclass(slots=True)
class Shell:
    """Runs commands. ``sent`` are the requests they sent, ``pauses`` the seconds they waited."""

    handler: Handler
    settings: Settings
    endpoints: Sequence[Endpoint] = ENDPOINTS
    sent: list[httpx.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __call__(self, *arguments: str, stdin: str | bytes | None = None, code: int = 0) -> Result:
        """Run one command, which must end with ``code``."""
        app = App(self.endpoints, lambda: self.settings, httpx.MockTransport(self._answer), self.pauses.append)
        result = CliRunner().invoke(build(app), arguments, input=stdin)
        assert result.exit_code == code, (result.output, result.exc_info)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run one command with ``--json``; what it wrote."""
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self.handler(request)

    @property
    def last(self) -> httpx.Request:
        """The last request."""
        return self.sent[-1]


def on(client: builders.Client, endpoints: Sequence[Endpoint] = ENDPOINTS) -> Shell:
    """A shell whose commands reach BBWS in this process, with the first key from its data folder."""

    def answer(request: httpx.Request) -> httpx.Response:
        target, headers = request.url.raw_path.decode(), dict(request.headers)
        reply = client.call(request.method, target, raw=request.content, headers=headers, key=None)
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)

    return Shell(answer, client.settings, endpoints)


def answering(handler: Handler, data_dir: Path, endpoints: Sequence[Endpoint] = ENDPOINTS, **settings: str) -> Shell:
    """A shell whose server is ``handler``."""
    return Shell(handler, Settings.of(data_dir=data_dir, url=URL, **settings), endpoints)


def problem(status: int, detail: str = "No.", **members: object) -> httpx.Response:
    """A refusal as BBWS writes it."""
    document = {"title": "Refused", "status": status, "detail": detail, "code": "refused", **members}
    return httpx.Response(status, headers=PROBLEM, json=document)
