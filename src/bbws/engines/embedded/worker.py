"""One thread per reaction: takes messages, calls the use case, records what became of them."""

import logging
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bbws.engines.embedded.faults import FaultPoint, point
from bbws.engines.embedded.queues import NOTHING, Held, Outcome, claim, next_due, settle
from bbws.engines.embedded.writer import Writer
from bbws.kernel.clock import Clock
from bbws.kernel.problem import Problem
from bbws.kernel.reaction import Reaction
from bbws.kernel.table import Conflict

_log = logging.getLogger("bbws.engine")
_LONGEST_ERROR = 200
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_REPORTED = "the handler reported a failure"


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one transaction gave: messages to handle, else when to look again (seconds since 1970, None: when woken)."""

    held: Sequence[Held]
    due: float | None


class Worker:
    """Serves one queue. ``settled`` is called whenever messages have left it; ``jitter`` gives numbers from 0 to 1."""

    def __init__(
        self,
        reaction: Reaction,
        writer: Writer,
        clock: Clock,
        *,
        jitter: Callable[[], float],
        settled: Callable[[], None],
    ) -> None:
        self._reaction = reaction
        self._writer = writer
        self._clock = clock
        self._jitter = jitter
        self._settled = settled
        self._outcome = NOTHING

    def step(self) -> float | None:
        """Record what became of the last batch, take the next and handle it.

        Raises:
            Unavailable: the store cannot take it now; the last batch is recorded by a later step.
        """
        turn = self._record(partial(self._turn, self._outcome))
        if turn.held:
            point(FaultPoint.WORKER_AFTER_CLAIM)
            self._outcome = self._handle(turn.held)
            point(FaultPoint.WORKER_AFTER_HANDLER)
            return 0
        return None if turn.due is None else max(0.001, turn.due - self._clock.now().timestamp())

    def finish(self) -> None:
        """Record what became of the last batch, and take no other.

        Raises:
            Unavailable: the store cannot take it; the messages come again after the next start.
        """
        if self._outcome is not NOTHING:
            self._record(partial(self._settle, self._outcome))

    def _record[T](self, task: Callable[[sqlite3.Connection], T]) -> T:
        result = self._writer.run(task)
        if self._outcome is not NOTHING:
            self._outcome = NOTHING
            point(FaultPoint.WORKER_AFTER_ACK)
            self._settled()
        return result

    def _turn(self, outcome: Outcome, connection: sqlite3.Connection) -> _Turn:
        self._settle(outcome, connection)
        queue, policy = self._reaction.queue, self._reaction.policy
        held = claim(connection, queue, policy, self._clock.now().timestamp())
        return _Turn(held, None if held else next_due(connection, queue))

    def _settle(self, outcome: Outcome, connection: sqlite3.Connection) -> None:
        if outcome is not NOTHING:
            settle(connection, self._reaction.queue, outcome, self._clock.now().timestamp())

    def _handle(self, held: Sequence[Held]) -> Outcome:
        try:
            failed = frozenset(self._reaction.handler(messages=[each.message for each in held]) or ())
            error = _REPORTED
        except Exception as fault:  # noqa: BLE001 - any fault of a use case means "try again later"
            failed = frozenset(each.message.id for each in held)
            error = one_line(fault)
        return self._judge(held, failed, error)

    def _judge(self, held: Sequence[Held], failed: frozenset[str], error: str) -> Outcome:
        """Which messages are done, which come again and when, and which have failed too often."""
        policy = self._reaction.policy
        done = [each.seq for each in held if each.message.id not in failed]
        unlucky = [each for each in held if each.message.id in failed]
        parked = [each.seq for each in unlucky if each.message.receives >= policy.max_receives]
        delayed = {
            each.seq: policy.retry_delay(each.message.receives, self._jitter())
            for each in unlucky
            if each.message.receives < policy.max_receives
        }
        if unlucky:
            self._complain(len(unlucky), len(parked), error)
        return Outcome(done, delayed, parked, error)

    def _complain(self, failed: int, parked: int, error: str) -> None:
        _log.log(
            logging.ERROR if parked else logging.WARNING,
            "messages failed",
            extra={"queue": self._reaction.queue, "failed": failed, "parked": parked, "error": error},
        )


def one_line(error: BaseException) -> str:
    """The kind and first line of an error, without quoted values: they may be anybody's data."""
    if isinstance(error, Problem):
        return f"Problem: {error.type.code}"
    if isinstance(error, Conflict):
        return "Conflict: a row was not as expected"
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {_QUOTED.sub('…', first)}"[:_LONGEST_ERROR]
