"""People who sign in, for tests of what is known of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bbws.kernel.actor import Actor, ActorKind, system
from bbws.kernel.table import Conflict, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people import service, store
from bbws.people.model import UNDATED, Contact, Person, Values, email_name
from tests.fakes import FakeClock

SECRET = b"the key of addresses, of one server"


def email_key() -> bytes:
    """Of the server."""
    return SECRET


@dataclass
class People:
    """The use cases of people on a table."""

    table: Table
    clock: FakeClock
    works: list[UnitOfWork] = field(default_factory=list)

    def begin(self, actor: Actor = system("test")) -> UnitOfWork:  # noqa: B008 - it never changes
        """A unit of work, kept to be looked at."""
        self.clock.advance(1)
        work = UnitOfWork(self.table, self.clock, actor, "test")
        self.works.append(work)
        return work

    def do[R](self, action: Callable[[UnitOfWork], R], actor: Actor = system("test")) -> R:  # noqa: B008 - the same
        """A use case, committed."""
        return transact(lambda: self.begin(actor), action)

    def signs_in(self, name: str, email: str | None = None, called: str = "", at: datetime = UNDATED) -> None:
        """Somebody with an address that was verified at a time; without one where it is empty."""
        proven = f"{name}@example.com" if email is None else email
        person = Actor(f"user-{name}", ActorKind.PERSON, email=proven, name=called or name)
        self.do(lambda work: service.register(work, email_key, at), person)

    def contact(self, email: str, tenant: str = "tenant-1") -> str:
        """A tenant's contact of an address."""
        return self.do(lambda work: service.contact_for(work, email_key, tenant, email))

    def erase(self, name: str) -> None:
        """Forget somebody."""
        self.do(lambda work: service.erase(work, email_key, f"user-{name}"))

    def forget(self, email: str) -> int:
        """Forget an address; how many contacts were erased."""
        return self.do(lambda work: service.forget(work, email_key, email))

    def users(self, email: str) -> list[str]:
        """Who has proven to have an address."""
        return service.users_of(self.table, email_key, email)

    def leads_to(self, email: str) -> list[str]:
        """Every contact that an address leads to."""
        rows = store.of_address(self.table, email_name(SECRET, email))
        return [row.document["contactId"] for row in rows]

    def own(self, name: str) -> str:
        """The contact of somebody who has signed in with an address."""
        contact_id = self.person(name).contact_id
        assert contact_id is not None
        return contact_id

    def values(self, contact_id: str) -> Values | None:
        """What is known of a contact."""
        return service.values(self.begin(), contact_id)

    def email(self, contact_id: str) -> str:
        """The address of a contact that is known."""
        found = self.values(contact_id)
        assert found is not None
        return found.email

    def of_user(self, name: str) -> Values | None:
        """What is known of a person."""
        return service.values_of_user(self.begin(), f"user-{name}")

    def person(self, name: str) -> Person:
        """Somebody who has signed in."""
        found = store.person_of(self.table, f"user-{name}")
        assert found is not None
        return found

    def stored(self, contact_id: str) -> Contact:
        """The contact, without values."""
        found = store.load_contact(self.begin(), contact_id)
        assert found is not None
        return found.value


def loses_to(people: People, action: Callable[[UnitOfWork], object], meanwhile: Callable[[], object]) -> bool:
    """Whether what was prepared before somebody else's commit is refused after it."""
    work = people.begin()
    action(work)
    meanwhile()
    try:
        people.table.commit(work.writes)
    except Conflict:
        return True
    return False
