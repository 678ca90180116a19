"""Bad input of campaigns: each gets a refusal that names what is wrong, and none has any effect."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.builders import Reply
from tests.http.answers import fields, problem
from tests.marketing.shop import ADMIN, CAMPAIGNS, PRODUCT_ID, Shop, campaign, day, opened


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop with one campaign, for all calls that must have no effect."""
    with opened(tmp_path_factory.mktemp("quiet") / "data") as made:
        made.create(code="THERE")
        yield made


def _raw(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _refused(shop: Shop, method: str, path: str, body: bytes) -> Reply:
    reply = shop.admin(method, path, raw=body)
    [kept] = shop.admin("GET", "").json["items"]
    assert (kept["code"], kept["version"]) == ("THERE", 1)
    return reply


_BAD_TIMES: Sequence[object] = (
    None, "", "tomorrow", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01 00:00:00Z", "2027-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z", "2026-12-01T24:00:01Z", "2026-12-31T23:59:60Z", "2026-12-01T00:00:00+25:00",
    "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "٢٠٢٦-12-01T00:00:00Z", 1_796_000_000, True, {},
)  # fmt: skip
BAD_VALUES: Mapping[str, Sequence[object]] = {
    "discountPercent": (-1, 101, 1.5, 20.0, "20", True, None, [20], 10**30, -(10**30)),
    "listPrice": (0, "0.00", -1, "1000000", "1.005", 1e400, "NaN", True, "", [], "1e2"),
    "name": (None, "ab", "  ab  ", "x" * 101, "two\nlines", "a\x00bc", "\u200b" * 5, 5),
    "description": ("", " ", "x" * 501, "\x07", 5),
    "specialConditions": ("", "x" * 501, []),
    "termsAndConditions": (None, "too short", "x" * 2001, " " * 20, "0123456789\ud800"),
    "productId": (None, "", "x" * 51, "PROD\n001", 1),
    "fromDate": _BAD_TIMES,
    "toDate": _BAD_TIMES,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD_VALUES.items() for value in values],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_value_is_named(quiet: Shop, name: str, value: object) -> None:
    made = _refused(quiet, "POST", "", _raw(campaign(**{name: value})))
    changed = _refused(quiet, "PUT", "THERE", _raw({"version": 1, name: value}))
    for reply in (made, changed):
        if reply.json["code"] != "malformed-body":  # what is no JSON number, or no text
            assert fields(reply) == {name}
            assert all(error["message"] and error["code"] for error in reply.json["errors"])


@pytest.mark.parametrize(
    "code",
    [
        "summer", "Summer", "SUMMER 26", " SUMMER", "SUMMER\n", "AB", "X" * 51, "", None, 123, "SUMMER.26", "SUMMER/26",
        "\u0405UMMER", "SU\u216fMER", "\uff33\uff35\uff2d\uff2d\uff25\uff32", "SÜMMER", "SUMMER\u200b",
        "SUMMER\u0660", "SUMMER\x00", "../SUMMER", "SUMMER%20",
    ],
)  # fmt: skip
def test_a_code_is_upper_case_latin_digits_and_dashes(quiet: Shop, code: object) -> None:
    assert fields(_refused(quiet, "POST", "", _raw(campaign(code=code)))) == {"code"}


@pytest.mark.parametrize(
    "code", ["summer", "AB", "X" * 51, "SUMMER%20", "SUMMER%0A", "S%C3%9CMMER", "%2E%2E%2E", "%zz"]
)
@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"version": 1, "name": "Other"}),
        ("DELETE", "", None),
        ("GET", "/history", None),
        ("POST", "/publish", None),
        ("PATCH", "/disable", {}),
        ("PATCH", "/reactivate", {}),
    ],
)
def test_what_cannot_be_a_code_is_malformed(quiet: Shop, code: str, method: str, tail: str, body: object) -> None:
    assert fields(quiet.admin(method, f"{ADMIN}/{code}{tail}", body)) == {"code"}
    assert fields(quiet.public(f"{CAMPAIGNS}/{code}")) == {"code"}


@pytest.mark.parametrize("code", ["ABC", "X" * 50, "---", "___", "0_0", "A-1"])
def test_every_code_that_may_be_is_taken(shop: Shop, code: str) -> None:
    assert shop.create(code=code)["code"] == code
    assert shop.public(f"{CAMPAIGNS}/{code}").json["code"] == code


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, "code name productId discountPercent termsAndConditions fromDate toDate"),
        (campaign(status="ACTIVE", price="1", version=1, active=True, currency="EUR", isValid=True),
         "status price version active currency isValid"),
        (campaign(from_date=day(1), ProductId="x"), "from_date ProductId"),
        (campaign(createdBy="me", disabledAt=day(0), gracePeriodEnd=day(2)), "createdBy disabledAt gracePeriodEnd"),
        (campaign(draft="true"), "draft"),
        (campaign(draft=None), "draft"),
        (campaign(toDate=day(1)), "toDate"),
        (campaign(toDate=day(0.5)), "toDate"),
        (campaign(toDate="2026-11-21T13:00:00+01:00"), "toDate"),
    ],
)  # fmt: skip
def test_every_bad_field_of_a_new_campaign_is_named(quiet: Shop, body: dict[str, Any], bad: str) -> None:
    assert fields(_refused(quiet, "POST", "", _raw(body))) == set(bad.split())


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, "version"),
        ({"version": 1}, "body"),
        ({"name": "Other"}, "version"),
        ({"version": 0, "name": "Other"}, "version"),
        ({"version": -1, "name": "Other"}, "version"),
        ({"version": "1", "name": "Other"}, "version"),
        ({"version": 1.0, "name": "Other"}, "version"),
        ({"version": True, "name": "Other"}, "version"),
        ({"version": None, "name": "Other"}, "version"),
        ({"version": 10**30, "name": "Other"}, "version"),
        ({"version": 1, "code": "OTHER", "status": "ACTIVE", "draft": True}, "code status draft"),
        ({"version": 1, "active": None}, "active"),
        ({"version": 1, "active": "true"}, "active"),
        ({"version": 1, "active": 1}, "active"),
        ({"version": 1, "toDate": day(1)}, "toDate"),
        ({"version": 1, "fromDate": day(10)}, "toDate"),
        ({"version": 1, "fromDate": day(20), "toDate": day(19)}, "toDate"),
    ],
)
def test_every_bad_field_of_a_change_is_named(quiet: Shop, body: dict[str, Any], bad: str) -> None:
    assert fields(_refused(quiet, "PUT", "THERE", _raw(body))) == set(bad.split())


@pytest.mark.parametrize(
    ("method", "path", "body", "bad"),
    [
        ("PATCH", "THERE/disable", {"reason": ""}, "reason"),
        ("PATCH", "THERE/disable", {"reason": "x" * 501}, "reason"),
        ("PATCH", "THERE/disable", {"reason": 5, "until": day(1)}, "reason until"),
        ("PATCH", "THERE/disable", {"reason": "\x07"}, "reason"),
        ("PATCH", "THERE/reactivate", {"toDate": "2027-02-29T00:00:00Z"}, "toDate"),
        ("PATCH", "THERE/reactivate", {"toDate": "2027-01-01T00:00:00"}, "toDate"),
        ("PATCH", "THERE/reactivate", {"fromDate": day(1)}, "fromDate"),
    ],
)
def test_every_bad_field_of_a_switch_is_named(
    quiet: Shop, method: str, path: str, body: dict[str, Any], bad: str
) -> None:
    assert fields(_refused(quiet, method, path, _raw(body))) == set(bad.split())


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[]", 400, "malformed-body"),
        (b'{"version": 1, "name": "One", "name": "Two"}', 400, "malformed-body"),
        (b'{"version": 1, "version": 1, "name": "Two"}', 400, "malformed-body"),
        (b'{"version": 1, "name": "Tw', 400, "malformed-body"),
        (b'{"version": NaN, "name": "Two"}', 400, "malformed-body"),
        (b'{"version": 1, "discountPercent": 1e400}', 400, "validation-error"),
        (b'{"version": 1, "name": "\xff\xfe"}', 400, "malformed-body"),
        (b'{"version": 1, "\\ud800": 1}', 400, "validation-error"),
        (b'{"version": 1, "name": "' + b"x" * 10_300 + b'"}', 413, "body-too-large"),
        (b'{"version": 1, "' + b"x" * 9_000 + b'": 1}', 400, "validation-error"),
        (b'{"version": 1, "a": ' + b"[" * 3_000 + b"]" * 3_000 + b"}", 400, "malformed-body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_plain_object_is_refused(quiet: Shop, body: bytes, status: int, code: str) -> None:
    problem(_refused(quiet, "PUT", "THERE", body), status, code)


@pytest.mark.parametrize("path", ["THERE/publish", "THERE"])
def test_where_no_body_is_wanted_none_is_taken(quiet: Shop, path: str) -> None:
    method = "DELETE" if path == "THERE" else "POST"
    problem(_refused(quiet, method, path, b'{"version": 1}'), 400, "malformed-body")


@pytest.mark.parametrize(
    ("target", "bad"),
    [
        (f"{CAMPAIGNS}?pageSize=0", "pageSize"),
        (f"{CAMPAIGNS}?pageSize=101&at=now", "pageSize at"),
        (f"{CAMPAIGNS}?status=ACTIVE", "status"),
        (f"{CAMPAIGNS}?startAt=abc", "startAt"),
        (f"{CAMPAIGNS}?at=2026-11-20T12:00:00", "at"),
        (f"{CAMPAIGNS}?at=2026-02-29T12:00:00Z", "at"),
        (f"{CAMPAIGNS}/THERE?at=&heldSince=x", "at heldSince"),
        (f"{CAMPAIGNS}/THERE?asOf={day(0)}", "asOf"),
        (f"{CAMPAIGNS}/THERE?heldSince={day(1)}", "heldSince"),
        (f"{ADMIN}?status=active", "status"),
        (f"{ADMIN}?status=", "status"),
        (f"{ADMIN}?status=DELETED&active=maybe", "status active"),
        (f"{ADMIN}/THERE?asOf=2026-11-20", "asOf"),
        (f"{ADMIN}/THERE/history?pageSize=1e1&limit=5", "pageSize limit"),
        (f"/v1.0/products/{PRODUCT_ID}/offers?at=2026-11-20T12:00:00", "at"),
        (f"/v1.0/products/{PRODUCT_ID}/offers?from={day(0)}", "from"),
        (f"/v1.0/products/{'x' * 51}/offers", "productId"),
        ("/v1.0/products/PROD%0A001/offers", "productId"),
    ],
)
def test_bad_parameters_are_named(quiet: Shop, target: str, bad: str) -> None:
    assert fields(quiet.admin("GET", target)) == set(bad.split())
