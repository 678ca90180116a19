"""The user pool as the directory of people: verified addresses, and what tokens say of tenants and roles."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bbws.engines.aws.calls import Calls, Refused
from bbws.kernel.clock import Clock
from bbws.people.model import MOST_CHARACTERS
from bbws.people.ports import Proven
from bbws.people.schemas import address
from bbws.tenants.permissions import Role

TENANTS = "custom:tenantIds"
# Not the roles' own names: the group Admin is the platform role (bbws.identity.model), which no tenant can give.
GROUPS = {role.value: f"Tenant{role}" for role in Role}
_PREFIX = "user-"
_MOST_CHARACTERS = 2048
# How long an address that became another is taken for the former one; and whoever has none, for somebody without.
_ASKED_EVERY = timedelta(minutes=5)
_NOBODY_ASKED_EVERY = timedelta(seconds=30)
_MOST_KNOWN = 4096
_GROUPS_AT_ONCE = 60
_ABSENT = "UserNotFoundException"


class UserPool:
    """The people domain's Directory.

    Args:
        calls: to Cognito.
        pool: the pool's id.
        clock: an address that was asked for is known for five minutes, that there is none for half a minute.
    """

    def __init__(self, calls: Calls, pool: str, clock: Clock) -> None:
        self._calls = calls
        self._pool = pool
        self._clock = clock
        self._known: dict[str, tuple[datetime, Proven]] = {}

    def address_of(self, user_id: str) -> Proven:
        """The verified address of a person as of when it was asked for; empty where there is none, or no such person.

        Raises:
            Unavailable: Cognito cannot be asked.
        """
        now = self._clock.now()
        until, proven = self._known.get(user_id, (now, Proven()))
        if now < until:
            return proven
        found = self._find(user_id)
        proven = (Proven() if found is None else _proven(_attributes(found)))._replace(at=now)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[user_id] = now + (_ASKED_EVERY if proven.email else _NOBODY_ASKED_EVERY), proven
        return proven

    def belong(self, user_id: str, tenants: Sequence[str], roles: Collection[str]) -> None:
        """Have tokens from now on name these tenants, as many as an attribute holds, and groups for these roles.

        Raises:
            Unavailable: Cognito cannot be asked.
        """
        found = self._find(user_id)
        if found is None:
            return
        name, listed = found["Username"], _fitting(tenants)
        try:
            if _attributes(found).get(TENANTS, "") != listed:
                self._ask("AdminUpdateUserAttributes", name, UserAttributes=[{"Name": TENANTS, "Value": listed}])
            self._be_in(name, {GROUPS[role] for role in roles})
        except Refused as error:
            if error.code != _ABSENT:  # gone meanwhile
                raise

    def forget(self, user_id: str) -> None:
        """Have nobody sign in as this person any more, and keep no address.

        Raises:
            Unavailable: Cognito cannot be asked.
        """
        self._known.pop(user_id, None)
        found = self._find(user_id)
        if found is None:
            return
        try:
            self._ask("AdminDeleteUser", found["Username"])
        except Refused as error:
            if error.code != _ABSENT:
                raise

    def _be_in(self, name: str, groups: Collection[str]) -> None:
        """Only groups of roles in tenants are touched: that of the platform role is an operator's to give."""
        listed = self._ask("AdminListGroupsForUser", name, Limit=_GROUPS_AT_ONCE).get("Groups", ())
        held = {each["GroupName"] for each in listed if each["GroupName"] in GROUPS.values()}
        for group in sorted(held - set(groups)):
            self._ask("AdminRemoveUserFromGroup", name, GroupName=group)
        for group in sorted(set(groups) - held):
            self._ask("AdminAddUserToGroup", name, GroupName=group)

    def _find(self, user_id: str) -> Mapping[str, Any] | None:
        """Of somebody's sub its filter is the documented way: it is no name of every pool. It has no quotes in it."""
        request = {"UserPoolId": self._pool, "Filter": f'sub = "{user_id.removeprefix(_PREFIX)}"', "Limit": 1}
        users = self._calls.call("ListUsers", request).get("Users", ())
        return users[0] if users else None

    def _ask(self, action: str, name: str, **further: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON
        return self._calls.call(action, {"UserPoolId": self._pool, "Username": name, **further})


def _attributes(user: Mapping[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in user.get("Attributes", ())}


def _proven(attributes: Mapping[str, str]) -> Proven:
    if attributes.get("email_verified") != "true":
        return Proven()
    try:
        # As it is kept: otherwise one address could be written in two ways, and found in one of them.
        return Proven(address(attributes.get("email", "")), attributes.get("name", "")[:MOST_CHARACTERS])
    except ValueError:
        return Proven()  # nobody can write to it: as good as none


def _fitting(tenants: Sequence[str]) -> str:
    """The first of them, separated by commas, that an attribute holds: tokens decide nothing by it."""
    listed = ""
    for tenant in tenants:
        longer = f"{listed},{tenant}" if listed else tenant
        if len(longer) > _MOST_CHARACTERS:
            break
        listed = longer
    return listed
