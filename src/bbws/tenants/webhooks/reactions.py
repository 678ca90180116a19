"""What follows from what happens to tenants: their webhooks are told."""

from datetime import timedelta

from bbws.kernel.reaction import Policy, Reaction, Sweep
from bbws.tenants.webhooks import events, store
from bbws.tenants.webhooks.delivering import announce, deliver_next
from bbws.tenants.webhooks.service import TOLD

_EVERY = timedelta(seconds=5)  # the first of the delays between tries
_AT_A_TIME = 16

REACTIONS = (
    Reaction(
        "webhook-announcer",
        "tenant-webhooks",
        frozenset({*TOLD, events.TESTED.name, events.REPLAYED.name}),
        announce,
        Policy(max_receives=10),
        store.ANNOUNCING,
    ),
)
SWEEPS = (Sweep("webhook-deliveries", _EVERY, deliver_next, _AT_A_TIME, store.DELIVERING),)
