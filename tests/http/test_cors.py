from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders
from tests.builders import Client
from tests.http.answers import PRODUCTS, problem

SHOP = "https://shop.example"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Client]:
    with builders.client(tmp_path / "data", cors_origins=f"{SHOP}, https://other.example", start=False) as made:
        yield made


def test_options_tells_what_an_address_knows(client: Client) -> None:
    reply = client.call("OPTIONS", PRODUCTS, key=None)
    assert (reply.status, reply.body, reply.headers["allow"]) == (200, b"", "GET, HEAD, OPTIONS, POST")
    assert client.call("OPTIONS", f"{PRODUCTS}/PROD-001").headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    problem(client.call("OPTIONS", "/v1.0/nothing"), 404, "not-found")


def test_a_browser_is_told_what_it_may_send(shop: Client) -> None:
    headers = shop.call("OPTIONS", PRODUCTS, headers={"origin": SHOP, **PREFLIGHT}, key=None).headers
    assert headers["access-control-allow-origin"] == SHOP
    assert "POST" in headers["access-control-allow-methods"].split(", ")
    allowed = headers["access-control-allow-headers"].lower().split(", ")
    assert {"x-api-key", "content-type", "if-match", "idempotency-key", "prefer"} <= set(allowed)
    assert headers["access-control-max-age"] == "600"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{SHOP}.evil.example", "http://shop.example"])
def test_no_other_origin_is_let_in(shop: Client, origin: str) -> None:
    for method, extra in (("OPTIONS", PREFLIGHT), ("GET", {})):
        headers = shop.call(method, PRODUCTS, headers={"origin": origin, **extra}).headers
        assert not [name for name in headers if name.startswith("access-control-")]


def test_answers_and_refusals_carry_the_origin(shop: Client) -> None:
    for path in (PRODUCTS, "/v1.0/nothing"):
        headers = shop.call("GET", path, headers={"origin": SHOP}).headers
        assert headers["access-control-allow-origin"] == SHOP
        assert "ETag" in headers["access-control-expose-headers"]
        assert headers["vary"] == "Authorization, X-Api-Key, Origin"


def test_no_origin_is_let_in_where_none_is_set(client: Client) -> None:
    headers = client.call("GET", PRODUCTS, headers={"origin": SHOP}).headers
    assert "access-control-allow-origin" not in headers
    assert headers["vary"] == "Authorization, X-Api-Key"


def test_a_star_lets_everybody_in(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", cors_origins="*", start=False) as open_to_all:
        headers = open_to_all.call("GET", PRODUCTS, headers={"origin": "https://any.example"}).headers
    assert headers["access-control-allow-origin"] == "https://any.example"
