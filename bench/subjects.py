"""Everyone who answers an API Gateway event, BBWS among them, each with rows in memory and one product."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mangum import Mangum

from bbws.kernel.clock import SystemClock
from bench.events import PRODUCT, Context, event
from bench.functions import Invoke, functions, make_key
from bench.memory_table import MemoryTable
from bench.peers import chalice_app, fastapi_app, powertools_app, starlette_app
from bench.peers.catalogue import MemoryRows

BASE = "/v1.0/products"
BBWS = "BBWS"
FASTAPI = "FastAPI + Mangum"
POWERTOOLS = "Powertools resolver"
CHALICE = "Chalice"
STARLETTE = "Starlette + Mangum"
CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to compare."""

    status: int
    headers: Mapping[str, str]
    json: Any


@dataclass(frozen=True, slots=True)
class Subject:
    """One who answers events. ``invoke`` is what Lambda would call."""

    name: str
    invoke: Invoke
    key: str

    def event(self, method: str, target: str, body: object = None) -> dict[str, Any]:
        """An event for this subject, with its key (peers ask for none and ignore it)."""
        return event(method, target, body, key=self.key)

    def call(self, method: str, target: str, body: object = None) -> Reply:
        """One request, its answer decoded."""
        answer = self.invoke(self.event(method, target, body), CONTEXT)
        several = {name: values[-1] for name, values in (answer.get("multiValueHeaders") or {}).items()}
        headers = {name.lower(): str(value) for name, value in (several | dict(answer.get("headers") or {})).items()}
        content = answer.get("body") or ""
        return Reply(answer["statusCode"], headers, json.loads(content) if content else None)

    def create(self) -> str:
        """The id of a new product."""
        reply = self.call("POST", BASE, PRODUCT)
        assert reply.status == 201, (self.name, reply)
        product_id: str = reply.json["productId"]
        return product_id


@contextmanager
def subjects() -> Iterator[dict[str, Subject]]:
    """All of them, by name. Mangum runs the event loop that it finds."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    table = MemoryTable(SystemClock())
    try:
        with functions(table) as bbws:
            yield _subjects(bbws, make_key(table))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _subjects(bbws: Invoke, key: str) -> dict[str, Subject]:
    invokes: dict[str, Invoke] = {
        BBWS: bbws,
        FASTAPI: Mangum(fastapi_app.make(MemoryRows()), lifespan="off"),
        POWERTOOLS: powertools_app.make(MemoryRows()).resolve,
        STARLETTE: Mangum(starlette_app.make(MemoryRows()), lifespan="off"),
        CHALICE: chalice_app.make(MemoryRows()),
    }
    return {name: Subject(name, invoke, key) for name, invoke in invokes.items()}
