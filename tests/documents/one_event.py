"""One request to a function on this machine, for a debugger: ``python tests/documents/one_event.py GET /health``.

``BBWS_RUNS`` says which function, as ``infra/terraform/manifest.json`` names it. A third argument ``-``: the body is
read from standard input. The key of ``BBWS_API_KEY`` is sent.
"""

import os
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs

from bbws.entrypoints.lambda_api import handler

_LEFT = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000)  # a debugger takes its time


def main(method: str, target: str, body: str = "") -> None:
    """Ask, and print status and body."""
    path, _, query = target.partition("?")
    headers = {"content-type": ["application/json"]} if body else {}
    key = os.environ.get("BBWS_API_KEY")
    event = {
        "httpMethod": method,
        "path": path,
        "multiValueHeaders": headers | ({"x-api-key": [key]} if key else {}),
        "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True),
        "body": sys.stdin.read() if body else None,
        "requestContext": {"requestId": "debugged", "path": f"/v1{path}", "identity": {"sourceIp": "127.0.0.1"}},
    }
    answer = handler(event, _LEFT)
    print(answer["statusCode"])  # noqa: T201 - what it is for
    print(answer["body"])  # noqa: T201 - the same


if __name__ == "__main__":
    main(*sys.argv[1:])
