"""Use cases of people: know an address, register whoever signs in, forget."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import batched

from bbws.kernel.conditional import require_version
from bbws.kernel.entity import Stored
from bbws.kernel.ids import random_id
from bbws.kernel.table import Key, Row, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people import events, model, store
from bbws.people.model import (
    CONTACT_PREFIX,
    CONTACT_RANDOM_LENGTH,
    KEY_BYTES,
    UNDATED,
    USER_NOT_FOUND,
    Contact,
    Person,
    Values,
    email_name,
    fold_email,
)

type EmailKey = Callable[[], bytes]

# Forgetting a person takes six writes, and a commit holds a hundred.
_FORGOTTEN_AT_ONCE = 15


def users_of(table: Table, email_key: EmailKey, email: str) -> list[str]:
    """The ids of those who have proven to have an address."""
    return list(store.users_of_address(table, email_name(email_key(), email)))


def values(work: UnitOfWork, contact_id: str | None) -> Values | None:
    """Address and name of a contact; None once it is forgotten."""
    row = None if contact_id is None else work.get(store.values_key(contact_id))
    return None if row is None else store.values_of(row)


def values_to_keep(work: UnitOfWork, contact_id: str) -> Values | None:
    """Address and name of a contact that must still be known at the commit; None where it is not now."""
    row = work.table.get(store.values_key(contact_id))
    work.ensure(store.values_key(contact_id), None if row is None else row.version)
    return None if row is None else store.values_of(row)


def values_of_user(work: UnitOfWork, user_id: str) -> Values | None:
    """Address and name of a person; None of one who is forgotten or has never signed in with an address."""
    person = store.person_of(work.table, user_id)
    return None if person is None or person.erased_at is not None else values(work, person.contact_id)


def is_erased(table: Table, user_id: str) -> bool:
    """Whether this person was forgotten."""
    person = store.person_of(table, user_id)
    return person is not None and person.erased_at is not None


def require_remembered(work: UnitOfWork, user_id: str) -> None:
    """Refuse somebody who was forgotten, also between now and the commit. Once in a commit at most.

    Raises:
        Problem: 404.
    """
    current = store.load_person(work, user_id)
    if current is not None and current.value.erased_at is not None:
        raise USER_NOT_FOUND(f"There is no user {user_id} that you may know of.")
    work.ensure(store.person_key(user_id), None if current is None else current.version)


def contact_for(work: UnitOfWork, email_key: EmailKey, tenant_id: str, email: str) -> str:
    """A tenant's contact of an address, made where it has none. Once in a commit at most."""
    key = store.of_tenant(email_name(email_key(), email), tenant_id)
    row = work.table.get(key)
    if row is None:
        contact = Contact(_new_id(), tenant_id, None, None, None, work.now())
        return _add(work, key, contact, email, "")
    # Whoever forgets the address meanwhile must not find it named afterwards.
    work.ensure(key, row.version)
    return str(row.document["contactId"])


def register(work: UnitOfWork, email_key: EmailKey, proven_at: datetime = UNDATED) -> None:
    """Note who acts, and the verified address that they had at ``proven_at``, or that they had none.

    What is known already is left alone, or was proven later, and so is who is forgotten.
    """
    actor, current = work.actor, store.load_person(work, work.actor.subject)
    if current is None:
        contact_id = _own(work, email_key) if actor.email else None
        person = Person(actor.subject, contact_id, work.now(), proven_at=proven_at)
        work.create(store.PERSON, person, events.REGISTERED)
    elif current.value.erased_at is not None or proven_at < current.value.proven_at:
        return
    elif actor.email or current.value.contact_id is not None:
        _note(work, email_key, current, proven_at)


def _note(work: UnitOfWork, email_key: EmailKey, current: Stored[Person], proven_at: datetime) -> None:
    """Note what a person who is known has proven now. A former address may be somebody else's by now, and goes."""
    actor, person = work.actor, current.value
    known = values(work, person.contact_id)
    if person.contact_id is not None and known is not None and fold_email(known.email) == fold_email(actor.email):
        _call(work, person.contact_id, actor.email, actor.name)
        return
    if person.contact_id is not None:
        _forget_own(work, email_key, person.contact_id, person.user_id)
    contact_id = _own(work, email_key) if actor.email else None
    moved = person._replace(contact_id=contact_id, proven_at=proven_at)
    work.update(store.PERSON, current, moved, events.MOVED)


def _own(work: UnitOfWork, email_key: EmailKey) -> str:
    """The contact of the address that the actor has proven, theirs alone, whoever else has it too."""
    actor = work.actor
    key = store.of_person(email_name(email_key(), actor.email), actor.subject)
    contact = Contact(_new_id(), None, actor.subject, None, None, work.now())
    return _add(work, key, contact, actor.email, actor.name)


def _new_id() -> str:
    return CONTACT_PREFIX + random_id(CONTACT_RANDOM_LENGTH)


def _add(work: UnitOfWork, key: Key, contact: Contact, email: str, called: str) -> str:
    known = Values(email, called, os.urandom(KEY_BYTES))
    work.insert(store.email_row(key, contact.contact_id))
    work.insert(store.values_row(contact.contact_id, known))
    work.create(store.CONTACT, model.with_values(contact, known), events.CONTACT_ADDED)
    return contact.contact_id


def _call(work: UnitOfWork, contact_id: str, email: str, called: str) -> None:
    """Note how a person writes name and address."""
    row, current = work.table.get(store.values_key(contact_id)), store.load_contact(work, contact_id)
    if row is None or current is None:  # it is being forgotten
        return
    known = store.values_of(row)
    new = known._replace(email=email, name=called)
    if new != known:
        work.replace(store.values_row(contact_id, new, row.version + 1), row.version)
        work.update(store.CONTACT, current, model.with_values(current.value, new), events.CONTACT_CHANGED)


def erase(work: UnitOfWork, email_key: EmailKey, user_id: str, *, dry_run: bool = False) -> None:
    """Forget a person, and the person's address wherever a tenant wrote it. Repeating it changes nothing.

    Who has the same address and another id stays as they are. Tenants' contacts go first, in commits of their own: who
    is killed in between still finds the address by which to go on.

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
    known = values(work, current.value.contact_id)
    if known is not None:
        rows = store.tenants_of_address(work.table, email_name(email_key(), known.email))
        _forget_all(work, email_key, rows, dry_run=dry_run)
    _forget_person(work, email_key, current)


def forget(work: UnitOfWork, email_key: EmailKey, email: str, *, dry_run: bool = False) -> int:
    """Forget an address: every contact of it, and whoever has signed in with it; how many contacts that were.

    Each commit is whole by itself: done again after a crash it goes on with what is left.

    Raises:
        Problem: 412 for any ``If-Match``: an address has no version.
    """
    require_version(work.if_match, None)
    rows = store.of_address(work.table, email_name(email_key(), email))
    return _forget_all(work, email_key, rows, dry_run=dry_run)


def _forget_all(work: UnitOfWork, email_key: EmailKey, rows: Iterable[Row], *, dry_run: bool) -> int:
    """Forget the contacts that rows lead to, some with each commit; a plan shows the first of them."""

    def begin() -> UnitOfWork:
        return UnitOfWork(work.table, work.clock, work.actor, work.correlation_id)

    found, parts = 0, batched(rows, _FORGOTTEN_AT_ONCE)
    for number, part in enumerate(parts):
        if not dry_run:
            found += transact(begin, partial(_forget_part, email_key=email_key, rows=part))
        else:
            found += _forget_part(work, email_key, part) if number == 0 else len(part)
    return found


def _forget_part(work: UnitOfWork, email_key: EmailKey, rows: Iterable[Row]) -> int:
    return sum(_forget_one(work, email_key, row) for row in rows)


def _forget_one(work: UnitOfWork, email_key: EmailKey, row: Row) -> bool:
    """Forget the contact that a row leads to, and the person whose own it is; whether it was still known.

    Who has just moved away stays: the contact that was read goes by itself, which loses to the commit that moved them.
    """
    contact_id = str(row.document["contactId"])
    current = store.load_contact(work, contact_id)
    if current is None or current.value.erased_at is not None:
        return False
    user_id = current.value.user_id
    person = None if user_id is None else store.load_person(work, user_id)
    if person is not None and person.value.erased_at is None and person.value.contact_id == contact_id:
        _forget_person(work, email_key, person)
    else:
        _forget(work, current, row.key)
    return True


def _forget_person(work: UnitOfWork, email_key: EmailKey, current: Stored[Person]) -> None:
    if current.value.contact_id is not None:
        _forget_own(work, email_key, current.value.contact_id, current.value.user_id)
    work.update(store.PERSON, current, current.value._replace(erased_at=work.now(current)), events.ERASED)


def forget_contact(work: UnitOfWork, email_key: EmailKey, tenant_id: str, contact_id: str) -> None:
    """Forget a contact of a tenant. Repeating it changes nothing."""
    _forget_led_to(work, email_key, contact_id, partial(store.of_tenant, tenant_id=tenant_id))


def _forget_own(work: UnitOfWork, email_key: EmailKey, contact_id: str, user_id: str) -> None:
    _forget_led_to(work, email_key, contact_id, partial(store.of_person, user_id=user_id))


def _forget_led_to(work: UnitOfWork, email_key: EmailKey, contact_id: str, lookup: Callable[[str], Key]) -> None:
    current, known = store.load_contact(work, contact_id), values(work, contact_id)
    if current is not None and current.value.erased_at is None:
        # Without values, after a rebuild, no address leads to it.
        name = None if known is None else email_name(email_key(), known.email)
        _forget(work, current, None if name is None else lookup(name))


def _forget(work: UnitOfWork, current: Stored[Contact], lookup: Key | None) -> None:
    """Forget what is known of a contact, and what leads to it."""
    for key in filter(None, (lookup, store.values_key(current.value.contact_id))):
        row = work.table.get(key)
        if row is not None:
            work.remove(key, row.version)
    work.update(store.CONTACT, current, model.erased(current.value, work.now(current)), events.CONTACT_ERASED)
