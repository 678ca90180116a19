"""Who is forgotten belongs to no tenant, is invited to none, and gets into none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.actor import system
from bbws.kernel.table import Row
from bbws.kernel.work import UnitOfWork, transact
from bbws.people.model import email_name
from bbws.people.store import of_address
from bbws.tenants import events
from bbws.tenants.members.model import MOST_UNIT_ROLES
from bbws.tenants.members.store import MEMBERSHIP, load
from bbws.tenants.permissions import Role
from tests.http.answers import fields, problem
from tests.tenants.invited import ask, invite, mails, one, received, token
from tests.tenants.world import TENANTS, World, opened, tenant_path

FORGET = "/v1.0/users/forget"
PART = MOST_UNIT_ROLES // 2  # as many roles as one commit gives


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path, start=True) as made:
        yield made


def _erase(world: World, name: str) -> None:
    assert world.ask("boss", "DELETE", f"/v1.0/users/user-{name}").status == 204
    world.client.drain()


def test_who_is_forgotten_belongs_to_no_tenant_though_nobody_else_was_its_admin(world: World) -> None:
    own, other = world.active("ann"), world.active("eve", organizationName="Eves")
    assert world.join(other, "ann", "Operator", by="eve").status == 201
    _erase(world, "ann")
    for tenant in (own, other):
        problem(world.ask("boss", "GET", tenant_path(tenant, "users", "user-ann")), 404, "user-not-found")
    assert world.ask("boss", "GET", tenant_path(own, "users")).json["items"] == []
    assert world.ask("boss", "GET", "/v1.0/users/user-ann/tenants").json["items"] == []
    [removed] = _changes(world, "user.removed", other["tenantId"])
    assert removed["actor"] == "system-forgetting"
    # The platform appoints the next.
    assert world.join(own, "ben", "Admin", by="boss").status == 201
    assert world.ask("ben", "GET", tenant_path(own, "users")).status == 200


def _changes(world: World, kind: str, tenant_id: str) -> list[dict[str, Any]]:
    records = world.client.call("GET", f"/v1.0/audit/records?type={kind}").json["items"]
    return [each for each in records if tenant_id in each["subject"]]


def test_roles_at_as_many_units_as_can_be_end_too(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Viewer", by="ann")
    app, tenant_id = world.client.app, tenant["tenantId"]

    def given(work: UnitOfWork) -> None:
        current = load(work.table, tenant_id, "user-ben")
        assert current is not None
        held = {f"team-{len(current.value.units) + number:016}": Role.VIEWER for number in range(PART)}
        more = current.value._replace(units={**current.value.units, **held})
        work.update(MEMBERSHIP, current, more, events.ROLE_CHANGED)

    for _ in range(MOST_UNIT_ROLES // PART):
        transact(lambda: app.begin(system("test"), "test"), given)
    _erase(world, "ben")
    left = load(app.engine.table, tenant_id, "user-ben")
    assert left is not None
    assert (left.value.active, left.value.units) == (False, {})


def test_what_was_sent_to_who_is_forgotten_is_cancelled_in_every_tenant(world: World) -> None:
    first, second = world.active("ann"), world.active("eve", organizationName="Eves")
    world.known("ben")
    sent = invite(world, first, "ben"), ask(world, second, "BEN@example.com", by="eve").json
    tokens = [token(world, each) for each in sent]
    kept = invite(world, first, "carl")
    _erase(world, "ben")
    for invitation, of in zip(sent, tokens, strict=True):
        shown = world.ask("boss", "GET", one(invitation)).json
        assert (shown["status"], shown["email"], shown["answeredBy"]) == ("CANCELLED", None, "system-forgetting")
        problem(received(world, of), 404, "invitation-not-found")
    assert world.ask("ann", "GET", one(kept)).json["status"] == "PENDING"
    assert ask(world, first, "ben@example.com").status == 201  # somebody else may have the address now


def test_who_is_forgotten_gets_in_nowhere(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Operator", by="ann")
    _erase(world, "ben")
    users = tenant_path(tenant, "users")
    said = {"email": "ben@example.com", "role": "Viewer"}
    problem(world.ask("ann", "POST", users, said), 404, "user-not-found")
    problem(world.ask("ann", "PUT", f"{users}/user-ben", {"role": "Viewer"}), 404, "user-not-found")
    sent = token(world, invite(world, tenant, "ben"))
    problem(received(world, sent, "accept", "ben"), 401, "unauthorized")
    problem(world.ask("ben", "POST", TENANTS, {}), 401, "unauthorized")
    # Another person with the address is another person.
    world.subjects["ben"] = "benjamin"
    assert received(world, sent, "accept", "ben").json["userId"] == "user-benjamin"


def test_who_never_proved_an_address_is_forgotten_too(world: World) -> None:
    said = {"organizationName": "Nobodys", "contactEmail": "x@example.com", "environment": "dev"}
    silent = world.client.token("silent", admin=False)
    tenant = world.client.call("POST", TENANTS, said, token=silent).json
    _erase(world, "silent")
    assert world.client.call("GET", TENANTS, token=silent).status == 401
    assert world.ask("boss", "GET", tenant_path(tenant, "users")).json["items"] == []
    problem(world.ask("boss", "DELETE", "/v1.0/users/user-nobody"), 404, "user-not-found")


def test_an_address_of_somebody_who_never_signed_in_is_forgotten_everywhere(world: World) -> None:
    first = world.active("ann", contactEmail="Zoe@example.com")
    second = world.active("eve", organizationName="Eves")
    invitation = ask(world, second, "ZOE@example.com", by="eve").json
    assert [mail["To"] for mail in mails(world)] == ["ZOE@example.com"]
    plan = world.ask("boss", "POST", f"{FORGET}?dryRun=true", {"email": "zoe@example.com"}).json
    assert ([change["type"] for change in plan["changes"]], plan["contacts"]) == (["contact.erased"] * 2, 2)
    assert world.ask("ann", "GET", tenant_path(first)).json["contactEmail"] == "Zoe@example.com"
    keys = {"idempotency_key": "forget-1"}
    for _ in range(2):
        assert world.ask("boss", "POST", FORGET, {"email": "zoe@example.com"}, **keys).json["contacts"] == 2
    assert world.ask("boss", "POST", FORGET, {"email": "zoe@example.com"}).json["contacts"] == 0
    assert mails(world) == []
    assert world.ask("ann", "GET", tenant_path(first)).json["contactEmail"] is None
    shown = world.ask("eve", "GET", one(invitation)).json
    assert (shown["status"], shown["email"]) == ("CANCELLED", None)


def test_an_address_is_forgotten_with_who_has_it(world: World) -> None:
    tenant = world.active("ann")
    assert world.ask("boss", "POST", FORGET, {"email": "ANN@example.com"}).json["contacts"] == 1
    world.client.drain()
    assert world.ask("ann", "GET", TENANTS).status == 401
    assert world.ask("boss", "GET", tenant_path(tenant, "users")).json["items"] == []


def test_whom_a_tenant_invited_is_forgotten_with_it_but_not_whom_to_write_to(world: World) -> None:
    tenant = world.active("ann", contactEmail="office@example.com")
    other = world.active("eve", organizationName="Eves")
    elsewhere = ask(world, other, "carl@example.com", by="eve").json
    world.known("ben")
    for name in ("ben", "carl", "dora", "office"):
        invitation = invite(world, tenant, name)
        if name == "ben":
            assert received(world, token(world, invitation), "accept", "ben").status == 200
        if name == "dora":
            assert world.ask("ann", "DELETE", one(invitation)).status == 200
    target = f"{tenant_path(tenant)}?force=true&confirm=acme"
    assert world.ask("ann", "DELETE", target).status == 202
    world.client.drain()
    shown = world.ask("boss", "GET", tenant_path(tenant, "invitations")).json["items"]
    assert [each["email"] for each in shown] == ["office@example.com", None, None, None]
    assert world.ask("boss", "GET", tenant_path(tenant)).json["contactEmail"] == "office@example.com"
    assert world.ask("eve", "GET", one(elsewhere)).json["email"] == "carl@example.com"
    assert world.ask("ben", "GET", TENANTS).status == 200
    # What led to them is gone as well: what is left of the address is the other tenant's.
    assert world.ask("boss", "POST", FORGET, {"email": "carl@example.com"}).json["contacts"] == 1
    assert world.ask("boss", "POST", FORGET, {"email": "dora@example.com"}).json["contacts"] == 0
    assert not _rows_of(world, "dora@example.com")


def _rows_of(world: World, email: str) -> list[Row]:
    engine = world.client.app.engine
    return list(of_address(engine.table, email_name(engine.secret("email-key"), email)))


def test_forgetting_an_address_is_the_platforms_and_needs_one(world: World) -> None:
    world.known("ann")
    problem(world.ask("ann", "POST", FORGET, {"email": "ann@example.com"}), 403, "forbidden")
    problem(world.client.call("POST", FORGET, {"email": "ann@example.com"}), 403, "forbidden")
    problem(world.client.call("POST", FORGET, {"email": "ann@example.com"}, key=None), 401, "unauthorized")
    for said, bad in (({}, {"email"}), ({"email": "nobody"}, {"email"}), ({"email": "a@b.example", "x": 1}, {"x"})):
        assert fields(world.ask("boss", "POST", FORGET, said)) == bad
    problem(
        world.ask("boss", "POST", FORGET, {"email": "ann@example.com"}, if_match='"1-0"'), 412, "precondition-failed"
    )
    assert world.ask("ann", "GET", TENANTS).status == 200
