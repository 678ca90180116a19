"""How a body says what it is: JSON, in UTF-8, as it is."""

import pytest

from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, problem


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_a_body_must_be_declared_as_json(quiet: Client, content_type: str) -> None:
    reply = quiet.call("POST", PRODUCTS, PRODUCT, headers={"content-type": content_type})
    problem(reply, 415, "unsupported-media-type")
    assert reply.headers["accept"] == "application/json"


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", '"iso-8859-1"', "", "utf\xfc", "utf-8;charset=x"])
def test_another_charset_is_told_the_right_one(quiet: Client, charset: str) -> None:
    reply = quiet.call("POST", PRODUCTS, PRODUCT, headers={"content-type": f"application/json; charset={charset}"})
    assert "UTF-8" in problem(reply, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize(
    "declared",
    [';"' + ";" * 60_000, "; charset*" + "1" * 5000 + "=x", "; x*111=1", ";" + " charset" * 8000, '\t;=;"\\'],
)
def test_no_declaration_is_too_odd(quiet: Client, declared: str) -> None:
    headers = {"content-type": f"application/json{declared}"}
    assert quiet.call("POST", f"{PRODUCTS}?dryRun=true", PRODUCT, headers=headers).status == 200


@pytest.mark.parametrize("declared", ["; charset=utf-8", ';charset="UTF-8"', " ; Charset=Utf-8; q=1", "; q=1", ";"])
def test_utf_8_may_be_declared_in_any_way(quiet: Client, declared: str) -> None:
    headers = {"content-type": f"application/json{declared}"}
    assert quiet.call("POST", f"{PRODUCTS}?dryRun=true", PRODUCT, headers=headers).status == 200


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("br, gzip", 415), ("Identity", 200)])
def test_a_body_is_taken_as_it_is_alone(quiet: Client, coding: str, status: int) -> None:
    reply = quiet.call("POST", f"{PRODUCTS}?dryRun=true", PRODUCT, headers={"content-encoding": coding})
    assert reply.status == status
    if status == 415:
        assert f"without Content-Encoding (it was {coding})" in problem(reply, 415, "unsupported-media-type")["detail"]
        assert reply.headers["accept-encoding"] == "identity"
