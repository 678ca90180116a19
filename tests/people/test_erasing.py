"""Who is forgotten, and what goes with them: on every engine."""

from collections.abc import Sequence
from contextlib import suppress

import pytest

from bbws.kernel.problem import Problem
from bbws.kernel.table import Table, Unavailable, Write
from bbws.kernel.work import UnitOfWork
from bbws.people import service, store
from tests.fakes import Overtaken, TableProxy
from tests.people.world import People, email_key, loses_to


def test_who_is_erased_is_known_nowhere_any_more(people: People) -> None:
    wrote = [people.contact("ANN@example.com", tenant) for tenant in ("tenant-1", "tenant-2")]
    people.signs_in("ann")
    contacts = [*wrote, people.own("ann")]
    people.erase("ann")
    assert [people.values(contact) for contact in contacts] == [None] * 3
    assert people.leads_to("ann@example.com") == []
    assert people.of_user("ann") is None
    assert service.is_erased(people.table, "user-ann")
    assert all(people.stored(contact).email_hash is None for contact in contacts)
    assert all(people.stored(contact).name_hash is None for contact in contacts)
    [erased] = [work for work in people.works if any(change.type == "user.erased" for change in work.changes)]
    assert [change.type for change in erased.changes] == ["contact.erased", "user.erased"]


def test_who_never_had_an_address_can_be_erased_too(people: People) -> None:
    people.signs_in("ann", "")
    people.erase("ann")
    assert service.is_erased(people.table, "user-ann")
    people.signs_in("ann")
    assert people.works[-1].writes == []


def test_erasing_leaves_another_person_of_the_same_address_as_they_are(people: People) -> None:
    people.signs_in("ann", "office@example.com")
    people.signs_in("ben", "office@example.com")
    people.erase("ann")
    assert people.users("office@example.com") == ["user-ben"]
    found = people.of_user("ben")
    assert found is not None
    assert found.email == "office@example.com"


def test_an_address_is_forgotten_with_every_contact_and_person_that_has_it(people: People) -> None:
    wrote = [people.contact("Office@example.com", f"tenant-{number}") for number in range(3)]
    kept = people.contact("other@example.com")
    for name in ("ann", "ben"):
        people.signs_in(name, "office@example.com")
    assert people.forget("OFFICE@example.com") == 5
    assert people.leads_to("office@example.com") == []
    assert [people.values(contact) for contact in wrote] == [None] * 3
    assert [service.is_erased(people.table, f"user-{name}") for name in ("ann", "ben")] == [True, True]
    assert people.email(kept) == "other@example.com"
    assert people.forget("office@example.com") == 0
    assert people.contact("office@example.com", "tenant-0") not in wrote


def test_erasing_twice_changes_nothing(people: People) -> None:
    people.signs_in("ann")
    people.erase("ann")
    people.erase("ann")
    assert people.works[-1].writes == []


def test_nobody_erases_whom_nobody_knows(people: People) -> None:
    with pytest.raises(Problem) as refused:
        people.erase("nobody")
    assert (refused.value.type.code, refused.value.type.status) == ("user-not-found", 404)


def test_an_address_of_somebody_who_was_erased_is_anybodys(people: People) -> None:
    people.signs_in("ann", "office@example.com")
    before = people.own("ann")
    people.erase("ann")
    people.signs_in("ben", "office@example.com")
    assert people.users("office@example.com") == ["user-ben"]
    assert people.own("ben") != before


class Broken(TableProxy):
    """A table that takes some commits and then no more, as of a process that is killed."""

    def __init__(self, table: Table, commits: int) -> None:
        super().__init__(table)
        self.left = commits

    def commit(self, writes: Sequence[Write]) -> None:
        if self.left == 0:
            raise Unavailable("it was killed")
        self.left -= 1
        super().commit(writes)


MANY = 40  # more than a commit holds


@pytest.mark.parametrize("how", ["erase", "forget"])
def test_an_address_that_many_tenants_wrote_is_forgotten_though_it_breaks_off_in_between(
    people: People, how: str
) -> None:
    wrote = [people.contact("ann@example.com", f"tenant-{number}") for number in range(MANY)]
    people.signs_in("ann")
    whole = people.table

    def act() -> None:
        if how == "forget":
            people.forget("ann@example.com")
        else:
            people.erase("ann")

    for _ in range(2):
        people.table = Broken(whole, 1)
        with suppress(Unavailable):
            act()
    left = [contact for contact in wrote if people.values(contact) is not None]
    assert 0 < len(left) < MANY
    people.table = whole
    act()
    assert people.leads_to("ann@example.com") == []
    assert service.is_erased(whole, "user-ann")
    assert {people.stored(contact).erased_at is None for contact in wrote} == {False}


def test_a_plan_of_forgetting_counts_all_and_stores_nothing(people: People) -> None:
    for number in range(MANY):
        people.contact("ann@example.com", f"tenant-{number}")
    people.signs_in("ann")
    work = people.begin()
    assert service.forget(work, email_key, "ann@example.com", dry_run=True) == MANY + 1
    people.table.check(work.writes)
    assert {change.type for change in work.changes} <= {"contact.erased", "user.erased"}
    work = people.begin()
    service.erase(work, email_key, "user-ann", dry_run=True)
    people.table.check(work.writes)
    assert len(people.leads_to("ann@example.com")) == MANY + 1


def test_who_names_an_address_while_it_is_forgotten_names_one_that_is_known(people: People) -> None:
    first = people.contact("ann@example.com")
    lost = loses_to(
        people,
        lambda work: service.contact_for(work, email_key, "tenant-1", "ann@example.com"),
        lambda: people.forget("ann@example.com"),
    )
    assert lost
    assert people.contact("ann@example.com") != first


@pytest.mark.parametrize("email", ["ann@example.com", "ann@new.example"])
def test_whoever_signs_in_while_being_erased_does_not_come_back(people: People, email: str) -> None:
    people.signs_in("ann")
    ann = people.works[-1].actor._replace(email=email, name="Ann Again")

    def sign_in(work: UnitOfWork) -> None:
        work.actor = ann
        service.register(work, email_key)

    assert loses_to(people, sign_in, lambda: people.erase("ann"))
    people.do(sign_in)
    assert people.works[-1].writes == []
    assert people.users(email) == []


@pytest.mark.parametrize("email", ["ann@new.example", ""])
def test_who_leaves_an_address_while_it_is_forgotten_stays(people: People, email: str) -> None:
    people.signs_in("ann", "ann@old.example")
    old, whole = people.own("ann"), people.table
    moves = People(whole, people.clock)
    people.table = Overtaken(whole, lambda key: key == store.contact_key(old), lambda: moves.signs_in("ann", email))
    people.forget("ann@old.example")
    assert people.leads_to("ann@old.example") == []
    assert people.values(old) is None
    assert not service.is_erased(whole, "user-ann")
    assert people.users("ann@new.example") == (["user-ann"] if email else [])


def test_who_is_erased_while_their_address_is_forgotten_is_erased_once(people: People) -> None:
    people.signs_in("ann")
    own, whole = people.own("ann"), people.table
    other = People(whole, people.clock)
    people.table = Overtaken(whole, lambda key: key == store.contact_key(own), lambda: other.erase("ann"))
    people.forget("ann@example.com")
    row = whole.get(store.person_key("user-ann"))
    assert row is not None
    assert row.version == 2
