"""What is announced and archived has a name that nothing else has."""

from collections import Counter

from bbws.audit.model import archive_name
from bbws.kernel.change import Change
from bbws.kernel.table import RowKind
from tests.tenants.world import World


def test_a_person_and_what_they_are_in_each_tenant_are_told_apart(world: World) -> None:
    first, second = world.active("ann"), world.active("ann", organizationName="Other")
    for tenant in (first, second):
        world.join(tenant, "ben", "Viewer", by="ann")
    rows = world.client.app.engine.rows({RowKind.CHANGE})
    changes = [Change.from_document(row.document) for row in rows]
    assert max(Counter(change.id for change in changes).values()) == 1
    # Whatever the clock: as if all had happened at the same moment.
    at_once = [archive_name(change._replace(time="2026-11-21T10:00:00.000000Z")) for change in changes]
    assert max(Counter(at_once).values()) == 1
    assert {"user-ben", f"user-ben.{first['tenantId']}"} <= {change.id.rpartition(".")[0] for change in changes}
