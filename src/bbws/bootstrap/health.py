"""Whether BBWS on one machine is ready for more."""

from dataclasses import dataclass

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.platform.ports import Readiness

# Feed and queues are behind when the oldest change has waited this long; a load balancer then looks elsewhere.
_LAG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Health:
    """Ready while rows can be written, and feed and queues are not behind."""

    engine: EmbeddedEngine

    def readiness(self) -> Readiness:
        """What a load balancer and an operator want to know."""
        status = self.engine.status()
        lag = status.feed_lag_seconds
        waits = [lag, *(queue.oldest_seconds for queue in status.queues)]
        details = {
            "writable": status.writable,
            "feedWaiting": status.feed_waiting,
            "feedLagSeconds": lag,
            "queues": {
                queue.name: {"waiting": queue.waiting, "inFlight": queue.in_flight, "dead": queue.dead}
                for queue in status.queues
            },
        }
        return Readiness(status.writable and max((wait or 0.0) for wait in waits) < _LAG_SECONDS, details)
