"""What people need from outside: where signing in knows them, on AWS the user pool."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from bbws.people.model import UNDATED


class Proven(NamedTuple):
    """What is known of somebody: an address that was verified, or an empty one, and what the person is called.

    Attributes:
        at: as of when.
    """

    email: str = ""
    name: str = ""
    at: datetime = UNDATED


class Directory(Protocol):
    """Who can sign in. People are named by the id of their actor, such as ``user-…``."""

    def address_of(self, user_id: str) -> Proven:
        """The verified address of a person; empty where there is none, or no such person.

        Raises:
            Unavailable: it cannot be asked.
        """
        ...

    def belong(self, user_id: str, tenants: Sequence[str], roles: Collection[str]) -> None:
        """Have tokens from now on name these tenants, and groups for these roles. Of a stranger nothing is kept.

        Raises:
            Unavailable: it cannot be asked.
        """
        ...

    def forget(self, user_id: str) -> None:
        """Have nobody sign in as this person any more, and keep no address.

        Raises:
            Unavailable: it cannot be asked.
        """
        ...
