"""Talking to a real server process."""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.builders import Server


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@contextmanager
def connection(server: Server, context: ssl.SSLContext | None = None) -> Iterator[http.client.HTTPConnection]:
    url = urlsplit(server.url)
    host, port = url.hostname or "", url.port
    if url.scheme == "https":
        opened: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=60, context=context)
    else:
        opened = http.client.HTTPConnection(host, port, timeout=60)
    try:
        yield opened
    finally:
        opened.close()


def call(
    server: Server,
    method: str,
    path: str,
    json: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    key: bool = True,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """One request on a connection of its own."""
    sent = {"x-api-key": server.key} if key else {}
    body = None if json is None else orjson.dumps(json)
    if body is not None:
        sent["content-type"] = "application/json"
    with connection(server, context) as opened:
        opened.request(method, path, body, sent | dict(headers or {}))
        return read(opened)


def read(opened: http.client.HTTPConnection) -> Answer:
    response = opened.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())
