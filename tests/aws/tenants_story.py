"""What people do with tenants, for the rights of each function."""

from datetime import timedelta
from typing import Any

from bbws.kernel.canonical import sha256
from tests.aws.account import Account, Reply
from tests.aws.recording import Rights
from tests.tenants.world import ACME, TENANTS, WHY

ANN = "ann"


def tell(made: Account, recorded: Rights) -> None:
    """Every call of the domain, by whoever may make it, in every way that reads or writes something else."""
    tenant = _founded(made)
    own = f"{TENANTS}/{tenant['tenantId']}"
    _users(made, own)
    _lifecycle(made, own, recorded)
    made.work()


def ask(made: Account, operation: str, path: str, body: object = None, *, by: str = ANN, status: int = 200) -> Reply:
    """After a look at what would happen, where something would."""
    call = made.call_as_admin if by == "boss" else lambda *said, **headers: made.call_as_person(by, *said, **headers)
    if path.startswith(f"{TENANTS}/"):
        assert made.call_as_person("eve", operation, path, body).status in {403, 404}
    repeatable: dict[str, Any] = {}
    if not operation.startswith(("get", "list")):
        planned = call(operation, f"{path}{'&' if '?' in path else '?'}dryRun=true", body)
        assert planned.status == 200, planned.json
        repeatable = {"idempotency_key": sha256(f"{operation}{path}{body}".encode())}
    reply = call(operation, path, body, **repeatable)
    assert reply.status == status, reply.json
    return reply


def active(made: Account, name: str) -> str:
    """Where a tenant of Ann's is that is ready."""
    tenant = ask(made, "createTenant", TENANTS, {**ACME, "organizationName": name}, status=201).json
    path = f"{TENANTS}/{tenant['tenantId']}"
    ask(made, "setTenantStatus", f"{path}/status", {"status": "ACTIVE", **WHY})
    return path


def _founded(made: Account) -> dict[str, Any]:
    first = ask(made, "createTenant", TENANTS, ACME, status=201).json
    second = {**ACME, "organizationName": "Acme Two", "customerId": first["customerId"]}
    other = ask(made, "createTenant", TENANTS, second, status=201).json
    for by in (ANN, "boss"):
        for order in ("createdAt", "organizationName"):
            for query in ("", "&status=PENDING"):
                listed = f"{TENANTS}?pageSize=1&sortBy={order}{query}"
                token = ask(made, "listTenants", listed, by=by).json["nextToken"]
                ask(made, "listTenants", f"{listed}&startAt={token}", by=by)
    path = f"{TENANTS}/{first['tenantId']}"
    ask(made, "getTenant", path)
    third = {**ACME, "organizationName": "Theirs", "customerId": first["customerId"]}
    theirs = ask(made, "createTenant", TENANTS, third, by="boss", status=201).json
    ask(made, "getTenant", f"{TENANTS}/{theirs['tenantId']}")  # as an Admin of the customer
    ask(made, "updateTenant", path, {"organizationName": "Acme One", "contactEmail": "new@acme.example"})
    ask(made, "updateTenant", path, {"contactEmail": ACME["contactEmail"]})  # which it knows
    ask(made, "setTenantStatus", f"{path}/status", {"status": "ACTIVE", **WHY})
    gone = {"status": "DEPROVISIONED", **WHY}
    ask(made, "setTenantStatus", f"{TENANTS}/{theirs['tenantId']}/status", gone, by="boss", status=202)
    ask(made, "deleteTenant", f"{TENANTS}/{other['tenantId']}", status=202)
    spare = ask(made, "createTenant", TENANTS, {**ACME, "organizationName": "Spare"}, status=201).json
    ask(made, "setTenantStatus", f"{TENANTS}/{spare['tenantId']}/status", gone, status=202)
    return dict(first)


def _users(made: Account, own: str) -> None:
    made.know("ben", "ben@example.com")
    ask(made, "addUser", f"{own}/users", {"email": "ben@example.com", "role": "Admin"}, status=201)
    for query in ("", "&role=Admin"):
        listed = f"{own}/users?pageSize=1{query}"
        token = ask(made, "listUsers", listed).json["nextToken"]
        ask(made, "listUsers", f"{listed}&startAt={token}")
    one = f"{own}/users/user-ben"
    ask(made, "getTenantUser", one)
    ask(made, "getUserAccess", f"{one}/access")
    ask(made, "listUserTenants", "/v1.0/users/user-ann/tenants?pageSize=1")
    ask(made, "listUserTenants", "/v1.0/users/user-ben/tenants")
    ask(made, "setUserRole", one, {"role": "Viewer"})
    ask(made, "setUserRole", one, {"role": "Admin"})
    ask(made, "removeUser", one, status=204)
    ask(made, "eraseUser", "/v1.0/users/user-ben", by="boss", status=204)


def _lifecycle(made: Account, own: str, recorded: Rights) -> None:
    ask(made, "parkTenant", f"{own}/lifecycle/park", WHY)
    ask(made, "unparkTenant", f"{own}/lifecycle/unpark")
    recorded.broken.add("tenant-lifecycle")
    suspending = ask(made, "suspendTenant", f"{own}/lifecycle/suspend", WHY, status=202).json["operationId"]
    made.try_to_work("tenant-lifecycle")
    recorded.broken.clear()
    made.clock.shift += timedelta(hours=2)
    made.daily("operations-resume")
    ask(made, "getTenantOperation", f"{own}/operations/{suspending}")
    ask(made, "resumeTenant", f"{own}/lifecycle/resume", by="boss", status=202)
    made.work()
    _leaving(made, own, recorded)


def _leaving(made: Account, own: str, recorded: Rights) -> None:
    """With invitations, webhooks and members that end: carried out by the consumer, and by the daily run."""
    other = active(made, "Acme Three")
    for path in (own, other):
        ask(made, "createInvitation", f"{path}/invitations", {"email": "z@example.com", "role": "Viewer"}, status=201)
        for wanted in ("*", "tenant.updated"):
            said = {"url": "https://hooks.example.com/in", "events": [wanted]}
            ask(made, "createWebhook", f"{path}/webhooks", said, status=201)
    made.work()
    recorded.broken.add("tenant-lifecycle")
    made.know("cat", "cat@example.com")
    ask(made, "addUser", f"{other}/users", {"email": "cat@example.com", "role": "Admin"}, status=201)
    leaving = f"{other}?force=true&confirm=Acme%20Three"
    left = ask(made, "deleteTenant", leaving, by="cat", status=202).json["operationId"]
    made.try_to_work("tenant-lifecycle")
    _watching(made, f"/v1.0/operations/{left}", watched=200, steered=403)
    ask(made, "removeUser", f"{other}/users/user-cat", by="boss", status=204)
    _watching(made, f"/v1.0/operations/{left}", watched=404, steered=404)
    recorded.broken.clear()
    made.clock.shift += timedelta(hours=2)
    made.daily("operations-resume")
    ask(made, "deleteTenant", f"{own}?force=true&confirm=Acme%20One", status=202)


def _watching(made: Account, operation: str, *, watched: int, steered: int) -> None:
    """As who started it, belonging to the tenant and not any more."""
    made.call_as_person("cat", "listOperations", "/v1.0/operations?pageSize=1")
    assert made.call_as_person("cat", "getOperation", operation).status == watched
    for verb in ("cancel", "retry"):
        assert made.call_as_person("cat", f"{verb}Operation", f"{operation}/{verb}").status == steered
