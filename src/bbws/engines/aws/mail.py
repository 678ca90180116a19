"""Mail through SES. It keeps nothing that would have to be forgotten, and gives each mail a Message-ID of its own."""

from botocore.exceptions import ClientError

from bbws.engines.aws.sdk import Client, answered, code_of
from bbws.kernel.table import Unavailable
from bbws.tenants.mails import message
from bbws.tenants.ports import Mail

_CHECK = (
    "check that the identity of BBWS_MAIL_FROM is verified in SES, that the account is out of the sandbox, and that "
    "the function's role may ses:SendEmail"
)
_REJECTED = "MessageRejected"


class SesMailer:
    """The tenants domain's Mailer.

    Args:
        client: of SES (``sesv2``).
        sender: whom mails are from.
    """

    def __init__(self, client: Client, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Hand the mail to SES.

        Raises:
            Unavailable: it cannot be reached, or does not take it.
        """
        composed = message(mail, self._sender)
        with answered(_CHECK):
            try:
                self._client.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [composed["To"].addresses[0].addr_spec]},
                    Content={"Raw": {"Data": composed.as_bytes()}},
                )
            except ClientError as error:
                if code_of(error) == _REJECTED:
                    # Without what it says: that names addresses.
                    raise Unavailable(f"SES did not take a mail: {_REJECTED}: {_CHECK}") from None
                raise


def forget_nothing(_contact_id: str) -> None:
    """Where no mail is kept, none is left of anybody."""
