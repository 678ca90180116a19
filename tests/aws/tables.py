"""Tables as Terraform makes them, and the SDK as another way to DynamoDB: what our own client is held against."""

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import Session

from bbws.engines.aws.calls import Calls, Refused
from bbws.engines.aws.signing import Credentials
from infra.local.state import REGION

CREDENTIALS = Credentials("test", "test")


class SdkTransport:
    """The SDK's client behind our Transport, one call at a time: moto's transactions are not isolated."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        del seconds  # the client has its own
        try:
            with self._lock:
                answer: Mapping[str, Any] = self._client._make_api_call(action, payload)  # noqa: SLF001 - by name
        except ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response) from error
        return answer


def create_table(dynamo: Calls, name: str, indexes: Sequence[str]) -> None:
    """A table with the keys that every table has."""
    names = [("PK", "SK"), *((f"{index}PK", f"{index}SK") for index in indexes)]
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for pair in names for each in pair],
        "KeySchema": _schema(*names[0]),
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": _schema(*pair), "Projection": {"ProjectionType": "ALL"}}
            for index, pair in zip(indexes, names[1:], strict=True)
        ]
    dynamo.call("CreateTable", request)


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@cache
def session() -> Session:
    """Reading what services look like takes longer than most tests."""
    return Session()


def sdk_client(service: str, address: str | None = None) -> Any:
    """A client of the SDK, with credentials that are nobody's."""
    return session().create_client(
        service,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS.access_key,
        aws_secret_access_key=CREDENTIALS.secret_key,
        endpoint_url=address,
    )
