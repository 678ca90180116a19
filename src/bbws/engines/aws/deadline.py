"""How much time is left for the work at hand: a Lambda function is killed at its timeout, and must answer before."""

import time
from collections.abc import Callable


class Deadline:
    """Set anew for every invocation; where none is set, each call has ``usual`` seconds from its start.

    Args:
        usual: seconds.
        monotonic: seconds from any origin that never go back.
    """

    def __init__(self, usual: float = 20.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._usual = usual
        self._monotonic = monotonic
        self._at: float | None = None

    def set(self, seconds: float) -> None:
        """Everything from now on has to be done within ``seconds``."""
        self._at = self._monotonic() + seconds

    def until(self) -> float:
        """The moment of the monotonic clock by which a call that starts now must be done."""
        return self._monotonic() + self._usual if self._at is None else self._at

    def left(self, until: float) -> float:
        """Seconds to that moment, never negative."""
        return max(0.0, until - self._monotonic())
