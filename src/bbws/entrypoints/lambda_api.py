"""One call of the API as a Lambda function behind API Gateway (REST, proxy integration).

``BBWS_RUNS`` says which call; everything that can be done before the first request is done while the function starts.
"""

# ruff: noqa: E402 - the collector stands still meanwhile: nothing that an import makes is garbage, and looking costs time

import gc

gc.disable()

import base64
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bbws.bootstrap.aws import dispatcher, open_cloud
from bbws.entrypoints.lambda_log import configure
from bbws.kernel.dispatch import Exchange, run
from bbws.kernel.http import NO_HEADERS, SINGLE_HEADERS, Request, Response
from bbws.settings import Settings

type Event = Mapping[str, Any]

logger = logging.getLogger("bbws.lambda")
# What is kept of a function's 30 s to answer once everything else has taken too long: the gateway waits 29 s, its start
# included.
_MARGIN = 4.0
_TEXT = ("text/", "application/json", "application/problem+json")

_settings = Settings.from_environment()
configure(_settings.log_level)
_cloud = open_cloud(_settings)
_dispatcher = dispatcher(_cloud, _settings.runs)
_cold = True

gc.freeze()
gc.enable()


def handler(event: Event, context: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the runtime's own object
    """Answer a request. Everything that goes wrong is a problem answer; see :mod:`bbws.kernel.dispatch`."""
    global _cold  # noqa: PLW0603 - whether this is the first request is a fact of the process
    begun = time.perf_counter()
    _cloud.engine.deadline.set(context.get_remaining_time_in_millis() / 1000 - _MARGIN)
    exchange = Exchange(request_of(event))
    response = run(_dispatcher.steps(exchange), _cloud.engine.table)
    _note(exchange, response, time.perf_counter() - begun, cold=_cold)
    _cold = False
    return answer_of(response)


def request_of(event: Event) -> Request:
    """The request in an API Gateway event."""
    context, path = event["requestContext"], event["path"]
    # The gateway joins nothing: every header and parameter comes with all its values.
    headers = {name.lower(): values for name, values in (event.get("multiValueHeaders") or {}).items()}
    parameters = event.get("multiValueQueryStringParameters")
    body = event.get("body") or ""
    return Request(
        event["httpMethod"],
        path,
        urlencode(parameters, doseq=True) if parameters else "",
        {name: ", ".join(values) for name, values in headers.items()},
        base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        context["identity"]["sourceIp"],
        context["path"].removesuffix(path),
        context["requestId"],
        frozenset(name for name in SINGLE_HEADERS if len(headers.get(name, ())) > 1),
        (context.get("authorizer") or {}).get("claims") or NO_HEADERS,
    )


def answer_of(response: Response) -> Mapping[str, Any]:
    """The response as the gateway takes it; what is no text is sent as base64."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    answer: dict[str, Any] = {"statusCode": response.status, "headers": response.headers}
    if not body or response.headers.get("content-type", "").startswith(_TEXT):
        return answer | {"body": body.decode()}
    return answer | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _note(exchange: Exchange, response: Response, seconds: float, *, cold: bool) -> None:
    """The line of a request, in the fields of the server's."""
    endpoint = exchange.endpoint
    logger.info(
        "request",
        extra={
            "requestId": exchange.request.id,
            "operation": "none" if endpoint is None else endpoint.id,
            "method": exchange.request.method,
            "route": "none" if endpoint is None else endpoint.path,
            "status": response.status,
            "durationMs": round(seconds * 1000, 3),
            "actor": exchange.actor.subject,
            "cold": cold,
        },
    )
