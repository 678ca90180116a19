"""Calls to DynamoDB: one signed request each over a connection that is kept, tried again within the time left.

Own code instead of the SDK's client, on Python's own HTTP: docs/decisions/0012 has the measurements.
"""

import logging
import secrets
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.signing import Credentials, signed
from bbws.kernel.clock import Clock
from bbws.kernel.table import Unavailable, Uncertain

_log = logging.getLogger("bbws.engine")
_TRANSIENT = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
# Of a transaction: what another one did at the same moment, or too much at once; no expectation of ours failed.
_TRANSIENT_REASONS = frozenset(
    {"None", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError", "TransactionConflict"}
)
_READS = frozenset({"GetItem", "Query", "Scan", "TransactGetItems"})
# What an operator has to mend; until then nobody can be answered.
_OUT_OF_ORDER = frozenset(
    {"AccessDeniedException", "ExpiredTokenException", "ResourceNotFoundException", "UnrecognizedClientException"}
)
_CANCELED = "TransactionCanceledException"
_LONGEST_TRY = 5.0
_FIRST_DELAY = 0.025
_LONGEST_DELAY = 1.0
_SERVER_FAULT = 500
_OK = 200


class DynamoError(Exception):
    """DynamoDB refused a call for good.

    Attributes:
        code: its name for the refusal, such as ``ConditionalCheckFailedException``.
        body: the whole answer.
        uncertain: whether an earlier try of the same call may have been carried out all the same.
    """

    def __init__(self, code: str, body: Mapping[str, Any], *, uncertain: bool = False) -> None:
        super().__init__(f"{code}: {body.get('message') or body.get('Message') or ''}")
        self.code = code
        self.body = body
        self.uncertain = uncertain

    @property
    def reasons(self) -> Sequence[Mapping[str, Any]]:
        """Of a transaction: for each of its writes why it was cancelled, ``None`` where it was not the cause."""
        found: Sequence[Mapping[str, Any]] = self.body.get("CancellationReasons") or ()
        return found

    @property
    def transient(self) -> bool:
        """Whether the same call may well succeed a moment later."""
        if self.code == _CANCELED:
            codes = {reason.get("Code", "None") for reason in self.reasons}
            return bool(codes) and codes <= _TRANSIENT_REASONS
        return self.code in _TRANSIENT


class Transport(Protocol):
    """Sends one call, once."""

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The answer.

        Raises:
            DynamoError: it was refused.
            OSError, HTTPException: there was no answer within ``seconds``; the call may have been carried out.
        """
        ...


class Dynamo:
    """Calls by name, repeated while that may help and time is left.

    Args:
        transport: what sends.
        deadline: how long there is.
        sleep: waits for seconds.
    """

    def __init__(
        self, transport: Transport, deadline: Deadline, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._transport = transport
        self._deadline = deadline
        self._sleep = sleep
        self._jitter = secrets.SystemRandom().random

    def call(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to an action of the DynamoDB API, such as ``GetItem``.

        Raises:
            DynamoError: it was refused, and would be again.
            Unavailable: tables or rights are not as they should be; it was throttled, or there was no answer, until
                the time was over. Uncertain: of a write, that may have been carried out.
        """
        until, uncertain, attempt = self._deadline.until(), False, 0
        while True:
            left = self._deadline.left(until)
            if left <= 0:
                detail = f"DynamoDB did not take {action} within the time there is"
                raise Uncertain(detail) if uncertain and action not in _READS else Unavailable(detail)
            try:
                return self._transport.send(action, payload, min(left, _LONGEST_TRY))
            except DynamoError as error:
                if error.code in _OUT_OF_ORDER:
                    _log.error("DynamoDB refuses", extra={"action": action, "error": error.code})
                    check = "check the tables, the credentials and what the role may do (infra/terraform/manifest.json)"
                    raise Unavailable(f"DynamoDB refuses {action}: {error.code}: {check}") from error
                if not error.transient:
                    error.uncertain = uncertain
                    raise
                reason = error.code
                uncertain = uncertain or error.code == "InternalServerError"
            except (OSError, HTTPException) as error:
                reason, uncertain = type(error).__name__, True
            delay = min(_FIRST_DELAY * 2**attempt, _LONGEST_DELAY) * self._jitter()
            attempt += 1
            _log.info("DynamoDB is asked again", extra={"action": action, "error": reason, "attempt": attempt})
            self._sleep(min(delay, self._deadline.left(until)))


class HttpTransport:
    """Signed requests over connections that are kept open between calls.

    Args:
        region: such as ``eu-west-1``.
        credentials: asked before every request, since they may expire.
        clock: the time in signatures.
        endpoint: another address than that of AWS, such as an emulator's.
    """

    def __init__(
        self, region: str, credentials: Callable[[], Credentials], clock: Clock, endpoint: str | None = None
    ) -> None:
        address = urlsplit(endpoint or f"https://dynamodb.{region}.amazonaws.com")
        self._host = address.netloc
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._idle: list[HTTPConnection] = []
        self._tls = ssl.create_default_context() if address.scheme == "https" else None

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Send one call; see :class:`Transport`."""
        body = orjson.dumps(payload)
        headers = signed(
            {
                "host": self._host,
                "content-type": "application/x-amz-json-1.0",
                "x-amz-target": f"DynamoDB_20120810.{action}",
            },
            body,
            path="/",
            region=self._region,
            service="dynamodb",
            who=self._credentials(),
            now=self._clock.now(),
        )
        status, answer = self._post(body, headers, seconds)
        if status == _OK:
            found: Mapping[str, Any] = orjson.loads(answer)
            return found
        raise _error(status, answer)

    def close(self) -> None:
        """Let go of the connections."""
        while self._idle:
            self._idle.pop().close()

    def _post(self, body: bytes, headers: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
        connection = self._connection(seconds)
        try:
            connection.request("POST", "/", body, dict(headers))
            response = connection.getresponse()
            answer = response.read()
        except BaseException:
            connection.close()  # half an answer may be left in it
            raise
        self._idle.append(connection)
        return response.status, answer

    def _connection(self, seconds: float) -> HTTPConnection:
        try:
            kept = self._idle.pop()
        except IndexError:
            if self._tls is None:
                return HTTPConnection(self._host, timeout=seconds)
            return HTTPSConnection(self._host, context=self._tls, timeout=seconds)
        kept.timeout = seconds
        if kept.sock is not None:
            kept.sock.settimeout(seconds)
        return kept


def _error(status: int, answer: bytes) -> DynamoError:
    try:
        body = orjson.loads(answer)
        code = str(body["__type"]).rpartition("#")[2]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        body, code = {}, "ServiceUnavailable" if status >= _SERVER_FAULT else f"Http{status}"
    if status >= _SERVER_FAULT and code not in _TRANSIENT:
        code = "InternalServerError"
    return DynamoError(code, body)
