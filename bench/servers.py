"""Real server processes: BBWS as shipped, and its peers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import orjson

_START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    key: str
    process: "subprocess.Popen[bytes]"

    def call(self, method: str, target: str, body: object = None) -> tuple[int, Any]:
        """One request: status and decoded answer (text where it is no JSON)."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"x-api-key": self.key, "content-type": "application/json"}
            connection.request(method, target, None if body is None else orjson.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
            is_json = (answer.getheader("content-type") or "").endswith("json")
            return answer.status, orjson.loads(content) if is_json else content.decode()
        finally:
            connection.close()

    def processor_seconds(self) -> float:
        """Processor time that the server and its workers have used."""
        return sum(_processor_seconds(pid) for pid in _tree(self.process.pid))

    def memory(self, what: str = "VmRSS") -> int:
        """Resident bytes now, or the most there were (``VmHWM``)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith(f"{what}:")]
        return int(line.split()[1]) * 1024


@contextmanager
def bbws(data_dir: Path) -> Iterator[Server]:
    """``bbws serve``, nothing but folder and port set, its logs in a file."""
    port = free_port()
    command = ["-m", "bbws.entrypoints.cli", "serve", "--port", str(port), "--data-dir", str(data_dir)]
    with _running(command, port, "/health", data_dir.with_name(f"{data_dir.name}.log")) as process:
        yield Server(port, (data_dir / "api-key").read_text(encoding="ascii").strip(), process)


@contextmanager
def bbws_on_granian(data_dir: Path) -> Iterator[Server]:
    """The same application on granian."""
    port = free_port()
    command = ["-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop", "--no-access-log"]
    command += ["--port", str(port), "bench.on_granian:make"]
    log = data_dir.with_name(f"{data_dir.name}.log")
    with _running(command, port, "/health", log, {"BBWS_DATA_DIR": str(data_dir)}) as process:
        yield Server(port, (data_dir / "api-key").read_text(encoding="ascii").strip(), process)


@contextmanager
def on_uvicorn(application: str, ready: str, log: Path, **environment: str) -> Iterator[Server]:
    """A peer on uvicorn with uvloop and httptools, its access log off."""
    port = free_port()
    command = ["-m", "uvicorn", "--factory", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--log-level", "warning", "--port", str(port), application]
    with _running(command, port, ready, log, environment) as process:
        yield Server(port, "", process)


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of BBWS, with byte code written as an installation has it."""
    dropped = ("BBWS_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | more


@contextmanager
def _running(
    command: list[str], port: int, ready: str, log: Path, environment: Mapping[str, str] | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=output, stderr=output, env=clean_environment(**environment or {})
        )
    try:
        wait_until_answering(port, ready, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_answering(port: int, path: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return with the first answer of any status."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, HTTPException):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, f"no answer on {path} in {_START_SECONDS} s"
            time.sleep(0.002)
        else:
            return
        finally:
            connection.close()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _tree(int(child))


def _processor_seconds(pid: int) -> float:
    """Of all threads, to the nanosecond: the ticks in ``stat`` are too coarse for short rounds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9
