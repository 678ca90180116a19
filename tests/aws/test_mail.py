"""Mail through SES, against moto."""

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from bbws.engines.aws.mail import SesMailer, forget_nothing
from bbws.engines.aws.sdk import Sdk
from bbws.kernel.table import Unavailable
from bbws.tenants.ports import Mail
from tests.aws.conftest import REGION
from tests.fakes import NOON
from tests.tenants.invited import parsed, text

SENDER = "BBWS <no-reply@bbws.example>"
MAIL = Mail("invitation-1.1", "contact-1", "ben@example.com", "Hé", "Hello é\n", "<p>Hello é</p>\n", NOON)


def test_ses_takes_a_mail_whole(sdk: Sdk) -> None:
    client = sdk.client("sesv2")
    client.create_email_identity(EmailIdentity="no-reply@bbws.example")
    SesMailer(client, SENDER).send(MAIL)
    [sent] = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    # moto notes those of the call and those of the header.
    assert set(sent.destinations) == {"ben@example.com"}
    read = parsed(sent.raw_data.encode() if isinstance(sent.raw_data, str) else sent.raw_data)
    assert (read["From"], read["Subject"], read["X-Entity-Ref-ID"]) == (SENDER, "Hé", "invitation-1.1")
    assert (text(read), text(read, "html")) == ("Hello é\n", "<p>Hello é</p>\n")
    forget_nothing("contact-1")


def test_an_identity_that_is_not_verified_is_told_without_an_address(sdk: Sdk) -> None:
    with pytest.raises(Unavailable, match="MessageRejected: check that the identity") as refused:
        SesMailer(sdk.client("sesv2"), SENDER).send(MAIL)
    assert "@" not in str(refused.value)
