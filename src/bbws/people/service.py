"""Use cases of people: know an address, register whoever signs in, forget."""

import os
from collections.abc import Callable
from typing import NamedTuple

from bbws.kernel.ids import random_id
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork
from bbws.people import events, model, store
from bbws.people.model import (
    CONTACT_PREFIX,
    CONTACT_RANDOM_LENGTH,
    KEY_BYTES,
    USER_NOT_FOUND,
    Person,
    Values,
    email_name,
    fold_email,
)

type EmailKey = Callable[[], bytes]


class Known(NamedTuple):
    """What an address leads to: its contact, and who has proven to have it."""

    contact_id: str
    user_id: str | None


def find(table: Table, email_key: EmailKey, email: str) -> Known | None:
    """What is known of an address."""
    row = table.get(store.email_key(email_name(email_key(), email)))
    return None if row is None else Known(row.document["contactId"], row.document["userId"])


def values(work: UnitOfWork, contact_id: str | None) -> Values | None:
    """Address and name of a contact; None once it is forgotten."""
    row = None if contact_id is None else work.get(store.values_key(contact_id))
    return None if row is None else store.values_of(row)


def values_of_user(work: UnitOfWork, user_id: str) -> Values | None:
    """Address and name of a person; None of one who is forgotten or has never signed in with an address."""
    person = store.person_of(work.table, user_id)
    return None if person is None or person.erased_at is not None else values(work, person.contacts[0])


def is_erased(table: Table, user_id: str) -> bool:
    """Whether this person was forgotten."""
    person = store.person_of(table, user_id)
    return person is not None and person.erased_at is not None


def contact_for(work: UnitOfWork, email_key: EmailKey, email: str) -> str:
    """The contact of an address, made where there is none. Once in a commit at most."""
    name = email_name(email_key(), email)
    row = work.table.get(store.email_key(name))
    if row is not None:
        return str(row.document["contactId"])
    contact_id = _added(work, email, "")
    work.insert(store.email_row(name, contact_id, None))
    return contact_id


def register(work: UnitOfWork, email_key: EmailKey) -> None:
    """Note who acts: a person with a verified address. What is known already is left alone; so is who is forgotten."""
    actor, current = work.actor, store.load_person(work, work.actor.subject)
    if current is not None and current.value.erased_at is not None:
        return
    contact_id = _proven(work, email_name(email_key(), actor.email), () if current is None else current.value.contacts)
    if current is None:
        work.create(store.PERSON, Person(actor.subject, (contact_id,), work.now()), events.REGISTERED)
    elif current.value.contacts[0] != contact_id:
        former = tuple(each for each in current.value.contacts if each != contact_id)
        work.update(store.PERSON, current, current.value._replace(contacts=(contact_id, *former)), events.MOVED)


def _proven(work: UnitOfWork, name: str, own: tuple[str, ...]) -> str:
    """The contact of the address that the actor has proven. One that is somebody else's so far stays theirs."""
    actor, row = work.actor, work.table.get(store.email_key(name))
    if row is None:
        contact_id = _added(work, actor.email, actor.name)
        work.insert(store.email_row(name, contact_id, actor.subject))
        return contact_id
    if row.document["userId"] in {None, actor.subject}:
        contact_id = str(row.document["contactId"])
        _call(work, contact_id, actor.email, actor.name)
    else:
        contact_id = _former(work, own) or _added(work, actor.email, actor.name)
    if (row.document["contactId"], row.document["userId"]) != (contact_id, actor.subject):
        work.replace(store.email_row(name, contact_id, actor.subject, row.version + 1), row.version)
    return contact_id


def _former(work: UnitOfWork, own: tuple[str, ...]) -> str | None:
    """Of the actor's own contacts the one of this address: two who share one do not make a new one with every turn."""
    for contact_id in own:
        found = values(work, contact_id)
        if found is not None and fold_email(found.email) == fold_email(work.actor.email):
            return contact_id
    return None


def _added(work: UnitOfWork, email: str, called: str) -> str:
    contact_id = CONTACT_PREFIX + random_id(CONTACT_RANDOM_LENGTH)
    known = Values(email, called, os.urandom(KEY_BYTES))
    work.insert(store.values_row(contact_id, known))
    work.create(store.CONTACT, model.contact_of(contact_id, known, work.now()), events.CONTACT_ADDED)
    return contact_id


def _call(work: UnitOfWork, contact_id: str, email: str, called: str) -> None:
    """Note how a person writes name and address."""
    row, current = work.table.get(store.values_key(contact_id)), store.load_contact(work, contact_id)
    if row is None or current is None:  # it is being forgotten
        return
    known = store.values_of(row)
    new = known._replace(email=email, name=called)
    if new != known:
        work.replace(store.values_row(contact_id, new, row.version + 1), row.version)
        contact = model.contact_of(contact_id, new, current.value.created_at)
        work.update(store.CONTACT, current, contact, events.CONTACT_CHANGED)


def erase(work: UnitOfWork, email_key: EmailKey, user_id: str) -> None:
    """Forget a person: what is known of every address that was theirs. Repeating it changes nothing.

    Raises:
        Problem: 404 or 412.
    """
    current = store.load_person(work, user_id)
    if current is None:
        detail = f"There is no user {user_id} that you may know of."
        raise USER_NOT_FOUND(detail)
    work.match(current)
    if current.value.erased_at is not None:
        return
    for contact_id in current.value.contacts:
        _forget(work, email_key, contact_id)
    work.update(store.PERSON, current, current.value._replace(erased_at=work.now(current)), events.ERASED)


def _forget(work: UnitOfWork, email_key: EmailKey, contact_id: str) -> None:
    current, row = store.load_contact(work, contact_id), work.table.get(store.values_key(contact_id))
    if current is None or row is None:
        return
    lookup = work.table.get(store.email_key(email_name(email_key(), store.values_of(row).email)))
    if lookup is not None and lookup.document["contactId"] == contact_id:
        work.remove(lookup.key, lookup.version)
    work.remove(row.key, row.version)
    work.update(store.CONTACT, current, model.erased(current.value, work.now(current)), events.CONTACT_ERASED)
