"""Secrets of the deployment."""

import pytest

from bbws.engines.aws.calls import SECRETS_MANAGER, Calls, Refused, Transport
from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.names import CURSOR_KEY
from bbws.engines.aws.sdk import Sdk
from bbws.engines.aws.secrets import Secrets
from bbws.kernel.table import Unavailable
from tests.aws.conftest import NAMES
from tests.aws.fakes import ScriptedTransport
from tests.aws.tables import SdkTransport

NAME = NAMES.secret(CURSOR_KEY)
ABSENT = Refused("ResourceNotFoundException", {})


def through(transport: Transport) -> Secrets:
    return Secrets(Calls(transport, Deadline(), SECRETS_MANAGER, sleep=lambda _: None), NAMES)


@pytest.fixture
def secrets(sdk: Sdk) -> Secrets:
    """The secret that Terraform makes, without a value."""
    sdk.client("secretsmanager").create_secret(Name=NAME)
    return through(SdkTransport(sdk.client("secretsmanager")))


def test_a_secret_without_a_value_says_what_to_do(secrets: Secrets) -> None:
    with pytest.raises(Unavailable, match=f"{NAME} has no value yet: run `bbws aws setup`"):
        secrets.text(CURSOR_KEY)


def test_a_first_value_is_put_and_stays(secrets: Secrets) -> None:
    assert secrets.put_if_empty(CURSOR_KEY, "00ff")
    assert not secrets.put_if_empty(CURSOR_KEY, "1111")
    assert secrets.text(CURSOR_KEY) == "00ff"
    assert secrets.key(CURSOR_KEY) == b"\x00\xff"


def test_a_value_is_replaced_again_and_again(secrets: Secrets) -> None:
    for value in ("aa", "bb", "aa"):
        secrets.replace(CURSOR_KEY, value)
        assert secrets.text(CURSOR_KEY) == value


def test_of_two_that_put_at_once_the_later_loses() -> None:
    transport = ScriptedTransport(ABSENT, Refused("ResourceExistsException", {}))
    assert not through(transport).put_if_empty(CURSOR_KEY, "bb")


def test_the_token_of_a_first_value_is_always_the_same() -> None:
    transport = ScriptedTransport(ABSENT, {}, ABSENT, {})
    for _ in range(2):
        through(transport).put_if_empty(CURSOR_KEY, "aa")
    tokens = {sent["ClientRequestToken"] for action, sent, _ in transport.sent if action == "PutSecretValue"}
    assert len(tokens) == 1
    assert len(tokens.pop()) >= 32


def test_a_secret_is_read_once() -> None:
    transport = ScriptedTransport(Refused("ThrottlingException", {}), {"SecretString": "00ff"})
    secrets = through(transport)
    assert [secrets.text(CURSOR_KEY) for _ in range(3)] == ["00ff"] * 3
    assert len(transport.sent) == 2


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnrecognizedClientException"])
def test_what_may_not_be_read_is_asked_again_by_the_next(code: str) -> None:
    secrets = through(ScriptedTransport(Refused(code, {}), {"SecretString": "00ff"}))
    with pytest.raises(Unavailable, match=code):
        secrets.text(CURSOR_KEY)
    assert secrets.text(CURSOR_KEY) == "00ff"


def test_a_secret_that_may_not_be_read_says_what_to_check() -> None:
    with pytest.raises(Unavailable, match=f"AccessDenied.*secretsmanager:GetSecretValue of {NAME}"):
        through(ScriptedTransport(Refused("AccessDeniedException", {}))).text(CURSOR_KEY)


@pytest.mark.parametrize("code", ["InvalidRequestException", "DecryptionFailure"])
def test_a_secret_that_cannot_be_used_says_so(code: str) -> None:
    with pytest.raises(Unavailable, match=f"{NAME} is marked as deleted, or.*{code}"):
        through(ScriptedTransport(Refused(code, {}))).text(CURSOR_KEY)


def test_a_secret_that_terraform_has_not_made_cannot_be_given_a_value(sdk: Sdk) -> None:
    secrets = through(SdkTransport(sdk.client("secretsmanager")))
    for put in (secrets.put_if_empty, secrets.replace):
        with pytest.raises(Unavailable, match=f"check that Terraform has made the secret {NAME}"):
            put(CURSOR_KEY, "00")


def test_no_value_is_in_what_is_told(secrets: Secrets) -> None:
    secrets.put_if_empty(CURSOR_KEY, "not-hexadecimal")
    with pytest.raises(Unavailable, match="not hexadecimal text") as told:
        secrets.key(CURSOR_KEY)
    assert "not-hexadecimal" not in str(told.value)
    assert told.value.__suppress_context__
