"""Keys of people. Values are personal rows: in no Change, event, archive, log or stored answer."""

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339, rfc3339_or_none
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.people.model import Contact, Person, Values

BASE = "/v1.0/users"
STORE = Store("people", ("CONTACT", "PERSON"), ("EMAIL",))
# What every call of a person reads: whether that one is forgotten.
SIGNED_IN = Access.to(gets="PERSON")
SHOWING = Access.to(gets="CONTACT PERSON")
KNOWING = Access.to(gets="CONTACT EMAIL", puts="CONTACT EMAIL")
REGISTERING = KNOWING | Access.to(gets="PERSON", puts="PERSON")
ERASING = Access.to(gets="CONTACT EMAIL PERSON", puts="CONTACT PERSON", removes="CONTACT EMAIL")


def person_key(user_id: str) -> Key:
    """Where a person lies."""
    return Key(f"PERSON#{user_id}", "METADATA")


def contact_key(contact_id: str) -> Key:
    """Where a contact lies."""
    return Key(f"CONTACT#{contact_id}", "METADATA")


def values_key(contact_id: str) -> Key:
    """Where what is known of a contact lies."""
    return Key(f"CONTACT#{contact_id}", "VALUES")


def email_key(name: str) -> Key:
    """Where an address leads to its contact; ``name`` is what it is looked up by."""
    return Key(f"EMAIL#{name}", "CONTACT")


def _dump_contact(contact: Contact) -> Document:
    return {
        "contactId": contact.contact_id,
        "personal": {"email": contact.email_hash, "name": contact.name_hash},
        "createdAt": rfc3339(contact.created_at),
        "erasedAt": rfc3339_or_none(contact.erased_at),
        "entityType": "CONTACT",
    }


def _load_contact(document: Document) -> Contact:
    hashes = document["personal"]
    return Contact(
        document["contactId"],
        hashes["email"],
        hashes["name"],
        parse_rfc3339(document["createdAt"]),
        moment_or_none(document["erasedAt"]),
    )


def _dump_person(person: Person) -> Document:
    return {
        "userId": person.user_id,
        "contacts": list(person.contacts),
        "registeredAt": rfc3339(person.registered_at),
        "erasedAt": rfc3339_or_none(person.erased_at),
        "entityType": "PERSON",
    }


def _load_person(document: Document) -> Person:
    return Person(
        document["userId"],
        tuple(document["contacts"]),
        parse_rfc3339(document["registeredAt"]),
        moment_or_none(document["erasedAt"]),
    )


CONTACT = EntityType(
    name="contact",
    source="/bbws/contacts",
    key=lambda contact: contact_key(contact.contact_id),
    subject=lambda contact: f"/v1.0/contacts/{contact.contact_id}",
    dump=_dump_contact,
    load=_load_contact,
)
PERSON = EntityType(
    name="user",
    source="/bbws/users",
    key=lambda person: person_key(person.user_id),
    subject=lambda person: f"{BASE}/{person.user_id}",
    dump=_dump_person,
    load=_load_person,
)


def load_person(work: UnitOfWork, user_id: str) -> Stored[Person] | None:
    """The person, erased or not."""
    return work.load(PERSON, person_key(user_id))


def load_contact(work: UnitOfWork, contact_id: str) -> Stored[Contact] | None:
    """The contact, erased or not."""
    return work.load(CONTACT, contact_key(contact_id))


def person_of(table: Table, user_id: str) -> Person | None:
    """The person as of now, erased or not."""
    row = table.get(person_key(user_id))
    return None if row is None else PERSON.stored(row).value


def values_row(contact_id: str, values: Values, version: int = 1) -> Row:
    """The row of what is known."""
    document: Document = {"email": values.email, "name": values.name, "key": values.key.hex()}
    return Row(values_key(contact_id), RowKind.PERSONAL, document, version)


def values_of(row: Row) -> Values:
    """What it says."""
    document = row.document
    return Values(document["email"], document["name"], bytes.fromhex(document["key"]))


def email_row(name: str, contact_id: str, user_id: str | None, version: int = 1) -> Row:
    """The row that an address leads to. ``user_id``: who has proven to have the address."""
    return Row(email_key(name), RowKind.PERSONAL, {"contactId": contact_id, "userId": user_id}, version)
