"""Ways in and ways around that were found and closed."""

from pathlib import Path

import pytest

from tests.http.answers import fields, problem
from tests.tenants.hooks import FakeSender
from tests.tenants.world import ACME, TENANTS, WHY, World, opened, tenant_path


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("ann@strasse.example", "ann@straße.example"),
        ("sam@example.com", "\u017fam@example.com"),
        ("fi@example.com", "\ufb01@example.com"),
    ],
)
def test_an_address_that_looks_like_another_is_another(world: World, theirs: str, mine: str) -> None:
    tenant = world.active("ann")
    mallory = world.client.token("mallory", admin=False, email=mine)
    assert world.client.call("GET", TENANTS, token=mallory).status == 200
    said = {"email": theirs, "role": "Admin"}
    problem(world.ask("ann", "POST", tenant_path(tenant, "users"), said), 404, "user-not-found")


def test_leaving_by_the_door_of_every_status_needs_the_same(world: World) -> None:
    tenant = world.active("ann")
    gone = {"status": "DEPROVISIONED", **WHY}
    problem(world.ask("ann", "PATCH", tenant_path(tenant, "status"), gone), 422, "dependencies-exist")


def test_who_was_admin_of_what_is_deprovisioned_has_no_customer_any_more(world: World) -> None:
    first = world.active("bob", organizationName="Old")
    said = {**ACME, "organizationName": "New", "customerId": first["customerId"]}
    other = world.ask("boss", "POST", TENANTS, said).json
    assert world.ask("bob", "GET", tenant_path(other)).status == 200
    assert world.ask("bob", "DELETE", f"{tenant_path(first)}?force=true&confirm=Old").status == 202
    problem(world.ask("bob", "GET", tenant_path(other)), 404, "tenant-not-found")
    problem(world.ask("bob", "GET", tenant_path(first, "users")), 403, "account-suspended")
    assert world.ask("boss", "DELETE", tenant_path(first, "users", "user-bob")).status == 204


@pytest.mark.parametrize("closing", ["SUSPENDED", "PARKED", "DEPROVISIONED"])
def test_an_admin_of_a_closed_tenant_is_nobody_to_its_customer(world: World, closing: str) -> None:
    own = world.active("bob", organizationName="Old")
    said = {**ACME, "organizationName": "New", "customerId": own["customerId"]}
    other = world.ask("boss", "POST", TENANTS, said).json

    def reach() -> tuple[int, set[str], int]:
        listed = {each["tenantId"] for each in world.ask("bob", "GET", TENANTS).json["items"]}
        founded = world.ask("bob", "POST", f"{TENANTS}?dryRun=true", {**said, "organizationName": "Newer"})
        return world.ask("bob", "GET", tenant_path(other)).status, listed, founded.status

    both = {own["tenantId"], other["tenantId"]}
    assert reach() == (200, both, 200)
    if closing == "DEPROVISIONED":
        world.moved("boss", own, "PARKED")
    world.moved("boss", own, closing)
    assert reach() == (404, {own["tenantId"]}, 422)
    if closing != "DEPROVISIONED":
        world.moved("boss", own, "ACTIVE")
        assert reach() == (200, both, 200)


def test_an_admin_who_was_forgotten_is_none(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "bob", "Admin", by="ann")
    world.known("ann")
    assert world.ask("boss", "DELETE", "/v1.0/users/user-bob").status == 204
    problem(world.ask("ann", "DELETE", tenant_path(tenant, "users", "user-ann")), 422, "last-admin")


def test_whose_tenant_is_closed_is_told_nothing_of_its_people(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "bob", "Viewer", by="ann")
    path = "/v1.0/users/user-bob/tenants"
    assert len(world.ask("ann", "GET", path).json["items"]) == 1
    world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY)
    assert world.ask("ann", "GET", path).json["items"] == []
    assert len(world.ask("bob", "GET", path).json["items"]) == 1


def test_metadata_grows_to_a_limit_that_is_told(world: World) -> None:
    tenant = world.active("ann")
    bodies = [{"metadata": {f"k{number}": "x" * 9_000}} for number in range(4)]
    replies = [world.ask("ann", "PUT", tenant_path(tenant), body) for body in bodies]
    assert fields(replies[-1]) == {"metadata"}
    assert world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "park"), WHY).status == 200


def test_what_happens_reaches_webhooks_by_the_shipped_wiring(tmp_path: Path) -> None:
    sender = FakeSender()
    with opened(tmp_path, sender=sender, start=True) as world:
        tenant = world.active("ann")
        said = {"url": "https://hooks.example.com/bbws"}
        assert world.ask("ann", "POST", tenant_path(tenant, "webhooks"), said).status == 201
        assert world.ask("ann", "PUT", tenant_path(tenant), {"division": "North"}).status == 200
        world.client.drain()
        assert all(queue.dead == 0 for queue in world.client.app.engine.status().queues)


@pytest.mark.parametrize("local", ['"=?utf-8?q?a=0d=0aBcc:_q@evil.com?="', "=?utf-8?q?boss?="])
def test_an_address_is_no_way_into_the_head_of_a_mail(world: World, local: str) -> None:
    tenant = world.active("ann")
    said = {"email": f"{local}@example.com", "role": "Viewer"}
    assert fields(world.ask("ann", "POST", tenant_path(tenant, "invitations"), said)) == {"email"}


def test_who_may_still_read_a_tenant_that_left_can_be_taken_out_of_it(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "cat", "Viewer", by="ann")
    leaving = world.ask("ann", "DELETE", f"{tenant_path(tenant)}?force=true&confirm=Acme")
    assert leaving.status == 202
    assert world.ask("cat", "GET", tenant_path(tenant)).status == 200
    for status in (204, 404):
        assert world.ask("boss", "DELETE", tenant_path(tenant, "users", "user-cat")).status == status
    problem(world.ask("cat", "GET", tenant_path(tenant)), 404, "tenant-not-found")
