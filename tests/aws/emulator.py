"""AWS on this machine: ministack in a process of its own, spoken to over loopback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

REGION = "eu-west-1"
_SECONDS = 60


@contextmanager
def emulator() -> Iterator[str]:
    """The address of an emulator that knows nothing yet, and ends with the block."""
    with TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "PERSIST_STATE": "0",
        }
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ministack")],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, process)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until it answers: it says nothing before that, so it is asked again and again."""
    for _ in range(_SECONDS * 10):
        assert process.poll() is None, "the emulator ended"
        try:
            with urlopen(f"{address}/_ministack/health", timeout=5):  # noqa: S310 - an address of loopback
                return
        except (URLError, OSError):
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    raise TimeoutError(address)
