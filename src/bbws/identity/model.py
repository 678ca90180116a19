"""What a token proves about a person: who it is, and the platform role. Source: design §3, Actor."""

from datetime import datetime
from typing import NamedTuple

from bbws.kernel.actor import EVERYTHING, PLATFORM_ADMIN, Actor, ActorKind
from bbws.people.model import UNDATED

ADMIN = "Admin"
SUBJECT = r"[A-Za-z0-9-]{1,64}"
_ALL = frozenset({EVERYTHING, PLATFORM_ADMIN})


class Claims(NamedTuple):
    """What a verified token says.

    Attributes:
        subject: the person's id, never an e-mail address.
        admin: whether the person has the platform role Admin.
        email, name: the person's address, if the issuer has verified it, and what the person is called; else empty.
        issued_at: when; ``UNDATED`` where the address is not the token's to say.
    """

    subject: str
    admin: bool = False
    email: str = ""
    name: str = ""
    issued_at: datetime = UNDATED

    def actor(self) -> Actor:
        """The person. What somebody without the platform role may do is no token's to say."""
        permissions = _ALL if self.admin else frozenset()
        return Actor(f"user-{self.subject}", ActorKind.PERSON, permissions, email=self.email, name=self.name)
