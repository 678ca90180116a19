"""While another issuer's keys are being fetched nobody else waits for them."""

import asyncio
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bbws.entrypoints.asgi import Asgi
from bbws.kernel.actor import ANONYMOUS, Actor
from bbws.kernel.http import Request
from bbws.kernel.table import Write
from tests import builders


class Asking:
    """Knows nobody, and asks somebody first who takes as long as the test wants."""

    def __init__(self) -> None:
        self.begun, self.answered = threading.Event(), threading.Event()

    def waits(self, request: Request) -> bool:
        return "authorization" in request.headers

    def authenticate(self, request: Request) -> Actor:
        if self.waits(request):
            self.begun.set()
            assert self.answered.wait(60)
        return ANONYMOUS

    def used(self, actor: Actor) -> Sequence[Write]:
        del actor
        return ()

    def not_noted(self, actor: Actor) -> None:
        del actor


async def _status(app: Asgi, *headers: tuple[bytes, bytes]) -> int:
    """What it answers to a look at its health."""
    sent: list[Mapping[str, Any]] = []
    path = b"/health"
    scope = {"type": "http", "method": "GET", "raw_path": path, "query_string": b"", "headers": headers, "client": None}

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


def test_nobody_else_waits_for_an_issuer(tmp_path: Path) -> None:
    asking = Asking()

    async def calls(app: Asgi) -> None:
        waiting = asyncio.ensure_future(_status(app, (b"authorization", b"Bearer a.b.c")))
        assert await asyncio.to_thread(asking.begun.wait, 60)
        assert await _status(app) == 200
        assert not waiting.done()
        asking.answered.set()
        assert await waiting == 200

    with builders.client(tmp_path / "data", start=False) as client, ThreadPoolExecutor(2) as pool:
        dispatcher = client.app.dispatcher._replace(authenticator=asking)
        table = client.app.engine.table
        asyncio.run(calls(Asgi(dispatcher, table, lambda *_: None, pool, waits=asking.waits)))
