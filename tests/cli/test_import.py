"""``bbws products import`` on BBWS in this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.cli.shell import Shell, on

CATALOGUE = Path(__file__).parents[1] / "data" / "catalogue.csv"
ROW = {"name": "Basic", "description": "Small", "price": "9.50", "period": "monthly"}


def _lines(path: Path, *rows: dict[str, Any] | bytes) -> str:
    path.write_bytes(b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in rows))
    return str(path)


def _counts(document: dict[str, Any]) -> list[int]:
    return [document[outcome] for outcome in ("created", "unchanged", "conflict", "refused")]


def test_the_sample_loads_but_for_the_row_with_a_bad_price(bbws: Shell, client: builders.Client) -> None:
    result = bbws("products", "import", str(CATALOGUE), code=5)
    lines = result.stdout.splitlines()
    assert [line.split()[2] for line in lines if line.startswith("row ")] == ["created"] * 6 + ["refused"]
    assert "    price: must be a decimal from 0.01 to 999999.99 with at most two decimals" in result.stdout
    assert lines[-1].endswith("6 created, 0 unchanged, 0 conflict, 1 refused")
    assert result.stderr == "bbws: 1 of 7 rows did not load\n"
    products = {p["name"]: p for p in client.call("GET", "/v1.0/products").json["items"]}
    assert len(products) == 6
    assert products["Professional"]["price"] == "5000.00"
    assert products["Café & Büro Paket"]["features"] == ["SSL-Zertifikat", "Tägliche Sicherung"]


def test_loading_twice_changes_nothing(bbws: Shell, client: builders.Client) -> None:
    bbws("products", "import", str(CATALOGUE), code=5)
    before = client.call("GET", "/v1.0/products").body
    assert _counts(bbws.json("products", "import", str(CATALOGUE), code=5)) == [0, 6, 0, 1]
    assert client.call("GET", "/v1.0/products").body == before


def test_what_was_changed_since_is_a_conflict(bbws: Shell, client: builders.Client) -> None:
    bbws("products", "import", str(CATALOGUE), code=5)
    client.call("PUT", "/v1.0/products/PROD-001", {"price": "96", "features": ["Other"]})
    client.call("PUT", "/v1.0/products/PROD-002", {"active": False})
    result = bbws("products", "import", str(CATALOGUE), "--quiet", code=5)
    assert "row 1  conflict   PROD-001           Entry\n    price: 95.00 here, 96.00 there\n" in result.stdout
    assert "    features: " in result.stdout
    assert "row 2" not in result.stdout
    assert "5 unchanged, 1 conflict, 1 refused" in result.stdout
    assert client.call("GET", "/v1.0/products/PROD-001").json["price"] == "96.00"


def test_a_dry_run_checks_every_row_and_changes_nothing(bbws: Shell, client: builders.Client) -> None:
    client.create(productId="PROD-001")
    result = bbws("products", "import", str(CATALOGUE), "--dry-run", code=5)
    assert "5 created, 0 unchanged, 1 conflict, 1 refused (dry run: nothing was changed)" in result.stdout
    assert client.call("GET", "/v1.0/products").json["count"] == 1


def test_the_report_has_a_line_for_each_row(bbws: Shell, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    bbws("products", "import", str(CATALOGUE), "--report", str(report), code=5)
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["row"] for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert [line["line"] for line in lines] == [2, 3, 4, 5, 6, 7, 8]
    assert lines[0] == {
        "row": 1,
        "line": 2,
        "outcome": "created",
        "productId": "PROD-001",
        "message": "",
        "errors": [],
    }
    assert lines[6]["outcome"] == "refused"
    assert lines[6]["errors"][0].startswith("price: must be a decimal")


def test_json_is_a_summary_and_bad_rows_are_told_beside_it(bbws: Shell) -> None:
    result = bbws("products", "import", str(CATALOGUE), "--json", code=5)
    document = json.loads(result.stdout)
    assert _counts(document) == [6, 0, 0, 1]
    assert (document["rows"], document["dryRun"], document["nextRow"]) == (7, False, 8)
    assert result.stderr.splitlines()[0].startswith("row 7  refused")


def test_from_row_goes_on_and_continues_the_report(bbws: Shell, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    bbws("products", "import", str(CATALOGUE), "--from-row", "6", "--report", str(report), code=5)
    bbws("products", "import", str(CATALOGUE), "--from-row", "7", "--report", str(report), code=5)
    assert [json.loads(line)["row"] for line in report.read_text().splitlines()] == [6, 7, 7]
    assert [request.method for request in bbws.sent] == ["POST"] * 3


def test_csv_and_json_lines_mean_the_same(bbws: Shell, tmp_path: Path) -> None:
    row = ROW | {"features": ["SSL", "Mail"]}
    bbws("products", "import", _lines(tmp_path / "a.jsonl", row, row | {"price": 9.5}, row | {"name": " Basic"}))
    (tmp_path / "a.csv").write_text("period,price,name,description,features\nmonthly,9.5,Basic,Small,SSL|Mail\n")
    assert _counts(bbws.json("products", "import", str(tmp_path / "a.csv"))) == [0, 1, 0, 0]


def test_standard_input_needs_a_format(bbws: Shell) -> None:
    assert "add --format" in bbws("products", "import", "-", stdin="", code=2).stderr
    line = json.dumps(ROW) + "\n"
    result = bbws("products", "import", "-", "--format", "jsonl", stdin=line)
    assert "1 created" in result.stdout


def test_equal_rows_of_one_file_are_one_product(bbws: Shell, tmp_path: Path) -> None:
    file = _lines(tmp_path / "a.ndjson", *[ROW] * 40)
    created, unchanged, conflict, refused = _counts(bbws.json("products", "import", file))
    assert created >= 1
    assert (created + unchanged, conflict, refused) == (40, 0, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW | {"colour": "red"}, "colour: is not a known field; remove it"),
        ({"name": "Basic"}, "description: is required"),
        (ROW | {"price": 12.345}, "price: must be a decimal"),
        (ROW | {"price": True}, "price: must be a decimal"),
        (ROW | {"name": "a\tb\0c"}, "name: must not hold control characters"),
        (ROW | {"name": "\ud800abc"}, "the row cannot be sent as JSON"),
        (ROW | {"currency": "QQQ"}, "currency: must be an ISO 4217 code"),
        (ROW | {"productId": "plan-1"}, "productId: "),
        (ROW | {"productId": 17}, "productId: "),
        (ROW | {"features": "SSL"}, "features: must be a list"),
        (ROW | {"features": ["x" * 200] * 60}, "Body too large"),
        (b'{"name": "a", "name": "b"}', "stands twice"),
        (b"nonsense", "the line is not JSON"),
        (b"\xff", "the line is not valid UTF-8"),
        (b'{"price": 1e400}', "price: must be a decimal"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_others_load(
    bbws: Shell, tmp_path: Path, row: dict[str, Any] | bytes, reason: str
) -> None:
    good = [ROW | {"name": f"Plan {n}"} for n in range(4)]
    file = _lines(tmp_path / "a.jsonl", *good[:2], row, *good[2:])
    result = bbws("products", "import", file, code=5)
    outcomes = [line.split()[2] for line in result.stdout.splitlines() if line.startswith("row ")]
    assert outcomes == ["created", "created", "refused", "created", "created"]
    assert reason in result.stdout


def test_results_come_in_the_order_of_the_file(bbws: Shell, tmp_path: Path) -> None:
    rows = [ROW | {"name": f"Plan {n}", "price": "0" if n % 7 == 0 else f"{n}.00"} for n in range(300)]
    file, report = _lines(tmp_path / "a.jsonl", *rows), tmp_path / "report.jsonl"
    bbws("products", "import", file, "--report", str(report), "--quiet", code=5)
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["row"] for line in lines] == list(range(1, 301))
    assert [line["outcome"] for line in lines] == ["created" if n % 7 else "refused" for n in range(300)]


def test_a_server_that_queues_is_waited_for(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", write_mode="queued") as client:
        shell = on(client)
        assert _counts(shell.json("products", "import", str(CATALOGUE), code=5)) == [6, 0, 0, 1]
        assert client.call("GET", "/v1.0/products").json["count"] == 6
        assert _counts(shell.json("products", "import", str(CATALOGUE), code=5)) == [0, 6, 0, 1]


def test_a_file_that_cannot_be_read_is_told(bbws: Shell, tmp_path: Path) -> None:
    assert "cannot read" in bbws("products", "import", str(tmp_path / "none.csv"), code=2).stderr
    assert "cannot read" in bbws("products", "import", str(tmp_path), "--format", "csv", code=2).stderr
    missing = str(tmp_path / "no" / "report")
    assert "cannot write" in bbws("products", "import", str(CATALOGUE), "--report", missing, code=2).stderr
    assert bbws.sent == []


def test_a_file_without_rows_loads(bbws: Shell, tmp_path: Path) -> None:
    assert bbws.json("products", "import", _lines(tmp_path / "a.jsonl"))["rows"] == 0
