"""A full disk; a database that is locked, cut off, garbage or another program's; a folder that cannot be used."""

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pytest

from bbws.engines.embedded.schema import DATABASE_FILE
from tests import builders
from tests.builders import SAMPLE, client
from tests.faults.checking import Api, check_folder
from tests.faults.load import PRODUCTS, Address
from tests.faults.supervision import SECONDS, eventually

FAILED = 5


@contextmanager
def no_room(process_id: int) -> Iterator[None]:
    """No file of the process may grow or be written beyond its first byte: for it, that is a full disk.

    A limit of the process works for every user and on every machine, which a small file system does not.
    """
    soft, hard = resource.prlimit(process_id, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(process_id, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_writes_keeps_reading_and_loses_nothing(tmp_path: Path) -> None:
    with builders.server(tmp_path / "data") as server:
        api = Api(Address.of(server.url, server.key))
        before = [api.ask("POST", PRODUCTS, json={**SAMPLE, "name": f"Before {n}"}, status=201) for n in range(3)]
        eventually(api.is_quiet, "feed and queues are empty")
        with no_room(server.process.pid):
            for number in range(3):
                refused = api.ask("POST", PRODUCTS, json={**SAMPLE, "name": f"During {number}"}, status=503)
                assert refused["code"] == "service-unavailable"
                assert {each["name"] for each in api.every(PRODUCTS)} == {each["name"] for each in before}
            assert api.get("/health", status=503)["details"]["writable"] is False
        after = api.ask("POST", PRODUCTS, json={**SAMPLE, "name": "After"}, status=201)
        assert api.get("/health")["details"]["writable"] is True
        assert {each["productId"] for each in api.every(PRODUCTS)} == {each["productId"] for each in [*before, after]}
        eventually(api.is_quiet, "feed and queues are empty")
        api.ask("POST", "/v1.0/audit/checkpoints", status=201)
        assert server.stop() == 0
    check_folder(tmp_path / "data", tmp_path / "rebuilt")


def test_a_refusal_for_lack_of_room_says_when_to_come_back(tmp_path: Path) -> None:
    with builders.server(tmp_path / "data") as server, closing(Address.of(server.url, server.key).connect()) as http:
        with no_room(server.process.pid):
            http.request("POST", PRODUCTS, orjson.dumps(dict(SAMPLE)), _headers(server.key))
            refused = http.getresponse()
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert refused.headers["content-type"] == "application/problem+json"
            refused.read()
        assert server.stop() == 0


def _headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "content-type": "application/json"}


_LOCK = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN EXCLUSIVE')"


def test_another_program_cannot_get_between_a_server_and_its_database(tmp_path: Path) -> None:
    with client(tmp_path / "data") as bbws:
        bbws.create()
        command = [sys.executable, "-c", _LOCK, str(tmp_path / "data" / DATABASE_FILE)]
        other = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert "database is locked" in other.stderr
        bbws.create(name="After it tried")


def _serve(data_dir: Path) -> tuple[int, list[str]]:
    """``bbws serve`` that ends by itself: its exit code and what it says."""
    command = [sys.executable, "-m", "bbws.entrypoints.cli", "serve", "--port", "0", "--data-dir", str(data_dir)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr.splitlines()


def test_a_database_that_another_program_has_locked_is_not_served(tmp_path: Path) -> None:
    with client(tmp_path / "data"):
        pass
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_FILE)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        code, [line, hint] = _serve(tmp_path / "data")
    assert code == FAILED
    assert "database is locked" in line
    assert "no other program uses the file" in hint


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _fill(file: Path) -> None:
    file.write_bytes(b"This is no database.\n" * 1000)


def _overwrite(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xaa" * (len(content) - 4096))


def _replace(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("CREATE TABLE customers (name TEXT)")


@pytest.mark.parametrize(
    ("harm", "says", "helps"),
    [
        (_cut, "is damaged", "`bbws restore`"),
        (_fill, "is damaged or not a BBWS database", "`bbws restore`"),
        (_overwrite, "is damaged", "`bbws restore`"),
        (_replace, "is a database of another program", "BBWS_DATA_DIR"),
    ],
)
def test_a_file_that_is_not_what_bbws_left_is_refused_in_one_line_and_left_alone(
    harm: Callable[[Path], None], says: str, helps: str, tmp_path: Path
) -> None:
    file = tmp_path / "data" / DATABASE_FILE
    with client(file.parent) as bbws:
        bbws.create()
        bbws.drain()
    harm(file)
    harmed = file.read_bytes()
    code, [line, hint] = _serve(file.parent)
    assert code == FAILED
    assert f"{DATABASE_FILE} {says}" in line
    assert helps in hint
    assert file.read_bytes() == harmed


def test_a_folder_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    # Permissions would not stop a test that runs as root; a file in the way of a folder stops everybody.
    (tmp_path / "file").write_text("not a folder")
    code, [line, hint] = _serve(tmp_path / "file" / "data")
    assert code == FAILED
    assert "cannot be used: Not a directory." in line
    assert "BBWS_DATA_DIR" in hint
