from typing import Any

import pytest

from bbws.kernel.endpoint import Answer, Endpoint
from bbws.kernel.problem import Problem
from bbws.kernel.router import Router


def _nothing(_call: Any) -> Answer:
    return Answer()


def _endpoint(method: str, path: str) -> Endpoint:
    return Endpoint(f"{method} {path}", "test-api", method, path, "Test.", _nothing)


ROUTER = Router(
    [
        _endpoint("GET", "/things"),
        _endpoint("POST", "/things"),
        _endpoint("GET", "/things/{thing}"),
        _endpoint("DELETE", "/things/{thing}"),
        _endpoint("GET", "/things/new"),
        _endpoint("POST", "/things/{thing}/parts/{part}"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found", "values"),
    [
        ("GET", "/things", "GET /things", {}),
        ("HEAD", "/things", "GET /things", {}),
        ("GET", "/things/7", "GET /things/{thing}", {"thing": "7"}),
        ("GET", "/things/new", "GET /things/new", {}),
        ("GET", "/things/a%2Fb", "GET /things/{thing}", {"thing": "a/b"}),
        ("POST", "/things/7/parts/8", "POST /things/{thing}/parts/{part}", {"thing": "7", "part": "8"}),
    ],
)
def test_a_path_leads_to_its_endpoint(method: str, path: str, found: str, values: dict[str, str]) -> None:
    endpoint, given = ROUTER.match(method, path)
    assert (endpoint.id, given) == (found, values)


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "*", "things", "/thing", "/things/", "//things", "/things//parts/8", "/things/7/parts", "/Things",
        "/things/7/parts/8/", "/things/" + "x" * 2048, "/../things", "/%74hings",
    ],
)  # fmt: skip
def test_no_other_path_leads_anywhere(path: str) -> None:
    with pytest.raises(Problem) as refused:
        ROUTER.match("GET", path)
    assert refused.value.type.code == "not-found"


def test_an_unknown_method_is_told_the_known_ones() -> None:
    with pytest.raises(Problem) as refused:
        ROUTER.match("PATCH", "/things/7")
    assert refused.value.type.status == 405
    assert refused.value.headers == {"allow": "DELETE, GET, HEAD, OPTIONS"}
    assert ROUTER.methods("/things/7/parts/8") == ["OPTIONS", "POST"]


def test_a_call_declared_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Router([_endpoint("GET", "/things/{a}"), _endpoint("GET", "/things/{b}")])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/secrets/hush", "/secrets/{word}"),
        ("/secrets/hush/use", "/secrets/{word}/use"),
        ("/secrets/hush/no/such", "/secrets/{word}/no/such"),
        ("/secrets/%68ush", "/secrets/{word}"),
        ("/secrets/all", "/secrets/all"),
        ("/secrets", "/secrets"),
        ("/others/hush", "/others/hush"),
        ("/nothing/hush", "/nothing/hush"),
        ("/", "/"),
    ],
)
def test_a_secret_in_a_path_is_not_repeated_whatever_follows_it(path: str, shown: str) -> None:
    using = _endpoint("POST", "/secrets/{word}/use")._replace(secret_parameters=("word",))
    router = Router([using, _endpoint("GET", "/secrets/all"), _endpoint("GET", "/others/{word}")])
    assert router.shown(path) == shown
