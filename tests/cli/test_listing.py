"""Lists: one page with a hint, every page with --all, and JSON that is one document."""

import json
from pathlib import Path

import httpx
import pytest

from tests import builders
from tests.cli.shell import Shell, answering


@pytest.fixture
def full(bbws: Shell, client: builders.Client) -> Shell:
    for number in range(7):
        client.create(productId=f"PROD-00{number}", name=f"Plan {number}", price=f"{number + 1}.00")
    return bbws


def test_a_page_says_that_there_is_more(full: Shell) -> None:
    result = full("products", "list", "--page-size", "3", "--sort-by", "price")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["productId", "name", "price", "currency", "period", "active"]
    assert [line.split()[0] for line in lines[1:]] == ["PROD-000", "PROD-001", "PROD-002"]
    token = result.stderr.split("--start-at ")[1].split()[0]
    following = full("products", "list", "--page-size", "3", "--sort-by", "price", "--start-at", token)
    assert [line.split()[0] for line in following.stdout.splitlines()[1:]] == ["PROD-003", "PROD-004", "PROD-005"]


def test_a_page_that_is_the_last_has_no_hint(full: Shell) -> None:
    assert full("products", "list").stderr == ""


def test_all_follows_every_page_under_one_heading(full: Shell) -> None:
    lines = full("products", "list", "--page-size", "3", "--sort-by", "price", "--all").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["productId", *(f"PROD-00{n}" for n in range(7))]
    assert len({line.index("ZAR") for line in lines[1:]}) == 1
    assert len(full.sent) == 3


def test_all_asks_for_large_pages(full: Shell) -> None:
    full("products", "list", "--all")
    assert full.last.url.params["pageSize"] == "100"


def test_all_as_json_is_one_document(full: Shell) -> None:
    document = full.json("products", "list", "--all", "--page-size", "2", "--sort-by", "price")
    assert [item["productId"] for item in document["items"]] == [f"PROD-00{n}" for n in range(7)]
    assert (document["count"], document["moreAvailable"], document["nextToken"]) == (7, False, None)


def test_nothing_found_is_said_beside_the_output(bbws: Shell) -> None:
    result = bbws("products", "list", "--q", "zebra")
    assert (result.stdout, result.stderr) == ("", "Nothing found.\n")
    assert bbws.json("products", "list", "--all") == {
        "items": [],
        "count": 0,
        "moreAvailable": False,
        "nextToken": None,
    }


def test_a_failure_on_a_later_page_ends_with_its_code(tmp_path: Path) -> None:
    pages = iter([httpx.Response(200, json={"items": [{"keyId": "key-1"}], "nextToken": "t"}), httpx.Response(500)])
    result = answering(lambda _: next(pages), tmp_path)("keys", "list", "--all", code=4)
    assert "key-1" in result.stdout


def test_a_resource_that_is_not_known_shows_its_plain_fields(tmp_path: Path) -> None:
    item = {"name": "q", "deep": {"x": 1}, "text": "a\x1b[2Jb", "yes": True, "none": None, "_links": {}}
    shell = answering(lambda _: httpx.Response(200, json={"operationId": "op-1", "steps": [item]}), tmp_path)
    lines = shell("operations", "get", "op-1").stdout.splitlines()
    assert lines == ["operationId  op-1", "", "steps", "  name  text       yes", "  q     a\\x1b[2Jb  yes"]


def test_history_is_a_list_too(full: Shell) -> None:
    full("products", "update", "PROD-001", "--price", "99")
    lines = full("products", "history", "PROD-001").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["version", "2", "1"]


def test_records_of_the_audit_name_their_subject(full: Shell, client: builders.Client) -> None:
    client.drain()
    lines = full("audit", "records").stdout.splitlines()
    assert lines[0].split() == ["time", "type", "subject", "actor", "version"]
    assert {line.split()[2] for line in lines[1:]} >= {f"/v1.0/products/PROD-00{n}" for n in range(7)}


def test_json_keeps_letters_of_any_script(bbws: Shell, client: builders.Client) -> None:
    client.create(name="Café 日本 😀")
    output = bbws("products", "list", "--json").stdout
    assert "Café 日本 😀" in output
    assert json.loads(output)["items"][0]["name"] == "Café 日本 😀"
