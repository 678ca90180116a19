"""AWS Signature Version 4 for the one kind of request that is made for every call: a JSON POST to DynamoDB.

Source: AWS, "Create a signed AWS API request". The SDK signs as well, but importing its signer alone takes longer than
BBWS, Pydantic included, and a call through it five times as long: docs/decisions/0012. A test holds both against each
other.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """Who calls AWS. ``token`` is empty for credentials that do not expire."""

    access_key: str
    secret_key: str
    token: str = ""


def signed(  # noqa: PLR0913 - each is a part of what is signed
    headers: Mapping[str, str], body: bytes, *, path: str, region: str, service: str, who: Credentials, now: datetime
) -> dict[str, str]:
    """The headers of a POST with those that prove who sends it.

    Args:
        headers: names in lower case, among them ``host``.
        body: what is sent.
        path: of the address, without a query.
        region: such as ``eu-west-1``.
        service: such as ``dynamodb``.
        who: the sender.
        now: in UTC.
    """
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    all_headers = {**headers, "x-amz-date": stamp}
    if who.token:
        all_headers["x-amz-security-token"] = who.token
    names = sorted(all_headers)
    listed = ";".join(names)
    lines = "".join(f"{name}:{all_headers[name]}\n" for name in names)
    request = f"POST\n{path}\n\n{lines}\n{listed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = _signing_key(who.secret_key, stamp[:8], region, service)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={who.access_key}/{scope}, SignedHeaders={listed}, Signature={signature}"
    )
    return all_headers


@lru_cache(maxsize=4)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
