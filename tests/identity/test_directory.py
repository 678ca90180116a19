"""Where tokens name no address: a directory is asked for it, and what was known goes on while it does not answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.identity.authentication import PeopleOrKeys
from bbws.identity.model import Claims
from bbws.kernel.http import Request
from bbws.kernel.problem import Problem
from bbws.kernel.table import Remove, Unavailable
from bbws.keys.authentication import ApiKeys
from bbws.people.model import email_name
from bbws.people.ports import Proven
from bbws.people.store import of_person, values_key
from tests.fakes import FakeClock
from tests.people.world import SECRET, People, email_key

ASK = Request("GET", "/")


class Verified:
    """Everybody is Ann."""

    said = Claims("ann")

    def claims(self, request: Request) -> Claims:
        del request
        return self.said


class Directory:
    """Knows one address, or does not answer."""

    proven = Proven("ann@example.com", "Ann")
    answers = True

    def address_of(self, user_id: str) -> Proven:
        if not self.answers:
            raise Unavailable("it is told not to answer")
        return self.proven if user_id == "user-ann" else Proven()

    def belong(self, user_id: str, tenants: object, roles: object) -> None:
        raise NotImplementedError(user_id, tenants, roles)

    def forget(self, user_id: str) -> None:
        raise NotImplementedError(user_id)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    clock = FakeClock()
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    yield People(engine.table, clock)
    engine.stop(10)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _without_directory(people: People, said: Claims) -> PeopleOrKeys:
    """As a process that has just been started."""
    verified = Verified()
    verified.said = said
    keys = ApiKeys(people.table, people.clock)
    return PeopleOrKeys(verified, keys, lambda actor, _: people.begin(actor), email_key)


def _authenticator(people: People, directory: Directory) -> PeopleOrKeys:
    keys = ApiKeys(people.table, people.clock)
    return PeopleOrKeys(Verified(), keys, lambda actor, _: people.begin(actor), email_key, directory)


def test_the_address_is_the_directorys_and_is_noted_with_the_first_call(people: People) -> None:
    found = _authenticator(people, Directory())
    actor = found.authenticate(ASK)
    assert (actor.email, actor.name) == ("ann@example.com", "Ann")
    people.table.commit(found.used(actor))
    assert people.users("ann@example.com") == ["user-ann"]
    assert found.used(actor) == ()


def test_who_is_known_goes_on_while_the_directory_does_not_answer(people: People) -> None:
    directory = Directory()
    directory.answers = False
    found = _authenticator(people, directory)
    with pytest.raises(Unavailable):
        found.authenticate(ASK)
    people.signs_in("ann", "ann@example.com", "Ann")
    assert found.authenticate(ASK).email == "ann@example.com"


def test_an_address_that_moved_there_is_noted_here(people: People) -> None:
    people.signs_in("ann", "ann@old.example", "Ann")
    directory = Directory()
    directory.proven = Proven("ann@new.example", "Ann")
    found = _authenticator(people, directory)
    people.table.commit(found.used(found.authenticate(ASK)))
    values = people.of_user("ann")
    assert values is not None
    assert values.email == "ann@new.example"


def test_an_address_that_moved_there_and_back_is_the_first_again(people: People) -> None:
    directory = Directory()
    found = _authenticator(people, directory)
    for email in ("ann@old.example", "ann@new.example", "ann@old.example"):
        directory.proven = Proven(email, "Ann")
        people.table.commit(found.used(found.authenticate(ASK)))
        assert people.users(email) == ["user-ann"]
    assert people.users("ann@new.example") == []


def test_a_token_from_before_an_address_changed_does_not_bring_the_former_one_back(people: People) -> None:
    verified = Verified()
    keys = ApiKeys(people.table, people.clock)
    found = PeopleOrKeys(verified, keys, lambda actor, _: people.begin(actor), email_key)
    former = Claims("ann", email="ann@old.example", name="Ann", issued_at=_at(1000))
    for said, email in (
        (former, "ann@old.example"),
        (former._replace(email="ann@new.example", issued_at=_at(1001)), "ann@new.example"),
        (former, "ann@new.example"),
        (former._replace(email="", issued_at=_at(1002)), ""),
        (former, ""),
        (former._replace(issued_at=_at(1002.5)), "ann@old.example"),
    ):
        verified.said = said
        actor = found.authenticate(ASK)
        assert actor.email == email
        people.table.commit(found.used(actor))
        assert people.users("ann@old.example") == (["user-ann"] if email == "ann@old.example" else [])


def test_no_process_takes_an_address_from_a_token_that_is_older_than_the_one_that_was_noted(people: People) -> None:
    new = Claims("ann", email="ann@new.example", name="Ann", issued_at=_at(1001))
    old = new._replace(email="ann@old.example", name="Former", issued_at=_at(1000))
    same_second = new._replace(email="ann@third.example")
    for said, email in ((new, new.email), (old, new.email), (new, new.email), (same_second, same_second.email)):
        found = _without_directory(people, said)
        actor = found.authenticate(ASK)
        assert (actor.email, actor.name) == (email, "Ann")
        people.table.commit(found.used(actor))
        assert people.users(email) == ["user-ann"]
        assert people.users(old.email) == []


def test_an_older_token_of_the_address_that_is_noted_is_as_good(people: People) -> None:
    new = Claims("ann", email="ann@example.com", name="Ann", issued_at=_at(1001))
    for said in (new, new._replace(issued_at=_at(1000))):
        found = _without_directory(people, said)
        people.table.commit(found.used(found.authenticate(ASK)))
        assert found.authenticate(ASK).email == "ann@example.com"


def test_an_older_token_proves_no_address_where_none_is_known(people: People) -> None:
    """Such as after a rebuild, which knows no values."""
    new = Claims("ann", email="ann@example.com", name="Ann", issued_at=_at(1001))
    people.signs_in("ann", new.email, "Ann", new.issued_at)
    lookup = of_person(email_name(SECRET, new.email), "user-ann")
    people.table.commit([Remove(lookup, 1), Remove(values_key(people.own("ann")), 1)])
    for said, email in ((new._replace(issued_at=_at(1000)), ""), (new, new.email)):
        found = _without_directory(people, said)
        actor = found.authenticate(ASK)
        assert actor.email == email
        writes = found.used(actor)
        assert bool(writes) is bool(email)
        people.table.commit(writes)
    assert people.email(people.own("ann")) == new.email


def test_what_came_meanwhile_with_a_newer_token_is_not_noted_as_the_older_ones(people: People) -> None:
    old = Claims("ann", email="ann@old.example", name="Ann", issued_at=_at(1000))
    verified = Verified()
    verified.said = old
    keys = ApiKeys(people.table, people.clock)
    found = PeopleOrKeys(verified, keys, lambda actor, _: people.begin(actor), email_key)
    former = found.authenticate(ASK)
    verified.said = old._replace(email="ann@new.example", issued_at=_at(1001))
    newer = found.authenticate(ASK)
    assert found.used(former) == ()
    people.table.commit(found.used(newer))
    assert (people.users("ann@new.example"), people.users("ann@old.example")) == (["user-ann"], [])


def test_a_process_that_asked_before_an_address_moved_does_not_bring_the_former_one_back(people: People) -> None:
    early, late = Directory(), Directory()
    early.proven = Proven("ann@old.example", "Ann", _at(1000))
    late.proven = Proven("ann@new.example", "Ann", _at(1001))
    for directory in (late, early):
        found = _authenticator(people, directory)
        actor = found.authenticate(ASK)
        assert actor.email == "ann@new.example"
        people.table.commit(found.used(actor))
    assert (people.users("ann@new.example"), people.users("ann@old.example")) == (["user-ann"], [])


def test_what_a_role_gives_besides_is_no_reason_to_note_somebody_again(people: People) -> None:
    found = _authenticator(people, Directory())
    actor = found.authenticate(ASK)
    people.table.commit(found.used(actor))
    before = len(people.works)
    assert found.used(actor._replace(permissions=frozenset({"tenant:read"}))) == ()
    assert len(people.works) == before


def test_who_could_not_be_noted_is_noted_with_the_next_call(people: People) -> None:
    found = _authenticator(people, Directory())
    actor = found.authenticate(ASK)
    assert found.used(actor) != []
    found.not_noted(actor)
    people.table.commit(found.used(actor))
    assert people.users("ann@example.com") == ["user-ann"]


def test_an_address_that_was_withdrawn_there_is_forgotten_here_but_not_while_it_does_not_answer(people: People) -> None:
    people.signs_in("ann", "ann@example.com", "Ann")
    directory = Directory()
    found = _authenticator(people, directory)
    directory.answers = False
    assert found.used(found.authenticate(ASK)) == []
    assert people.users("ann@example.com") == ["user-ann"]
    directory.answers, directory.proven = True, Proven()
    people.table.commit(found.used(found.authenticate(ASK)))
    assert (people.users("ann@example.com"), people.person("ann").contact_id) == ([], None)


def test_without_an_address_the_person_alone_is_noted(people: People) -> None:
    directory = Directory()
    directory.proven = Proven()
    found = _authenticator(people, directory)
    actor = found.authenticate(ASK)
    assert actor.email == ""
    people.table.commit(found.used(actor))
    assert (people.person("ann").contact_id, found.used(actor)) == (None, ())


def test_who_was_forgotten_is_not_even_asked_for(people: People) -> None:
    people.signs_in("ann")
    people.erase("ann")
    directory = Directory()
    directory.answers = False
    with pytest.raises(Problem) as refused:
        _authenticator(people, directory).authenticate(ASK)
    assert (refused.value.type.status, "forgotten" in refused.value.detail) == (401, True)
