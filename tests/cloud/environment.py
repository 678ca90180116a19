"""An environment on AWS, over HTTP as its users see it and through the SDK as its operators do."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

import orjson

from bbws.engines.aws.names import FIRST_KEY, Names
from infra.local.state import ENVIRONMENT, State
from tests.aws.tables import sdk_client
from tests.server.support import Answer, read

STAGE = "/v1"
_SECONDS = 120
# Three minutes: a function that nobody called before starts for some seconds, and several stand in a row.
_LOOKS, _BETWEEN_LOOKS = 900, 0.2


@dataclass(frozen=True)
class Cloud:
    """The environment, and its first key."""

    known: State
    names: Names

    @classmethod
    def of(cls, known: State) -> "Cloud":
        """The environment that is remembered."""
        return cls(known, Names(ENVIRONMENT))

    @cached_property
    def key(self) -> str:
        """The first API key."""
        found = self.sdk("secretsmanager").get_secret_value(SecretId=self.names.secret(FIRST_KEY))
        return str(found["SecretString"])

    @cache  # noqa: B019 - an environment lives as long as its tests
    def sdk(self, service: str) -> Any:
        """The SDK's client of a service."""
        return sdk_client(service, self.known.endpoint)

    def do(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: bool | str = True,
    ) -> Answer:
        """Send a call to the gateway; ``key``: the first one, none, or this one."""
        address = urlsplit(self.known.api_url)
        sent = {"host": self.known.host, **(headers or {})}
        if key:
            sent["x-api-key"] = self.key if key is True else key
        if body is not None:
            sent["content-type"] = "application/json"
        opened = http.client.HTTPConnection(address.netloc, timeout=_SECONDS)
        try:
            content = None if body is None else orjson.dumps(body)
            opened.request(method, path if path.startswith(f"{STAGE}/v1") else f"{STAGE}{path}", content, sent)
            return read(opened)
        finally:
            opened.close()

    def command(self, *arguments: str) -> Any:
        """What a ``bbws`` command on an operator's machine tells as JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "bbws.entrypoints.cli", *arguments, "--json"],
            env=os.environ | self.known.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def archived(self) -> set[str]:
        """The names of all records in the archive."""
        pages = self.sdk("s3").get_paginator("list_objects_v2").paginate(Bucket=self.known.archive_bucket)
        names = {each["Key"] for page in pages for each in page.get("Contents", ())}
        return {name for name in names if name[:1].isdigit()}


def soon[T](look: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """What somebody sees who looks again and again until it is enough."""
    found = look()
    for _ in range(_LOOKS):
        if enough(found):
            return found
        time.sleep(_BETWEEN_LOOKS)
        found = look()
    msg = f"it was not enough for minutes: {found!r}"
    raise AssertionError(msg)
