"""Which rights a function really uses: every call that it makes, in the words of the manifest."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from bbws.engines.aws.calls import Refused, Transport
from bbws.engines.aws.sdk import Sdk

# An action, the resource that it is about, and the family of rows where it is about some.
type Right = tuple[str, str, str]

_SINGLE = {"GetItem", "PutItem", "DeleteItem"}
_OF_TRANSACTIONS = {"Get": "GetItem", "Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_OF_PEOPLE = {
    "AdminAddUserToGroup",
    "AdminDeleteUser",
    "AdminListGroupsForUser",
    "AdminRemoveUserFromGroup",
    "AdminUpdateUserAttributes",
    "ListUsers",
}
_GATEWAY: Mapping[str, Right] = {
    "CreateApiKey": ("apigateway:POST", "gateway/apikeys", ""),
    "GetApiKeys": ("apigateway:GET", "gateway/apikeys", ""),
    "DeleteApiKey": ("apigateway:DELETE", "gateway/apikeys", ""),
    "GetUsagePlans": ("apigateway:GET", "gateway/usageplans", ""),
    "CreateUsagePlanKey": ("apigateway:POST", "gateway/usageplans", ""),
}

# What a consumer that is broken cannot do: its step meets a fault, and what is kept of that can be kept.
_BREAKING = {("dynamodb:PutItem", "table/products", "WORDS"), ("dynamodb:GetItem", "table/tenants", "TENANT")}


class Rights:
    """Rights used, by function."""

    def __init__(self) -> None:
        self.used: dict[str, set[Right]] = defaultdict(set)
        self.broken: set[str] = set()

    def watch(self, function: str, sender: Transport) -> Transport:
        """A sender that notes what it sends for a function."""
        return _Recorder(self, function, sender)

    def watch_sdk(self, function: str, sdk: Sdk) -> None:
        """Note what a function sends through the SDK."""

        def note(**event: Any) -> None:
            model, params = event["model"], event["params"]
            self.used[function].add(_of_sdk(model.service_model.service_name, model.name, params))

        sdk.session.register("before-call.*", note)


class _Recorder:
    def __init__(self, rights: Rights, function: str, sender: Transport) -> None:
        self._rights = rights
        self._function = function
        self._sender = sender

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        used = list(_of_call(action, payload))
        self._rights.used[self._function].update(used)
        if self._function in self._rights.broken and not _BREAKING.isdisjoint(used):
            raise Refused("ValidationException", {})
        return self._sender.send(action, payload, seconds)


def _of_call(action: str, payload: Mapping[str, Any]) -> Iterator[Right]:
    if action in _SINGLE:
        yield _on_row(action, payload)
    elif action == "Query":
        table = _table(payload)
        if "IndexName" in payload:
            yield "dynamodb:Query", f"{table}/index/{payload['IndexName']}", ""
        else:
            yield "dynamodb:Query", table, _family(payload["ExpressionAttributeValues"][":p"]["S"])
    elif action in {"TransactWriteItems", "TransactGetItems"}:
        for each in payload["TransactItems"]:
            [(verb, request)] = each.items()
            yield _on_row(_OF_TRANSACTIONS[verb], request)
    elif action == "GetSecretValue":
        yield f"secretsmanager:{action}", f"secret/{payload['SecretId'].partition('bbws/')[2].rpartition('-')[0]}", ""
    elif action in _OF_PEOPLE:
        yield f"cognito-idp:{action}", "people", ""
    else:
        yield f"dynamodb:{action}", "", ""


def _on_row(action: str, request: Mapping[str, Any]) -> Right:
    key = request.get("Key") or request["Item"]
    return f"dynamodb:{action}", _table(request), _family(key["PK"]["S"])


def _table(request: Mapping[str, Any]) -> str:
    return f"table/{request['TableName'].rpartition('-')[0]}"


def _family(partition: str) -> str:
    return partition.partition("#")[0]


def _of_sdk(service: str, operation: str, params: Mapping[str, Any]) -> Right:
    match service:
        case "s3":
            return ("s3:ListBucket", "archive", "") if operation == "ListObjectsV2" else _archived(operation)
        case "sqs":
            resource = "queue/feed-dlq" if "bbws-feed-dlq-" in str(params["body"]) else "queues"
            return f"sqs:{operation.removesuffix('Batch')}", resource, ""
        case "sesv2":
            return f"ses:{operation}", "mail", ""
        case "events":
            return f"events:{operation}", "bus", ""
        case _:
            return _GATEWAY[operation]


def _archived(operation: str) -> Right:
    return f"s3:{operation}", "archive/objects", ""
