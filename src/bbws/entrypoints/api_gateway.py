"""Events of API Gateway (REST, Lambda proxy integration) as the kernel's requests, its responses as their answers."""

import base64
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from bbws.bootstrap.aws import Cloud, dispatcher
from bbws.entrypoints.lambda_log import write_line
from bbws.kernel.dispatch import Exchange, run
from bbws.kernel.http import NO_HEADERS, SINGLE_HEADERS, Request, Response

type Event = Mapping[str, Any]
type Handler = Callable[[Event, Any], Mapping[str, Any]]

logger = logging.getLogger("bbws.lambda")
# What is kept of a function's 30 s to answer once everything else has taken too long: the gateway waits 29 s, its start
# included.
_MARGIN = 4.0
_TEXT = ("text/", "application/json", "application/problem+json")


def make_handler(cloud: Cloud, runs: str) -> Handler:
    """What answers the call that ``runs`` names (``module:operation``), given an event and the runtime's context.

    Everything that goes wrong is a problem answer; see :mod:`bbws.kernel.dispatch`.

    Raises:
        SettingsError: there is no such call.
    """
    answering, cold = dispatcher(cloud, runs), True

    def handler(event: Event, context: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the runtime's own object
        nonlocal cold
        begun = time.perf_counter()
        cloud.engine.deadline.set(context.get_remaining_time_in_millis() / 1000 - _MARGIN)
        exchange = Exchange(request_of(event))
        response = run(answering.steps(exchange), cloud.table)
        _note(exchange, response, time.perf_counter() - begun, cold=cold)
        cold = False
        return answer_of(response)

    return handler


def request_of(event: Event) -> Request:
    """The request in an API Gateway event."""
    context, path = event["requestContext"], event["path"]
    # The gateway joins nothing: every header and parameter comes with all its values.
    sent = event.get("multiValueHeaders") or {}
    parameters = event.get("multiValueQueryStringParameters")
    body = event.get("body") or ""
    return Request(
        event["httpMethod"],
        path,
        urlencode(parameters, doseq=True) if parameters else "",
        {name.lower(): ", ".join(values) for name, values in sent.items()},
        base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        context["identity"]["sourceIp"],
        context["path"].removesuffix(path),
        context["requestId"],
        SINGLE_HEADERS.intersection([name.lower() for name, values in sent.items() if len(values) > 1]),
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
    write_line(
        logger,
        "request",
        {
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
