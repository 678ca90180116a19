"""Campaigns from the command line: the verbs of the endpoint table, with the token that the data folder is good for."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bbws.kernel.clock import rfc3339
from tests import builders
from tests.cli.shell import Shell, answering

NOW = datetime.now(UTC)
TERMS = "For new orders, while it lasts."
CREATE = (
    "campaigns", "create", "--code", "SUMMER", "--name", "Summer sale", "--product-id", "PROD-001",
    "--discount-percent", "20", "--terms-and-conditions", TERMS, "--from-date", rfc3339(NOW - timedelta(days=1)),
    "--to-date", rfc3339(NOW + timedelta(days=9)),
)  # fmt: skip


@pytest.fixture
def shop(bbws: Shell, client: builders.Client) -> Shell:
    client.create(productId="PROD-001")
    return bbws


@pytest.fixture
def echo(tmp_path: Path) -> Shell:
    return answering(lambda request: httpx.Response(200, json={"asked": request.method}), tmp_path, token="abc.def.ghi")


def test_a_campaign_lives_from_the_command_line(shop: Shell) -> None:
    assert "code                SUMMER" in shop(*CREATE, "--draft").stdout
    assert "Nothing found." in shop("campaigns", "list").stderr
    assert shop.json("campaigns", "publish", "SUMMER")["status"] == "ACTIVE"
    assert "SUMMER" in shop("campaigns", "list").stdout
    assert shop.json("campaigns", "update", "SUMMER", "--version", "2", "--discount-percent", "50")["price"] == "750.00"
    offers = shop.json("campaigns", "offers", "PROD-001")
    assert (offers["winner"], offers["price"]) == ("SUMMER", "750.00")
    assert shop.json("campaigns", "disable", "SUMMER", "--reason", "Out of stock")["disableReason"] == "Out of stock"
    assert "Campaign not found" in shop("campaigns", "get", "SUMMER", code=1).stderr
    assert shop.json("campaigns", "admin-offers", "PROD-001")["notApplying"][0]["reason"] == "disabled"
    assert shop.json("campaigns", "reactivate", "SUMMER")["status"] == "ACTIVE"
    assert "SUMMER" in shop("campaigns", "admin-list", "--status", "ACTIVE").stdout
    told = shop.json("campaigns", "history", "SUMMER", "--all")["items"]
    assert [each["changeType"] for each in told if each["fieldChanged"] == "discountPercent"] == ["UPDATE", "CREATE"]
    assert shop("campaigns", "delete", "SUMMER").stdout == "Delete a campaign: done.\n"
    assert shop.json("campaigns", "admin-get", "SUMMER")["active"] is False
    assert shop.json("campaigns", "update", "SUMMER", "--version", "6", "--active")["active"] is True


def test_administrators_verbs_send_a_token_and_the_others_do_not(echo: Shell) -> None:
    for verb in ("publish", "disable", "reactivate", "delete", "history", "admin-get"):
        echo("campaigns", verb, "SUMMER")
        assert echo.last.headers["authorization"] == "Bearer abc.def.ghi"
        assert "x-api-key" not in echo.last.headers
        assert echo.last.url.path.startswith("/v1.0/admin/campaigns/SUMMER")
    for arguments in (("list",), ("get", "SUMMER"), ("offers", "PROD-001")):
        echo("campaigns", *arguments)
        assert "authorization" not in echo.last.headers


def test_times_are_options(echo: Shell) -> None:
    at = "2026-12-01T00:00:00+02:00"
    echo("campaigns", "get", "SUMMER", "--at", at, "--held-since", at)
    assert dict(echo.last.url.params) == {"at": at, "heldSince": at}
    echo("campaigns", "offers", "PROD-001", "--at", at)
    assert echo.last.url.path == "/v1.0/products/PROD-001/offers"
    echo("campaigns", "reactivate", "SUMMER", "--to-date", at)
    assert json.loads(echo.last.content) == {"toDate": at}


def test_what_is_taken_away_is_null(echo: Shell) -> None:
    echo("campaigns", "update", "SUMMER", "--version", "3", "--list-price", "null", "--description", "null")
    assert json.loads(echo.last.content) == {"version": 3, "listPrice": None, "description": None}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("update", "SUMMER", "--name", "Other"), "Missing --version"),
        (("update", "SUMMER", "--version", "one", "--name", "Other"), "--version"),
        (("create", "--code", "SUMMER"), "Missing --name, --product-id, --discount-percent"),
        (("admin-list", "--status", "GONE"), "--status"),
        (("disable",), "Missing argument"),
    ],
)
def test_wrong_usage_is_told_and_sends_nothing(echo: Shell, arguments: tuple[str, ...], told: str) -> None:
    assert told in echo("campaigns", *arguments, code=2).stderr
    assert echo.sent == []


def test_a_refusal_names_the_fields(shop: Shell) -> None:
    shown = shop(*CREATE, "--name", "S", "--code", "summer", code=1).stderr
    assert "code: must match" in shown
    assert "name: must have at least 3 characters" in shown


def test_a_plan_shows_the_difference_and_warnings_are_shown(shop: Shell) -> None:
    shop(*CREATE)
    shown = shop("campaigns", "update", "SUMMER", "--version", "1", "--discount-percent", "25", "--dry-run").stdout
    assert "    ~ discountPercent: 20 → 25" in shown
    second = shop(*CREATE, "--code", "WINTER").stdout
    assert "SUMMER is for the same product and runs at the same time" in second
