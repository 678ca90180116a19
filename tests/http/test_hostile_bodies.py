"""Bad bodies: each gets a refusal that names what is wrong, and none has any effect."""

import json
from typing import Any
from zlib import crc32

import pytest

from tests.builders import Client, Reply
from tests.http.answers import PRODUCT, PRODUCTS, fields, problem

_LEFT_OUT = object()


def _post(client: Client, body: bytes) -> Reply:
    reply = client.call("POST", PRODUCTS, raw=body)
    assert client.call("GET", f"{PRODUCTS}?status=all").json["count"] == 0
    return reply


def _with(**values: Any) -> bytes:
    document = {**PRODUCT, **values}
    return json.dumps({name: value for name, value in document.items() if value is not _LEFT_OUT}).encode()


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        (b"{}", "name description price period"),
        (_with(name=_LEFT_OUT, price=_LEFT_OUT), "name price"),
        (_with(colour="red", Name="x"), "colour Name"),
        (_with(_links={}), "_links"),
        (_with(version=7, createdAt="2026-11-20T10:00:00Z", updatedAt=""), "version createdAt updatedAt"),
        (_with(name=5, description=[], period=True, features="x", active="true"),
         "name description period features active"),
        (_with(name=None, description=None, price=None, currency=None, period=None, features=None, active=None),
         "name description price currency period features active"),
        (_with(name="ab", description="", period="abcd"), "name description period"),
        (_with(name="   ab   ", description=" \n ", period=" abcd "), "name description period"),
        (_with(name="x" * 101, description="x" * 501, period="x" * 101), "name description period"),
        (_with(features=["ok", "x", 5, None, "y" * 201]), "features.1 features.2 features.3 features.4"),
        (_with(features=["item"] * 21), "features"),
        (_with(name="abc\x00", description="a\x07b", period="per\nyear", features=["a\tb"]),
         "name description period features.0"),
        (_with(name="\ud800abc", description="\udfff", period="\ud83d per year", features=["\ud800\ud800"]),
         "name description period features.0"),
        (_with(currency="zar"), "currency"),
        (_with(currency="ZZZ"), "currency"),
        (_with(currency=710), "currency"),
        (_with(currency="\ud800"), "currency"),
        (_with(productId="PROD-12"), "productId"),
        (_with(productId="PROD-abc"), "productId"),
        (_with(productId="PROD-001\n"), "productId"),
        (_with(productId=1), "productId"),
        (_with(active=1), "active"),
        (b'{"name": "Basic", "name": "Other"}', "name"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{crc32(value):x}",
)  # fmt: skip
def test_every_bad_field_is_named(quiet: Client, body: bytes, bad: str) -> None:
    reply = _post(quiet, body)
    assert fields(reply) == set(bad.split())
    assert all(error["message"] and error["code"] for error in reply.json["errors"])


@pytest.mark.parametrize(
    "price",
    [
        '"12.345"', "12.345", '"1_0"', '"٣"', '" 5"', '"5 "', '"1e2"', "true", "false", "null", "[]", "{}", "0", '"0"',
        "0.00", "-1", '"-1"', "1000000", '"1000000.00"', "999999.999", "1e400", "1e-400", "1E+9999999999",
        "1e99999999999999999999", '"NaN"', '"Infinity"', '""', '"."', '"0x10"', "1" * 40, "0." + "0" * 30 + "1",
        '"\\ud800"',
    ],
)  # fmt: skip
def test_a_bad_price_is_refused(quiet: Client, price: str) -> None:
    body = _with().replace(b'"1500.00"', price.encode())
    reply = _post(quiet, body)
    assert reply.status == 400
    if reply.json["code"] == "validation-error":
        assert fields(reply) == {"price"}
        assert "0.01 to 999999.99" in reply.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        ("5", "5.00"),
        ("5.5", "5.50"),
        ("1e2", "100.00"),
        ('"0.01"', "0.01"),
        ("999999.99", "999999.99"),
        ("0.1", "0.10"),
    ],
)
def test_a_good_price_is_kept_exactly(client: Client, price: str, kept: str) -> None:
    reply = client.call("POST", PRODUCTS, raw=_with().replace(b'"1500.00"', price.encode()))
    assert (reply.status, reply.json["price"]) == (201, kept)


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"[{}]",
        b"\xff\xfe{}",
        b'{"name": "\xc3"}',
        b'{"name": "a\x00b"}',
        b'{"name": NaN}',
        b'{"price": -Infinity}',
        b'{"price": ' + b"9" * 500 + b"}",
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        b"[" * 5000,
        b'{"name": "x"} trailing',
        b"name=Basic&price=5",
        b"<product/>",
        b'{"name": "Basic", "price": {"a": 1, "a": 2}}',
    ],
    ids=lambda body: repr(body[:30]) + str(len(body)),
)
def test_what_is_no_json_object_is_malformed(quiet: Client, body: bytes) -> None:
    reply = quiet.call("POST", PRODUCTS, raw=body, headers={"content-type": "application/json"})
    assert problem(reply, 400, "malformed-body")["detail"]
    assert quiet.call("GET", PRODUCTS).json["count"] == 0


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        (b'{"\\ud800": 1}', "\\ud800"),
        (b'{"name": "Basic", "\\udc00x": 1}', "\\udc00x"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "\\ud800"),
        (_with(price={"\ud800": 1}), "price"),
        (_with(**{"": 1}), '""'),
    ],
)
def test_a_key_that_is_no_name_is_named(quiet: Client, body: bytes, bad: str) -> None:
    assert fields(_post(quiet, body)) == {bad}


@pytest.mark.parametrize("length", [10 * 1024 + 1, 11_000])
@pytest.mark.parametrize(("method", "path"), [("POST", PRODUCTS), ("PUT", f"{PRODUCTS}/PROD-001"), ("GET", PRODUCTS)])
def test_a_body_has_ten_kilobytes_at_most(quiet: Client, method: str, path: str, length: int) -> None:
    problem(quiet.call(method, path, raw=b" " * length), 413, "body-too-large")


def test_a_change_of_nothing_is_refused(client: Client) -> None:
    client.create(productId="PROD-001")
    assert fields(client.call("PUT", f"{PRODUCTS}/PROD-001", {})) == {"body"}
    nothing = dict.fromkeys(("name", "description", "price", "currency", "period", "features", "active"))
    assert fields(client.call("PUT", f"{PRODUCTS}/PROD-001", nothing)) == set(nothing)
    assert fields(client.call("PUT", f"{PRODUCTS}/PROD-001", {"productId": "PROD-002"})) == {"productId"}
    assert client.call("GET", f"{PRODUCTS}/PROD-001").json["version"] == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{PRODUCTS}/PROD-001"),
        ("POST", "/v1.0/audit/checkpoints"),
        ("POST", "/v1.0/queues/product-audit/redrive"),
    ],
)
def test_where_no_body_is_wanted_none_is_taken(client: Client, method: str, path: str) -> None:
    client.create(productId="PROD-001")
    for body in (b'{"a": 1}', b"[]", b"nonsense"):
        problem(client.call(method, path, raw=body), 400, "malformed-body")
    assert client.call("GET", f"{PRODUCTS}/PROD-001").json["active"] is True
    assert client.call(method, path, raw=b"{}").status < 300
