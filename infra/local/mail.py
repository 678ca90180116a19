"""The sender of mails, as an operator has it verified on AWS."""

from infra.local import people
from infra.local.state import State


def verify_sender(running: State) -> None:
    """Make it an identity of SES. The emulator asks nobody whether it is theirs, and minds no second time."""
    people.client(running, "sesv2").create_email_identity(EmailIdentity=running.mail_sender)
