"""What a token proves about a person: who it is, and the platform role. Source: design §3, Actor."""

from typing import NamedTuple

from bbws.kernel.actor import EVERYTHING, PLATFORM_ADMIN, Actor, ActorKind

ADMIN = "Admin"
SUBJECT = r"[A-Za-z0-9-]{1,64}"
_ALL = frozenset({EVERYTHING, PLATFORM_ADMIN})


class Claims(NamedTuple):
    """What a verified token says.

    Attributes:
        subject: the person's id, never an e-mail address.
        admin: whether the person has the platform role Admin.
    """

    subject: str
    admin: bool = False

    def actor(self) -> Actor:
        """The person. What somebody without the platform role may do is no token's to say."""
        return Actor(f"user-{self.subject}", ActorKind.PERSON, _ALL if self.admin else frozenset())
