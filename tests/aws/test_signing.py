"""Our signatures are those of AWS's own SDK."""

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from bbws.engines.aws.signing import Credentials, signed

HOST = "dynamodb.eu-west-1.amazonaws.com"
TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def as_the_sdk_signs(headers: dict[str, str], body: bytes, who: Credentials, service: str) -> str:
    token = who.token or None
    signer = SigV4Auth(ReadOnlyCredentials(who.access_key, who.secret_key, token), service, "eu-west-1")
    request = AWSRequest("POST", f"https://{HOST}/", headers=headers, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    text = signer.canonical_request(request)
    return f"Signature={signer.signature(signer.string_to_sign(request, text), request)}"


@pytest.mark.parametrize("token", ["", "a-session-token"])
@given(
    body=st.binary(max_size=200),
    access=TEXT,
    secret=TEXT,
    moment=st.datetimes(timezones=st.just(UTC)),
)
def test_a_signature_is_the_one_that_the_sdk_makes(
    token: str, body: bytes, access: str, secret: str, moment: datetime
) -> None:
    who = Credentials(access, secret, token)
    headers = {"host": HOST, "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem"}
    made = signed(headers, body, path="/", region="eu-west-1", service="dynamodb", who=who, now=moment)
    without = {name: value for name, value in made.items() if name != "authorization"}
    assert made["authorization"].endswith(as_the_sdk_signs(without, body, who, "dynamodb"))
    assert ("x-amz-security-token" in made) == bool(token)


def test_a_day_later_the_key_is_another() -> None:
    who = Credentials("A", "B")
    made = [
        signed({"host": HOST}, b"", path="/", region="r", service="s", who=who, now=datetime(2026, 11, day, tzinfo=UTC))
        for day in (20, 21)
    ]
    assert made[0]["authorization"] != made[1]["authorization"]
