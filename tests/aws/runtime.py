"""A function as Lambda runs it: a process that imports the entrypoint once and is handed one event after the other."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local.state import REGION
from tests.aws import shared
from tests.aws.account import Account
from tests.aws.tables import CREDENTIALS

_LOOP = """
import json, sys, time
from {module} import handler
class Context:
    def __init__(self, ends): self.ends = ends
    def get_remaining_time_in_millis(self): return int((self.ends - time.monotonic()) * 1000)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {{"answer": handler(asked["event"], Context(time.monotonic() + asked["seconds"]))}}
    except Exception as error:
        answer = {{"fault": type(error).__name__}}
    print("ANSWER" + json.dumps(answer), flush=True)
"""


class Function:
    """A running function."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.log: list[dict[str, Any]] = []

    def invoke(self, event: object, seconds: float = 29.0) -> Any:
        """What it answers to an event, with so much time to do so.

        Raises:
            RuntimeError: it raised a fault.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"event": event, "seconds": seconds}), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("ANSWER"):
                found = json.loads(line.removeprefix("ANSWER"))
                if "fault" in found:
                    raise RuntimeError(found["fault"])
                return found["answer"]
            self.log.append(json.loads(line))
        raise RuntimeError("the function ended")

    def get(self, path: str, **further: object) -> Any:
        """What a call answers."""
        return self.invoke(request("GET", path) | further)


@contextmanager
def function(made: Account, module: str, runs: str, **settings: str) -> Iterator[Function]:
    """A function of an environment."""
    environment = {
        "AWS_ENDPOINT_URL": shared.address(),
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "BBWS_ENVIRONMENT": made.environment,
        "BBWS_REGION": REGION,
        "BBWS_ARCHIVE_BUCKET": f"archive-{made.environment}",
        "BBWS_RUNS": runs,
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _LOOP.format(module=f"bbws.entrypoints.{module}")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Function(process)
        assert process.stdin is not None
        process.stdin.close()


def request(method: str, path: str, body: object = None, *, key: str = "") -> dict[str, Any]:
    """A request as API Gateway hands it on."""
    headers: dict[str, list[str]] = {"Content-Type": ["application/json"]}
    if key:
        headers["X-Api-Key"] = [key]
    return {
        "httpMethod": method,
        "path": path,
        "multiValueHeaders": headers,
        "multiValueQueryStringParameters": None,
        "requestContext": {"path": f"/v1{path}", "requestId": "R1", "identity": {"sourceIp": "192.0.2.1"}},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
