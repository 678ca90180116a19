"""Verbs from the endpoint table: arguments, options, headers, and what is shown."""

import json
from pathlib import Path

import httpx
import pytest

from bbws.tables import ENDPOINTS, REACTIONS
from tests import builders
from tests.cli.shell import Shell, answering

CREATE = ("products", "create", "--name", "Basic", "--description", "Small", "--price", "9.5", "--period", "monthly")
VERBS = [(endpoint.cli, endpoint.summary) for endpoint in ENDPOINTS if endpoint.cli]


def _echo(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"asked": request.method})


@pytest.fixture
def echo(tmp_path: Path) -> Shell:
    return answering(_echo, tmp_path)


@pytest.mark.parametrize(("verb", "summary"), VERBS)
def test_every_endpoint_with_a_verb_is_a_command(echo: Shell, verb: tuple[str, str], summary: str) -> None:
    assert summary.replace("`", "") in echo(*verb, "--help").stdout.replace("\n ", "")


def test_help_names_commands_and_exit_codes(echo: Shell) -> None:
    text = echo("--help").stdout
    for name in ("serve", "products", "operations", "audit", "keys", "queues", "backup", "restore", "openapi"):
        assert f"\n  {name} " in text
    assert "3  the server cannot be reached" in text


def test_the_nearest_verb_is_suggested(echo: Shell) -> None:
    assert "Did you mean 'list'?" in echo("products", "lst", code=2).stderr


def test_the_version_is_shown(echo: Shell) -> None:
    assert echo("--version").stdout.startswith("bbws, version ")


def test_a_path_parameter_cannot_leave_its_segment(echo: Shell) -> None:
    echo("products", "get", "../keys?x=1#y")
    assert echo.last.url.raw_path == b"/v1.0/products/..%2Fkeys%3Fx%3D1%23y"


def test_query_parameters_are_options(echo: Shell) -> None:
    echo("products", "list", "--page-size", "5", "--sort-by", "price", "--status", "all", "--q", "a b")
    assert dict(echo.last.url.params) == {"pageSize": "5", "sortBy": "price", "status": "all", "q": "a b"}


def test_body_fields_are_options_and_repeat_for_lists(echo: Shell) -> None:
    echo(*CREATE, "--feature", "SSL", "--features", "Mail", "--no-active")
    assert json.loads(echo.last.content) == {
        "name": "Basic",
        "description": "Small",
        "price": "9.5",
        "period": "monthly",
        "features": ["SSL", "Mail"],
        "active": False,
    }


def test_an_empty_item_empties_a_list(echo: Shell) -> None:
    echo("products", "update", "PROD-001", "--feature", "")
    assert json.loads(echo.last.content) == {"features": []}


def test_null_is_sent_where_it_means_something(echo: Shell) -> None:
    echo("keys", "create", "--name", "Shop", "--permission", "products:write", "--writes-per-second", "null")
    sent = json.loads(echo.last.content)
    assert sent == {"name": "Shop", "permissions": ["products:write"], "writesPerSecond": None}


def test_a_body_is_sent_byte_by_byte(echo: Shell, tmp_path: Path) -> None:
    body = b'{ "price": 1e400, "name": "\xff" }'
    (tmp_path / "body.json").write_bytes(body)
    echo("products", "create", "--body", str(tmp_path / "body.json"))
    assert echo.last.content == body
    echo("products", "create", "--body", "-", stdin=body)
    assert echo.last.content == body
    assert echo.last.headers["content-type"] == "application/json"


def test_a_body_and_options_exclude_each_other(echo: Shell) -> None:
    result = echo("products", "create", "--body", "-", "--name", "Basic", "--price", "1", stdin="{}", code=2)
    assert "--body replaces the options; leave out --name, --price." in result.stderr
    assert echo.sent == []


def test_every_missing_option_is_named(echo: Shell) -> None:
    result = echo("products", "create", "--name", "Basic", code=2)
    assert "Missing --description, --price, --period (or --body FILE)." in result.stderr
    assert echo.sent == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("products", "list", "--page-size", "0"),
        ("products", "list", "--page-size", "many"),
        ("products", "list", "--sort-by", "colour"),
        ("products", "list", "--pagesize", "3"),
        ("products", "get"),
        ("products", "import", "catalogue.txt"),
        ("nonsense",),
        (*CREATE, "--idempotency-key", "Schlüssel"),
        (*CREATE, "--idempotency-key", " padded"),
        (*CREATE, "--idempotency-key", "two\nlines"),
        (*CREATE, "--idempotency-key", ""),
        ("products", "delete", "PROD-001", "--if-match", "abc"),
        ("products", "delete", "PROD-001", "--if-match", ""),
        ("products", "delete", "PROD-001", "--if-match", "-1"),
        ("products", "delete", "PROD-001", "--if-match", '"3'),
        ("products", "delete", "PROD-001", "--if-match", '3"'),
        ("products", "get", ""),
        ("products", "get", ".."),
        ("products", "history", "."),
        ("operations", "watch", ""),
        ("keys", "create", "--name", "Shop", "--permission", "a:b", "--reads-per-second", "few"),
    ],
)
def test_wrong_usage_is_told_and_sends_nothing(echo: Shell, arguments: tuple[str, ...]) -> None:
    result = echo(*arguments, code=2)
    assert "Error: " in result.stderr or "bbws: " in result.stderr
    assert result.stdout == ""
    assert echo.sent == []


def test_a_post_is_always_keyed(echo: Shell) -> None:
    echo(*CREATE)
    first = echo.last.headers["idempotency-key"]
    echo(*CREATE)
    assert first != echo.last.headers["idempotency-key"]
    echo(*CREATE, "--idempotency-key", "mine")
    assert echo.last.headers["idempotency-key"] == "mine"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("3", '"3"'),
        ("3-9f86", '"3-9f86"'),
        ('"3-9f86"', '"3-9f86"'),
        ("*", "*"),
        ('W/"3"', 'W/"3"'),
        ('"3", "4"', '"3", "4"'),
    ],
)
def test_if_match_takes_a_version_or_an_etag(echo: Shell, given: str, sent: str) -> None:
    echo("products", "update", "PROD-001", "--price", "2", "--if-match", given)
    assert echo.last.headers["if-match"] == sent


def test_the_key_comes_from_the_settings_or_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "api-key").write_text("from-folder\n")
    folder, settings = answering(_echo, tmp_path), answering(_echo, tmp_path, api_key="from-settings")
    folder("keys", "list")
    settings("keys", "list")
    assert (folder.last.headers["x-api-key"], settings.last.headers["x-api-key"]) == ("from-folder", "from-settings")


@pytest.mark.parametrize("content", ["one-two\nthree-four", "schlüssel-four", "one\x07four", "one\xa0four"])
def test_what_is_no_key_is_neither_sent_nor_shown(tmp_path: Path, content: str) -> None:
    for shell, source in (
        (answering(_echo, tmp_path, api_key=content), "BBWS_API_KEY"),
        (answering(_echo, tmp_path), str(tmp_path / "api-key")),
    ):
        (tmp_path / "api-key").write_text(content, encoding="utf-8")
        for command in (("keys", "list"), ("products", "import", "-", "--format", "csv")):
            lines = shell(*command, stdin="name\n", code=2).stderr.splitlines()
            assert lines[0] == f"bbws: {source} holds more than an API key: a key is one line of ASCII characters"
            assert lines[1].startswith("  Set BBWS_API_KEY to the key alone")
            assert not any("four" in line or "--from-row" in line for line in lines)
        assert shell.sent == []


def test_the_spaces_around_a_key_are_none_of_it(tmp_path: Path) -> None:
    shell = answering(_echo, tmp_path, api_key=" from-settings\r\n")
    shell("keys", "list")
    assert shell.last.headers["x-api-key"] == "from-settings"


def test_without_a_key_none_is_sent(echo: Shell) -> None:
    echo("products", "list")
    assert "x-api-key" not in echo.last.headers


def test_a_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "api-key").write_bytes(b"\xff\xfe")
    assert "holds more than an API key" in answering(_echo, tmp_path)("keys", "list", code=2).stderr
    (tmp_path / "api-key").unlink()
    (tmp_path / "api-key").mkdir()
    assert "cannot read the API key" in answering(_echo, tmp_path)("keys", "list", code=2).stderr


def test_url_wins_and_may_have_a_path(echo: Shell) -> None:
    echo("products", "list", "--url", "https://host/stage/")
    assert str(echo.last.url) == "https://host/stage/v1.0/products"


def test_queues_alone_lists_them(bbws: Shell) -> None:
    assert "product-audit" in bbws("queues").stdout
    assert {queue["name"] for queue in bbws.json("queues")["items"]} == {each.queue for each in REACTIONS}
    assert "redrive" in bbws("queues", "--help").stdout


def test_a_dry_run_tells_how_many_messages_would_be_put_back(bbws: Shell) -> None:
    shown = bbws("queues", "redrive", "product-audit", "--dry-run").stdout
    assert shown == "queue: product-audit\nredriven: 0\nThis is the plan; nothing was changed.\n"
    plan = {"dryRun": True, "changes": [], "queue": "product-audit", "redriven": 0}
    assert bbws.json("queues", "redrive", "product-audit", "--dry-run") == plan


def test_a_record_is_shown_field_by_field(bbws: Shell) -> None:
    bbws(*CREATE, "--product-id", "PROD-001", "--feature", "SSL", "--feature", "Mail")
    lines = bbws("products", "get", "PROD-001").stdout.splitlines()
    assert "price        9.50" in lines
    assert "features     • SSL" in lines
    assert all(line == line.rstrip() for line in lines)
    assert not any("_links" in line for line in lines)


def test_json_is_the_servers_own(bbws: Shell, client: builders.Client) -> None:
    made = bbws.json(*CREATE, "--product-id", "PROD-001")
    assert made == client.call("GET", "/v1.0/products/PROD-001").json


def test_a_call_without_an_answer_says_that_it_is_done(bbws: Shell) -> None:
    bbws(*CREATE, "--product-id", "PROD-001")
    assert bbws("products", "delete", "PROD-001").stdout == "Take a product off sale: done.\n"
    assert bbws.json("products", "delete", "PROD-001") == {}


def test_a_dry_run_shows_the_difference_and_changes_nothing(bbws: Shell, client: builders.Client) -> None:
    bbws(*CREATE, "--product-id", "PROD-001", "--feature", "SSL", "--feature", "Mail")
    shown = bbws("products", "update", "PROD-001", "--price", "12", "--feature", "SSL", "--dry-run").stdout
    assert "~ /v1.0/products/PROD-001  UPDATE (product.updated, version 2)" in shown
    assert "    ~ price: 9.50 → 12.00" in shown
    assert "        - Mail\n          SSL\n" in shown
    assert shown.endswith("1 change planned; nothing was changed.\n")
    assert client.call("GET", "/v1.0/products/PROD-001").json["version"] == 1


def test_a_dry_run_of_a_creation_shows_every_field(bbws: Shell) -> None:
    shown = bbws(*CREATE, "--product-id", "PROD-001", "--dry-run").stdout
    assert shown.startswith("+ /v1.0/products/PROD-001  CREATE (product.created, version 1)\n")
    assert "    + price: 9.50\n" in shown


def test_a_dry_run_that_changes_nothing_says_so(bbws: Shell) -> None:
    bbws(*CREATE, "--product-id", "PROD-001")
    bbws("products", "delete", "PROD-001")
    assert bbws("products", "delete", "PROD-001", "--dry-run").stdout == "Nothing would change.\n"
    assert bbws.json("products", "delete", "PROD-001", "--dry-run") == {"dryRun": True, "changes": []}


def test_a_secret_is_shown_once(bbws: Shell) -> None:
    made = bbws.json("keys", "create", "--name", "Shop", "--permission", "products:write")
    assert made["secret"].startswith("bbws_local_")
    assert made["secret"] not in bbws("keys", "list").stdout


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "x y",
        "localhost:8000",
        "http://",
        "http://[::1",
        "http://x:port",
        "http://x:0",
        "http://x:65536",
        "https://x?y",
        "https://x/?",
        "https://x/#y",
        "https://x\n",
    ],
)
def test_a_url_that_is_none_is_told(echo: Shell, url: str) -> None:
    arguments = ("products", "list", "--url", url)
    assert "is not the URL of a server, such as http://127.0.0.1:8000" in echo(*arguments, code=2).stderr
    assert echo.sent == []


@pytest.mark.parametrize("user", ["me:hunter2@x", "hunter2@x", "me:hunter2@x:port", "me:hunter2/x@h", "me:hunter2?@h"])
def test_a_password_in_a_url_is_not_shown(echo: Shell, user: str) -> None:
    error = echo("products", "list", "--url", f"https://{user}", code=2).stderr
    assert error.startswith("bbws: the address given is not the URL of a server")
    assert "hunter2" not in error
    assert echo.sent == []


def test_what_fits_in_no_url_is_told(echo: Shell) -> None:
    assert "this cannot be asked" in echo("products", "list", "--q", "x" * 70_000, code=2).stderr
