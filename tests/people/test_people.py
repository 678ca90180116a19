"""Who is known, and what of them: on every engine."""

import pytest

from bbws.kernel.problem import Problem
from bbws.kernel.work import UnitOfWork
from bbws.people import service
from bbws.people.model import fold_email
from tests.people.world import People, email_key, loses_to


def test_one_address_is_one_contact_however_it_is_written(people: People) -> None:
    first = people.contact("Ann+x@Example.com")
    assert first.startswith("contact-")
    for written in ("ann+x@example.com", "ANN+X@EXAMPLE.COM"):
        assert people.contact(written) == first
    assert people.contact("Jos\u00e9@example.com") == people.contact("JOSE\u0301@example.com")
    for another in ("ann@example.com", "\uff41nn+x@example.com"):
        assert people.contact(another) != first
    assert people.contact("straße@example.com") != people.contact("strasse@example.com")


def test_a_contact_is_known_before_anybody_has_proven_to_have_the_address(people: People) -> None:
    contact = people.contact("ann@example.com")
    known, found = people.find("ann@example.com"), people.values(contact)
    assert known is not None
    assert (known.contact_id, known.user_id) == (contact, None)
    assert found is not None
    assert (found.email, found.name) == ("ann@example.com", "")
    people.signs_in("ann", "Ann@example.com", "Ann")
    known, found = people.find("ann@example.com"), people.of_user("ann")
    assert known is not None
    assert (known.contact_id, known.user_id) == (contact, "user-ann")
    assert found is not None
    assert (found.email, found.name) == ("Ann@example.com", "Ann")
    assert people.find("else@example.com") is None


def test_who_is_known_already_is_left_alone(people: People) -> None:
    people.signs_in("ann")
    people.signs_in("ann")
    assert people.works[-1].writes == []


def test_whoever_moves_to_another_address_is_the_same_person(people: People) -> None:
    people.signs_in("ann", "ann@old.example")
    people.signs_in("ann", "ann@new.example")
    new, old = people.person("ann").contacts
    found = people.of_user("ann")
    assert found is not None
    assert found.email == "ann@new.example"
    people.signs_in("ann", "ann@old.example")
    assert people.person("ann").contacts == (old, new)


def test_an_address_that_another_person_proves_is_theirs_from_then_on(people: People) -> None:
    people.signs_in("ann", "office@example.com", "Ann")
    people.signs_in("ben", "office@example.com", "Ben")
    known = people.find("office@example.com")
    assert known is not None
    assert known.user_id == "user-ben"


def test_changes_name_no_value_and_prove_it_all_the_same(people: People) -> None:
    people.signs_in("ann", "ann@example.com", "Ann Alone")
    people.signs_in("ann", "ann@example.com", "Ann Other")
    changes = [change for work in people.works for change in work.changes]
    assert [change.type for change in changes] == ["contact.added", "user.registered", "contact.changed"]
    text = repr(changes)
    assert "example.com" not in text
    assert "Alone" not in text
    assert "Other" not in text
    before, after = changes[2].before, changes[2].after
    assert before is not None
    assert before["personal"]["email"] == after["personal"]["email"]
    assert before["personal"]["name"] != after["personal"]["name"]


def test_hashes_of_the_same_value_differ_from_contact_to_contact(people: People) -> None:
    people.signs_in("ann", "ann@example.com", "Same")
    people.signs_in("ben", "ben@example.com", "Same")
    hashes = {people.stored(people.person(name).contacts[0]).name_hash for name in ("ann", "ben")}
    assert len(hashes) == 2


def test_who_is_erased_is_known_nowhere_any_more(people: People) -> None:
    people.signs_in("ann", "ann@old.example")
    people.signs_in("ann", "ann@new.example")
    contacts = people.person("ann").contacts
    people.erase("ann")
    assert [people.values(contact) for contact in contacts] == [None, None]
    assert [people.find(email) for email in ("ann@old.example", "ann@new.example")] == [None, None]
    assert people.of_user("ann") is None
    assert service.is_erased(people.table, "user-ann")
    assert all(people.stored(contact).email_hash is None for contact in contacts)
    assert all(people.stored(contact).name_hash is None for contact in contacts)
    [erased] = [work for work in people.works if any(change.type == "user.erased" for change in work.changes)]
    assert [change.type for change in erased.changes] == ["contact.erased", "contact.erased", "user.erased"]


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
    before = people.person("ann").contacts[0]
    people.erase("ann")
    people.signs_in("ben", "office@example.com")
    known = people.find("office@example.com")
    assert known is not None
    assert (known.user_id, known.contact_id != before) == ("user-ben", True)


def test_erasing_leaves_the_address_alone_that_has_become_another_persons(people: People) -> None:
    people.signs_in("ann", "office@example.com")
    people.signs_in("ben", "office@example.com")
    people.signs_in("ann", "ann@example.com")
    people.erase("ann")
    known = people.find("office@example.com")
    assert known is not None
    assert known.user_id == "user-ben"
    found = people.of_user("ben")
    assert found is not None
    assert found.email == "office@example.com"


def test_of_two_who_meet_an_address_at_once_one_makes_its_contact(people: People) -> None:
    lost = loses_to(
        people,
        lambda work: service.contact_for(work, email_key, "ann@example.com"),
        lambda: people.contact("ann@example.com"),
    )
    assert lost


def test_two_who_share_an_address_have_a_contact_each_and_no_more(people: People) -> None:
    for _ in range(3):
        people.signs_in("ann", "office@example.com", "Ann")
        people.signs_in("ben", "Office@example.com", "Ben")
    assert len({*people.person("ann").contacts, *people.person("ben").contacts}) == 2
    for name, called in (("ann", "Ann"), ("ben", "Ben")):
        found = people.of_user(name)
        assert found is not None
        assert found.name == called


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
    assert people.find(email) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("A@x.example", "a@X.EXAMPLE", True),
        ("é@x.example", "e\u0301@x.example", True),
        ("a@x.example", "a.@x.example", False),
        ("a+b@x.example", "a@x.example", False),
        ("\u0430@x.example", "a@x.example", False),
    ],
)
def test_folding(one: str, other: str, *, same: bool) -> None:
    assert (fold_email(one) == fold_email(other)) is same
