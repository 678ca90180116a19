"""Who may do what, written by hand and held against every call in a tenant: each role, each status, each stranger."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bbws.kernel.actor import IN_TENANT
from bbws.tables import ENDPOINTS
from tests.tenants.world import TENANTS, WHY, World, opened, tenant_path

pytestmark = pytest.mark.unmeasured  # the other tests of this folder run the same

ADMIN, OPERATOR, VIEWER = "Admin", "Operator", "Viewer"
EVERYONE = {ADMIN, OPERATOR, VIEWER}
WORKING = {ADMIN, OPERATOR}
ADMINS = {ADMIN}
THE_PLATFORM: set[str] = set()
T = f"{TENANTS}/{{tenantId}}"
OPERATION = f"{T}/operations/{{operationId}}"
DIVISION = f"{T}/divisions/{{divisionId}}"
GROUP = f"{DIVISION}/groups/{{groupId}}"
TEAM = f"{GROUP}/teams/{{teamId}}"
INVITATION = f"{T}/invitations/{{invitationId}}"
WEBHOOK = f"{T}/webhooks/{{webhookId}}"
MAY: Mapping[tuple[str, str], set[str]] = {
    ("GET", T): EVERYONE,
    ("PUT", T): ADMINS,
    ("DELETE", T): ADMINS,
    ("PATCH", f"{T}/status"): ADMINS,
    ("POST", f"{T}/lifecycle/park"): ADMINS,
    ("POST", f"{T}/lifecycle/unpark"): ADMINS,
    ("POST", f"{T}/lifecycle/suspend"): ADMINS,
    ("POST", f"{T}/lifecycle/resume"): THE_PLATFORM,
    # Whose it is not, or who may only watch it, is told so after (test_watching.py).
    ("GET", OPERATION): EVERYONE,
    ("POST", f"{OPERATION}/cancel"): EVERYONE,
    ("POST", f"{OPERATION}/retry"): EVERYONE,
    ("GET", f"{T}/users"): WORKING,
    ("POST", f"{T}/users"): ADMINS,
    ("GET", f"{T}/users/{{userId}}"): WORKING,
    ("PUT", f"{T}/users/{{userId}}"): ADMINS,
    ("DELETE", f"{T}/users/{{userId}}"): ADMINS,
    ("GET", f"{T}/users/{{userId}}/access"): WORKING,
    ("GET", f"{T}/tree"): EVERYONE,
    ("GET", f"{T}/divisions"): EVERYONE,
    ("POST", f"{T}/divisions"): WORKING,
    ("GET", DIVISION): EVERYONE,
    ("PUT", DIVISION): WORKING,
    ("DELETE", DIVISION): ADMINS,
    ("GET", f"{DIVISION}/groups"): EVERYONE,
    ("POST", f"{DIVISION}/groups"): WORKING,
    ("GET", GROUP): EVERYONE,
    ("PUT", GROUP): WORKING,
    ("DELETE", GROUP): ADMINS,
    ("GET", f"{GROUP}/teams"): EVERYONE,
    ("POST", f"{GROUP}/teams"): WORKING,
    ("GET", TEAM): EVERYONE,
    ("PUT", TEAM): WORKING,
    ("DELETE", TEAM): ADMINS,
    ("GET", f"{TEAM}/members"): EVERYONE,
    ("POST", f"{TEAM}/members"): WORKING,
    ("GET", f"{TEAM}/members/{{userId}}"): EVERYONE,
    ("DELETE", f"{TEAM}/members/{{userId}}"): WORKING,
    ("GET", f"{T}/invitations"): ADMINS,
    ("POST", f"{T}/invitations"): ADMINS,
    ("GET", INVITATION): ADMINS,
    ("DELETE", INVITATION): ADMINS,
    ("POST", f"{INVITATION}/resend"): ADMINS,
    ("GET", f"{T}/webhooks"): ADMINS,
    ("POST", f"{T}/webhooks"): ADMINS,
    ("GET", WEBHOOK): ADMINS,
    ("DELETE", WEBHOOK): ADMINS,
    ("POST", f"{WEBHOOK}/enable"): ADMINS,
    ("POST", f"{WEBHOOK}/rotate"): ADMINS,
    ("POST", f"{WEBHOOK}/test"): ADMINS,
    ("GET", f"{WEBHOOK}/deliveries"): ADMINS,
    ("GET", f"{WEBHOOK}/deliveries/{{deliveryId}}"): ADMINS,
    ("POST", f"{WEBHOOK}/deliveries/{{deliveryId}}/replay"): ADMINS,
}
# For every person, whatever their roles: what they are shown is their own.
ONES_OWN = {
    ("GET", TENANTS),
    ("POST", TENANTS),
    ("GET", "/v1.0/users/{userId}/tenants"),
    ("POST", "/v1.0/invitations/{token}/accept"),
}
STATUSES = ("PENDING", "ACTIVE", "SUSPENDED", "PARKED", "FAILED", "DEPROVISIONED")
CLOSED = {"SUSPENDED", "PARKED", "DEPROVISIONED"}
CALLERS = {"ada": ADMIN, "otto": OPERATOR, "vic": VIEWER}
# What is not there is refused after, and otherwise than, what is not allowed.
IN_PLACE_OF = {
    "operationId": "op-0123456789ABCDEF",
    "userId": "user-otto",
    "divisionId": "div-0123456789ABCDEF",
    "groupId": "group-0123456789ABCDEF",
    "teamId": "team-0123456789ABCDEF",
    "invitationId": "invitation-00000000-0000-4000-8000-000000000000",
    "webhookId": "webhook-0123456789ABCDEF",  # pragma: allowlist secret
    "deliveryId": "delivery-0123456789ABCDEF",  # pragma: allowlist secret
}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, dict[str, Any]]]]:
    """A tenant in each status, with one person in each role; eve is the Admin of a tenant of her own."""
    with opened(tmp_path_factory.mktemp("access")) as world:
        world.active("eve", organizationName="Eves")
        world.known(*CALLERS)
        yield world, {status: _tenant_in(world, status) for status in STATUSES}


def _tenant_in(world: World, status: str) -> dict[str, Any]:
    tenant = world.active("ada", organizationName=f"The {status.lower()} one")
    for name in ("otto", "vic"):
        assert world.join(tenant, name, CALLERS[name], by="ada").status == 201
    if status == "SUSPENDED":
        assert world.ask("boss", "POST", tenant_path(tenant, "lifecycle", "suspend"), WHY).status == 202
    elif status == "PARKED":
        assert world.ask("ada", "POST", tenant_path(tenant, "lifecycle", "park"), WHY).status == 200
    elif status == "DEPROVISIONED":
        confirmed = f"{tenant_path(tenant)}?force=true&confirm={tenant['organizationName'].replace(' ', '%20')}"
        assert world.ask("ada", "DELETE", confirmed).status == 202
    elif status in {"PENDING", "FAILED"}:
        # What has never been active has nobody but its founder, so its people come from a time when it was.
        world.set_status_of_row(tenant, status)
    read = world.ask("boss", "GET", tenant_path(tenant)).json
    assert read["status"] == status
    return dict(read)


def _calls() -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in ENDPOINTS if each.permission.startswith(IN_TENANT)]


def _target(method: str, path: str, tenant: Mapping[str, Any]) -> str:
    for name, value in {"tenantId": tenant["tenantId"], **IN_PLACE_OF}.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path if method == "GET" else f"{path}?dryRun=true"


def test_every_call_in_a_tenant_is_in_the_matrix_and_the_other_way_round() -> None:
    in_tenants = {(each.method, each.path) for each in ENDPOINTS if "{tenantId}" in each.path}
    assert in_tenants == MAY.keys()
    assert set(_calls()) == MAY.keys() | ONES_OWN


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("method", "path"), sorted(MAY), ids=str)
def test_each_role_may_what_the_matrix_says(
    worlds: tuple[World, dict[str, dict[str, Any]]], method: str, path: str, status: str
) -> None:
    world, tenants = worlds
    target = _target(method, path, tenants[status])
    for name, role in CALLERS.items():
        expected = _expected(role, method, path, status)
        assert outcome(world, name, method, target) == expected, name
        if expected != "let in":
            _refused_whatever_is_said(world, name, method, target)
    assert outcome(world, "boss", method, target) == "let in"
    for stranger in ("eve", "nobody-yet"):
        assert outcome(world, stranger, method, target) == "nothing there"
        _refused_whatever_is_said(world, stranger, method, target)
    assert world.client.call(method, target).status == 403
    assert world.client.call(method, target, key=None).status == 401


def _expected(role: str, method: str, path: str, status: str) -> str:
    # Who suspended it, or takes leave, follows that.
    if status in CLOSED and (method, path) not in {("GET", T), ("GET", OPERATION)}:
        if status == "PARKED" and path in {f"{T}/lifecycle/unpark", f"{T}/status"}:
            # By the door of every status the way back is open, and no other (test_lifecycle.py).
            return "let in" if role == ADMIN else "forbidden"
        if status == "PARKED" and (method, path) == ("DELETE", T):
            return "let in" if role == ADMIN else "forbidden"
        if status == "DEPROVISIONED" and (method, path) == ("PUT", T):
            return "let in" if role == ADMIN else "forbidden"  # and then refused by the status, with 422
        return "closed"
    return "let in" if role in MAY[method, path] else "forbidden"


def _refused_whatever_is_said(world: World, who: str, method: str, target: str) -> None:
    """Who is refused is told so before anything of what they sent is looked at, planned or not."""
    answers = set()
    for query in ("", "?dryRun=true", "?dryRun=perhaps", "?nothing=known"):
        for body in (None, {}, {"unknown": 1}) if method != "GET" else (None,):
            reply = world.ask(who, method, target.partition("?")[0] + query, body)
            answers.add((reply.status, str({**reply.json, "requestId": ""})))
    assert len(answers) == 1, answers


def outcome(world: World, who: str, method: str, target: str) -> str:
    """What somebody is told, in a word or two; "let in" is also what is refused for another reason than who asks."""
    reply = world.ask(who, method, target)
    code = reply.json["code"] if reply.status >= 400 and reply.body else ""
    if reply.status == 403 and code in {"forbidden", "account-suspended"}:
        return {"forbidden": "forbidden", "account-suspended": "closed"}[code]
    if reply.status == 404 and code == "tenant-not-found":
        return "nothing there"
    assert reply.status not in {401, 403}, reply.body
    assert reply.status < 500, reply.body
    return "let in"


@pytest.mark.parametrize(("method", "path"), sorted(MAY), ids=str)
def test_what_is_not_ones_own_and_what_is_not_there_look_the_same(
    worlds: tuple[World, dict[str, dict[str, Any]]], method: str, path: str
) -> None:
    world, tenants = worlds
    absent = {"tenantId": "tenant-00000000-0000-4000-8000-000000000000"}
    answers = []
    for tenant in (tenants["ACTIVE"], absent):
        reply = world.ask("eve", method, _target(method, path, tenant))
        headers = {name: value for name, value in reply.headers.items() if name not in {"x-request-id", "ratelimit"}}
        document = {name: value for name, value in reply.json.items() if name != "requestId"}
        answers.append((headers, str(document).replace(tenant["tenantId"], "ID")))
    assert answers[0] == answers[1]
    assert answers[0][1].startswith("{'type': '/problems/tenant-not-found'")


def test_what_is_taken_away_is_gone_with_the_next_request(worlds: tuple[World, dict[str, dict[str, Any]]]) -> None:
    world, _ = worlds
    tenant = world.active("ada", organizationName="Changing")
    world.join(tenant, "otto", OPERATOR, by="ada")
    users, one = tenant_path(tenant, "users"), tenant_path(tenant, "users", "user-otto")
    assert world.ask("otto", "GET", users).status == 200
    assert world.ask("ada", "PUT", one, {"role": VIEWER}).status == 200
    assert world.ask("otto", "GET", users).status == 403
    assert world.ask("otto", "GET", tenant_path(tenant)).status == 200
    assert world.ask("ada", "DELETE", one).status == 204
    assert world.ask("otto", "GET", tenant_path(tenant)).status == 404
