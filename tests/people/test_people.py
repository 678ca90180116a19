"""Who is known, and what of them: on every engine."""

from datetime import UTC, datetime

import pytest

from bbws.people import service, store
from bbws.people.model import UNDATED, Person, email_name, fold_email
from tests.people.world import SECRET, People, email_key, loses_to


def test_one_address_is_one_contact_of_a_tenant_however_it_is_written(people: People) -> None:
    first = people.contact("Ann+x@Example.com")
    assert first.startswith("contact-")
    for written in ("ann+x@example.com", "ANN+X@EXAMPLE.COM"):
        assert people.contact(written) == first
    assert people.contact("Jos\u00e9@example.com") == people.contact("JOSE\u0301@example.com")
    for another in ("ann@example.com", "\uff41nn+x@example.com"):
        assert people.contact(another) != first
    assert people.contact("straße@example.com") != people.contact("strasse@example.com")


def test_each_tenant_has_the_form_in_which_it_wrote_the_address(people: People) -> None:
    first, other = people.contact("Ann@example.com", "tenant-1"), people.contact("ANN@example.com", "tenant-2")
    assert first != other
    assert [people.email(each) for each in (first, other)] == ["Ann@example.com", "ANN@example.com"]
    people.signs_in("ann", "ann@EXAMPLE.com", "Ann")
    assert [people.email(each) for each in (first, other)] == ["Ann@example.com", "ANN@example.com"]
    assert people.contact("aNN@example.com", "tenant-1") == first


def test_what_a_plan_says_of_an_address_does_not_tell_whether_others_know_it(people: People) -> None:
    people.contact("known@example.com", "tenant-2")
    people.signs_in("ann", "known@example.com")
    plans = []
    for email in ("known@example.com", "new@example.com"):
        work = people.begin()
        service.contact_for(work, email_key, "tenant-1", email)
        plans.append([(change.type, change.version) for change in work.changes])
    assert plans == [[("contact.added", 1)]] * 2


def test_an_address_that_a_tenant_wrote_is_nobodys_before_somebody_has_proven_to_have_it(people: People) -> None:
    contact = people.contact("ann@example.com")
    assert people.users("ann@example.com") == []
    people.signs_in("ann", "Ann@example.com", "Ann")
    assert people.users("ANN@example.com") == ["user-ann"]
    found = people.of_user("ann")
    assert found is not None
    assert (found.email, found.name) == ("Ann@example.com", "Ann")
    assert people.own("ann") != contact
    assert people.users("else@example.com") == []


def test_who_is_known_already_is_left_alone(people: People) -> None:
    people.signs_in("ann")
    people.signs_in("ann")
    assert people.works[-1].writes == []


def test_whoever_comes_without_an_address_is_known_by_id(people: People) -> None:
    people.signs_in("ann", "")
    assert (people.person("ann").contact_id, people.of_user("ann")) == (None, None)
    people.signs_in("ann", "")
    assert people.works[-1].writes == []
    people.signs_in("ann", "ann@example.com")
    assert people.users("ann@example.com") == ["user-ann"]


def test_an_address_that_is_not_proven_any_more_is_forgotten_and_leads_nobody_to_who_had_it(people: People) -> None:
    people.signs_in("ann", "office@example.com")
    own, wrote = people.own("ann"), people.contact("office@example.com")
    people.signs_in("ann", "")
    assert [change.type for change in people.works[-1].changes] == ["contact.erased", "user.updated"]
    assert (people.users("office@example.com"), people.leads_to("office@example.com")) == ([], [wrote])
    assert (people.values(own), people.stored(own).email_hash, people.person("ann").contact_id) == (None, None, None)
    people.signs_in("ben", "office@example.com")
    assert people.users("office@example.com") == ["user-ben"]
    people.signs_in("ann", "")
    assert people.works[-1].writes == []
    people.signs_in("ann", "ann@example.com")
    assert people.users("ann@example.com") == ["user-ann"]


def test_whoever_moves_to_another_address_is_the_same_person_and_the_old_address_is_forgotten(people: People) -> None:
    people.signs_in("ann", "ann@old.example")
    old, wrote = people.own("ann"), people.contact("ann@old.example")
    people.signs_in("ann", "ann@new.example")
    found = people.of_user("ann")
    assert found is not None
    assert found.email == "ann@new.example"
    assert (people.users("ann@old.example"), people.users("ann@new.example")) == ([], ["user-ann"])
    assert (people.values(old), people.stored(old).email_hash) == (None, None)
    assert people.email(wrote) == "ann@old.example"  # a tenant's, and no move of somebody else changes it
    people.signs_in("ann", "ann@old.example")
    assert people.users("ann@old.example") == ["user-ann"]
    assert people.own("ann") != old


def test_who_was_made_anew_from_the_archive_is_known_again_with_the_next_sign_in(people: People) -> None:
    people.signs_in("ann")
    old = people.own("ann")
    key = store.values_key(old)
    for lost in (key, store.of_person(email_name(SECRET, "ann@example.com"), "user-ann")):
        people.do(lambda work, lost=lost: work.remove(lost, 1))  # type: ignore[misc]  # a default binds the loop's
    assert people.of_user("ann") is None
    people.signs_in("ann")
    found = people.of_user("ann")
    assert found is not None
    assert (found.email, people.own("ann") != old) == ("ann@example.com", True)


def test_two_who_prove_the_same_address_are_two_and_neither_takes_what_is_the_others(people: People) -> None:
    for _ in range(3):
        people.signs_in("ann", "office@example.com", "Ann")
        people.signs_in("ben", "Office@example.com", "Ben")
    assert people.users("office@example.com") == ["user-ann", "user-ben"]
    assert people.own("ann") != people.own("ben")
    assert len(people.leads_to("office@example.com")) == 2
    for name, called in (("ann", "Ann"), ("ben", "Ben")):
        found = people.of_user(name)
        assert found is not None
        assert found.name == called


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
    hashes = {people.stored(people.own(name)).name_hash for name in ("ann", "ben")}
    assert len(hashes) == 2


def test_of_two_who_meet_an_address_at_once_one_makes_its_contact(people: People) -> None:
    lost = loses_to(
        people,
        lambda work: service.contact_for(work, email_key, "tenant-1", "ann@example.com"),
        lambda: people.contact("ann@example.com"),
    )
    assert lost


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


def test_what_was_proven_before_what_is_noted_moves_nobody(people: People) -> None:
    former, later = (datetime(2026, 11, 20, 10, 0, second, 123456, UTC) for second in (0, 1))
    people.signs_in("ann", "ann@new.example", at=later)
    for email in ("ann@old.example", "", "ANN@new.example"):
        people.signs_in("ann", email, at=former)
        assert people.works[-1].writes == []
    assert people.email(people.own("ann")) == "ann@new.example"
    people.signs_in("ann", "", at=later)
    people.signs_in("ann", "ann@old.example", at=former)
    assert (people.person("ann").contact_id, people.person("ann").proven_at) == (None, later)
    people.signs_in("ann", "ann@old.example", at=later)
    assert people.email(people.own("ann")) == "ann@old.example"


def test_a_newer_proof_of_the_same_is_not_written(people: People) -> None:
    people.signs_in("ann")
    people.signs_in("ann", at=people.clock.now())
    assert people.works[-1].writes == []
    assert people.person("ann").proven_at == UNDATED


def test_a_person_of_before_proofs_had_a_time_can_be_read() -> None:
    document = store.PERSON.dump(Person("user-ann", None, UNDATED))
    del document["provenAt"]
    assert store.PERSON.load(document) == Person("user-ann", None, UNDATED)
