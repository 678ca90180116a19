"""The test's side of ``crashing_server``: give orders, see where the server listens and how it ended."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from tests.architecture.source import ROOT
from tests.builders import inherited

SECONDS = 90.0
_PAUSE = 0.01


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; fail after a time in which even a busy machine would have got there."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(_PAUSE)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a life ended: its exit code (negative for a signal), and the point at which it killed itself."""

    code: int
    place: str | None

    def killed_at(self, place: str) -> bool:
        """Whether it was a real kill -9 at this place."""
        return self.code == -signal.SIGKILL and self.place == place


class Supervisor:
    """A running ``crashing_server`` that carries out one order at a time."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self._buffer = b""
        self._dying: str | None = None
        self.pid: int | None = None

    def begin(self, role: str, arguments: Mapping[str, Any], crash: Mapping[str, Any] | None = None) -> None:
        """Have a child do its role; ``crash`` are the arguments of the hook that kills it."""
        assert self._process.stdin is not None
        if self.pid is not None:  # a test failed and left it
            self._kill()
            self.ending()
        self._dying = None
        order = orjson.dumps({"role": role, "arguments": arguments, "crash": crash})
        self._process.stdin.write(order + b"\n")
        self._process.stdin.flush()
        word, _, pid = self._line().partition(" ")
        assert word == "born"
        self.pid = int(pid)

    def listens(self) -> str | None:
        """The URL on which the child serves, None where it has died before."""
        while True:
            line = self._line()
            if " serves " in line:
                return line.split(" serves ")[1].split()[0]
            if line.startswith("ended "):
                self._buffer = f"{line}\n".encode() + self._buffer
                return None

    def ending(self) -> Ending:
        """Wait for the end of the child."""
        while not (line := self._line()).startswith("ended "):
            pass
        self.pid = None
        return Ending(int(line.removeprefix("ended ")), self._dying)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ending:
        """Send the child a signal, and wait for its end."""
        assert self.pid is not None
        os.kill(self.pid, number)
        return self.ending()

    def complaints(self) -> str:
        """What the children wrote to standard error since the last time."""
        return self._errors.read().decode()

    def close(self) -> None:
        """End the child, if there is one, and the supervisor."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._kill()
        self._process.stdin.close()
        self._process.wait(SECONDS)
        self._process.stdout.close()

    def _kill(self) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _line(self) -> str:
        assert self._process.stdout is not None
        deadline = time.monotonic() + SECONDS
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            assert piece, f"the supervisor is silent: {self.complaints()}"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        if line.startswith(b"dying at "):
            self._dying = line.decode().removeprefix("dying at ")
        return line.decode()


@contextmanager
def supervisor() -> Iterator[Supervisor]:
    """A running supervisor."""
    with tempfile.NamedTemporaryFile() as errors, Path(errors.name).open("rb") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crashing_server"],
            cwd=ROOT,
            env=inherited(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        running = Supervisor(process, complaints)
        try:
            yield running
        finally:
            running.close()
