"""The HTTP edge of the real program: connections, forwarded headers, logs, metrics."""

import contextlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from bbws.engines.embedded.backup import restore
from tests import builders
from tests.architecture.source import ROOT
from tests.builders import SAMPLE, Server
from tests.server.support import call, connection, read

PRODUCTS = "/v1.0/products"
LEAK = """
import logging, sys
from bbws.entrypoints.observability import configure_logging
configure_logging("INFO")
def fail(secret, key):
    body = {"password": secret}
    raise RuntimeError("went wrong")
try:
    fail("hush-" + "hush", "key")
except RuntimeError:
    logging.getLogger("bbws.dispatch").exception("unexpected fault", extra={"requestId": "R1"})
"""

FAULT = """
import sys
from dataclasses import replace
from pathlib import Path
from bbws.entrypoints.observability import configure_logging
from tests import builders
from tests.fakes import TableProxy

class Broken(TableProxy):
    def get(self, key):
        if key.partition.startswith("PRODUCT#"):
            raise RuntimeError("went wrong")
        return super().get(key)

configure_logging("INFO")
with builders.client(Path(sys.argv[1]), start=False) as client:
    dispatcher = client.app.dispatcher._replace(table=Broken(client.app.engine.table))
    faulty = replace(client, app=replace(client.app, dispatcher=dispatcher))
    body = {**builders.SAMPLE, "productId": "PROD-001", "name": "Hush" + " hush"}
    print(faulty.call("POST", "/v1.0/products?dryRun=false", body).body.decode())
"""


def _lines(text: str, **wanted: object) -> list[Any]:
    lines = [orjson.loads(line) for line in text.splitlines()]
    return [line for line in lines if all(line.get(name) == value for name, value in wanted.items())]


def test_one_connection_serves_many_calls(shared: Server) -> None:
    with connection(shared) as opened:
        for method, path, status in (
            ("GET", PRODUCTS, 200),
            ("HEAD", PRODUCTS, 200),
            ("GET", "/nothing", 404),
            ("OPTIONS", PRODUCTS, 200),
            ("HEAD", "/v1.0/backup", 200),
            ("GET", "/health", 200),
        ):
            opened.request(method, path, headers={"x-api-key": shared.key})
            answer = read(opened)
            assert answer.status == status
            assert (answer.body == b"") == (method in {"HEAD", "OPTIONS"})


def test_a_body_in_chunks_is_read_and_limited(shared: Server) -> None:
    sent = {"x-api-key": shared.key, "content-type": "application/json"}
    for filler, status in ((100, 201), (10_240, 413)):
        body = orjson.dumps({**SAMPLE, "description": "x" * min(filler, 500)}) + b" " * filler
        with connection(shared) as opened:
            pieces = (body[start : start + 999] for start in range(0, len(body), 999))
            opened.request("POST", PRODUCTS, pieces, sent, encode_chunked=True)
            assert read(opened).status == status


@pytest.mark.parametrize("name", ["X-Api-Key", "Authorization", "Idempotency-Key", "Content-Type"])
def test_a_header_that_is_no_list_comes_once(shared: Server, name: str) -> None:
    body = orjson.dumps(dict(SAMPLE))
    sent = {"X-Api-Key": shared.key, "Content-Type": "application/json", "Content-Length": str(len(body))}
    with connection(shared) as opened:
        opened.putrequest("POST", PRODUCTS)
        for field, value in (*sent.items(), (name, "one"), *([] if name in sent else [(name, "two")])):
            opened.putheader(field, value)
        opened.endheaders(body)
        answer = read(opened)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, name)
    assert "once" in answer.json["detail"]


def test_a_list_may_come_in_several_headers(shared: Server) -> None:
    path = f"{PRODUCTS}/{call(shared, 'POST', PRODUCTS, dict(SAMPLE)).json['productId']}"
    with connection(shared) as opened:
        opened.putrequest("DELETE", path)
        for field, value in (("X-Api-Key", shared.key), ("If-Match", '"7"'), ("If-Match", '"1"')):
            opened.putheader(field, value)
        opened.endheaders()
        assert read(opened).status == 204


def test_every_request_has_an_id_of_ours(shared: Server) -> None:
    answers = [call(shared, "GET", PRODUCTS, headers={"x-request-id": "of-the-caller"}) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert "of-the-caller" not in ids
    assert call(shared, "GET", "/nothing").json["requestId"] not in ids


def test_nobody_but_a_trusted_proxy_is_believed(shared: Server) -> None:
    forged = {"x-forwarded-prefix": "/stage", "x-forwarded-for": "198.51.100.7", "x-request-id": "A" * 20}
    answer = call(shared, "GET", PRODUCTS, headers=forged)
    assert answer.json["_links"]["self"]["href"] == PRODUCTS
    assert answer.headers["x-request-id"] != "A" * 20


def test_a_trusted_proxy_says_prefix_caller_and_request(tmp_path: Path) -> None:
    environment = {"BBWS_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.1"}
    with builders.server(tmp_path / "data", environment=environment) as server:
        headers = {"x-forwarded-prefix": "/stage/", "x-request-id": "trace-4711"}
        answer = call(server, "GET", PRODUCTS, headers=headers)
        assert answer.json["_links"]["self"]["href"] == f"/stage{PRODUCTS}"
        assert answer.headers["x-request-id"] == "trace-4711"
        for odd in ("//evil.example", "stage", "/a b", "/<x>"):
            answer = call(server, "GET", PRODUCTS, headers={"x-forwarded-prefix": odd, "x-request-id": "x y"})
            assert answer.json["_links"]["self"]["href"] == PRODUCTS
            assert answer.headers["x-request-id"] != "x y"
        # What a caller writes in front of the last address that a proxy vouches for does not count.
        wrong = {"x-api-key": "wrong"}
        limited = [
            call(
                server, "GET", PRODUCTS, key=False, headers={**wrong, "x-forwarded-for": f"{n}, 198.51.100.7, 10.0.0.1"}
            )
            for n in range(60)
        ]
        assert 429 in {answer.status for answer in limited}
        other = call(server, "GET", PRODUCTS, key=False, headers={**wrong, "x-forwarded-for": "198.51.100.8"})
        assert other.status == 401


def test_logs_are_json_and_hold_no_secret_body_or_query(tmp_path: Path) -> None:
    with builders.server(tmp_path / "data") as server:
        made = call(server, "POST", PRODUCTS, {**SAMPLE, "name": "Hush hush"})
        call(server, "GET", f"{PRODUCTS}?q=whisper")
        call(server, "GET", "/no/such/secret-path")
        call(server, "GET", PRODUCTS, key=False, headers={"x-api-key": "bbws_local_GUESSED"})
        key = server.key
        assert server.stop() == 0
        text = server.logged()
    for secret in (key, "Hush hush", "whisper", "secret-path", "GUESSED"):
        assert secret not in text
    [line] = _lines(text, requestId=made.headers["x-request-id"])
    assert (line["event"], line["operation"], line["method"], line["route"]) == (
        "request", "createProduct", "POST", PRODUCTS,
    )  # fmt: skip
    assert (line["status"], line["level"]) == (201, "info")
    assert line["actor"].startswith("key-")
    assert line["durationMs"] > 0
    assert line["timestamp"].endswith("Z")
    assert [line["status"] for line in _lines(text, operation="none")] == [404]
    assert [line["actor"] for line in _lines(text, status=401)] == ["anonymous"]


def test_a_fault_is_logged_without_the_values_that_led_to_it() -> None:
    done = subprocess.run([sys.executable, "-c", LEAK], capture_output=True, text=True, timeout=60, check=True)
    [line] = _lines(done.stderr)
    assert (line["event"], line["requestId"], line["level"]) == ("unexpected fault", "R1", "error")
    assert "went wrong" in done.stderr
    assert "hush-hush" not in done.stderr


def test_a_fault_in_a_handler_is_answered_and_logged_without_what_was_sent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FAULT, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    answer = orjson.loads(done.stdout)
    assert (answer["status"], answer["code"]) == (500, "internal-error")
    [line] = _lines(done.stderr, event="unexpected fault")
    assert (line["requestId"], line["level"]) == (answer["requestId"], "error")
    [stack] = line["exception"]
    assert (stack["exc_type"], stack["exc_value"]) == ("RuntimeError", "went wrong")
    assert {"_handle", "_create", "require_free", "get"} <= {frame["name"] for frame in stack["frames"]}
    assert [frame for frame in stack["frames"] if frame.get("locals")] == []
    for secret in ((tmp_path / "api-key").read_text().strip(), "Hush hush", builders.SAMPLE["description"], "dryRun"):
        assert secret not in done.stderr
    for detail in ("RuntimeError", "Traceback", "Hush hush"):
        assert detail not in done.stdout


def test_metrics_count_requests_and_show_queues(shared: Server) -> None:
    name = 'bbws_http_requests_total{operation="listProducts",status="200"}'

    def count() -> float:
        found = re.search(
            rf"^{re.escape(name)} (\S+)$", call(shared, "GET", "/metrics", key=False).body.decode(), re.MULTILINE
        )
        return float(found[1]) if found else 0.0

    before = count()
    for _ in range(3):
        call(shared, "GET", PRODUCTS)
    assert count() == before + 3
    text = call(shared, "GET", "/metrics", key=False).body.decode()
    for metric in (
        "bbws_http_request_seconds_bucket",
        "bbws_feed_waiting",
        "bbws_feed_lag_seconds",
        'bbws_queue_waiting{queue="product-audit"}',
        'bbws_queue_dead{queue="product-change"}',
        "process_cpu_seconds_total",
    ):
        assert metric in text


def test_health_is_open_to_everybody(shared: Server) -> None:
    answer = call(shared, "GET", "/health", key=False)
    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert {"product-audit", "product-change", "tenant-lifecycle"} <= set(answer.json["details"]["queues"])


def test_a_backup_taken_while_serving_can_be_restored(shared: Server, tmp_path: Path) -> None:
    made = call(shared, "POST", PRODUCTS, dict(SAMPLE)).json["productId"]
    answer = call(shared, "GET", "/v1.0/backup")
    assert answer.status == 200
    assert call(shared, "GET", f"{PRODUCTS}/{made}").status == 200
    (tmp_path / "backup.tar").write_bytes(answer.body)
    restore(tmp_path / "backup.tar", tmp_path / "data")
    with builders.client(tmp_path / "data", start=False, new_key=True) as client:
        assert client.call("GET", f"{PRODUCTS}/{made}").status == 200
        assert client.call("GET", "/v1.0/keys").json["count"] == 2


def test_a_commit_and_a_checkpoint_are_answered(shared: Server) -> None:
    assert call(shared, "POST", "/v1.0/audit/checkpoints").status == 201
    accepted = call(shared, "POST", PRODUCTS, dict(SAMPLE), headers={"prefer": "respond-async"})
    assert accepted.status == 202
    assert (
        call(shared, "DELETE", f"{PRODUCTS}/{call(shared, 'POST', PRODUCTS, dict(SAMPLE)).json['productId']}").status
        == 204
    )


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff\xff HTTP/1.1\r\nhost: x\r\n\r\n"]
)
def test_what_is_no_http_disturbs_nobody(shared: Server, sent: bytes) -> None:
    with connection(shared) as opened:
        opened.connect()
        opened.sock.sendall(sent)
        answer = opened.sock.recv(1000)
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert call(shared, "GET", "/health").status == 200


@pytest.mark.parametrize(
    "head", [b"X: a\r\n" * 101, b"X: " + b"a" * 400_000, b"X: a\r\n" * 100_000], ids=["many", "large", "flood"]
)
def test_an_oversized_head_is_refused_before_it_is_kept(shared: Server, head: bytes) -> None:
    with connection(shared) as opened:
        opened.connect()
        assert opened.sock is not None
        with contextlib.suppress(ConnectionError):  # it may close before all was sent
            opened.sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert opened.sock.recv(4096).startswith(b"HTTP/1.1 431 ")
    assert call(shared, "GET", "/health", key=False).status == 200
