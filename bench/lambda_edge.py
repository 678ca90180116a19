"""BBWS behind an API Gateway proxy event: what a Lambda function of it does, with rows in memory.

Authentication, rate limit, links and ETag are on, and each request is logged as one line of JSON, as the server does.
"""

# ruff: noqa: E402 - the collector stands still meanwhile: nothing that an import makes is garbage, and looking costs time

import gc

gc.disable()

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import urlencode

import orjson

from bbws.engines.embedded.limits import RateLimiter
from bbws.kernel.actor import EVERYTHING, Rate, system
from bbws.kernel.clock import SystemClock
from bbws.kernel.cors import Cors
from bbws.kernel.cursor import Cursors
from bbws.kernel.dispatch import Dispatcher, Exchange, run
from bbws.kernel.http import Request, Response
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.keys.authentication import ApiKeys
from bbws.products.api import ENDPOINTS

gc.freeze()
gc.enable()

type Event = Mapping[str, Any]
type Handler = Callable[[Event, object], Mapping[str, Any]]

_PER_SECOND = 100_000


def make(table: Table, log: BinaryIO) -> Handler:
    """A function for API Gateway's Lambda proxy integration."""
    clock = SystemClock()
    dispatcher = Dispatcher.over(
        ENDPOINTS,
        table=table,
        clock=clock,
        authenticator=ApiKeys(table, clock),
        cursors=Cursors(lambda: b"of this benchmark alone"),
        limiter=RateLimiter(),
        cors=Cors(frozenset()),
    )

    def handler(event: Event, _context: object) -> Mapping[str, Any]:
        begun = time.perf_counter()
        exchange = Exchange(_request(event))
        response = run(dispatcher.steps(exchange), table)
        _note(log, exchange, response, time.perf_counter() - begun)
        assert isinstance(response.body, bytes)
        return {"statusCode": response.status, "headers": response.headers, "body": response.body.decode()}

    return handler


def make_key(table: Table) -> str:
    """A key that may do everything, under a limit that is counted but never reached."""
    from bbws.keys import service as keys  # noqa: PLC0415 - no part of what a function for products imports

    def create(work: UnitOfWork) -> str:
        _, secret = keys.create(
            work,
            name="Benchmark",
            permissions=[EVERYTHING],
            rate=Rate(_PER_SECOND, _PER_SECOND),
            environment="bench",
            known=frozenset(),
        )
        return secret

    return transact(lambda: UnitOfWork(table, SystemClock(), system("bench"), "bench"), create)


def _request(event: Event) -> Request:
    context, path = event["requestContext"], event["path"]
    body = event["body"] or ""
    parameters = event["multiValueQueryStringParameters"]
    return Request(
        event["httpMethod"],
        path,
        urlencode(parameters, doseq=True) if parameters else "",
        {name.lower(): value for name, value in event["headers"].items()},
        base64.b64decode(body) if event["isBase64Encoded"] else body.encode(),
        context["identity"]["sourceIp"],
        context["path"].removesuffix(path),
        context["requestId"],
    )


def _note(log: BinaryIO, exchange: Exchange, response: Response, seconds: float) -> None:
    endpoint = exchange.endpoint
    record = {
        "event": "request",
        "requestId": exchange.request.id,
        "operation": None if endpoint is None else endpoint.id,
        "method": exchange.request.method,
        "status": response.status,
        "actor": exchange.actor.subject,
        "durationMs": round(seconds * 1000, 3),
    }
    log.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
