"""What people do with the hierarchy of a tenant, for the rights of each function."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from bbws.kernel.actor import system
from bbws.kernel.work import UnitOfWork, transact
from bbws.tenants import service as tenants
from bbws.tenants.members import service as members
from bbws.tenants.permissions import Role
from bbws.tenants.units import service as units
from bbws.tenants.units.model import UnitKind
from bbws.tenants.units.removal import MOST_AT_ONCE, UNIT_DELETION
from tests.aws.account import Account
from tests.aws.recording import Rights
from tests.aws.tenants_story import active, ask

# A commit takes away the roles of so many fewer than these.
CROWD = 33


class Place(NamedTuple):
    """A team, and where it lies."""

    division: str
    group: str
    team: str


def tell(made: Account, recorded: Rights) -> None:
    """Every call about units and those in them, and units that go with one commit and with many."""
    own = active(made, "Units")
    first, second = _planted(made, own, "First"), _planted(made, own, "Second")
    _changed(made, own, first, second)
    _users_of_units(made, own, second)
    _members(made, second)
    _tree(made, own)
    _deleted(made, second)
    _cleared(made, own)
    _resumed(made, own, recorded)
    _steered(made, own, recorded)


def _create(made: Account, where: str, kind: str, name: str) -> str:
    """Where a new unit is."""
    body = ask(made, f"create{kind.capitalize()}", f"{where}/{kind}s", {"name": name}, status=201).json
    return f"{where}/{kind}s/{body[f'{kind}Id']}"


def _planted(made: Account, own: str, name: str) -> Place:
    division = _create(made, own, "division", name)
    group = _create(made, division, "group", name)
    return Place(division, group, _create(made, group, "team", name))


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _changed(made: Account, own: str, first: Place, second: Place) -> None:
    _create(made, first.division, "group", "More")
    _create(made, first.group, "team", "More")
    for kind, within, one in zip(UnitKind, (own, first.division, first.group), first, strict=True):
        listed = f"{within}/{kind}s?pageSize=1"
        token = ask(made, f"list{kind.capitalize()}s", listed).json["nextToken"]
        ask(made, f"list{kind.capitalize()}s", f"{listed}&startAt={token}")
        ask(made, f"get{kind.capitalize()}", one)
        ask(made, f"update{kind.capitalize()}", one, {"name": "Renamed"})
    ask(made, "updateTeam", first.team, {"groupId": _last(second.group)})
    ask(made, "updateGroup", first.group, {"divisionId": _last(second.division)})


def _users_of_units(made: Account, own: str, place: Place) -> None:
    """Roles that are held at a unit, by whom is no user of the whole tenant."""
    made.know("uma", "uma@example.com")
    group = _last(place.group)
    said = {"email": "uma@example.com", "role": "Operator", "unitId": group}
    ask(made, "addUser", f"{own}/users", said, status=201)
    one = f"{own}/users/user-uma"
    ask(made, "setUserRole", one, {"role": "Admin", "unitId": group})
    ask(made, "getUserAccess", f"{one}/access")
    ask(made, "listUsers", f"{own}/users")
    ask(made, "getTree", f"{own}/tree")
    ask(made, "updateGroup", place.group, {"name": "By Uma"}, by="uma")
    ask(made, "removeUser", f"{one}?unitId={group}", status=204)


def _members(made: Account, place: Place) -> None:
    tenant = place.team.partition("/divisions")[0]
    for name in ("mia", "noa"):
        made.know(name, f"{name}@example.com")
        ask(made, "addUser", f"{tenant}/users", {"email": f"{name}@example.com", "role": "Viewer"}, status=201)
        body = {"userId": f"user-{name}", "role": "Operator"}
        ask(made, "addTeamMember", f"{place.team}/members", body, status=201)
    listed = f"{place.team}/members?pageSize=1"
    token = ask(made, "listTeamMembers", listed).json["nextToken"]
    ask(made, "listTeamMembers", f"{listed}&startAt={token}")
    ask(made, "getTeamMember", f"{place.team}/members/user-mia")
    ask(made, "removeTeamMember", f"{place.team}/members/user-mia", status=204)


def _tree(made: Account, own: str) -> None:
    assert len(ask(made, "getTree", f"{own}/tree").json["divisions"]) == 2


def _deleted(made: Account, place: Place) -> None:
    """What is in use is not; with what lies in it, it is."""
    for kind, one in zip(reversed(UnitKind), reversed(place), strict=True):
        operation = f"delete{kind.capitalize()}"
        refused = made.call_as_person("ann", operation, one)
        assert (refused.status, refused.json["code"]) == (422, "dependencies-exist")
        ask(made, operation, f"{one}?cascade=true", status=204)


def _cleared(made: Account, own: str) -> None:
    """A crowd is in a team: what it lies in takes more than one commit at each level."""
    place = _planted(made, own, "Crowded")
    tenant_id, unit_id = _last(own), _last(place.team)
    for number in range(CROWD):
        _do(made, _joining(tenant_id, f"user-{number}", unit_id))
    for kind, one in zip(reversed(UnitKind), reversed(place), strict=True):
        ask(made, f"delete{kind.capitalize()}", f"{one}?cascade=true", status=202)
    made.work()
    assert made.call_as_person("ann", "getDivision", place.division).status == 404


def _resumed(made: Account, own: str, recorded: Rights) -> None:
    """More units than one commit takes; whoever is to delete them cannot, and the day's work does."""
    place = _planted(made, own, "Large")
    chain = (_last(place.division), _last(place.group))
    for number in range(MOST_AT_ONCE):
        _do(made, _adding(_last(own), chain, f"Team {number}"))
    recorded.broken.add("hierarchy-deletion")
    ask(made, "deleteDivision", f"{place.division}?cascade=true", status=202)
    made.try_to_work("hierarchy-deletion")
    recorded.broken.clear()
    assert made.call_as_person("ann", "getDivision", place.division).status == 200
    made.clock.shift += timedelta(hours=2)
    made.daily("operations-resume")
    assert made.call_as_person("ann", "getDivision", place.division).status == 404
    made.work()


def _steered(made: Account, own: str, recorded: Rights) -> None:
    """Deletions that cannot be done: one is called off, and one has failed and is put back in line."""
    recorded.broken.add("hierarchy-deletion")
    for verb in ("cancel", "retry"):
        place = _planted(made, own, f"To {verb}")
        chain = (_last(place.division), _last(place.group))
        for number in range(MOST_AT_ONCE):
            _do(made, _adding(_last(own), chain, f"Team {number}"))
        deleting = ask(made, "deleteDivision", f"{place.division}?cascade=true", status=202).json["operationId"]
        one = f"{own}/operations/{deleting}"
        for _ in range(UNIT_DELETION.attempts if verb == "retry" else 1):
            made.try_to_work("hierarchy-deletion")
            made.clock.shift += timedelta(minutes=6)
        ask(made, "getTenantOperation", one)
        ask(made, f"{verb}TenantOperation", f"{one}/{verb}")
    recorded.broken.clear()
    made.work()


def _joining(tenant_id: str, user_id: str, unit_id: str) -> Callable[[UnitOfWork], Any]:
    return lambda work: members.assign(work, tenants.get(work, tenant_id), user_id, Role.VIEWER, unit_id)


def _adding(tenant_id: str, chain: tuple[str, ...], name: str) -> Callable[[UnitOfWork], Any]:
    return lambda work: units.create(work, tenant_id, chain, UnitKind.TEAM, name)


def _do(made: Account, act: Callable[[UnitOfWork], Any]) -> None:
    """What many calls would have done, by none of the functions."""
    cloud = made.cloud("terraform")
    transact(lambda: cloud.begin(system("test"), "planted"), act)
