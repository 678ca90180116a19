"""The AWS SDK in one place: how clients are made, how long they may take, and what their refusals mean."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
)
from botocore.session import Session

from bbws.kernel.table import Unavailable

# botocore makes a client's methods at run time from the service's own description: there are no types for them.
type Client = Any

NO_CREDENTIALS = "no AWS credentials: set a profile that there is (AWS_PROFILE) or sign in (aws sso login)"
CONNECT_SECONDS = 1.0
READ_SECONDS = 5.0
ATTEMPTS = 3
CONNECTIONS = 16
_FORBIDDEN = frozenset({401, 403})
_OVERLOADED = 429
_BROKEN = 500
# How the words begin by which services say that it is too much for now.
_THROTTLED = ("KmsThrottled", "LimitExceeded", "OverLimit", "RequestThrottled", "RequestTimeout", "SlowDown", "Throttl")
_ABSENT = ("DoesNotExist", "NoSuchBucket", "NonExistent", "NotFound")
_DENIED = ("AccessDenied", "Expired", "KmsAccessDenied", "UnrecognizedClient")


class OutOfTime(Exception):  # noqa: N818 - names the finding
    """No attempt is made any more: the invocation would end before its answer came."""


def unlimited() -> float:
    """The seconds left where nobody waits."""
    return math.inf


class Sdk:
    """Clients of AWS's services, each made when it is first asked for. Safe to use from several threads.

    Args:
        region: where.
        endpoint: another address than AWS's: an emulator's.
        seconds_left: how long the running invocation still has. Before every attempt, the SDK's own repetitions
            included, a client asks it, and gives up where the attempt might not end in time.
        session: keeps the descriptions of services that were read; one of its own where it is None.

    Attributes:
        session: clients tell their events to whoever has registered with it before they were made.
    """

    def __init__(
        self,
        region: str,
        endpoint: str | None = None,
        *,
        seconds_left: Callable[[], float] = unlimited,
        session: Session | None = None,
    ) -> None:
        self._region = region
        self._endpoint = endpoint
        self._seconds_left = seconds_left
        self.session = session or Session()
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()  # a session makes one client at a time

    def client(self, service: str) -> Client:
        """The client of a service, such as ``sqs``."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            while self._clients:
                self._clients.popitem()[1].close()

    def _made(self, service: str) -> Client:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            # An emulator has no name in the DNS for each bucket.
            s3={"addressing_style": "path" if self._endpoint else "auto"},
        )
        with answered(NO_CREDENTIALS):
            client: Client = self.session.create_client(
                service, region_name=self._region, endpoint_url=self._endpoint, config=config
            )
        client.meta.events.register("before-send.*", self._in_time)
        return client

    def _in_time(self, **_event: object) -> None:
        if self._seconds_left() < CONNECT_SECONDS + READ_SECONDS:
            raise OutOfTime


@contextmanager
def answered(check: str) -> Iterator[None]:
    """Turn what AWS refuses for now, or because of how it is set up, into Unavailable; a wrong call is our fault.

    Args:
        check: what to look at where it is not there or not allowed.

    Raises:
        Unavailable: says which call failed how, and no value that was sent.
    """
    try:
        yield
    except ClientError as error:
        reason = _reason(error, check)
        if reason is None:
            raise
        raise Unavailable(reason) from error
    except ParamValidationError:
        raise
    except (NoCredentialsError, ProfileNotFound) as error:
        raise Unavailable(NO_CREDENTIALS) from error
    except BotoCoreError as error:
        # Its text names addresses and times, no data.
        raise Unavailable(f"AWS cannot be reached: {error}") from error
    except OutOfTime as error:
        raise Unavailable("the time of this call ran out before AWS had answered") from error


def code_of(error: ClientError) -> str:
    """AWS's word for what went wrong, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _reason(error: ClientError, check: str) -> str | None:
    """Why the call cannot be answered now; None where it was wrong."""
    code = code_of(error)
    metadata = error.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    what = f"{error.operation_name}: {code} (request {metadata.get('RequestId', 'unknown')})"
    if status >= _BROKEN or status == _OVERLOADED or code.startswith(_THROTTLED):
        return f"AWS cannot answer now: {what}"
    if status in _FORBIDDEN or code.startswith(_DENIED) or any(word in code for word in _ABSENT):
        return f"AWS refuses: {what}: {check}"
    return None


def packed[T](items: Iterable[T], size: Callable[[T], int], most: int, most_bytes: int) -> Iterator[list[T]]:
    """Items in their order, as many together as one call takes. One that is too big for any is alone."""
    batch: list[T] = []
    total = 0
    for item in items:
        if batch and (len(batch) == most or total + size(item) > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size(item)
    if batch:
        yield batch
