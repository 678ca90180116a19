"""Who may call what, written by hand: never derived from the table it tests."""

from collections.abc import Iterator

import pytest

from bbws.kernel.actor import IN_TENANT
from bbws.tables import ENDPOINTS
from tests import builders
from tests.builders import Client
from tests.http.answers import key, problem

OPEN = ""
SOMEBODY = "somebody"
ADMINISTRATOR = "platform-admin"
NEEDS = {
    ("GET", "/v1.0/products"): OPEN,
    ("GET", "/v1.0/products/PROD-001"): OPEN,
    ("POST", "/v1.0/products"): "products:write",
    ("PUT", "/v1.0/products/PROD-001"): "products:write",
    ("DELETE", "/v1.0/products/PROD-001"): "products:write",
    ("GET", "/v1.0/products/PROD-001/history"): "products:write",
    ("GET", "/v1.0/products/PROD-001/offers"): OPEN,
    ("GET", "/v1.0/campaigns"): OPEN,
    ("GET", "/v1.0/campaigns/SUMMER"): OPEN,
    ("GET", "/v1.0/admin/campaigns"): ADMINISTRATOR,
    ("GET", "/v1.0/admin/campaigns/SUMMER"): ADMINISTRATOR,
    ("POST", "/v1.0/admin/campaigns"): ADMINISTRATOR,
    ("PUT", "/v1.0/admin/campaigns/SUMMER"): ADMINISTRATOR,
    ("POST", "/v1.0/admin/campaigns/SUMMER/publish"): ADMINISTRATOR,
    ("PATCH", "/v1.0/admin/campaigns/SUMMER/disable"): ADMINISTRATOR,
    ("PATCH", "/v1.0/admin/campaigns/SUMMER/reactivate"): ADMINISTRATOR,
    ("DELETE", "/v1.0/admin/campaigns/SUMMER"): ADMINISTRATOR,
    ("GET", "/v1.0/admin/campaigns/SUMMER/history"): ADMINISTRATOR,
    ("GET", "/v1.0/admin/products/PROD-001/offers"): ADMINISTRATOR,
    ("DELETE", "/v1.0/users/user-nobody"): ADMINISTRATOR,
    ("POST", "/v1.0/users/forget"): ADMINISTRATOR,
    ("GET", "/v1.0/operations"): SOMEBODY,
    ("GET", "/v1.0/operations/op-0000000000000000"): SOMEBODY,
    ("POST", "/v1.0/operations/op-0000000000000000/cancel"): SOMEBODY,
    ("POST", "/v1.0/operations/op-0000000000000000/retry"): SOMEBODY,
    ("GET", "/v1.0/audit/records"): "audit:read",
    ("POST", "/v1.0/audit/checkpoints"): "audit:write",
    ("GET", "/v1.0/keys"): "keys:admin",
    ("POST", "/v1.0/keys"): "keys:admin",
    ("DELETE", "/v1.0/keys/key-000000000000"): "keys:admin",
    ("GET", "/v1.0/queues"): "queues:admin",
    ("GET", "/v1.0/queues/product-audit/dead-letters"): "queues:admin",
    ("POST", "/v1.0/queues/product-audit/redrive"): "queues:admin",
    ("GET", "/v1.0/backup"): "backup:create",
    ("GET", "/"): OPEN,
    ("GET", "/health"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs/page.css"): OPEN,
    ("GET", "/problems/not-found"): OPEN,
    ("GET", "/.well-known/jwks.json"): OPEN,
    ("GET", "/v1.0/invitations/nothing"): OPEN,
    ("POST", "/v1.0/invitations/nothing/decline"): OPEN,
}
SCOPES = {
    "products:write",
    "audit:read",
    "audit:write",
    "keys:admin",
    "queues:admin",
    "backup:create",
    "operations:read",
}
CALLS = sorted(NEEDS)
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with builders.client(tmp_path_factory.mktemp("access") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def keys(app: Client) -> dict[str, str]:
    return {scope: key(app, scope) for scope in SCOPES}


def test_every_call_is_in_the_matrix(app: Client) -> None:
    router = app.app.dispatcher.router
    matched = {router.match(method, path)[0].id for method, path in NEEDS}
    # What a role in a tenant opens is in tests/tenants/test_access.py.
    assert matched == {endpoint.id for endpoint in ENDPOINTS if not endpoint.permission.startswith(IN_TENANT)}
    unknown = app.call("POST", "/v1.0/keys", {"name": "abc", "permissions": ["no:thing"]})
    assert set(unknown.json["allowedPermissions"]) == SCOPES | {"*"}


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_who_sends_no_key_gets_what_is_open(app: Client, method: str, path: str) -> None:
    reply = app.call(method, path, key=None)
    if NEEDS[method, path] == OPEN:
        assert reply.status not in REFUSED
    else:
        problem(reply, 401, "unauthorized")
        assert "www-authenticate" in reply.headers


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_person_without_a_role_gets_what_is_for_everybody_signed_in(app: Client, method: str, path: str) -> None:
    needed = NEEDS[method, path]
    reply = app.call(method, f"{path}?nonsense=1", token=app.token("visitor", admin=False))
    if needed in {OPEN, SOMEBODY}:
        assert reply.status == 400  # let in, and only then read
    else:
        assert problem(reply, 403, "forbidden")["requiredPermission"] == needed


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_an_administrator_gets_everything(app: Client, method: str, path: str) -> None:
    assert app.call(method, f"{path}?nonsense=1", token=app.token()).status == 400


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_the_first_key_gets_what_is_not_for_administrators(app: Client, method: str, path: str) -> None:
    reply = app.call(method, f"{path}?nonsense=1")
    assert reply.status == (403 if NEEDS[method, path] == ADMINISTRATOR else 400)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_wrong_key_is_refused_everywhere(app: Client, method: str, path: str) -> None:
    address = f"192.0.2.{CALLS.index((method, path))}"
    problem(app.call(method, path, key="wrong", address=address), 401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_key_opens_what_its_permission_is_for_and_nothing_else(
    app: Client, keys: dict[str, str], method: str, path: str
) -> None:
    needed = NEEDS[method, path]
    for scope, secret in keys.items():
        reply = app.call(method, f"{path}?nonsense=1", key=secret)
        if needed in {OPEN, SOMEBODY, scope}:
            assert reply.status == 400  # let in, and only then read
        else:
            assert problem(reply, 403, "forbidden")["requiredPermission"] == needed
