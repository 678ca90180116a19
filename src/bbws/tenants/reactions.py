"""What follows from what happens to tenants."""

from bbws.kernel.reaction import Policy
from bbws.operations.reactions import consumer
from bbws.tenants.lifecycle import TENANT_LIFECYCLE

KINDS = (TENANT_LIFECYCLE,)
REACTIONS = (consumer("tenant-lifecycle", "tenant-lifecycle", KINDS, Policy(visibility=60, max_receives=3, batch=10)),)
