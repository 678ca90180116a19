"""The command as people run it: a process of its own against a real server, on a pipe and on a terminal."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders

CATALOGUE = Path(__file__).parents[1] / "data" / "catalogue.csv"
COMMAND = [sys.executable, "-m", "bbws.entrypoints.cli"]
ROW = {"description": "Small", "price": "9.50", "period": "monthly"}


def _environment(server: builders.Server | None, **more: str) -> dict[str, str]:
    chosen = {"BBWS_URL": server.url, "BBWS_DATA_DIR": str(server.data_dir)} if server else {}
    ours = ("NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONUNBUFFERED")
    return {name: value for name, value in builders.inherited().items() if not name.startswith(ours)} | chosen | more


def _run(server: builders.Server | None, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=_environment(server, **more), capture_output=True, text=True, check=False
    )


def _on_terminal(server: builders.Server, *arguments: str, **more: str) -> str:
    """What the command writes on a terminal."""
    leader, follower = pty.openpty()
    environment = _environment(server, **{"TERM": "xterm-256color", "COLUMNS": "120"} | more)
    process = subprocess.Popen([*COMMAND, *arguments], env=environment, stdout=follower, stderr=follower)
    os.close(follower)
    written = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        written += chunk
    process.wait(timeout=60)
    os.close(leader)
    return written.decode()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[builders.Server]:
    """A server with the sample catalogue, for tests that do not mind each other."""
    with builders.server(tmp_path_factory.mktemp("loaded") / "data") as server:
        assert _run(server, "products", "import", str(CATALOGUE)).returncode == 5
        yield server


@pytest.mark.parametrize("mode", ["direct", "queued"])
def test_the_main_job_from_end_to_end(tmp_path: Path, mode: str) -> None:
    with builders.server(tmp_path / "data", "--write-mode", mode) as server:
        assert _run(server, "products", "import", str(CATALOGUE)).returncode == 5
        again = json.loads(_run(server, "products", "import", str(CATALOGUE), "--json").stdout)
        assert [again[o] for o in ("created", "unchanged", "conflict", "refused")] == [0, 6, 0, 1]
        assert _run(server, "products", "update", "PROD-002", "--price", "1650").returncode == 0
        queued = _run(server, "products", "update", "PROD-003", "--price", "5500", "--async")
        assert queued.returncode == 0, queued.stderr
        found = json.loads(_run(server, "products", "list", "--q", "cafe", "--json").stdout)
        assert [product["name"] for product in found["items"]] == ["Café & Büro Paket"]
        assert _run(server, "audit", "checkpoint").returncode == 0
        assert "Everything is as it was written." in _run(server, "audit", "verify").stdout
        assert _run(server, "backup", str(tmp_path / "copy.tar")).returncode == 0
        assert server.stop() == 0
    assert _run(None, "restore", str(tmp_path / "copy.tar"), "--data-dir", str(tmp_path / "back")).returncode == 0
    with builders.server(tmp_path / "back", "--new-key") as restored:
        prices = json.loads(_run(restored, "products", "list", "--json", BBWS_API_KEY=server.key).stdout)
        assert {p["productId"]: p["price"] for p in prices["items"]}["PROD-002"] == "1650.00"


def test_an_unreachable_server_is_one_line_and_its_exit_code() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = _run(None, "products", "list", BBWS_URL=url)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == f"bbws: cannot reach {url}; start it with `bbws serve` or set BBWS_URL\n"


@pytest.mark.parametrize("arguments", [("--help",), ("products", "list"), ("products", "import", str(CATALOGUE))])
def test_a_command_that_speaks_to_a_server_loads_none_of_it(
    loaded: builders.Server, arguments: tuple[str, ...]
) -> None:
    command = [sys.executable, "-X", "importtime", *COMMAND[1:], *arguments]
    run = subprocess.run(command, env=_environment(loaded), capture_output=True, text=True, check=False)
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}
    assert "bbws.entrypoints.commands.local" in imported
    heavy = {"bbws.bootstrap", "bbws.engines.embedded", "nacl", "sqlite3", "structlog", "uvicorn", "yaml"}
    assert imported & heavy == set()


def test_settings_and_flags_that_are_wrong_are_no_traceback() -> None:
    for arguments, more, told in (
        (("products", "list", "--nope"), {}, "Error: No such option"),
        (("products", "list"), {"BBWS_PORT": "many"}, "bbws: BBWS_PORT: "),
        (("serve",), {"BBWS_PORT": "many"}, "bbws: BBWS_PORT: "),
        (("serve",), {"BBWS_PORT": "65536"}, "bbws: BBWS_PORT: "),
        (("serve", "--port", "many"), {}, "Error: Invalid value for '--port'"),
        (("serve", "--port", "65536"), {}, "Error: Invalid value for '--port'"),
    ):
        result = _run(None, *arguments, **more)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.splitlines()[-1].startswith(told)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = _run(None, "serve", "--port", port, "--data-dir", str(tmp_path / "data"))
    assert result.returncode == 5
    lines = result.stderr.splitlines()
    assert lines[0] == f"bbws: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert lines[1].startswith("  Choose another place with --host or --port")
    assert (len(lines), result.stdout, (tmp_path / "data").exists()) == (2, "", False)


def test_colours_are_for_terminals_alone(loaded: builders.Server) -> None:
    update = ("products", "update", "PROD-002", "--price", "1650", "--dry-run")
    assert "\x1b[" not in _run(loaded, *update).stdout
    assert "\x1b[31m1500.00\x1b[0m" in _on_terminal(loaded, *update)
    assert "\x1b[31m" not in _on_terminal(loaded, *update, NO_COLOR="1")
    assert "\x1b[1;31mbbws:" in _on_terminal(loaded, "products", "get", "PROD-NONE")
    assert "31m" not in _on_terminal(loaded, "products", "get", "PROD-NONE", NO_COLOR="1")


def test_a_narrow_terminal_folds_what_does_not_fit(loaded: builders.Server) -> None:
    shown = _on_terminal(loaded, "products", "list", "--currency", "EUR", COLUMNS="50")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).splitlines()
    assert max(len(line) for line in plain) <= 50
    first_columns = "".join(line[:12].split(" ")[0] for line in plain)
    assert "PROD-3JWGMSFA5ECJ" in first_columns


def test_an_import_on_a_terminal_shows_a_bar_and_its_counts(running_server: builders.Server) -> None:
    shown = _on_terminal(running_server, "products", "import", str(CATALOGUE))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "6 created, 0 unchanged, 0 conflict, 1 refused" in plain
    assert "━" in plain
    assert "row 1  created    PROD-001" in plain


def test_following_on_a_terminal_shows_steps(loaded: builders.Server) -> None:
    shown = _on_terminal(loaded, "products", "delete", "PROD-004", "--async")
    assert "━" in shown
    assert "apply" in shown
    assert "COMPLETED" in shown


def test_a_character_that_the_terminal_lacks_is_no_traceback(loaded: builders.Server) -> None:
    result = _run(loaded, "products", "list", "--currency", "EUR", PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")
    assert result.returncode == 0
    assert "Caf\\xe9 & B\\xfcro Paket" in result.stdout


def test_a_reader_that_stops_early_is_no_traceback(loaded: builders.Server) -> None:
    command = [*COMMAND, "products", "list", "--all", "--q", "bulk", "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(command, env=_environment(loaded), stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors


def test_ctrl_c_during_an_import_says_how_to_go_on_and_going_on_completes_it(
    loaded: builders.Server, tmp_path: Path
) -> None:
    # A job that a script began in the background ignores the signal, and a child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pipe = subprocess.Popen(
        [*COMMAND, "products", "import", "-", "--format", "jsonl"],
        env=_environment(loaded),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert pipe.stdin is not None
    assert pipe.stdout is not None
    rows = [json.dumps({**ROW, "name": f"Plan {n}"}) + "\n" for n in range(40)]
    pipe.stdin.writelines(rows)
    pipe.stdin.flush()
    assert pipe.stdout.readline().startswith("row 1  created")
    pipe.send_signal(signal.SIGINT)
    pipe.stdin.close()
    rest, errors = _rest(pipe)
    assert pipe.wait(timeout=60) == 130, errors
    assert "Traceback" not in errors
    go_on = re.search(r"go on with: bbws products import - --from-row (\d+) --format jsonl", errors)
    assert go_on is not None
    assert f"{int(go_on[1]) - 1} rows in" in rest
    file = tmp_path / "plans.jsonl"
    file.write_text("".join(rows))
    result = json.loads(_run(loaded, "products", "import", str(file), "--from-row", go_on[1], "--json").stdout)
    assert result["nextRow"] == 41
    whole = json.loads(_run(loaded, "products", "import", str(file), "--json").stdout)
    assert (whole["unchanged"], whole["rows"]) == (40, 40)


def _rest(process: "subprocess.Popen[str]") -> tuple[str, str]:
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        return process.stdout.read(), process.stderr.read()


def test_a_few_hundred_rows_load_through_a_real_server(loaded: builders.Server, tmp_path: Path) -> None:
    file = tmp_path / "plans.csv"
    lines = "".join(f'Bulk {n},"Hosting, {n}",{n + 1}.5,ZAR,per month,SSL|Mail\n' for n in range(400))
    file.write_text("name,description,price,currency,period,features\n" + lines)
    first = json.loads(_run(loaded, "products", "import", str(file), "--json").stdout)
    assert first["created"] == 400
    listed = json.loads(_run(loaded, "products", "list", "--all", "--q", "bulk", "--json").stdout)
    assert listed["count"] == 400
