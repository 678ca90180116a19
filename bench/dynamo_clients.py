"""Ways to DynamoDB, each to the same rows: our table over several transports, and two clients of other types."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import boto3
import orjson
import urllib3
from aiodynamo.client import URL, Client
from aiodynamo.credentials import Key as AioKey
from aiodynamo.credentials import StaticCredentials
from aiodynamo.expressions import F, HashKey
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.operations import Put
from boto3.dynamodb.types import TypeDeserializer
from botocore.session import Session

from bbws.engines.aws.calls import Calls, HttpTransport
from bbws.engines.aws.codec import item_of, row_of
from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.layout import Layout
from bbws.engines.aws.signing import Credentials, signed
from bbws.engines.aws.table import DynamoTable
from bbws.kernel.clock import SystemClock
from bbws.kernel.table import Insert, Key, Row
from bench.functions import REGION

TABLE = "products-bench"
INDEX = "ActiveProductsIndex"
PAGE = 20
_WHO = Credentials("nobody", "nothing")
_ABSENT = "attribute_not_exists(PK) OR expiresAt <= :now"

type Methods = Mapping[str, Callable[[], object]]


def plain_row(item: Mapping[str, Any]) -> Row:
    """A row of an item whose values a client has made Python's own."""
    return row_of({name: _typed(value) for name, value in item.items()} | {"document": {"M": {}}})._replace(
        document=_whole(item["document"])
    )


def _typed(value: object) -> dict[str, Any]:
    return {"N": str(value)} if isinstance(value, (Decimal, int)) else {"S": value}


def _whole(value: Any) -> Any:  # noqa: ANN401 - any value of a document
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, Decimal) else value


@contextmanager
def clients(address: str, writes: list[Insert]) -> Iterator[dict[str, Methods]]:
    """Everyone's calls by action, against a stub at an address. ``writes``: what a transaction stores."""
    with ExitStack() as stack:
        http = HttpTransport(REGION, lambda: _WHO, SystemClock(), address)
        stack.callback(http.close)
        session = Session()
        session.set_credentials(*_WHO)
        bare = session.create_client("dynamodb", region_name=REGION, endpoint_url=address)
        options = {
            "region_name": REGION,
            "endpoint_url": address,
            "aws_access_key_id": _WHO.access_key,
            "aws_secret_access_key": _WHO.secret_key,
        }
        resource = boto3.resource("dynamodb", **options)
        for client in (bare, resource.meta.client):
            stack.callback(client.close)
        yield {
            "boto3 resource": _resource(resource, writes),
            "boto3 client": _table(_Sdk(boto3.client("dynamodb", **options)), writes),
            "botocore client": _table(_Sdk(bare), writes),
            "aiodynamo over aiohttp": stack.enter_context(_aiodynamo(address, writes)),
            "urllib3, own signing": _table(_Urllib3(address), writes),
            "http.client, own signing (BBWS)": _table(http, writes),
        }


def _table(transport: Any, writes: list[Insert]) -> Methods:  # noqa: ANN401 - a Transport; the SDK's has no types
    layout = Layout({}, {INDEX: (TABLE,)}, TABLE)
    table = DynamoTable(Calls(transport, Deadline()), layout, SystemClock(), REGION)
    key = writes[0].key
    return {
        "GetItem": lambda: table.get(key),
        "Query": lambda: table.query("true", index=INDEX, limit=PAGE).rows,
        "TransactWriteItems": lambda: table.commit(writes),
    }


class _Sdk:
    """The SDK's client as our Transport."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - made at run time
        self._methods = {
            "GetItem": client.get_item,
            "Query": client.query,
            "TransactWriteItems": client.transact_write_items,
        }

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        del seconds  # the client has its own
        answer: Mapping[str, Any] = self._methods[action](**payload)
        return answer


class _Urllib3:
    """As ours, on the HTTP client that the SDK uses."""

    def __init__(self, address: str) -> None:
        self._address = f"{address}/"
        self._host = address.removeprefix("http://")
        self._pool = urllib3.PoolManager()
        self._clock = SystemClock()

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        body = orjson.dumps(payload)
        headers = {
            "host": self._host,
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"DynamoDB_20120810.{action}",
        }
        now = self._clock.now()
        sent = signed(headers, body, path="/", region=REGION, service="dynamodb", who=_WHO, now=now)
        response = self._pool.request("POST", self._address, body=body, headers=sent, timeout=seconds, retries=False)
        answer: Mapping[str, Any] = orjson.loads(response.data)
        return answer


def _resource(resource: Any, writes: list[Insert]) -> Methods:  # noqa: ANN401 - made at run time
    table, key = resource.Table(TABLE), _plain_key(writes[0].key)
    query = {
        "IndexName": INDEX,
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": f"{INDEX}PK"},
        "ExpressionAttributeValues": {":p": "true"},
        "Limit": PAGE + 2,
    }
    puts = [
        {
            "Put": {
                "TableName": TABLE,
                "Item": item,
                "ConditionExpression": _ABSENT,
                "ExpressionAttributeValues": {":now": Decimal(1)},
            }
        }
        for item in _plain_items(writes)
    ]
    return {
        "GetItem": lambda: plain_row(table.get_item(Key=key, ConsistentRead=True)["Item"]),
        "Query": lambda: [plain_row(item) for item in table.query(**query)["Items"][:PAGE]],
        "TransactWriteItems": lambda: resource.meta.client.transact_write_items(TransactItems=puts),
    }


@contextmanager
def _aiodynamo(address: str, writes: list[Insert]) -> Iterator[Methods]:
    with asyncio.Runner() as runner:

        async def made() -> tuple[aiohttp.ClientSession, Client]:
            session = aiohttp.ClientSession()
            credentials = StaticCredentials(AioKey(id=_WHO.access_key, secret=_WHO.secret_key))
            return session, Client(AIOHTTP(session), credentials, REGION, URL(f"{address}/"), numeric_type=int)

        session, client = runner.run(made())
        key, items = _plain_key(writes[0].key), _plain_items(writes)

        async def get() -> Row:
            return plain_row(await client.get_item(TABLE, key, consistent_read=True))

        async def query() -> list[Row]:
            found = client.query(TABLE, HashKey(f"{INDEX}PK", "true"), index=INDEX, limit=PAGE)
            return [plain_row(item) async for item in found]

        async def transact() -> None:
            absent = F("PK").does_not_exist() | F("expiresAt").lte(1)
            await client.transact_write_items([Put(TABLE, item, absent) for item in items])

        yield {
            "GetItem": lambda: runner.run(get()),
            "Query": lambda: runner.run(query()),
            "TransactWriteItems": lambda: runner.run(transact()),
        }
        runner.run(session.close())


def _plain_key(key: Key) -> dict[str, str]:
    return {"PK": key.partition, "SK": key.sort}


def _plain_items(writes: list[Insert]) -> list[dict[str, Any]]:
    plain = TypeDeserializer().deserialize
    return [{name: plain(value) for name, value in item_of(write.row, REGION).items()} for write in writes]
