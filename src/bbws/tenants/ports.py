"""What the tenants domain needs from outside."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol


class Mail(NamedTuple):
    """A mail to one contact.

    Attributes:
        name: what it is about, the same whenever it is sent again: its Message-ID is made of it.
        contact_id: whose address ``to`` is.
        at: what its date says.
        text, html: the same in both forms.
    """

    name: str
    contact_id: str
    to: str
    subject: str
    text: str
    html: str
    at: datetime


class Mailer(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> None:
        """Send it. The same mail may be sent again: where the answer to the first time was lost.

        Raises:
            Unavailable: it was not taken; says why, and no address.
        """
        ...


# Drop what is kept of mails to a contact, if anything is; repeating it changes nothing.
type ForgetMail = Callable[[str], None]
