"""AWS on this machine for the tests of one process: the emulator of ``make aws-up``, with nothing in it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.emulator import answers, command, environment, free_port

_LOOKS = 600


@contextmanager
def emulator() -> Iterator[str]:
    """The address of an emulator that ends with the block."""
    with TemporaryDirectory() as folder:
        port = free_port()
        process = subprocess.Popen(
            command(port),
            cwd=folder,
            env=environment(port, Path(folder)),
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
    for _ in range(_LOOKS):
        if answers(address):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    raise TimeoutError(f"no emulator at {address}")
