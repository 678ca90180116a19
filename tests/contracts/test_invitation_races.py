"""What of invitations must hold when several act at the same moment, on every engine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from bbws.kernel.actor import Actor, ActorKind
from bbws.kernel.change import EventType
from bbws.kernel.problem import Problem
from bbws.kernel.table import Conflict, RowKind, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people.service import contact_for, erase, forget, register
from bbws.tenants import service as tenants
from bbws.tenants.invitations import service, store
from bbws.tenants.invitations.model import LIFETIME, REST, Asked, Invitation, State, token_of
from bbws.tenants.members import store as members_store
from bbws.tenants.model import Transition
from bbws.tenants.permissions import Role
from bbws.tenants.units.model import Unit, UnitKind
from bbws.tenants.units.store import UNIT, unit_key
from tests.fakes import FakeClock, Overtaken

KEY = b"k" * 32
AT_ONCE = 4
ANN = Actor("user-ann", ActorKind.PERSON, email="ann@example.com")
BEN = Actor("user-ben", ActorKind.PERSON, email="ben@example.com")
ACME = {"organization_name": "Acme", "contact_email": "office@acme.example", "environment": "dev"}


def key() -> bytes:
    return KEY


class World:
    """An active tenant of ann's, over one engine."""

    def __init__(self, table: Table, clock: FakeClock, name: str = "Acme") -> None:
        self.table = table
        self.clock = clock
        said = {**ACME, "organization_name": name}
        self.tenant_id = self.done(lambda work: tenants.create(work, key, said)).value.tenant_id
        self.done(lambda work: tenants.move(work, self.tenant_id, Transition.ACTIVATE))

    def done[R](self, action: Callable[[UnitOfWork], R], actor: Actor = ANN, table: Table | None = None) -> R:
        """What a use case gives, once it is committed."""
        return transact(lambda: UnitOfWork(table or self.table, self.clock, actor, "test"), action)

    def invite(self, email: str = BEN.email, table: Table | None = None, unit_id: str | None = None) -> Invitation:
        """An invitation, committed."""
        asked = Asked(email, Role.VIEWER, unit_id)
        return self.done(lambda work: service.invite(work, key, key, self.tenant_id, asked), table=table).value

    def forget(self) -> None:
        """Forget the address that is invited."""
        self.done(lambda work: forget(work, key, BEN.email))

    def stored(self, invitation: Invitation) -> Invitation:
        """As it is now."""
        return self.done(lambda work: service.get(work, self.tenant_id, invitation.invitation_id)).value

    def token(self, invitation: Invitation) -> str:
        """The token of the issue at hand."""
        return token_of(KEY, invitation.invitation_id, invitation.issue)


@pytest.fixture
def world(table: Table, clock: FakeClock) -> World:
    return World(table, clock)


def together[R](*actions: Callable[[], R]) -> list[R | str]:
    """What each gives, or the code of its refusal, begun at one moment."""
    barrier = Barrier(len(actions))

    def act(action: Callable[[], R]) -> R | str:
        barrier.wait()
        try:
            return action()
        except Problem as problem:
            return problem.type.code
        except Conflict:
            return "lost"

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def test_of_several_who_accept_one_does(world: World) -> None:
    sent = world.token(world.invite())

    def accept() -> str:
        world.done(lambda work: service.accept(work, sent), BEN)
        return "joined"

    results = together(*[accept] * AT_ONCE)
    assert results.count("joined") == 1
    # Already assigned: who read the invitation before, and the membership after the one who joined.
    assert set(results) <= {"joined", "invitation-used", "already-assigned", "lost"}
    membership = members_store.load(world.table, world.tenant_id, BEN.subject)
    assert membership is not None
    assert (membership.version, membership.value.role) == (1, Role.VIEWER)


def test_accepting_and_declining_and_cancelling_exclude_each_other(world: World) -> None:
    invitation = world.invite()
    sent = world.token(invitation)
    tenant_id, invitation_id = world.tenant_id, invitation.invitation_id
    results = together(
        lambda: world.done(lambda work: service.accept(work, sent)[0], BEN).value.state,
        lambda: world.done(lambda work: service.decline(work, sent)[0], BEN).value.state,
        lambda: world.done(lambda work: service.cancel(work, key, tenant_id, invitation_id)).value.state,
    )
    [won] = [each for each in results if isinstance(each, State)]
    assert world.stored(invitation).state is won
    joined = members_store.load(world.table, world.tenant_id, BEN.subject)
    assert (joined is not None) == (won is State.ACCEPTED)
    assert world.table.get(store.pending_key(tenant_id, invitation.contact_id)) is None


def test_an_address_has_one_pending_invitation_whoever_asks_at_once(world: World) -> None:
    world.done(lambda work: contact_for(work, key, world.tenant_id, BEN.email))
    results = together(*[world.invite] * AT_ONCE)
    made = [each for each in results if isinstance(each, Invitation)]
    assert len(made) == 1
    assert {each for each in results if isinstance(each, str)} <= {"already-invited", "lost"}
    guard = world.table.get(store.pending_key(world.tenant_id, made[0].contact_id))
    assert guard is not None
    assert (guard.kind, guard.document) == (RowKind.DERIVED, {"invitationId": made[0].invitation_id})


def test_an_address_has_one_pending_invitation_whoever_proves_to_have_it_meanwhile(world: World) -> None:
    invitation = world.invite()
    for person in (BEN, BEN._replace(subject="user-carl"), BEN, BEN._replace(email="ben@new.example")):
        world.done(lambda work: register(work, key), person)
        with pytest.raises(Problem, match="invited already"):
            world.invite(BEN.email.upper())
    assert world.stored(invitation).state is State.PENDING


def test_two_tenants_that_invite_an_address_at_once_do_not_meet(world: World) -> None:
    another = World(world.table, world.clock, "Another")
    made = [each for each in together(world.invite, another.invite) if isinstance(each, Invitation)]
    assert len(made) == 2
    assert len({each.contact_id for each in made}) == 2


def test_an_address_that_is_forgotten_while_it_is_invited_is_a_new_one(world: World) -> None:
    first = world.invite()
    world.done(lambda work: service.cancel(work, key, world.tenant_id, first.invitation_id))
    world.clock.advance(REST.total_seconds())
    guard = store.pending_key(world.tenant_id, first.contact_id)
    overtaken = Overtaken(world.table, lambda row: row == guard, world.forget)
    second = world.invite(table=overtaken)
    assert not overtaken.armed
    assert second.contact_id != first.contact_id


def test_an_address_that_is_forgotten_while_it_is_invited_again_is_not_invited(world: World) -> None:
    invitation = world.invite()
    world.clock.advance(LIFETIME.total_seconds())
    overtaken = Overtaken(world.table, lambda row: row.sort == "VALUES", world.forget)

    def resend(work: UnitOfWork) -> None:
        service.resend(work, key, world.tenant_id, invitation.invitation_id)

    with pytest.raises(Problem, match="forgotten"):
        world.done(resend, table=overtaken)
    assert not overtaken.armed


def test_of_two_who_take_the_place_of_an_expired_one_one_does(world: World) -> None:
    old = world.invite()
    world.clock.advance(LIFETIME.total_seconds())
    results = together(*[world.invite] * AT_ONCE)
    [made] = [each for each in results if isinstance(each, Invitation)]
    assert world.stored(old).state is State.EXPIRED
    guard = world.table.get(store.pending_key(world.tenant_id, made.contact_id))
    assert guard is not None
    assert guard.document == {"invitationId": made.invitation_id}


def test_an_old_token_is_dead_though_it_was_sent_again_at_the_same_moment(world: World) -> None:
    invitation = world.invite()
    sent = world.token(invitation)
    world.clock.advance(REST.total_seconds())

    def resend() -> None:
        world.done(lambda work: service.resend(work, key, world.tenant_id, invitation.invitation_id))

    overtaken = Overtaken(world.table, lambda row: row == store.token_key(sent), resend)
    with pytest.raises(Problem, match="no such invitation"):
        world.done(lambda work: service.accept(work, sent), BEN, overtaken)
    assert not overtaken.armed
    assert members_store.load(world.table, world.tenant_id, BEN.subject) is None
    again = world.stored(invitation)
    world.done(lambda work: service.accept(work, world.token(again)), BEN)


def test_nobody_is_invited_to_a_tenant_or_joins_it_that_is_suspended_at_the_same_moment(world: World) -> None:
    def suspend() -> None:
        world.done(lambda work: tenants.move(work, world.tenant_id, Transition.SUSPEND, "late payment"))

    invitation = world.invite("carl@example.com")
    carl = BEN._replace(subject="user-carl", email="carl@example.com")
    guard = store.pending_key(world.tenant_id, invitation.contact_id)
    overtaken = Overtaken(world.table, lambda row: row.sort == f"MEMBER#{carl.subject}", suspend)
    with pytest.raises(Problem, match="cannot be accepted now"):
        world.done(lambda work: service.accept(work, world.token(invitation)), carl, overtaken)
    assert not overtaken.armed
    with pytest.raises(Problem, match="SUSPENDED"):
        world.invite()
    world.done(lambda work: tenants.move(work, world.tenant_id, Transition.RESUME))
    overtaken = Overtaken(world.table, lambda row: row.partition == guard.partition, suspend)
    with pytest.raises(Problem, match="SUSPENDED"):
        world.invite(table=overtaken)
    assert not overtaken.armed


def test_who_is_forgotten_at_the_same_moment_neither_joins_nor_founds(world: World) -> None:
    sent = world.token(world.invite())
    founded = {**ACME, "organization_name": "Carls"}
    carl = Actor("user-carl", ActorKind.PERSON)
    acts: list[tuple[Actor, Callable[[UnitOfWork], object]]] = [
        (BEN, lambda work: service.accept(work, sent)),
        (carl, lambda work: tenants.create(work, key, founded)),
    ]
    for person, act in acts:
        # By the id alone: with the address the invitation would be gone too.
        world.done(lambda work: register(work, key), person._replace(email=""))
        erased = partial(world.done, partial(erase, email_key=key, user_id=person.subject))
        overtaken = Overtaken(world.table, lambda row, of=person: row.partition == f"PERSON#{of.subject}", erased)  # type: ignore[misc]  # a default binds the loop's
        with pytest.raises(Problem, match="no user"):
            world.done(act, person, overtaken)
        assert not overtaken.armed
    assert members_store.load(world.table, world.tenant_id, BEN.subject) is None


def test_a_role_is_held_at_the_unit_that_was_named_if_it_is_still_there(world: World) -> None:
    now, by, made = world.clock.now(), ANN.subject, EventType("hierarchy.made", "CREATE", "For this test.")
    unit = Unit("div-0123456789ABCDEF", world.tenant_id, UnitKind.DIVISION, "North", None, now, by, now, by)
    world.done(lambda work: work.create(UNIT, unit, made))
    first, second = world.invite(unit_id=unit.unit_id), world.invite("carl@example.com", unit_id=unit.unit_id)
    _, joined = world.done(lambda work: service.accept(work, world.token(first)), BEN)
    assert (joined.value.role, joined.value.units) == (None, {unit.unit_id: Role.VIEWER})

    def delete(work: UnitOfWork) -> None:
        current = work.load(UNIT, unit_key(world.tenant_id, unit.unit_id))
        assert current is not None
        work.update(UNIT, current, current.value._replace(active=False), made)

    world.done(delete)
    carl = BEN._replace(subject="user-carl", email="carl@example.com")
    with pytest.raises(Problem, match="no unit div-0123456789ABCDEF"):
        world.done(lambda work: service.accept(work, world.token(second)), carl)
    with pytest.raises(Problem, match="no unit div-0123456789ABCDEF"):
        world.invite("dora@example.com", unit_id=unit.unit_id)
