"""What one tenant is told does not depend on any other: two worlds that differ in somebody else's data alone."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.tenants.world import ACME, TENANTS, WHY, World, opened, tenant_path

# Ids, times, and what is made of them, in the order in which they come up.
VARYING = re.compile(
    r"(?:tenant|customer)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:op|contact|div|group|team|inv)-[0-9A-Z]{8,20}"
    r"|\d{4}-\d\d-\d\dT[0-9:.]+Z"
)
LEFT_OUT = {"x-request-id", "etag", "ratelimit"}


class Told:
    """Everything that a person was answered, with ids and times by the order in which they came up."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self._names: dict[str, str] = {}

    def note(self, reply: Any) -> Any:
        headers = {name: value for name, value in reply.headers.items() if name not in LEFT_OUT | {"content-length"}}
        body = re.sub(r'"(requestId|nextToken|startAt)":"[^"]*"', r'"\1":"…"', reply.body.decode())
        body = re.sub(r"startAt=[^\"&]*", "startAt=…", body)
        text = f"{reply.status} {sorted(headers.items())} {body}"
        self.answers.append(VARYING.sub(self._name, text))
        return reply

    def _name(self, found: re.Match[str]) -> str:
        kind = "time" if found[0][0].isdigit() else found[0].partition("-")[0]
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
        world.ask("bob", "POST", tenant_path(tenant, "lifecycle", "park"), WHY)
    return ids


def _story(world: World, others: Mapping[str, str]) -> list[str]:
    told = Told()

    def ask(who: str, method: str, target: str, json: Any = None, **headers: str) -> Any:
        return told.note(world.ask(who, method, target, json, **headers)).json

    tenant = ask("ann", "POST", TENANTS, ACME)
    own = tenant_path(tenant)
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


def test_what_one_tenant_is_told_depends_on_no_other(tmp_path: Path) -> None:
    stories = []
    for busy in (False, True):
        with opened(tmp_path / str(busy)) as world:
            stories.append(_story(world, _others(world, busy=busy)))
    for quiet, busy in zip(*stories, strict=True):
        assert quiet == busy


def test_the_comparison_would_see_a_difference(tmp_path: Path) -> None:
    with opened(tmp_path) as world:
        ids = _others(world, busy=True)
        first, second = Told(), Told()
        for told, path in ((first, f"{TENANTS}/{ids['tenantId']}"), (second, f"{TENANTS}/{ids['tenantId']}/users")):
            told.note(world.ask("bob", "GET", path))
        assert first.answers != second.answers
