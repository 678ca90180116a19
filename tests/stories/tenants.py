"""A tenant's life, told to whatever answers calls: one machine, the functions of AWS, or an environment over HTTP."""

import re
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from tests.stories.campaigns import Said
from tests.tenants.world import TENANTS, WHY

RECORDS = "/v1.0/audit/records"
_LINK = re.compile(r"https?://\S*(/v1\.0/invitations/[A-Za-z0-9_-]{43})$", re.MULTILINE)


class World(Protocol):
    """One BBWS and its callers."""

    @property
    def tag(self) -> str:
        """A word that only the names in this world have."""
        ...

    def enrol(self, name: str) -> str:
        """Somebody who can sign in, with a verified address; the id that they have here."""
        ...

    def address(self, name: str) -> str:
        """Somebody's address."""
        ...

    def ask(self, name: str, method: str, path: str, body: object = None) -> Said:
        """Somebody's call; that of ``boss``, who has the platform role; that of the first key, or of nobody at all."""
        ...

    def letter(self, name: str) -> str:
        """The text of the last mail to somebody, once there is one."""
        ...

    def finished(self, path: str) -> Mapping[str, Any]:
        """An operation of a tenant, once it has ended, as the platform's people see it."""
        ...

    def settle(self) -> None:
        """Have everything happen that follows from what was changed."""
        ...


def tell(world: World) -> None:
    """From its founding until its name is somebody else's."""
    thandi, sipho = (world.enrol(name) for name in ("thandi", "sipho"))
    world.enrol("bob")
    own = _found(world)
    team = _organise(world, own)
    _invite(world, own, team)
    _promote(world, own, sipho)
    _suspend(world, own)
    _park(world, own)
    _leave(world, own, thandi, sipho)
    _forget(world, thandi)
    _end(world, own)


def _do(world: World, name: str, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
    said = world.ask(name, method, path, body)
    assert said.status == status, (path, said.json)
    return said.json


def _refused(world: World, name: str, method: str, path: str, body: object = None) -> tuple[int, str]:
    said = world.ask(name, method, path, body)
    return said.status, said.json["code"]


def _named(world: World) -> str:
    return f"Acme {world.tag}"


def _found(world: World) -> str:
    """Whoever founds it is its Admin; nobody else can have its name, nor learn that it is there."""
    form = {"organizationName": _named(world), "contactEmail": world.address("office"), "environment": "dev"}
    tenant = _do(world, "thandi", "POST", TENANTS, form, status=201)
    assert (tenant["status"], tenant["contactEmail"]) == ("PENDING", world.address("office"))
    taken = {**form, "organizationName": _named(world).upper().replace(" ", "  ")}
    assert _refused(world, "bob", "POST", TENANTS, taken)[0] == 409
    assert _refused(world, "key", "POST", TENANTS, form)[0] in {401, 403}  # by the gateway, where there is one
    own = f"{TENANTS}/{tenant['tenantId']}"
    assert _refused(world, "bob", "GET", own) == (404, "tenant-not-found")
    assert _refused(world, "nobody", "GET", own)[0] == 401
    _do(world, "thandi", "PATCH", f"{own}/status", {"status": "ACTIVE", **WHY})
    return own


def _organise(world: World, own: str) -> dict[str, Any]:
    """A division, a group in it, a team in that; the names of the path as fields of an invitation."""
    division = _do(world, "thandi", "POST", f"{own}/divisions", {"name": "Cape"}, status=201)["divisionId"]
    at = f"{own}/divisions/{division}/groups"
    group = _do(world, "thandi", "POST", at, {"name": "Shops"}, status=201)["groupId"]
    team = _do(world, "thandi", "POST", f"{at}/{group}/teams", {"name": "North"}, status=201)["teamId"]
    return {"teamId": team, "path": f"{at}/{group}/teams/{team}"}


def _invite(world: World, own: str, team: Mapping[str, Any]) -> None:
    """The mail's token shows what it is for, lets the one in whose address it is, once, and only where it says."""
    form = {"email": world.address("sipho"), "role": "Viewer", "teamId": team["teamId"]}
    _do(world, "thandi", "POST", f"{own}/invitations", form, status=201)
    assert _refused(world, "thandi", "POST", f"{own}/invitations", form)[0] == 409
    link = _LINK.search(world.letter("sipho"))
    assert link is not None
    received = link[1]
    shown = _do(world, "nobody", "GET", received)
    assert (shown["organizationName"], shown["isValid"]) == (_named(world), True)
    assert _refused(world, "bob", "POST", f"{received}/accept")[0] == 403
    joined = _do(world, "sipho", "POST", f"{received}/accept")
    assert (joined["email"], joined["role"]) == (world.address("sipho"), None)
    assert joined["units"] == [{"unitId": team["teamId"], "role": "Viewer"}]
    assert _refused(world, "sipho", "POST", f"{received}/accept")[0] == 400
    assert _do(world, "sipho", "GET", team["path"])["name"] == "North"
    assert [each["userId"] for each in _do(world, "thandi", "GET", f"{team['path']}/members")["items"]]


def _promote(world: World, own: str, sipho: str) -> None:
    """A role counts from the next call on, and says why it does."""
    division = {"name": "Gauteng"}
    assert _refused(world, "sipho", "POST", f"{own}/divisions", division)[0] in {403, 404}
    _do(world, "thandi", "PUT", f"{own}/users/{sipho}", {"role": "Operator"})
    _do(world, "sipho", "POST", f"{own}/divisions", division, status=201)
    assert _refused(world, "sipho", "DELETE", own)[0] == 403
    explained = _do(world, "thandi", "GET", f"{own}/users/{sipho}/access")["permissions"]
    assert explained


def _suspend(world: World, own: str) -> None:
    """Everybody is out at once, but for a look at the tenant; only the platform lets them in again."""
    begun = _do(world, "thandi", "POST", f"{own}/lifecycle/suspend", WHY, status=202)
    assert world.finished(f"{own}/operations/{begun['operationId']}")["status"] == "COMPLETED"
    for name in ("thandi", "sipho"):
        assert _refused(world, name, "GET", f"{own}/tree") == (403, "account-suspended")
        assert _do(world, name, "GET", own)["status"] == "SUSPENDED"
    assert _refused(world, "thandi", "POST", f"{own}/lifecycle/resume") == (403, "account-suspended")
    begun = _do(world, "boss", "POST", f"{own}/lifecycle/resume", status=202)
    assert world.finished(f"{own}/operations/{begun['operationId']}")["status"] == "COMPLETED"
    assert _do(world, "sipho", "GET", own)["status"] == "ACTIVE"


def _park(world: World, own: str) -> None:
    parked = _do(world, "thandi", "POST", f"{own}/lifecycle/park", WHY)
    assert (parked["status"], parked["parkReason"]) == ("PARKED", WHY["reason"])
    assert _refused(world, "sipho", "POST", f"{own}/lifecycle/unpark")[0] == 403
    back = _do(world, "thandi", "POST", f"{own}/lifecycle/unpark")
    assert (back["status"], bool(back["warnings"])) == ("ACTIVE", True)


def _leave(world: World, own: str, thandi: str, sipho: str) -> None:
    """The last Admin cannot go; with another in place, who goes is a stranger with the next call."""
    assert _refused(world, "thandi", "DELETE", f"{own}/users/{thandi}") == (422, "last-admin")
    _do(world, "thandi", "PUT", f"{own}/users/{sipho}", {"role": "Admin"})
    left = world.ask("thandi", "DELETE", f"{own}/users/{thandi}")
    assert left.status == 204
    assert _refused(world, "thandi", "GET", own) == (404, "tenant-not-found")


def _forget(world: World, thandi: str) -> None:
    """Who is forgotten signs in no more; what they did stays on record, without a word of who they were."""
    assert world.ask("boss", "DELETE", f"/v1.0/users/{thandi}").status == 204
    assert _refused(world, "thandi", "GET", TENANTS)[0] == 401
    world.settle()
    records = _do(world, "key", "GET", f"{RECORDS}?actor={thandi}&pageSize=100")["items"]
    assert "tenant.created" in {record["type"] for record in records}
    assert world.address("thandi").encode() not in orjson.dumps(records)


def _end(world: World, own: str) -> None:
    """It goes when its name is said; what stood in it ends, and the name is free."""
    assert _refused(world, "sipho", "DELETE", f"{own}?force=true")[0] == 422
    confirmed = _named(world).replace(" ", "%20")
    begun = _do(world, "sipho", "DELETE", f"{own}?force=true&confirm={confirmed}", status=202)
    assert _do(world, "boss", "GET", own)["status"] == "DEPROVISIONED"
    assert _refused(world, "sipho", "POST", f"{own}/divisions", {"name": "Late"})[0] in {403, 404, 422}
    form = {"organizationName": _named(world), "contactEmail": world.address("bob"), "environment": "dev"}
    assert _do(world, "bob", "POST", TENANTS, form, status=201)["status"] == "PENDING"
    assert world.finished(f"{own}/operations/{begun['operationId']}")["status"] == "COMPLETED"
