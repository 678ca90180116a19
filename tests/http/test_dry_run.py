"""``dryRun=true`` tells what the real call would do, or the very problem it would get, and does nothing."""

from collections.abc import Callable, Mapping

import pytest

from bbws.kernel.actor import IN_TENANT
from bbws.kernel.table import RowKind
from bbws.tables import ENDPOINTS
from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, problem

# Everything but what notes that a key was used.
KINDS = tuple(kind for kind in RowKind if kind is not RowKind.EPHEMERAL)


def _everything(client: Client) -> tuple[list[object], list[str]]:
    client.drain()
    engine = client.app.engine
    return list(engine.rows(KINDS)), sorted(engine.archive.names(""))


@pytest.fixture
def filled(client: Client) -> Client:
    client.create(productId="PROD-001")
    client.create(productId="PROD-002", active=False)
    client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-003"}, headers={"prefer": "respond-async"})
    client.drain()
    return client


def _key_id(client: Client) -> str:
    found: str = client.call("GET", "/v1.0/keys").json["items"][0]["keyId"]
    return found


type Planned = tuple[str, str, object, list[str]]
PLANS: Mapping[str, Callable[[Client], Planned]] = {
    "createProduct": lambda _: ("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-009"}, ["product.created"]),
    "updateProduct": lambda _: ("PUT", f"{PRODUCTS}/PROD-001", {"price": "5"}, ["product.updated"]),
    "deleteProduct": lambda _: ("DELETE", f"{PRODUCTS}/PROD-001", None, ["product.deleted"]),
    "createKey": lambda _: ("POST", "/v1.0/keys", {"name": "abc", "permissions": ["*"]}, ["key.created"]),
    "revokeKey": lambda client: ("DELETE", f"/v1.0/keys/{_key_id(client)}", None, ["key.revoked"]),
    "createCheckpoint": lambda _: ("POST", "/v1.0/audit/checkpoints", None, []),
    "redriveQueue": lambda _: ("POST", "/v1.0/queues/product-audit/redrive", None, []),
}
# Whose plan needs something in a certain state: in tests/{operations,marketing,people,tenants}.
ELSEWHERE = {
    "cancelOperation", "retryOperation", "createCampaign", "updateCampaign", "publishCampaign", "disableCampaign",
    "reactivateCampaign", "deleteCampaign", "eraseUser", "forgetAddress",
    "declineInvitation",
}  # fmt: skip


def test_every_call_that_changes_something_is_planned_in_a_test() -> None:
    # Those in a tenant: tests/tenants/test_plans.py.
    changing = {each.id for each in ENDPOINTS if each.mutates and not each.permission.startswith(IN_TENANT)}
    assert changing == PLANS.keys() | ELSEWHERE


@pytest.mark.parametrize("call", sorted(PLANS))
def test_a_plan_says_what_would_change_and_changes_nothing(filled: Client, call: str) -> None:
    method, path, body, types = PLANS[call](filled)
    before = _everything(filled)
    reply = filled.call(method, f"{path}?dryRun=true", body)
    assert (reply.status, reply.json["dryRun"]) == (200, True)
    assert [change["type"] for change in reply.json["changes"]] == types
    assert _everything(filled) == before


def test_a_plan_shows_before_and_after(filled: Client) -> None:
    [change] = filled.call("PUT", f"{PRODUCTS}/PROD-001?dryRun=true", {"price": "5"}).json["changes"]
    assert change["before"]["price"] == "1500.00"
    assert change["after"] == change["before"] | {"price": "5.00", "updatedAt": change["after"]["updatedAt"]}
    assert (change["subject"], change["changeType"], change["version"]) == (f"{PRODUCTS}/PROD-001", "UPDATE", 2)


def test_a_plan_that_changes_nothing_is_empty(filled: Client) -> None:
    assert filled.call("DELETE", f"{PRODUCTS}/PROD-002?dryRun=true").json["changes"] == []


def test_the_secret_of_a_key_is_not_made_for_a_plan(filled: Client) -> None:
    reply = filled.call("POST", "/v1.0/keys?dryRun=true", {"name": "abc", "permissions": ["*"]})
    assert b"bbws_" not in reply.body


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"}, 409, "product-exists"),
        ("POST", PRODUCTS, {}, 400, "validation-error"),
        ("PUT", f"{PRODUCTS}/PROD-002", {"price": "5"}, 422, "product-inactive"),
        ("PUT", f"{PRODUCTS}/PROD-999", {"price": "5"}, 404, "product-not-found"),
        ("DELETE", f"{PRODUCTS}/PROD-999", None, 404, "product-not-found"),
        ("POST", "/v1.0/keys", {"name": "abc", "permissions": ["no:thing"]}, 422, "unknown-permission"),
        ("DELETE", "/v1.0/keys/key-000000000000", None, 404, "key-not-found"),
        ("POST", "/v1.0/operations/op-0000000000000000/cancel", None, 404, "operation-not-found"),
        ("POST", "/v1.0/operations/op-0000000000000000/retry", None, 404, "operation-not-found"),
    ],
)
def test_a_plan_gets_the_problem_of_the_real_call(
    filled: Client, method: str, path: str, body: object, status: int, code: str
) -> None:
    before = _everything(filled)
    problem(filled.call(method, f"{path}?dryRun=true", body), status, code)
    problem(filled.call(method, path, body), status, code)
    assert _everything(filled) == before


def test_a_queued_plan_is_that_of_the_direct_call(filled: Client) -> None:
    reply = filled.call("POST", f"{PRODUCTS}?dryRun=true", PRODUCT, headers={"prefer": "respond-async"})
    assert [change["type"] for change in reply.json["changes"]] == ["product.created"]


@pytest.mark.parametrize("value", ["TRUE", "1", "", "yes"])
def test_a_flag_is_true_or_false(filled: Client, value: str) -> None:
    reply = filled.call("DELETE", f"{PRODUCTS}/PROD-001?dryRun={value}")
    assert problem(reply, 400, "validation-error")["errors"][0]["field"] == "dryRun"
    assert filled.call("GET", f"{PRODUCTS}/PROD-001").json["active"] is True


def test_a_plan_needs_the_same_permission(filled: Client) -> None:
    problem(filled.call("DELETE", f"{PRODUCTS}/PROD-001?dryRun=true", key=None), 401, "unauthorized")
