"""How somebody gets each refusal of the tenants domain; tests/http/test_error_shape.py looks at their form."""

from collections.abc import Callable, Mapping

from tests.builders import Client, Reply
from tests.tenants.world import ACME, TENANTS, WHY, World, tenant_path


def _in_world(story: Callable[[World], Reply]) -> Callable[[Client], Reply]:
    return lambda client: story(World(client))


def _taken(world: World) -> Reply:
    world.found("ann")
    return world.ask("ben", "POST", TENANTS, ACME)


def _closed(world: World) -> Reply:
    tenant = world.active("ann")
    world.ask("ann", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY)
    return world.ask("ann", "GET", tenant_path(tenant, "users"))


def _assigned_twice(world: World) -> Reply:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Viewer", by="ann")
    return world.join(tenant, "ben", "Viewer", by="ann")


def _shared(world: World) -> Reply:
    tenant = world.active("ann")
    for subject in ("ben", "benny"):
        world.subjects["ben"] = subject
        world.known("ben")
    return world.ask("ann", "POST", tenant_path(tenant, "users"), {"email": "ben@example.com", "role": "Viewer"})


def _unit(world: World, method: str, path: str, body: object = None) -> Reply:
    tenant = world.active("ann")
    world.ask("ann", "POST", tenant_path(tenant, "divisions"), {"name": "North"})
    return world.ask("ann", method, tenant_path(tenant, path), body)


# Code → how a caller gets it, and its status.
WAYS: Mapping[str, tuple[Callable[[World], Reply], int]] = {
    "tenant-not-found": (lambda world: world.ask("eve", "GET", tenant_path(world.found("ann"))), 404),
    "organization-name-taken": (_taken, 409),
    "tenant-status": (lambda world: world.join(world.found("ann"), "ben", "Viewer", by="ann"), 422),
    "account-suspended": (_closed, 403),
    "unknown-customer": (lambda world: world.ask("ann", "POST", TENANTS, {**ACME, "customerId": "nobodys"}), 422),
    "confirmation-needed": (
        lambda world: world.ask("ann", "DELETE", f"{tenant_path(world.active('ann'))}?force=true"),
        422,
    ),
    "dependencies-exist": (lambda world: world.ask("ann", "DELETE", tenant_path(world.active("ann"))), 422),
    "already-assigned": (_assigned_twice, 409),
    "shared-address": (_shared, 422),
    "last-admin": (
        lambda world: world.ask("ann", "DELETE", tenant_path(world.active("ann"), "users", "user-ann")),
        422,
    ),
    "user-not-found": (
        lambda world: world.ask("ann", "GET", tenant_path(world.active("ann"), "users", "user-nobody")),
        404,
    ),
    "unit-not-found": (lambda world: _unit(world, "GET", "divisions/div-0123456789ABCDEF"), 404),
    "unit-name-taken": (lambda world: _unit(world, "POST", "divisions", {"name": "north"}), 409),
    "webhook-not-found": (lambda world: _unit(world, "GET", "webhooks/webhook-0123456789ABCDEF"), 404),
    "invitation-not-found": (lambda world: world.ask("ann", "GET", f"/v1.0/invitations/{'x' * 43}"), 404),
    "webhook-address-refused": (lambda world: _unit(world, "POST", "webhooks", {"url": "https://127.0.0.1/"}), 422),
}
# Those that take longer to get, in the tests beside this file.
ELSEWHERE = {
    "webhook-disabled": 422, "delivery-not-found": 404, "tree-too-large": 422, "unknown-events": 422,
    "too-many-webhooks": 422, "already-invited": 409, "unknown-unit": 422, "invitation-status": 422,
    "invitee-forgotten": 422, "invitation-used": 400, "invitation-expired": 400, "not-invited": 403,
    "too-many-unit-roles": 422, "quota-exceeded": 422, "not-accepted-now": 422,
}  # fmt: skip
OF_A_CLIENT = {code: _in_world(story) for code, (story, _) in WAYS.items()}
STATUSES = {code: status for code, (_, status) in WAYS.items()} | ELSEWHERE
