"""What a tenant says of how much there is in it: to who may list it, and counted no further than a hundred."""

from typing import Any

from bbws.kernel.table import Insert, Row, RowKind
from bbws.tenants.members.store import MEMBERSHIP, member_key
from tests.tenants.units import Hierarchy, hierarchy
from tests.tenants.world import ACME, TENANTS, WHY, World, tenant_path


def summary(units: Hierarchy, who: str = "ann") -> Any:
    reply = units.ask("GET", units.path(), who=who)
    assert reply.status == 200
    return reply.json["summary"]


def test_users_and_units_are_counted(world: World) -> None:
    units = hierarchy(world)
    nothing = {"count": 0, "more": False}
    assert summary(units) == {"users": {"count": 1, "more": False}, "units": nothing}
    division = units.add("North")
    units.add("Web", division)
    units.join("eve", "Viewer", division)
    assert summary(units) == {"users": {"count": 2, "more": False}, "units": {"count": 2, "more": False}}
    assert units.delete(division, cascade=True).status == 204
    assert summary(units) == {"users": {"count": 1, "more": False}, "units": nothing}


def test_each_is_told_what_they_may_list(world: World) -> None:
    units = hierarchy(world)
    units.join("vic", "Viewer")
    units.join("otto", "Operator")
    assert summary(units, "vic") == {"users": None, "units": {"count": 0, "more": False}}
    assert summary(units, "otto")["users"] == summary(units, "boss")["users"] == {"count": 3, "more": False}
    said = {**ACME, "organizationName": "Next", "customerId": units.tenant["customerId"]}
    other = world.ask("boss", "POST", TENANTS, said).json
    unknown = {"users": None, "units": None}
    assert world.ask("ann", "GET", tenant_path(other)).json["summary"] == unknown
    assert world.ask("ann", "POST", units.path(rest="lifecycle/park"), WHY).status == 200
    assert summary(units) == unknown
    assert summary(units, "boss")["users"]["count"] == 3


def test_counting_ends_at_a_hundred(world: World) -> None:
    units = hierarchy(world)
    table, tenant_id = world.client.app.engine.table, units.tenant["tenantId"]
    row = table.get(member_key(tenant_id, "user-ann"))
    assert row is not None
    for number in range(100):
        one = MEMBERSHIP.load(row.document)._replace(user_id=f"user-{number}")
        made = row._replace(key=MEMBERSHIP.key(one), document=MEMBERSHIP.dump(one), indexes=MEMBERSHIP.indexes(one))
        name = Row(row.key._replace(sort=f"UNITNAME#-#{number}"), RowKind.DERIVED, {"unitId": str(number)})
        table.commit([Insert(made), Insert(name)])
        if number == 98:
            assert summary(units) == {"users": {"count": 100, "more": False}, "units": {"count": 99, "more": False}}
    assert summary(units) == {"users": {"count": 100, "more": True}, "units": {"count": 100, "more": False}}
