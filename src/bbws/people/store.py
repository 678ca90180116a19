"""Keys of people. Values are personal rows: in no Change, event, archive, log or stored answer."""

from collections.abc import Iterator

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339, rfc3339_or_none
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.people.model import UNDATED, Contact, Person, Values

BASE = "/v1.0/users"
STORE = Store("people", ("CONTACT", "PERSON"), ("EMAIL",))
# What every call of a person reads: whether that one is forgotten.
SIGNED_IN = Access.to(gets="PERSON")
SHOWING = Access.to(gets="CONTACT PERSON")
# An address that a new tenant writes is the first that it knows.
FIRST_KNOWING = Access.to(gets="EMAIL", puts="CONTACT EMAIL")
KNOWING = FIRST_KNOWING | Access.to(ensures="EMAIL")
FINDING = Access.to(queries="EMAIL")
REGISTERING = Access.to(gets="CONTACT EMAIL PERSON", puts="CONTACT EMAIL PERSON", removes="CONTACT EMAIL")
# What every commit does that lets somebody into a tenant.
REMEMBERED = Access.to(gets="PERSON", ensures="PERSON")
ERASING = FINDING | Access.to(gets="CONTACT EMAIL PERSON", puts="CONTACT PERSON", removes="CONTACT EMAIL")
_TENANT, _PERSON = "TENANT#", "PERSON#"
_AT_ONCE = 100


def person_key(user_id: str) -> Key:
    """Where a person lies."""
    return Key(f"PERSON#{user_id}", "METADATA")


def contact_key(contact_id: str) -> Key:
    """Where a contact lies."""
    return Key(f"CONTACT#{contact_id}", "METADATA")


def values_key(contact_id: str) -> Key:
    """Where what is known of a contact lies."""
    return Key(f"CONTACT#{contact_id}", "VALUES")


def of_tenant(name: str, tenant_id: str) -> Key:
    """Where an address leads to its contact in a tenant; ``name`` is what it is looked up by."""
    return Key(_partition(name), f"{_TENANT}{tenant_id}")


def of_person(name: str, user_id: str) -> Key:
    """Where an address leads to the contact of somebody who has proven to have it."""
    return Key(_partition(name), f"{_PERSON}{user_id}")


def _partition(name: str) -> str:
    return f"EMAIL#{name}"


def _dump_contact(contact: Contact) -> Document:
    return {
        "contactId": contact.contact_id,
        "tenantId": contact.tenant_id,
        "userId": contact.user_id,
        "personal": {"email": contact.email_hash, "name": contact.name_hash},
        "createdAt": rfc3339(contact.created_at),
        "erasedAt": rfc3339_or_none(contact.erased_at),
        "entityType": "CONTACT",
    }


def _load_contact(document: Document) -> Contact:
    hashes = document["personal"]
    return Contact(
        document["contactId"],
        document["tenantId"],
        document["userId"],
        hashes["email"],
        hashes["name"],
        parse_rfc3339(document["createdAt"]),
        moment_or_none(document["erasedAt"]),
    )


def _dump_person(person: Person) -> Document:
    return {
        "userId": person.user_id,
        "contactId": person.contact_id,
        "registeredAt": rfc3339(person.registered_at),
        "erasedAt": rfc3339_or_none(person.erased_at),
        "provenAt": rfc3339(person.proven_at),
        "entityType": "PERSON",
    }


def _load_person(document: Document) -> Person:
    return Person(
        document["userId"],
        document["contactId"],
        parse_rfc3339(document["registeredAt"]),
        moment_or_none(document["erasedAt"]),
        moment_or_none(document.get("provenAt")) or UNDATED,  # rows from before it was kept have none
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


def email_row(key: Key, contact_id: str) -> Row:
    """The row by which an address leads to a contact."""
    return Row(key, RowKind.PERSONAL, {"contactId": contact_id})


def of_address(table: Table, name: str) -> Iterator[Row]:
    """The rows by which an address leads to every contact of it, as far as they are asked for."""
    return _rows(table, name, "")


def tenants_of_address(table: Table, name: str) -> Iterator[Row]:
    """Those of tenants that wrote the address."""
    return _rows(table, name, _TENANT)


def users_of_address(table: Table, name: str) -> Iterator[str]:
    """The ids of those who have proven to have it."""
    return (row.key.sort.removeprefix(_PERSON) for row in _rows(table, name, _PERSON))


def _rows(table: Table, name: str, prefix: str) -> Iterator[Row]:
    start: Position | None = None
    while True:
        page = table.query(_partition(name), prefix=prefix, start=start, limit=_AT_ONCE)
        yield from page.rows
        if page.next is None:
            return
        start = page.next
