"""The user pool as the directory of people, as moto has it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from bbws.engines.aws.calls import COGNITO, Calls
from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.directory import GROUPS, TENANTS, UserPool
from bbws.identity.model import ADMIN
from bbws.kernel.reaction import Message
from bbws.kernel.table import Key, Unavailable
from bbws.people.ports import Proven
from bbws.tenants.members.store import member_key
from bbws.tenants.signing_in import REACTIONS, synchronise
from tests.aws.tables import SdkTransport, sdk_client
from tests.fakes import FakeClock
from tests.tenants.world import World, opened, tenant_path

ROOM = 4096


class Watched(SdkTransport):
    """Notes what it is asked."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.asked: list[str] = []

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        self.asked.append(action)
        return super().send(action, payload, seconds)


@dataclass
class Pool:
    """A pool, and the directory over it."""

    cognito: Any
    id: str
    clock: FakeClock
    directory: UserPool
    asked: list[str]

    def move(self, username: str, email: str) -> None:
        """Somebody's verified address becomes another."""
        moved = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self.cognito.admin_update_user_attributes(UserPoolId=self.id, Username=username, UserAttributes=moved)

    def add(self, username: str, email: str | None = None, *, verified: bool = True, **further: str) -> str:
        """Somebody; the id of their actor."""
        attributes = {"email": email or f"{username}@example.com", "email_verified": str(verified).lower(), **further}
        listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
        made = self.cognito.admin_create_user(UserPoolId=self.id, Username=username, UserAttributes=listed)["User"]
        [sub] = [each["Value"] for each in made["Attributes"] if each["Name"] == "sub"]
        return f"user-{sub}"

    def tenants(self, name: str) -> str:
        """The attribute of somebody."""
        found = self.cognito.admin_get_user(UserPoolId=self.id, Username=name)["UserAttributes"]
        return str(next((each["Value"] for each in found if each["Name"] == TENANTS), ""))

    def groups(self, name: str) -> set[str]:
        """Those that somebody is in."""
        listed = self.cognito.admin_list_groups_for_user(UserPoolId=self.id, Username=name)["Groups"]
        return {each["GroupName"] for each in listed}


@pytest.fixture
def pool() -> Iterator[Pool]:
    with mock_aws():
        cognito, clock = sdk_client("cognito-idp"), FakeClock()
        schema = [{"Name": "tenantIds", "AttributeDataType": "String", "Mutable": True}]
        made = cognito.create_user_pool(PoolName="people", Schema=schema)["UserPool"]["Id"]
        for group in (ADMIN, "TenantSupport", *GROUPS.values()):
            cognito.create_group(UserPoolId=made, GroupName=group)
        transport = Watched(cognito)
        calls = Calls(transport, Deadline(), COGNITO)
        yield Pool(cognito, made, clock, UserPool(calls, made, clock), transport.asked)


def test_an_address_counts_once_it_is_verified(pool: Pool) -> None:
    ann, ben = pool.add("ann", name="Ann"), pool.add("ben", verified=False)
    assert pool.directory.address_of(ann) == Proven("ann@example.com", "Ann", pool.clock.now())
    assert pool.directory.address_of(ben) == Proven(at=pool.clock.now())
    assert pool.directory.address_of("user-nobody") == Proven(at=pool.clock.now())


def test_an_address_that_moved_is_known_after_five_minutes(pool: Pool) -> None:
    ann = pool.add("ann")
    assert pool.directory.address_of(ann).email == "ann@example.com"
    pool.move("ann", "ann@new.example")
    asked = pool.clock.now()
    pool.clock.advance(299)
    assert pool.directory.address_of(ann) == Proven("ann@example.com", "", asked)
    pool.clock.advance(1)
    assert pool.directory.address_of(ann).email == "ann@new.example"


def test_who_is_unknown_is_asked_for_twice_a_minute(pool: Pool) -> None:
    ben = pool.add("ben", verified=False)
    for user in (ben, "user-nobody"):
        pool.asked.clear()
        for _ in range(5):
            assert pool.directory.address_of(user) == Proven(at=pool.clock.now())
        assert pool.asked == ["ListUsers"]
    pool.move("ben", "ben@example.com")
    pool.clock.advance(30)
    assert pool.directory.address_of(ben).email == "ben@example.com"


class Nowhere(Calls):
    """A pool without people."""

    def __init__(self) -> None:
        """It needs nothing for that."""
        self.asked = 0

    def call(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        del action, payload
        self.asked += 1
        return {}


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    calls = Nowhere()
    directory = UserPool(calls, "pool", FakeClock())
    for number in (0, *range(ROOM), 0):
        directory.address_of(f"user-{number}")
    assert calls.asked == ROOM
    directory.address_of("user-one-more")
    directory.address_of("user-0")
    assert calls.asked == ROOM + 2


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Ann@BÜCHER.example", "Ann@bücher.example"), ("ann", ""), ("ann@", ""), ("=?a?=@b.example", "")],
)
def test_an_address_is_kept_in_one_form_or_not_at_all(pool: Pool, written: str, kept: str) -> None:
    assert pool.directory.address_of(pool.add("ann", written)).email == kept


def test_groups_of_roles_come_and_go_and_no_other_is_touched(pool: Pool) -> None:
    ann = pool.add("ann")
    pool.cognito.admin_add_user_to_group(UserPoolId=pool.id, Username="ann", GroupName="TenantSupport")
    pool.directory.belong(ann, ["tenant-1", "tenant-2"], {"Admin", "Viewer"})
    assert pool.tenants("ann") == "tenant-1,tenant-2"
    assert pool.groups("ann") == {"TenantSupport", "TenantAdmin", "TenantViewer"}
    pool.cognito.admin_add_user_to_group(UserPoolId=pool.id, Username="ann", GroupName=ADMIN)
    pool.directory.belong(ann, ["tenant-2"], {"Operator"})
    assert pool.groups("ann") == {"TenantSupport", "TenantOperator", ADMIN}
    pool.directory.belong(ann, [], ())
    assert (pool.tenants("ann"), pool.groups("ann")) == ("", {"TenantSupport", ADMIN})


def test_no_role_in_a_tenant_is_the_platform_role(pool: Pool) -> None:
    assert ADMIN not in GROUPS.values()
    ann = pool.add("ann")
    pool.directory.belong(ann, ["tenant-1"], set(GROUPS))
    assert ADMIN not in pool.groups("ann")


def test_more_tenants_than_an_attribute_holds(pool: Pool) -> None:
    ann = pool.add("ann")
    pool.directory.belong(ann, [f"tenant-{number:036}" for number in range(60)], ())
    assert 2000 < len(pool.tenants("ann")) <= 2048
    assert all(len(each) == len("tenant-") + 36 for each in pool.tenants("ann").split(","))


def test_who_is_forgotten_is_in_the_pool_no_more(pool: Pool) -> None:
    ann = pool.add("ann")
    pool.directory.address_of(ann)
    for _ in range(2):
        pool.directory.forget(ann)
        assert pool.directory.address_of(ann) == Proven(at=pool.clock.now())
    pool.directory.belong(ann, ["tenant-1"], {"Admin"})
    assert pool.cognito.list_users(UserPoolId=pool.id)["Users"] == []


@pytest.fixture
def world(tmp_path: Any) -> Iterator[World]:
    with opened(tmp_path) as made:
        yield made


def _message(kind: str, subject: str) -> Message:
    return Message(f"{subject}.1", kind, subject, Key("", ""))


def test_memberships_are_told_as_they_are_now(pool: Pool, world: World) -> None:
    user = pool.add("ann")
    world.subjects["ann"] = user.removeprefix("user-")
    table = world.client.app.engine.table
    first, second = world.active("ann", organizationName="One"), world.active("ben", organizationName="Two")
    assert world.join(second, "ann", "Viewer").status == 201
    told = [_message("user.assigned", f"{tenant_path(each)}/users/{user}") for each in (first, second)]
    for message in (told[1], told[0], told[1]):  # in no promised order, and more than once
        assert synchronise([message], table, pool.directory) == []
    assert set(pool.tenants("ann").split(",")) == {first["tenantId"], second["tenantId"]}
    assert pool.groups("ann") == {"TenantAdmin", "TenantViewer"}
    assert world.ask("boss", "DELETE", tenant_path(second, "users", user)).status == 204
    assert synchronise([told[1]], table, pool.directory) == []
    assert (pool.tenants("ann"), pool.groups("ann")) == (first["tenantId"], {"TenantAdmin"})
    assert table.get(member_key(second["tenantId"], user)) is not None
    assert synchronise([_message("user.erased", f"/v1.0/users/{user}")], table, pool.directory) == []
    assert pool.cognito.list_users(UserPoolId=pool.id)["Users"] == []
    assert synchronise(told, table, pool.directory) == []  # late, and about nobody


class Overtaken:
    """A directory in front of which somebody else acts, once, after it was decided what to tell it."""

    def __init__(self, pool: UserPool, meanwhile: Callable[[], object]) -> None:
        self._pool = pool
        self._meanwhile = meanwhile
        self.told = 0

    def address_of(self, user_id: str) -> Proven:
        return self._pool.address_of(user_id)

    def forget(self, user_id: str) -> None:
        self._pool.forget(user_id)

    def belong(self, user_id: str, tenants: Sequence[str], roles: Collection[str]) -> None:
        self.told += 1
        if self.told == 1:
            self._meanwhile()
        self._pool.belong(user_id, tenants, roles)


def test_of_two_changes_that_are_told_at_once_the_later_is_what_stays(pool: Pool, world: World) -> None:
    user = pool.add("ben")
    world.subjects["ben"] = user.removeprefix("user-")
    table, tenant = world.client.app.engine.table, world.active("ann")
    assert world.join(tenant, "ben", "Operator", by="ann").status == 201
    one = tenant_path(tenant, "users", user)
    first, second = _message("user.assigned", one), _message("user.role_changed", one)

    def meanwhile() -> None:
        assert world.ask("ann", "PUT", one, {"role": "Viewer"}).status == 200
        assert synchronise([second], table, pool.directory) == []
        assert pool.groups("ben") == {"TenantViewer"}

    overtaken = Overtaken(pool.directory, meanwhile)
    assert synchronise([first], table, overtaken) == []
    assert (pool.groups("ben"), overtaken.told) == ({"TenantViewer"}, 2)
    # In reverse, and long after.
    assert synchronise([second, first], table, pool.directory) == []
    assert (pool.groups("ben"), pool.tenants("ben")) == ({"TenantViewer"}, tenant["tenantId"])


def test_a_pool_that_does_not_answer_is_asked_again_later(world: World) -> None:
    tenant = world.active("ann")

    class Silent(UserPool):
        """One that never answers."""

        def __init__(self) -> None:
            """It needs nothing for that."""

        def belong(self, user_id: str, tenants: Sequence[str], roles: Collection[str]) -> None:
            del user_id, tenants, roles
            raise Unavailable("it does not answer")

    message = _message("user.assigned", f"{tenant_path(tenant)}/users/user-ann")
    assert synchronise([message], world.client.app.engine.table, Silent()) == [message.id]


def test_the_reaction_is_told_of_what_it_handles() -> None:
    [reaction] = REACTIONS
    assert reaction.events == {"user.assigned", "user.role_changed", "user.removed", "user.erased"}
