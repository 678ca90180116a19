"""Smoke tests of a deployed API over HTTP, and the integration tests of sit (specification: operations §2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin

import httpx

PRODUCTS = "/v1.0/products"
AUDIT = "/v1.0/audit/records"
_TIMEOUT = httpx.Timeout(35.0, connect=10.0)  # API Gateway itself gives up after 29 s
_PATIENCE = 120.0
_ENDED = {"COMPLETED", "FAILED", "CANCELLED"}
_PROBE = {
    "description": "Made and deleted by the smoke tests of a deployment",
    "price": "1.00",
    "period": "once-off",
    "features": ["Not for sale"],
}


class SmokeError(Exception):
    """The API does not do what it must. The message names the call and the status; never a key."""


@dataclass(frozen=True, slots=True)
class Api:
    """A deployed API. ``url`` ends with the stage; ``key`` is sent and never shown."""

    url: str
    key: str
    clock: Callable[[], float]
    pause: Callable[[float], None]
    transport: httpx.BaseTransport | None = None

    def call(
        self, method: str, path: str, expected: int, json: object = None, *, key: bool = True, prefer: str = ""
    ) -> httpx.Response:
        """One call, whose status must be ``expected``.

        Raises:
            SmokeError: it is not, or nothing answers.
        """
        headers = {"x-api-key": self.key} if key else {}
        if prefer:
            headers["prefer"] = prefer
        try:
            with self._client() as client:
                answer = client.request(method, path, json=json, headers=headers)
        except httpx.TransportError as error:
            raise SmokeError(f"{method} {path}: no answer ({type(error).__name__})") from error
        if answer.status_code != expected:
            code = _code_of(answer)
            raise SmokeError(f"{method} {path}: {answer.status_code}{code} instead of {expected}")
        return answer

    def health(self) -> int:
        """The status that ``/health`` answers; 0 without an answer."""
        try:
            with self._client() as client:
                return client.get("/health").status_code
        except httpx.TransportError:
            return 0

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=_TIMEOUT, transport=self.transport)

    def waits_for[T](self, what: str, ask: Callable[[], T | None]) -> T:
        """Ask until there is an answer that is not None.

        Raises:
            SmokeError: there is none within two minutes.
        """
        until = self.clock() + _PATIENCE
        while (found := ask()) is None:
            if self.clock() > until:
                raise SmokeError(f"{what}: not within {_PATIENCE:.0f} seconds")
            self.pause(1.0)
        return found


def _code_of(answer: httpx.Response) -> str:
    """The code of a problem document; nothing of any other body is repeated."""
    try:
        return f" {answer.json()['code']}"
    except (ValueError, KeyError, TypeError):
        return ""


def smoke(api: Api, *, integration: bool = False) -> Iterator[str]:
    """Do what every deployment must survive, and name each thing once it is done.

    Raises:
        SmokeError: something is not as it must be. The probe product is deleted all the same.
    """
    api.call("GET", "/health", 200, key=False)
    yield "health answers 200"
    if "items" not in api.call("GET", PRODUCTS, 200, key=False).json():
        raise SmokeError(f"GET {PRODUCTS}: no list")
    yield "products are listed"
    api.call("POST", PRODUCTS, 401, {"name": "Nobody", **_PROBE}, key=False)
    yield "a change without a key is refused with 401"
    yield from _probe(api, integration=integration)


def _probe(api: Api, *, integration: bool) -> Iterator[str]:
    name = f"Smoke test {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    made = api.call("POST", PRODUCTS, 201, {"name": name, **_PROBE}).json()
    one = f"{PRODUCTS}/{made['productId']}"
    try:
        yield "a product is created"
        api.call("GET", one, 200)
        yield "it is read"
        if integration:
            yield from _integration(api, one)
    finally:
        api.call("DELETE", one, 204)
    api.call("GET", one, 404, key=False)
    yield "it is deleted"


def _integration(api: Api, one: str) -> Iterator[str]:
    api.call("PUT", one, 200, {"price": "2.00"})
    yield "it is changed"
    accepted = api.call("PUT", one, 202, {"price": "3.00"}, prefer="respond-async")
    address = urljoin(f"{api.url}/", accepted.headers["location"])

    def ended() -> str | None:
        status: str = api.call("GET", address, 200).json()["status"]
        return status if status in _ENDED else None

    status = api.waits_for("the queued change", ended)
    price = api.call("GET", one, 200).json()["price"]
    if (status, price) != ("COMPLETED", "3.00"):
        raise SmokeError(f"the queued change ended as {status}, the price is {price}")
    yield "it is changed through the queue"

    def audited() -> bool | None:
        return len(api.call("GET", f"{AUDIT}?subject={one}", 200).json()["items"]) >= 3 or None  # noqa: PLR2004 - as many as were made above

    api.waits_for("the audit records", audited)
    yield "the audit log has its changes"
