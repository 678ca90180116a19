"""Threads that work while there is something to do, wake at once when there is, and stop cleanly."""

import logging
import threading
from collections.abc import Callable, Sequence

from bbws.kernel.reaction import Sweep
from bbws.kernel.table import Unavailable

_log = logging.getLogger("bbws.engine")
_AFTER_FAILURE = 1.0


class Signal:
    """Counts notifications, so that one that comes between looking and waiting is not missed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How many notifications there were."""
        return self._count

    def notify(self) -> None:
        """Wake everybody who waits."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, seen: int, timeout: float | None) -> bool:
        """Wait for the notification after the first ``seen``, or ``timeout`` seconds; whether it came."""
        with self._condition:
            return self._condition.wait_for(lambda: self._count > seen, timeout)


class Loop:
    """A thread that calls ``step`` again and again.

    ``step`` returns how many seconds to wait before the next call: 0 for none, None for as long as nobody notifies.
    """

    def __init__(
        self, name: str, step: Callable[[], float | None], *, finish: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.signal = Signal()
        self._step = step
        self._finish = finish
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"bbws-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the step that runs be the last."""
        self._stopping = True
        self.signal.notify()

    def join(self, timeout: float) -> bool:
        """Wait for the end; whether it came within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            seen = self.signal.count
            wait = self._guarded()
            if wait != 0 and not self._stopping:
                self.signal.wait(seen, wait)
        try:
            self._finish()
        except Unavailable as error:
            _log.warning("%s could not record its last work", self.name, extra={"error": str(error)})

    def _guarded(self) -> float | None:
        """One step. A store that cannot answer just now, or a fault, is logged and tried again: a loop never dies."""
        try:
            return self._step()
        except Unavailable as error:
            # Whoever is left behind at a stop finds the store closed: nobody need look into that.
            level = logging.INFO if self._stopping else logging.WARNING
            _log.log(level, "%s waits for the store", self.name, extra={"error": str(error)})
        except Exception:  # noqa: BLE001 - logged with its traceback
            _log.exception("%s failed", self.name)
        return _AFTER_FAILURE


def sweeping(sweep: Sweep) -> Sequence[Loop]:
    """The loops of a sweep, whose handler is bound. Notify them of what has become due."""

    def step() -> float:
        return 0 if sweep.handler() else sweep.every.total_seconds()

    return [Loop(f"{sweep.name}-{number}", step) for number in range(1, sweep.parallel + 1)]
