"""What one tenant is told does not depend on any other: two worlds that differ in somebody else's data alone."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.tenants.hooks import FakeSender
from tests.tenants.world import ACME, TENANTS, WHY, World, opened, tenant_path

# Ids, times, hashes under a random key, and what is made of them, in the order in which they come up.
VARYING = re.compile(
    r"[a-z]+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z]+-[0-9A-HJKMNP-TV-Z]{12,32}\b"
    r"|\d{4}-\d\d-\d\dT[0-9:.]+Z|\b[0-9a-f]{64}\b"
)
_HASH = 64
# Invited by both, known to nobody else.
INVITED = "yolanda@example.com"
NOWHERE = {
    "divisionId": "div-0123456789ABCDEF",
    "invitationId": "invitation-00000000-0000-4000-8000-000000000000",
    "webhookId": "webhook-0123456789ABCDEF",  # pragma: allowlist secret
}
LEFT_OUT = {"x-request-id", "etag", "ratelimit"}


class Told:
    """Everything that a person was answered, with ids and times by the order in which they came up."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self._names: dict[str, str] = {}

    def note(self, reply: Any) -> Any:
        headers = {name: value for name, value in reply.headers.items() if name not in LEFT_OUT | {"content-length"}}
        body = re.sub(r'"(requestId|nextToken|startAt|secret)":"[^"]*"', r'"\1":"…"', reply.body.decode())
        body = re.sub(r"startAt=[^\"&]*", "startAt=…", body)
        text = f"{reply.status} {sorted(headers.items())} {body}"
        self.answers.append(VARYING.sub(self._name, text))
        return reply

    def _name(self, found: re.Match[str]) -> str:
        kind = "hash" if len(found[0]) == _HASH else "time" if found[0][0].isdigit() else found[0].partition("-")[0]
        return self._names.setdefault(found[0], f"{kind}-{len(self._names)}")


def _others(world: World, *, busy: bool) -> dict[str, str]:
    """Bob's tenant: nearly empty in one world, busy and full of people in the other. Its ids."""
    tenant = world.active("bob", organizationName="Bobs")
    world.known("zoe", "yan")
    ids = {"tenantId": tenant["tenantId"], "customerId": tenant["customerId"], "userId": "user-zoe"}
    if busy:
        for name in ("zoe", "yan", "ben"):
            world.join(tenant, name, "Admin", by="bob")
        for number in range(5):
            world.active("bob", organizationName=f"Bobs {number}", customerId=tenant["customerId"])
        world.ask("bob", "PUT", tenant_path(tenant), {"division": "North", "metadata": {"acme": True}})
        division = world.ask("bob", "POST", tenant_path(tenant, "divisions"), {"name": "North"}).json
        ids["divisionId"] = division["divisionId"]
        # The very addresses that ann is going to write, otherwise written.
        known = [INVITED.upper(), "Cat@Example.com", ACME["contactEmail"].title(), "NEW@acme.example"]
        for email in known:
            invited = world.ask("bob", "POST", tenant_path(tenant, "invitations"), {"email": email, "role": "Viewer"})
            assert invited.status == 201, invited.body
            ids["invitationId"] = invited.json["invitationId"]
        world.active("bob", organizationName="Bobs own", contactEmail=ACME["contactEmail"].upper())
        hook = world.ask("bob", "POST", tenant_path(tenant, "webhooks"), {"url": "https://bob.example.com/"}).json
        ids["webhookId"] = hook["webhookId"]
        world.ask("bob", "POST", tenant_path(tenant, "lifecycle", "park"), WHY)
    return NOWHERE | ids


def _story(world: World, others: Mapping[str, str]) -> list[str]:
    told = Told()

    def ask(who: str, method: str, target: str, json: Any = None, **headers: str) -> Any:
        return told.note(world.ask(who, method, target, json, **headers)).json

    ask("ann", "POST", f"{TENANTS}?dryRun=true", ACME)
    tenant = ask("ann", "POST", TENANTS, ACME)
    own = tenant_path(tenant)
    for plan in ("?dryRun=true", ""):
        ask("ann", "PUT", own + plan, {"contactEmail": "new@acme.example"})
    ask("ann", "PATCH", f"{own}/status", {"status": "ACTIVE", **WHY})
    world.known("cat")
    ask("ann", "POST", f"{own}/users", {"email": "cat@example.com", "role": "Operator"})
    for who in ("ann", "cat"):
        for path in ("", "/users", "/users?role=Admin", "/users/user-cat", "/users/user-cat/access"):
            ask(who, "GET", own + path)
        for query in ("", "?organizationName=bob", "?status=PARKED", "?sortBy=organizationName&pageSize=1"):
            ask(who, "GET", TENANTS + query)
        for user in ("user-cat", "user-ann", others["userId"], "user-bob", "user-nobody"):
            ask(who, "GET", f"/v1.0/users/{user}/tenants")
            ask(who, "GET", f"{own}/users/{user}")
            ask(who, "GET", f"{own}/users/{user}/access")
    _units_and_more(ask, own, others)
    # Somebody else's ids, in every place.
    theirs = f"{TENANTS}/{others['tenantId']}"
    for path in ("", "/users", f"/users/{others['userId']}", "/users/user-cat/access"):
        ask("ann", "GET", theirs + path)
    ask("ann", "PUT", theirs, {"division": "South"})
    ask("ann", "DELETE", theirs)
    ask("ann", "POST", f"{theirs}/lifecycle/unpark")
    ask("ann", "POST", TENANTS, {**ACME, "organizationName": "Acme 2", "customerId": others["customerId"]})
    ask("ann", "PUT", f"{own}/users/{others['userId']}", {"role": "Admin"})
    ask("ann", "DELETE", f"{own}/users/{others['userId']}")
    ask("ann", "PUT", own, {"metadata": {"ref": others["tenantId"]}})
    ask("ann", "POST", f"{own}/users", {"email": "zoe@example.com", "role": "Viewer"})
    ask("ann", "GET", f"{own}/users")
    ask("ann", "POST", f"{own}/lifecycle/park", WHY)
    ask("cat", "GET", f"{own}/users")
    return told.answers


def _units_and_more(ask: Callable[..., Any], own: str, others: Mapping[str, str]) -> None:
    """Units, invitations and webhooks, each also by the id of somebody else's."""
    division = ask("ann", "POST", f"{own}/divisions", {"name": "North"})["divisionId"]
    group = ask("ann", "POST", f"{own}/divisions/{division}/groups", {"name": "Web"})["groupId"]
    for unit in (division, others["divisionId"]):
        for method, path, body in (
            ("GET", f"divisions/{unit}", None),
            ("GET", f"divisions/{unit}/groups", None),
            ("PUT", f"divisions/{unit}", {"name": "South"}),
            ("PUT", f"divisions/{division}/groups/{group}", {"divisionId": unit}),
            ("POST", "invitations", {"email": f"{unit[:3]}@example.com", "role": "Viewer", "divisionId": unit}),
        ):
            ask("ann", method, f"{own}/{path}", body)
    said = {"email": INVITED, "role": "Viewer"}
    ask("ann", "POST", f"{own}/invitations?dryRun=true", said)
    invited = ask("ann", "POST", f"{own}/invitations", said)["invitationId"]
    hook = ask("ann", "POST", f"{own}/webhooks", {"url": "https://ann.example.com/"})["webhookId"]
    for invitation in (invited, others["invitationId"]):
        ask("ann", "GET", f"{own}/invitations/{invitation}")
        ask("ann", "POST", f"{own}/invitations/{invitation}/resend")
    for webhook in (hook, others["webhookId"]):
        ask("ann", "GET", f"{own}/webhooks/{webhook}")
        ask("ann", "POST", f"{own}/webhooks/{webhook}/rotate")
        ask("ann", "POST", f"{own}/webhooks/{webhook}/test")
        ask("ann", "GET", f"{own}/webhooks/{webhook}/deliveries")
    for path in ("tree", "divisions", "invitations", "webhooks", f"divisions/{division}/groups"):
        ask("ann", "GET", f"{own}/{path}")
    ask("ann", "DELETE", f"{own}/divisions/{others['divisionId']}?cascade=true")
    ask("ann", "DELETE", f"{own}/invitations/{others['invitationId']}")
    ask("ann", "DELETE", f"{own}/webhooks/{others['webhookId']}")


def test_what_one_tenant_is_told_depends_on_no_other(tmp_path: Path) -> None:
    stories = []
    for busy in (False, True):
        with opened(tmp_path / str(busy), sender=FakeSender()) as world:
            stories.append(_story(world, _others(world, busy=busy)))
    for quiet, busy in zip(*stories, strict=True):
        assert quiet == busy


def test_the_comparison_would_see_a_difference(tmp_path: Path) -> None:
    with opened(tmp_path, sender=FakeSender()) as world:
        ids = _others(world, busy=True)
        first, second = Told(), Told()
        for told, path in ((first, f"{TENANTS}/{ids['tenantId']}"), (second, f"{TENANTS}/{ids['tenantId']}/users")):
            told.note(world.ask("bob", "GET", path))
        assert first.answers != second.answers
