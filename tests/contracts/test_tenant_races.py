"""What of tenants must hold when several act at the same moment, on every engine."""

from collections.abc import Callable
from functools import partial

import pytest

from bbws.kernel.actor import Actor, ActorKind
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork
from bbws.tenants import service as tenants
from bbws.tenants.members import service as members
from bbws.tenants.members import store as members_store
from bbws.tenants.model import Transition
from bbws.tenants.permissions import Role
from tests.contracts.test_invitation_races import ACME, World, key, together
from tests.fakes import FakeClock, Overtaken

ADMINS = ("user-ann", "user-ben", "user-cat")


@pytest.fixture
def world(table: Table, clock: FakeClock) -> World:
    return World(table, clock)


def _assigned(world: World, user_id: str) -> None:
    def assign(work: UnitOfWork) -> object:
        return members.assign(work, tenants.get(work, world.tenant_id), user_id, Role.ADMIN)

    world.done(assign)


def _leave(world: World, user_id: str) -> Callable[[], str]:
    def leave() -> str:
        world.done(lambda work: members.remove(work, world.tenant_id, user_id))
        return "gone"

    return leave


def _admins(world: World) -> list[str]:
    listed = [members_store.load(world.table, world.tenant_id, user_id) for user_id in ADMINS]
    return [each.value.user_id for each in listed if each is not None and each.value.is_admin]


def test_of_several_who_found_one_name_one_does(world: World) -> None:
    def found(name: str, number: int) -> str:
        actor = Actor(f"user-{number}", ActorKind.PERSON)
        said = {**ACME, "organization_name": name, "contact_email": f"{number}@example.com"}
        world.done(lambda work: tenants.create(work, key, said), actor)
        return "founded"

    names = ("Zeta", "ZETA", "zeta", "Zeta")
    outcomes = together(*(partial(found, name, number) for number, name in enumerate(names)))
    assert sorted(outcomes) == ["founded", *["organization-name-taken"] * 3]


def test_a_name_that_is_taken_while_another_tenant_is_renamed_stays_one_tenants(world: World) -> None:
    other = world.done(lambda work: tenants.create(work, key, {**ACME, "organization_name": "Other"})).value

    def rename(tenant_id: str) -> str:
        world.done(lambda work: tenants.update(work, key, tenant_id, {"organization_name": "Wanted"}))
        return "renamed"

    outcomes = together(partial(rename, world.tenant_id), partial(rename, other.tenant_id))
    assert sorted(outcomes) == ["organization-name-taken", "renamed"]


def test_of_admins_who_all_leave_at_once_one_stays(world: World) -> None:
    for user_id in ADMINS[1:]:
        _assigned(world, user_id)
    outcomes = together(*(_leave(world, user_id) for user_id in ADMINS))
    assert len(_admins(world)) >= 1
    assert outcomes.count("gone") == len(ADMINS) - len(_admins(world))


def test_who_leaves_while_the_other_admin_has_just_left_stays(world: World) -> None:
    _assigned(world, "user-ben")
    anns = members_store.member_key(world.tenant_id, "user-ann")
    slow = Overtaken(world.table, lambda row: row == anns, _leave(world, "user-ann"))
    outcome = together(lambda: world.done(lambda work: members.remove(work, world.tenant_id, "user-ben"), table=slow))
    assert outcome == ["last-admin"]
    assert _admins(world) == ["user-ben"]


def test_of_a_suspension_and_its_opposite_one_holds(world: World) -> None:
    def move(transition: Transition) -> str:
        world.done(lambda work: tenants.move(work, world.tenant_id, transition, "at the same moment"))
        return transition.value

    outcomes = together(partial(move, Transition.SUSPEND), partial(move, Transition.PARK))
    assert sorted(outcomes) in (["illegal-transition", "park"], ["illegal-transition", "suspend"])
