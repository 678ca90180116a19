"""What of a campaign, its history and its offers fits on a line: where it stands and why, not its small print."""

from pathlib import Path

import httpx
import pytest

from tests.cli.shell import answering

LISTED = {
    "code": "SUMMER-26",
    "name": "Summer sale",
    "productId": "PROD-001",
    "price": "1200.00",
    "currency": "ZAR",
    "termsAndConditions": "For new orders, while it lasts.",
    "status": "DISABLED",
    "version": 2,
    "modifiedAt": "2026-11-21T09:59:33.795332Z",
    "changeType": "UPDATE",
    "fieldChanged": "discountPercent",
    "previousValue": 20,
    "newValue": 25,
}
OFFER = {"code": "AUTUMN-26", "name": "Autumn sale", "price": "1350.00", "wins": False, "reason": "scheduled"}


def _served(document: object) -> httpx.Response:
    return httpx.Response(200, json=document)


@pytest.mark.parametrize(
    ("command", "heading", "line"),
    [
        (("list",), "code productId price currency status", "SUMMER-26 PROD-001 1200.00 ZAR DISABLED"),
        (("admin-list",), "code productId price status", "SUMMER-26 PROD-001 1200.00 DISABLED"),
        (
            ("history", "SUMMER-26"),
            "version modifiedAt changeType fieldChanged previousValue newValue",
            "2 2026-11-21T09:59:33.795332Z UPDATE discountPercent 20 25",
        ),
    ],
)
def test_a_list_shows_what_is_asked_of_it(tmp_path: Path, command: tuple[str, ...], heading: str, line: str) -> None:
    shell = answering(lambda _: _served({"items": [LISTED], "moreAvailable": False, "_links": {}}), tmp_path)
    shown = [" ".join(each.split()) for each in shell("campaigns", *command).stdout.splitlines()]
    assert shown[0].startswith(heading)
    assert shown[1].startswith(line)


def test_an_offer_that_does_not_apply_says_why(tmp_path: Path) -> None:
    shell = answering(lambda _: _served({"productId": "PROD-001", "notApplying": [OFFER], "_links": {}}), tmp_path)
    shown = [" ".join(each.split()) for each in shell("campaigns", "admin-offers", "PROD-001").stdout.splitlines()]
    assert shown[-2:] == ["code reason price discountPercent fromDate toDate", "AUTUMN-26 scheduled 1350.00"]
