"""What follows from what happens to tenants."""

from bbws.kernel.reaction import Policy, Reaction
from bbws.operations.reactions import consumer
from bbws.tenants import forgetting
from bbws.tenants.farewell import DEPROVISIONING
from bbws.tenants.lifecycle import TENANT_LIFECYCLE
from bbws.tenants.units.removal import UNIT_DELETION

_LIFECYCLE = (TENANT_LIFECYCLE, DEPROVISIONING)
_UNITS = (UNIT_DELETION,)
KINDS = (*_LIFECYCLE, *_UNITS)
REACTIONS = (
    # One at a time: a tenant full of people, or a whole division, may take as long as a function has.
    consumer("tenant-lifecycle", "tenant-lifecycle", _LIFECYCLE, Policy(visibility=60, max_receives=10, batch=1)),
    consumer("hierarchy-deletion", "hierarchy-deletion", _UNITS, Policy(visibility=60, max_receives=10, batch=1)),
    # One at a time too: somebody may belong to many tenants.
    Reaction(
        "tenant-forgetter",
        "tenant-forgetting",
        forgetting.EVENTS,
        forgetting.forget,
        Policy(visibility=60, max_receives=10, batch=1),
        forgetting.ACCESS,
    ),
)
