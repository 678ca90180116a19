"""An entrypoint that runs BBWS again and again, each time in a process that kills itself where it was told to.

It reads one order a line from standard input (JSON), forks, and the child does what it says: ``serve`` is the shipped
server. A hook at the fault points sends the child SIGKILL at the n-th hit of one of them. It forks instead of starting
interpreters because importing BBWS takes longer than all the rest of a life.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from bbws.bootstrap.embedded import rebuild
from bbws.engines.embedded import faults
from bbws.engines.embedded.backup import restore
from bbws.engines.embedded.faults import FaultPoint
from bbws.entrypoints.server import serve
from bbws.settings import Settings
from tests.faults import stepping


class Crash:
    """A hook that kills its process at the ``hit``-th hit of a point.

    With ``commits``, the thread that got there stands still until that many transactions were stored since the start,
    so that a point that is passed before the server listens is still one at which it dies under load.
    """

    def __init__(self, name: str, hit: int = 1, commits: int = 0) -> None:
        self._point = FaultPoint(name)
        self._hits_left = hit
        self._commits_left = commits
        self._lock = threading.Lock()
        self._ripe = threading.Event()
        if not commits:
            self._ripe.set()

    def __call__(self, name: str) -> None:
        """Note a hit."""
        if name == FaultPoint.WRITER_AFTER_COMMIT:
            self._committed()
        if name == self._point and self._is_the_one():
            self._ripe.wait()
            die(self._point)

    def _committed(self) -> None:
        with self._lock:
            self._commits_left -= 1
            if self._commits_left <= 0:
                self._ripe.set()

    def _is_the_one(self) -> bool:
        with self._lock:
            self._hits_left -= 1
            return self._hits_left == 0


def die(place: str) -> None:
    """Say where, and be gone at once: nothing is flushed, closed or released."""
    # On a line of its own, even if another thread is just printing one.
    os.write(sys.stdout.fileno(), f"\ndying at {place}\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)


def _serve(arguments: Mapping[str, Any]) -> int:
    return serve(Settings.of(port=0, log_level="ERROR", **arguments))


def _restore(arguments: Mapping[str, Any]) -> int:
    restore(Path(arguments["file"]), Path(arguments["data_dir"]))
    return 0


def _rebuild(arguments: Mapping[str, Any]) -> int:
    rebuild(Path(arguments["archive_dir"]), Path(arguments["data_dir"]), lambda _count: None)
    return 0


def _steps(arguments: Mapping[str, Any]) -> int:
    return stepping.carry_out(Path(arguments["folder"]), arguments["plan"], die)


def _mumble(_arguments: Mapping[str, Any]) -> int:
    os.write(sys.stdout.fileno(), b"half a li")
    return 0


_ROLES: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "serve": _serve,
    "restore": _restore,
    "rebuild": _rebuild,
    "steps": _steps,
    "mumble": _mumble,
}


def _live(order: Mapping[str, Any]) -> int:
    """A child's life; its exit code."""
    os.close(sys.stdin.fileno())
    if order["crash"] is not None:
        faults.install(Crash(**order["crash"]))
    try:
        return _ROLES[order["role"]](order["arguments"])
    except Exception:  # noqa: BLE001 - the child must not go on as another supervisor
        traceback.print_exc()
        return 1


def main() -> None:
    """Carry out orders until there are no more."""
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            print(f"born {os.getpid()}", flush=True)  # noqa: T201 - the answer to an order
            code = _live(orjson.loads(line))
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        # On a line of its own: who was killed may have been in the middle of one.
        print(f"\nended {os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201 - the answer's end


if __name__ == "__main__":
    main()
