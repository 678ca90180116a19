"""A line shows where something stands and why, not its small print; what lies below something is shown there."""

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

TENANT = "tenant-3f0363fc-0286-4755-883f-35d1fde6c250"


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


def test_a_permission_says_which_roles_give_it_and_where(tmp_path: Path) -> None:
    because = [
        {"role": "Viewer", "unitId": None, "of": None},
        {"role": "Operator", "unitId": "div-1", "of": "past"},
        {"role": "Admin", "unitId": None, "of": "customer"},
    ]
    listed = [
        {"permission": "tenant:read", "granted": True, "because": because, "withheld": None},
        {"permission": "tenant:write", "granted": False, "because": [], "withheld": "The tenant is DEPROVISIONED."},
        {"permission": "tenant:resume", "granted": False, "because": [], "withheld": None},
    ]
    shell = answering(lambda _: _served({"userId": "user-thandi", "permissions": listed, "_links": {}}), tmp_path)
    shown = [" ".join(each.split()) for each in shell("users", "access", TENANT, "user-thandi").stdout.splitlines()]
    assert shown[-4:] == [
        "permission granted because withheld",
        "tenant:read yes Viewer, Operator div-1 past, Admin customer",
        "tenant:write no The tenant is DEPROVISIONED.",
        "tenant:resume no",
    ]


def test_a_tree_is_shown_as_one(tmp_path: Path) -> None:
    teams = [{"teamId": "team-1", "name": "Team Ä"}]
    groups: list[object] = [{"groupId": "group-1", "name": "Key accounts", "teams": teams}]
    divisions: list[object] = [{"divisionId": "div-1", "name": "Büro", "groups": []}]
    divisions += [{"divisionId": "div-2", "name": "Sales", "groups": groups}]
    shell = answering(lambda _: _served({"tenantId": TENANT, "divisions": divisions, "_links": {}}), tmp_path)
    assert shell("tenants", "tree", TENANT).stdout.splitlines()[-5:] == [
        "divisions",
        "├── div-1 Büro",
        "└── div-2 Sales",
        "    └── group-1 Key accounts",
        "        └── team-1 Team Ä",
    ]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_what_hides_in_values_steers_no_terminal(tmp_path: Path, flags: tuple[str, ...]) -> None:
    told = {"tenantId": TENANT, "metadata": {"k": "\u009b31mred \u202egnp.exe\u2028\u0085"}, "_links": {}}
    shell = answering(lambda _: _served(told), tmp_path)
    shown = shell("tenants", "get", TENANT, *flags).stdout
    assert r"\u009b31mred \u202egnp.exe\u2028\u0085" in shown
    assert all(char.isprintable() for char in shown.replace("\n", ""))
