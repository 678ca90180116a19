"""The audit logger and the daily checkpoint. Source: specification products, Decision 2."""

from datetime import time

from bbws.audit import store
from bbws.audit.service import daily_checkpoint, log_changes
from bbws.kernel.reaction import EVERY_EVENT, Daily, Policy, Reaction

REACTIONS = (
    Reaction(
        "audit-logger",
        "product-audit",
        frozenset({EVERY_EVENT}),
        log_changes,
        Policy(visibility=60, max_receives=5, batch=400),
        store.LOGGING,
    ),
)
DAILY = (Daily("audit-checkpoint", time(1, 0), daily_checkpoint, store.CHECKPOINT),)
