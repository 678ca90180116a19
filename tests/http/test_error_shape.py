"""Every refusal has the one shape of RFC 9457, and its type leads to a page that explains it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bbws.bootstrap.wiring import bound
from bbws.kernel.change import BY_DAY
from bbws.kernel.problem import COMMON
from bbws.kernel.router import Router
from bbws.kernel.table import Conflict, Key, Row, RowKind, Table, Unavailable, Write
from bbws.marketing.store import BY_STATE, campaign_key
from bbws.platform.ports import QueueState
from bbws.tables import ENDPOINTS
from tests.builders import Client, Reply
from tests.fakes import TableProxy
from tests.http.answers import PRODUCT, PRODUCTS, key, with_stopwatch
from tests.marketing.shop import ADMIN, CAMPAIGNS, campaign
from tests.tenants import refusals

OPERATIONS = "/v1.0/operations"


class Broken(TableProxy):
    """A table whose commits fail in a chosen way."""

    def __init__(self, table: Table, fault: Exception) -> None:
        super().__init__(table)
        self._fault = fault

    def commit(self, writes: Sequence[Write]) -> None:
        del writes
        raise self._fault


def _with_fault(fault: Exception) -> Callable[[Client], Reply]:
    def call(client: Client) -> Reply:
        table = Broken(client.app.engine.table, fault)
        broken = replace(client, app=replace(client.app, dispatcher=client.app.dispatcher._replace(table=table)))
        return broken.call("POST", PRODUCTS, PRODUCT)

    return call


def _limited(client: Client) -> Reply:
    slow, _ = with_stopwatch(client)
    one = key(client, "products:write", reads=1)
    slow.call("GET", PRODUCTS, key=one)
    return slow.call("GET", PRODUCTS, key=one)


def _reused(client: Client) -> Reply:
    headers = {"idempotency-key": "k"}
    client.call("POST", PRODUCTS, PRODUCT, headers=headers)
    return client.call("POST", PRODUCTS, {**PRODUCT, "price": "5"}, headers=headers)


def _inactive(client: Client) -> Reply:
    path = f"{PRODUCTS}/{client.create(active=False)['productId']}"
    return client.call("PUT", path, {"price": "5"})


def _taken(client: Client) -> Reply:
    client.create(productId="PROD-001")
    return client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"})


def _stale(client: Client) -> Reply:
    return client.call("DELETE", f"{PRODUCTS}/{client.create()['productId']}", headers={"if-match": '"7"'})


def _ended(client: Client) -> Reply:
    path = client.call("POST", PRODUCTS, PRODUCT, headers={"prefer": "respond-async"}).headers["location"]
    client.drain()
    return client.call("POST", f"{path}/cancel")


def _granted_more(client: Client) -> Reply:
    admin = {"name": "Admin", "permissions": ["keys:admin"], "readsPerSecond": 5, "writesPerSecond": 5}
    secret = client.call("POST", "/v1.0/keys", admin).json["secret"]
    return client.call("POST", "/v1.0/keys", {**admin, "readsPerSecond": None}, key=secret)


class FeedOfAws:
    """The queues of an engine whose feed parks what is no message."""

    def states(self) -> Sequence[QueueState]:
        return [QueueState("feed", 0, 0, 1, None, redrivable=False)]


def _no_message(client: Client) -> Reply:
    [redrive] = [each for each in ENDPOINTS if each.id == "redriveQueue"]
    router = Router([bound(redrive, {"queues": FeedOfAws()})])
    app = replace(client.app, dispatcher=client.app.dispatcher._replace(router=router))
    return replace(client, app=app).call("POST", "/v1.0/queues/feed/redrive")


def _unreadable(client: Client) -> Reply:
    place = {BY_DAY: Key("2026-11-01", "2026-11-01T00:00:00.000000Z#x.1")}
    row = Row(Key("PRODUCT#x", "CHANGE#METADATA#1"), RowKind.CHANGE, {"no": "change"}, indexes=place, replayed=True)
    client.app.engine.load_rows([row])
    return client.call("POST", "/v1.0/audit/checkpoints")


def _campaign(method: str, tail: str, body: object = None, **made: Any) -> Callable[[Client], Reply]:
    """A call about a campaign that has not begun, to which fields of ``made`` were given."""

    def call(client: Client) -> Reply:
        if made:
            client.create(productId="PROD-001")
            reply = client.call("POST", ADMIN, campaign(**made), token=client.token())
            assert reply.status == 201, reply.body
        return client.call(method, f"{ADMIN}{tail}", body, token=client.token())

    return call


_LONG_AGO, _ENDED = "2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"
_SCHEDULED = {"fromDate": "2126-12-01T00:00:00Z", "toDate": "2127-01-01T00:00:00Z"}


def _deleted(client: Client) -> Reply:
    _campaign("DELETE", "/SUMMER", **_SCHEDULED)(client)
    return client.call("PATCH", f"{ADMIN}/SUMMER/disable", token=client.token())


def _too_far_back(client: Client) -> Reply:
    client.create(productId="PROD-001")
    client.call("POST", ADMIN, campaign(fromDate=_LONG_AGO, toDate=_ENDED), token=client.token())
    row = client.app.engine.table.get(campaign_key("SUMMER"))
    assert row is not None
    place = row.indexes[BY_STATE]
    client.app.engine.load_rows(
        row._replace(key=campaign_key(f"OLD-{n}"), indexes={BY_STATE: Key(place.partition, f"{place.sort}{n}")})
        for n in range(2000)
    )
    return client.call("GET", f"{CAMPAIGNS}?at={_LONG_AGO}")


# Code → how a caller gets it, written by hand: a refusal that nobody can get, or that no test gets, fails below.
WAYS: Mapping[str, Callable[[Client], Reply]] = {
    "validation-error": lambda client: client.call("POST", PRODUCTS, {}),
    "malformed-body": lambda client: client.call("POST", PRODUCTS, raw=b"["),
    "unauthorized": lambda client: client.call("POST", PRODUCTS, PRODUCT, key=None),
    "forbidden": lambda client: client.call("POST", PRODUCTS, PRODUCT, key=key(client)),
    "not-found": lambda client: client.call("GET", "/nothing"),
    "method-not-allowed": lambda client: client.call("PATCH", PRODUCTS),
    "version-conflict": _with_fault(Conflict(Key("P", "k"))),
    "precondition-failed": _stale,
    "body-too-large": lambda client: client.call("POST", PRODUCTS, raw=b" " * 10_241),
    "unsupported-media-type": lambda client: client.call("POST", PRODUCTS, PRODUCT, headers={"content-type": "a/b"}),
    "idempotency-key-reused": _reused,
    "rate-limited": _limited,
    "internal-error": _with_fault(RuntimeError("secret detail")),
    "service-unavailable": _with_fault(Unavailable("secret detail")),
    "product-not-found": lambda client: client.call("GET", f"{PRODUCTS}/PROD-001"),
    "product-exists": _taken,
    "product-inactive": _inactive,
    "operation-not-found": lambda client: client.call("GET", f"{OPERATIONS}/op-0000000000000000"),
    "illegal-transition": _ended,
    "audit-range": lambda client: client.call("GET", "/v1.0/audit/records?from=2020-01-01T00:00:00Z"),
    "unreadable-changes": _unreadable,
    "key-not-found": lambda client: client.call("DELETE", "/v1.0/keys/key-000000000000"),
    "unknown-permission": lambda client: client.call("POST", "/v1.0/keys", {"name": "abc", "permissions": ["a:b"]}),
    "rate-not-held": _granted_more,
    "queue-not-found": lambda client: client.call("GET", "/v1.0/queues/nothing/dead-letters"),
    "queue-not-redrivable": _no_message,
    "campaign-not-found": lambda client: client.call("GET", f"{CAMPAIGNS}/NOBODY"),
    "campaign-exists": _campaign("POST", "", campaign(**_SCHEDULED), **_SCHEDULED),
    "campaign-deleted": _deleted,
    "campaign-dates": _campaign("POST", "/SUMMER/publish", draft=True, fromDate=_LONG_AGO, toDate=_ENDED),
    "campaign-time": _too_far_back,
    "campaign-price": _campaign("PUT", "/SUMMER", {"version": 1, "discountPercent": 100}, **_SCHEDULED),
    "unknown-product": _campaign("POST", "", campaign()),
    "nothing-offered": lambda client: client.call("GET", f"{PRODUCTS}/PROD-001/offers"),
    **refusals.OF_A_CLIENT,
}
STATUS = {
    "validation-error": 400, "malformed-body": 400, "unauthorized": 401, "forbidden": 403, "not-found": 404,
    "method-not-allowed": 405, "version-conflict": 409, "precondition-failed": 412, "body-too-large": 413,
    "unsupported-media-type": 415, "idempotency-key-reused": 422, "rate-limited": 429, "internal-error": 500,
    "service-unavailable": 503, "product-not-found": 404, "product-exists": 409, "product-inactive": 422,
    "operation-not-found": 404, "illegal-transition": 422, "audit-range": 422, "key-not-found": 404,
    "unknown-permission": 422, "rate-not-held": 403, "queue-not-found": 404, "queue-not-redrivable": 422,
    "unreadable-changes": 500, "campaign-not-found": 404, "campaign-exists": 409, "campaign-deleted": 422,
    "campaign-dates": 422, "campaign-time": 422, "campaign-price": 422, "unknown-product": 422, "nothing-offered": 404,
    **refusals.STATUSES,
}  # fmt: skip
ALWAYS = {"type", "title", "status", "detail", "code", "instance", "requestId"}


def _declared() -> set[str]:
    own = (problem for endpoint in ENDPOINTS for problem in endpoint.problems)
    return {problem.code for problem in (*COMMON, *own)}


def test_every_declared_refusal_is_tried() -> None:
    assert _declared() == set(WAYS) | set(refusals.ELSEWHERE) == set(STATUS)


@pytest.mark.parametrize("code", sorted(WAYS))
def test_a_refusal_has_the_one_shape(client: Client, code: str) -> None:
    reply = WAYS[code](client)
    document: dict[str, Any] = reply.json
    assert (reply.status, document["status"], document["code"]) == (STATUS[code], STATUS[code], code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert document.keys() >= ALWAYS
    assert document["type"] == f"/problems/{code}"
    assert document["requestId"] == reply.headers["x-request-id"]
    assert all(isinstance(document[name], str) and document[name] for name in ALWAYS - {"status"})
    assert "secret detail" not in reply.body.decode()
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "etag" not in reply.headers
    for error in document.get("errors", []):
        assert set(error) == {"field", "message", "code"}


def test_every_type_leads_to_a_page_that_explains(client: Client) -> None:
    for code, status in STATUS.items():
        page = client.call("GET", f"/problems/{code}", key=None)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert f"<code>{code}</code>" in page.body.decode()
        assert f"HTTP status {status}" in page.body.decode()


def test_addresses_have_the_base_path_of_the_edge(client: Client) -> None:
    document = client.call("GET", f"{PRODUCTS}/PROD-001", base_path="/stage").json
    assert document["type"] == "/stage/problems/product-not-found"
    assert document["instance"] == f"/stage{PRODUCTS}/PROD-001"


@pytest.mark.parametrize("code", ["service-unavailable", "version-conflict", "rate-limited"])
def test_who_should_try_again_is_told_when(client: Client, code: str) -> None:
    assert int(WAYS[code](client).headers["retry-after"]) >= 1
