"""People, and what is known of them. Pure. Source: design §2, personal values; specification tenants, Decision 15."""

import hashlib
import hmac
import unicodedata
from datetime import UTC, datetime
from typing import NamedTuple

from bbws.kernel.problem import Kind, ProblemType

CONTACT_PREFIX = "contact-"
CONTACT_RANDOM_LENGTH = 16
KEY_BYTES = 32
MOST_CHARACTERS = 254
# Of what was proven at a time that nobody noted: before everything else.
UNDATED = datetime.fromtimestamp(0, UTC)

USER_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND, "user-not-found", "User not found", "There is no person with this id that the caller may know of."
)

SHARED_ADDRESS = ProblemType(
    Kind.REFUSED,
    "shared-address",
    "Address of several people",
    "Several people have signed in with this address, and it does not say which of them is meant. Invite it instead: "
    "who accepts is the one.",
)


class Contact(NamedTuple):
    """Who can be written to at one address, without the address: what is stored, changed and announced of it.

    It belongs to whoever wrote the address, and is nobody else's: what one tenant knows of it tells another nothing.

    Attributes:
        tenant_id, user_id: the tenant that wrote the address, or the person who has proven to have it; never both.
        email_hash, name_hash: of the values, under a key of this contact alone, hexadecimal; None: no value.
        erased_at: since when nothing is known of it; its values and its key are gone, and the hashes tell nothing.
    """

    contact_id: str
    tenant_id: str | None
    user_id: str | None
    email_hash: str | None
    name_hash: str | None
    created_at: datetime
    erased_at: datetime | None = None


class Values(NamedTuple):
    """What is known of a contact, and can be forgotten. ``name`` is empty where it is not known."""

    email: str
    name: str
    key: bytes


class Person(NamedTuple):
    """Somebody who has signed in.

    Attributes:
        user_id: the subject of the person's actor.
        contact_id: the person's own contact; None of one who has come without a verified address so far.
        erased_at: since when the person is forgotten; nobody signs in under the id again.
        proven_at: of when the proof is by which the address, or that there is none, was noted: no older one counts.
    """

    user_id: str
    contact_id: str | None
    registered_at: datetime
    erased_at: datetime | None = None
    proven_at: datetime = UNDATED


def fold_email(email: str) -> str:
    """An address for comparing: without regard to case, and to how its characters are composed.

    Nothing else is alike: ``straße.example`` and ``strasse.example`` are two domains, which folding would make one.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).lower())


def email_name(key: bytes, email: str) -> str:
    """What an address is looked up by: only who has the server's key can tell whether it is a certain one."""
    return hmac.digest(key, fold_email(email).encode(), hashlib.sha256).hex()


def hashed(key: bytes, value: str) -> str | None:
    """What a Change may say of a value; None of an empty one."""
    return hmac.digest(key, value.encode(), hashlib.sha256).hex() if value else None


def with_values(contact: Contact, values: Values) -> Contact:
    """The contact that has these values."""
    return contact._replace(email_hash=hashed(values.key, values.email), name_hash=hashed(values.key, values.name))


def erased(contact: Contact, moment: datetime) -> Contact:
    """The contact of which nothing is known any more."""
    return contact._replace(email_hash=None, name_hash=None, erased_at=moment)
