"""People who sign in, for tests of what is known of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bbws.kernel.actor import Actor, ActorKind, system
from bbws.kernel.table import Conflict, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.people import service, store
from bbws.people.model import Contact, Person, Values
from bbws.people.service import Known
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

    def signs_in(self, name: str, email: str = "", called: str = "") -> None:
        """Somebody with a verified address."""
        person = Actor(f"user-{name}", ActorKind.PERSON, email=email or f"{name}@example.com", name=called or name)
        self.do(lambda work: service.register(work, email_key), person)

    def contact(self, email: str) -> str:
        """The contact of an address."""
        return self.do(lambda work: service.contact_for(work, email_key, email))

    def erase(self, name: str) -> None:
        """Forget somebody."""
        self.do(lambda work: service.erase(work, email_key, f"user-{name}"))

    def find(self, email: str) -> Known | None:
        """What an address leads to."""
        return service.find(self.table, email_key, email)

    def values(self, contact_id: str) -> Values | None:
        """What is known of a contact."""
        return service.values(self.begin(), contact_id)

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
