"""The user pool as the directory of people, as moto has it."""

from collections.abc import Collection, Iterator, Sequence
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


@dataclass
class Pool:
    """A pool, and the directory over it."""

    cognito: Any
    id: str
    clock: FakeClock
    directory: UserPool

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
        calls = Calls(SdkTransport(cognito), Deadline(), COGNITO)
        yield Pool(cognito, made, clock, UserPool(calls, made, clock))


def test_an_address_counts_once_it_is_verified(pool: Pool) -> None:
    ann, ben = pool.add("ann", name="Ann"), pool.add("ben", verified=False)
    assert pool.directory.address_of(ann) == Proven("ann@example.com", "Ann")
    assert pool.directory.address_of(ben) == Proven()
    assert pool.directory.address_of("user-nobody") == Proven()


def test_an_address_is_asked_for_once_an_hour(pool: Pool) -> None:
    ann = pool.add("ann")
    assert pool.directory.address_of(ann).email == "ann@example.com"
    moved = [{"Name": "email", "Value": "ann@new.example"}, {"Name": "email_verified", "Value": "true"}]
    pool.cognito.admin_update_user_attributes(UserPoolId=pool.id, Username="ann", UserAttributes=moved)
    pool.clock.advance(3599)
    assert pool.directory.address_of(ann).email == "ann@example.com"
    pool.clock.advance(1)
    assert pool.directory.address_of(ann).email == "ann@new.example"


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
        assert pool.directory.address_of(ann) == Proven()
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
