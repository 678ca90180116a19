"""Calls to AWS's services that speak JSON: signed requests over kept connections, repeated within the time left.

Own code instead of the SDK's client for what the answer to a call waits for: DynamoDB and Secrets Manager.
docs/decisions/0012 has the measurements.
"""

import logging
import secrets
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple, Protocol
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
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
# Of a transaction: what another one did at the same moment, or too much at once; no expectation of ours failed.
_TRANSIENT_REASONS = frozenset(
    {"None", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError", "TransactionConflict"}
)
_CANCELED = "TransactionCanceledException"
_LONGEST_TRY = 5.0
_FIRST_DELAY = 0.025
_LONGEST_DELAY = 1.0
_SERVER_FAULT = 500
_OK = 200


class Service(NamedTuple):
    """A service of AWS that speaks JSON.

    Attributes:
        title: as people call it.
        id: in its address and in signatures.
        target: before the action, in the header that names it.
        content_type: of what is sent.
        reads: the actions that change nothing.
        out_of_order: refusals that an operator has to mend; until then nobody can be answered.
        check: what to look at then.
    """

    title: str
    id: str
    target: str
    content_type: str
    reads: frozenset[str]
    out_of_order: frozenset[str]
    check: str


_STRANGERS = frozenset({"ExpiredTokenException", "UnrecognizedClientException"})
DYNAMODB = Service(
    "DynamoDB",
    "dynamodb",
    "DynamoDB_20120810",
    "application/x-amz-json-1.0",
    reads=frozenset({"GetItem", "Query", "Scan", "TransactGetItems"}),
    out_of_order=_STRANGERS | {"AccessDeniedException", "ResourceNotFoundException"},
    check="check the tables, the credentials and what the role may do (infra/terraform/manifest.json)",
)
SECRETS_MANAGER = Service(
    "Secrets Manager",
    "secretsmanager",
    "secretsmanager",
    "application/x-amz-json-1.1",
    reads=frozenset({"GetSecretValue"}),
    out_of_order=_STRANGERS,
    check="check the credentials",
)
COGNITO = Service(
    "Cognito",
    "cognito-idp",
    "AWSCognitoIdentityProviderService",
    "application/x-amz-json-1.1",
    reads=frozenset({"AdminListGroupsForUser", "ListUsers"}),
    out_of_order=_STRANGERS | {"AccessDeniedException", "ResourceNotFoundException"},
    check="check the user pool, its groups, and what the role may do (infra/terraform/manifest.json)",
)


class Refused(Exception):  # noqa: N818 - names the answer
    """A service refused a call for good.

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
            Refused: it was refused.
            OSError, HTTPException: there was no answer within ``seconds``; the call may have been carried out.
        """
        ...


class Calls:
    """Calls by name, repeated while that may help and time is left.

    Args:
        transport: what sends.
        deadline: how long there is.
        service: who answers.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        transport: Transport,
        deadline: Deadline,
        service: Service = DYNAMODB,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._transport = transport
        self._service = service
        self._deadline = deadline
        self._sleep = sleep
        self._jitter = secrets.SystemRandom().random

    def call(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to an action of the service, such as ``GetItem``.

        Raises:
            Refused: it was refused, and would be again.
            Unavailable: what it needs there is not as it should be; it was throttled, or there was no answer, until
                the time was over. Uncertain: of a write, that may have been carried out.
        """
        until, uncertain, attempt = self._deadline.until(), False, 0
        service, reason = self._service, "no time"
        while True:
            left = self._deadline.left(until)
            if left <= 0:
                detail = f"{service.title} did not take {action} within the time there is ({reason})"
                raise Uncertain(detail) if uncertain and action not in service.reads else Unavailable(detail)
            try:
                return self._transport.send(action, payload, min(left, _LONGEST_TRY))
            except Refused as error:
                if error.code in service.out_of_order:
                    _log.error(f"{service.title} refuses", extra={"action": action, "error": error.code})
                    raise Unavailable(f"{service.title} refuses {action}: {error.code}: {service.check}") from error
                if not error.transient:
                    error.uncertain = uncertain
                    raise
                reason = error.code
                uncertain = uncertain or error.code == "InternalServerError"
            except (OSError, HTTPException) as error:
                reason, uncertain = f"it cannot be reached: {type(error).__name__}", True
            delay = min(_FIRST_DELAY * 2**attempt, _LONGEST_DELAY) * self._jitter()
            attempt += 1
            _log.info(f"{service.title} is asked again", extra={"action": action, "error": reason, "attempt": attempt})
            self._sleep(min(delay, self._deadline.left(until)))


class HttpTransport:
    """Signed requests over connections that are kept open between calls.

    Args:
        region: such as ``eu-west-1``.
        credentials: asked before every request, since they may expire.
        clock: the time in signatures.
        endpoint: another address than that of AWS, such as an emulator's.
        service: who is spoken to.
    """

    def __init__(
        self,
        region: str,
        credentials: Callable[[], Credentials],
        clock: Clock,
        endpoint: str | None = None,
        service: Service = DYNAMODB,
    ) -> None:
        address = urlsplit(endpoint or f"https://{service.id}.{region}.amazonaws.com")
        self._service = service
        self._host = address.netloc
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._idle: list[HTTPConnection] = []
        self._tls = _trusting() if address.scheme == "https" else None

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Send one call; see :class:`Transport`."""
        body = orjson.dumps(payload)
        headers = signed(
            {
                "host": self._host,
                "content-type": self._service.content_type,
                "x-amz-target": f"{self._service.target}.{action}",
            },
            body,
            path="/",
            region=self._region,
            service=self._service.id,
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


@cache
def _trusting() -> ssl.SSLContext:
    """Reading which authorities are trusted takes longer than a call: once is enough."""
    return ssl.create_default_context()


def _error(status: int, answer: bytes) -> Refused:
    try:
        body = orjson.loads(answer)
        code = str(body["__type"]).rpartition("#")[2]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        body, code = {}, "ServiceUnavailable" if status >= _SERVER_FAULT else f"Http{status}"
    if status >= _SERVER_FAULT and code not in _TRANSIENT:
        code = "InternalServerError"
    return Refused(code, body)
