"""Secrets of the deployment."""

import pytest

from bbws.engines.aws.names import CURSOR_KEY
from bbws.engines.aws.sdk import Sdk
from bbws.engines.aws.secrets import Secrets
from bbws.kernel.table import Unavailable
from tests.aws.conftest import NAMES
from tests.aws.fakes import Altered, Script, refusal

NAME = NAMES.secret(CURSOR_KEY)


@pytest.fixture
def secrets(sdk: Sdk) -> Secrets:
    """The secret that Terraform makes, without a value."""
    sdk.client("secretsmanager").create_secret(Name=NAME)
    return Secrets(sdk.client("secretsmanager"), NAMES)


def test_a_secret_without_a_value_says_what_to_do(secrets: Secrets) -> None:
    with pytest.raises(Unavailable, match=f"{NAME} has no value yet: run `bbws aws setup`"):
        secrets.text(CURSOR_KEY)


def test_a_first_value_is_put_and_stays(secrets: Secrets) -> None:
    assert secrets.put_if_empty(CURSOR_KEY, "00ff")
    assert not secrets.put_if_empty(CURSOR_KEY, "1111")
    assert secrets.text(CURSOR_KEY) == "00ff"
    assert secrets.key(CURSOR_KEY) == b"\x00\xff"


def test_of_two_that_put_at_once_one_wins(sdk: Sdk, secrets: Secrets) -> None:
    client = sdk.client("secretsmanager")
    empty = Script(*[refusal("ResourceNotFoundException")] * 2)
    late = Secrets(Altered(client, get_secret_value=empty), NAMES)
    taken = Script(refusal("ResourceExistsException"))
    later = Secrets(Altered(client, get_secret_value=empty, put_secret_value=taken), NAMES)
    assert late.put_if_empty(CURSOR_KEY, "aa")
    assert not later.put_if_empty(CURSOR_KEY, "bb")
    assert len(taken.calls[0]["ClientRequestToken"]) >= 32
    assert secrets.text(CURSOR_KEY) == "aa"


def test_the_token_of_a_first_value_is_always_the_same() -> None:
    put = Script({}, {})
    for _ in range(2):
        empty = Script(refusal("ResourceNotFoundException"))
        Secrets(Altered(None, get_secret_value=empty, put_secret_value=put), NAMES).put_if_empty(CURSOR_KEY, "aa")
    assert len({call["ClientRequestToken"] for call in put.calls}) == 1


def test_a_secret_is_read_once() -> None:
    get = Script(refusal("ThrottlingException"), {"SecretString": "00ff"})
    secrets = Secrets(Altered(None, get_secret_value=get), NAMES)
    with pytest.raises(Unavailable, match="cannot answer now"):
        secrets.text(CURSOR_KEY)
    assert [secrets.text(CURSOR_KEY) for _ in range(3)] == ["00ff"] * 3
    assert len(get.calls) == 2


def test_a_secret_that_may_not_be_read_says_what_to_check() -> None:
    get = Script(refusal("AccessDeniedException"))
    with pytest.raises(Unavailable, match=f"AccessDenied.*secretsmanager:GetSecretValue of {NAME}"):
        Secrets(Altered(None, get_secret_value=get), NAMES).text(CURSOR_KEY)


@pytest.mark.parametrize("code", ["InvalidRequestException", "DecryptionFailure"])
def test_a_secret_that_cannot_be_used_says_so(code: str) -> None:
    get = Script(refusal(code))
    with pytest.raises(Unavailable, match=f"{NAME} is marked as deleted, or.*{code}"):
        Secrets(Altered(None, get_secret_value=get), NAMES).text(CURSOR_KEY)


def test_a_secret_that_terraform_has_not_made_cannot_be_given_a_value(sdk: Sdk) -> None:
    with pytest.raises(Unavailable, match=f"check that Terraform has made the secret {NAME}"):
        Secrets(sdk.client("secretsmanager"), NAMES).put_if_empty(CURSOR_KEY, "00")


def test_no_value_is_in_what_is_told(secrets: Secrets) -> None:
    secrets.put_if_empty(CURSOR_KEY, "not-hexadecimal")
    with pytest.raises(Unavailable, match="not hexadecimal text") as told:
        secrets.key(CURSOR_KEY)
    assert "not-hexadecimal" not in str(told.value)
    assert told.value.__suppress_context__
