"""Starts and stops ministack: on loopback alone, with its state in a folder of ours."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from infra.local import people, state
from infra.local.state import State

_PATIENCE = 60.0
_FRONT = Path(__file__).parent / "front" / "ministack_once.py"  # an emulator is told by its name from another process


class EmulatorError(Exception):
    """The emulator does not start or stop; says what to do."""


def start(folder: Path = state.FOLDER) -> State:
    """The running emulator, or a new and empty one.

    Raises:
        EmulatorError: it does not answer.
    """
    known = state.load(folder)
    if known is not None and state.is_alive(known.pid) and answers(known.endpoint):
        return known
    stop(folder)
    port = free_port()
    log = folder / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            command(port), env=environment(port, folder), cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    started = State(process.pid, port, f"http://127.0.0.1:{port}")
    started.save(folder)
    _wait(started, process, log)
    return started


def stop(folder: Path = state.FOLDER) -> bool:
    """Stop the emulator and clear away what it and Terraform knew of it; whether one ran."""
    known = state.load(folder)
    ran = known is not None and state.is_alive(known.pid)
    if known is not None and ran:
        _end(known.pid)
    # An emulator's state and Terraform's belong together: one without the other fits nothing.
    for name in ("data", "terraform"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    state.forget(folder)
    people.forget(folder)
    return ran


def command(port: int) -> list[str]:
    """What starts an emulator on a port of loopback."""
    return [sys.executable, "-m", "hypercorn", f"{_FRONT}:app", "--bind", f"127.0.0.1:{port}"]


def environment(port: int, folder: Path) -> dict[str, str]:
    """The environment that it starts in. What it keeps lies below ``folder``."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    return (
        os.environ
        | state.CREDENTIALS
        | {
            # By default it would listen on every interface, and to devices on another port.
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "GATEWAY_PORT": str(port),
            "LAMBDA_EXECUTOR": "local",
            "MINISTACK_REGION": state.REGION,
            "STATE_DIR": str(data),
            "S3_DATA_DIR": str(data / "s3"),
            "TMPDIR": str(data),
            "LOG_LEVEL": "WARNING",
        }
    )


def _wait(started: State, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while not answers(started.endpoint):
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise EmulatorError(f"the emulator does not answer. Is ministack installed (make setup)?\n{tail}")
        time.sleep(0.1)


def answers(endpoint: str) -> bool:
    """Whether it does."""
    try:
        return httpx.get(f"{endpoint}/_ministack/health", timeout=5).is_success
    except httpx.TransportError:
        return False


def _end(pid: int) -> None:
    """Ask the process to stop; after 20 seconds, make it."""
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 20
    while state.is_alive(pid):
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.1)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
