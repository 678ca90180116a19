"""Bad input, wherever a caller can put it: each gets a refusal that names what is wrong, and none has any effect."""

import pytest

from tests.builders import Client
from tests.http.answers import PRODUCTS, fields, problem


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "CONNECT", "get", "QUERY", "x" * 100, "PUT", "DELETE"])
def test_a_wrong_method_is_told_the_right_ones(quiet: Client, method: str) -> None:
    reply = quiet.call(method, PRODUCTS)
    problem(reply, 405, "method-not-allowed")
    assert reply.headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    "path",
    [
        "*", "/v1.0", "/v1.0/", "/v1.0/product", "/v1.0/products/", "/v1.0//products", "/V1.0/products",
        "/v1.0/products/PROD-001/", "/v1.0/products/PROD-001/nothing",
        "/v1.0/%70roducts", "/v1.0/products%2FPROD-001", "/v1.0/products/../keys", "/docs/../api-key",
        "/docs/%2e%2e%2fapi-key", "/problems/no-such-problem", "/" + "x" * 5000, "/v1.0/products/" + "A" * 5000,
        "/.env", "/docs/",
    ],
    ids=lambda path: path[:40] + str(len(path)),
)  # fmt: skip
def test_an_unknown_address_is_not_found(quiet: Client, path: str) -> None:
    problem(quiet.call("GET", path), 404, "not-found")


@pytest.mark.parametrize(
    "segment",
    [
        "%2F",
        "%00",
        "%2e%2e",
        "PROD-001%00",
        "PROD-001%20",
        "%C3%9C",
        "PROD-%E2%80%AE01",
        "%25",
        "%",
        "%zz",
        "PROD-001%0A",
    ],
)
def test_an_encoded_oddity_is_no_id(client: Client, segment: str) -> None:
    client.create(productId="PROD-001")
    assert fields(client.call("GET", f"{PRODUCTS}/{segment}")) == {"productId"}


def test_an_id_may_be_percent_encoded(client: Client) -> None:
    client.create(productId="PROD-001")
    assert client.call("GET", f"{PRODUCTS}/%50ROD%2D001").json["productId"] == "PROD-001"


@pytest.mark.parametrize(
    ("query", "bad"),
    [
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("pageSize=-1", "pageSize"),
        ("pageSize=x", "pageSize"),
        ("pageSize=1_0", "pageSize"),
        ("pageSize=%2B5", "pageSize"),
        ("pageSize=%205", "pageSize"),
        ("pageSize=5.0", "pageSize"),
        ("pageSize=%D9%A3", "pageSize"),
        ("=x", '""'),
        ("=x&=y", '""'),
        ("pageSize=", "pageSize"),
        ("pageSize=1.5", "pageSize"),
        ("pageSize=" + "9" * 5000, "pageSize"),
        ("pageSize=5&pageSize=6", "pageSize"),
        ("limit=5&offset=0", "limit offset"),
        ("dryRun=true", "dryRun"),
        ("sortBy=colour&order=up&status=gone&currency=RAND", "sortBy order status currency"),
        ("sortBy=", "sortBy"),
        ("q=basic&sortBy=name", "sortBy"),
        ("q=basic&order=asc", "order"),
        ("q=", "q"),
        ("q=%20%20", "q"),
        ("q=" + "x" * 101, "q"),
        ("q=%26%20---", "q"),
        ("q=%ff", "query"),
        ("startAt=", "startAt"),
        ("startAt=abc", "startAt"),
        ("startAt=" + "A" * 3000, "startAt"),
        ("startAt=%00", "startAt"),
        ("&".join(f"p{n}=1" for n in range(60)), "query"),
        ("x" * 300 + "=1", "x" * 200),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_parameters_of_the_list_are_named(quiet: Client, query: str, bad: str) -> None:
    assert fields(quiet.call("GET", f"{PRODUCTS}?{query}")) == set(bad.split())


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2026-11-20", "2026-11-20T10:00:00", "2026-13-01T00:00:00Z", "", "0001-01-01T00:00:00%2B01:00"],
)
def test_a_time_must_be_rfc_3339_with_a_zone(client: Client, moment: str) -> None:
    client.create(productId="PROD-001")
    assert fields(client.call("GET", f"{PRODUCTS}/PROD-001?asOf={moment}")) == {"asOf"}
    assert fields(client.call("GET", f"/v1.0/audit/records?from={moment}&to={moment}")) == {"from", "to"}


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-11-20T10:00:00-23:59"],
)
def test_no_time_is_too_odd(client: Client, moment: str) -> None:
    client.create(productId="PROD-001")
    assert client.call("GET", f"{PRODUCTS}/PROD-001?asOf={moment}").status in {200, 404}
    for query in (f"from={moment}&to={moment}", f"to={moment}", f"subject=/x&from={moment}", f"actor=a&to={moment}"):
        assert client.call("GET", f"/v1.0/audit/records?{query}").status == 200
    assert client.call("GET", f"/v1.0/audit/records?from={moment}").status in {200, 400, 422}


@pytest.mark.parametrize("value", ["", " ", "\x00", "ü" * 50, "x" * 10_000, "bbws_local_'; DROP TABLE rows; --"])
def test_an_odd_key_is_a_wrong_key(quiet: Client, value: str) -> None:
    headers = {"x-api-key": value}
    problem(quiet.call("GET", PRODUCTS, headers=headers, key=None), 401, "unauthorized")
