"""How long clients may take, and what AWS's refusals mean (src/bbws/engines/aws/sdk.py)."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ParamValidationError
from moto import mock_aws

from bbws.engines.aws.sdk import Sdk, answered, packed
from bbws.kernel.table import Unavailable
from tests.aws.conftest import REGION
from tests.aws.fakes import Wire, refusal


def test_a_client_is_made_once(sdk: Sdk) -> None:
    assert sdk.client("sqs") is sdk.client("sqs")
    assert sdk.client("sqs").meta.region_name == REGION


def test_another_endpoint_is_asked_in_its_place() -> None:
    with mock_aws():
        client = Sdk(REGION, "http://127.0.0.1:4566").client("s3")
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    assert client.meta.config.s3["addressing_style"] == "path"


def test_no_attempt_is_made_that_might_not_end_in_time() -> None:
    left = iter([29.0, 5.9])
    wire = Wire(503)
    with mock_aws():
        client = Sdk(REGION, seconds_left=lambda: next(left)).client("sqs")
        client.meta.events.register("before-send.*", wire)
        with pytest.raises(Unavailable, match="ran out"), answered("what"):
            client.list_queues()
    assert wire.attempts == 1


def test_what_fails_in_passing_is_tried_again(sdk: Sdk) -> None:
    client = sdk.client("sqs")
    wire = Wire(503, EndpointConnectionError(endpoint_url="x"), None)
    client.meta.events.register_first("before-send.*", wire)
    assert client.list_queues()["ResponseMetadata"]["RetryAttempts"] == 2
    assert wire.attempts == 3


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("RequestThrottled", 403),
        ("SlowDown", 503),
        ("InternalError", 500),
        ("TooManyRequestsException", 429),
    ],
)
def test_too_much_for_now_is_unavailable(code: str, status: int) -> None:
    with pytest.raises(Unavailable, match=f"cannot answer now: Call: {code} .request R-1"), answered("what"):
        raise refusal(code, status)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("AccessDeniedException", 400),
        ("ExpiredTokenException", 400),
        ("KmsAccessDenied", 400),
        ("NoSuchBucket", 404),
        ("AWS.SimpleQueueService.NonExistentQueue", 400),
        ("ResourceNotFoundException", 400),
    ],
)
def test_what_is_not_set_up_is_unavailable_and_says_what_to_check(code: str, status: int) -> None:
    with pytest.raises(Unavailable, match=f"refuses: Call: {code} .*: check the role"), answered("check the role"):
        raise refusal(code, status)


def test_no_connection_and_no_credentials_are_unavailable() -> None:
    for error, said in (
        (EndpointConnectionError(endpoint_url="https://x"), "cannot be reached"),
        (NoCredentialsError(), "sign in"),
    ):
        with pytest.raises(Unavailable, match=said), answered("what"):
            raise error


def test_a_wrong_call_is_a_fault_of_ours() -> None:
    for error in (refusal("ValidationException"), ParamValidationError(report="x")):
        with pytest.raises((ClientError, ParamValidationError)), answered("what"):
            raise error


def test_items_are_packed_by_number_and_size_in_their_order() -> None:
    assert [*packed("", len, 2, 9)] == []
    assert [*packed("abcde", len, 2, 9)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [*packed(["aa", "b", "cccc", "d"], len, 9, 3)] == [["aa", "b"], ["cccc"], ["d"]]
