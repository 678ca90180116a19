"""What IAM has of each function after Terraform: what the manifest states and the platform needs, and nothing else.

The ARNs are put together here by the names that AWS knows, not by Terraform's own way from the manifest to them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from bbws.engines.aws.names import FEED
from infra.local.state import REGION
from tests.aws.account import FUNCTIONS, MANIFEST
from tests.cloud.environment import Cloud

# An action on an ARN, under a condition (JSON; "" where there is none).
type Grant = tuple[str, str, str]
type Statement = Mapping[str, Any]

GATEWAY = f"arn:aws:apigateway:{REGION}:"
STREAMING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
WORKING = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
)
CONSUMERS = {entry["function"]: entry for entry in MANIFEST["consumers"].values()}


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_function_may_do_what_the_manifest_states_and_nothing_else(cloud: Cloud, function: str) -> None:
    granted = set(_granted(cloud, function))
    expected = set(_stated(cloud, FUNCTIONS[function]["access"])) | set(_of_the_platform(cloud, function))
    assert granted - expected == set()
    assert expected - granted == set()


def _granted(cloud: Cloud, function: str) -> Iterator[Grant]:
    """What the role may do that the function runs with."""
    iam = cloud.sdk("iam")
    configuration = cloud.sdk("lambda").get_function_configuration(FunctionName=cloud.names.function(function))
    role = configuration["Role"].rpartition("/")[2]
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}
            assert statement["Effect"] == "Allow"
            condition = json.dumps(statement["Condition"], sort_keys=True) if "Condition" in statement else ""
            yield from _each(_several(statement["Action"]), _several(statement["Resource"]), condition)


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _each(actions: Iterable[str], resources: Iterable[str], condition: str = "") -> Iterator[Grant]:
    arns = [*resources]
    return ((action, arn, condition) for action in actions for arn in arns)


def _stated(cloud: Cloud, access: Iterable[Statement]) -> Iterator[Grant]:
    for statement in access:
        resource = statement["resource"]
        if resource == "gateway/usageplans":
            yield from (_on_usage_plans(cloud, action) for action in statement["actions"])
        else:
            yield from _each(statement["actions"], _arns(cloud, resource), _condition(statement))


def _condition(statement: Statement) -> str:
    if "keys" not in statement:
        return ""
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": statement["keys"]}}
    # A call that names no key would satisfy the first.
    return json.dumps(keys | {"Null": {"dynamodb:LeadingKeys": "false"}}, sort_keys=True)


def _on_usage_plans(cloud: Cloud, action: str) -> Grant:
    if action == "apigateway:GET":
        return action, f"{GATEWAY}:/usageplans", ""
    plans = cloud.sdk("apigateway").get_usage_plans()["items"]
    [plan] = [each["id"] for each in plans if each["name"] == cloud.names.usage_plan]
    return action, f"{GATEWAY}:/usageplans/{plan}/keys", ""


def _arns(cloud: Cloud, resource: str) -> list[str]:
    """The ARNs of a resource as the manifest calls it."""
    match resource.split("/"):
        case ["table", store, *index]:
            return [_arn(cloud, "dynamodb", "/".join(["table", cloud.names.table(store), *index]))]
        case ["secret", *name]:
            return [cloud.sdk("secretsmanager").describe_secret(SecretId=cloud.names.secret("/".join(name)))["ARN"]]
        case ["queues"]:
            queues = [entry["queue"] for entry in CONSUMERS.values()]
            names = (name(queue) for queue in queues for name in (cloud.names.queue, cloud.names.dead_letters))
            return [_arn(cloud, "sqs", name) for name in names]
        case _:
            bucket = f"arn:aws:s3:::{cloud.known.archive_bucket}"
            return {
                "archive": [bucket],
                "archive/objects": [f"{bucket}/*"],
                "bus": [_arn(cloud, "events", f"event-bus/{cloud.names.bus}")],
                "queue/feed-dlq": [_arn(cloud, "sqs", cloud.names.dead_letters(FEED))],
                "mail": [
                    _arn(cloud, "ses", f"identity/{identity}")
                    for identity in ("no-reply@bigbeardweb.solutions", "bigbeardweb.solutions")
                ],
                "people": [_arn(cloud, "cognito-idp", f"userpool/{cloud.known.user_pool}")],
                "gateway/apikeys": [f"{GATEWAY}:/apikeys", f"{GATEWAY}:/apikeys/*"],
            }[resource]


def _of_the_platform(cloud: Cloud, function: str) -> Iterator[Grant]:
    """What every function needs to log and to be traced, and what those need that read a queue or a stream."""
    group = _arn(cloud, "logs", f"log-group:{cloud.names.log_group(function)}:*")
    yield from _each(("logs:CreateLogStream", "logs:PutLogEvents"), [group])
    yield from _each(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ["*"])
    if function in CONSUMERS:
        yield from _each(WORKING, [_arn(cloud, "sqs", cloud.names.queue(CONSUMERS[function]["queue"]))])
    if function == FEED:
        tables = [cloud.names.table(store) for store, entry in MANIFEST["stores"].items() if entry["stream"]]
        described = [cloud.sdk("dynamodb").describe_table(TableName=table)["Table"] for table in tables]
        yield from _each(STREAMING, [table["LatestStreamArn"] for table in described])
        yield "dynamodb:ListStreams", "*", ""
        yield "sqs:SendMessage", _arn(cloud, "sqs", cloud.names.dead_letters(FEED)), ""


def _arn(cloud: Cloud, service: str, name: str) -> str:
    account = cloud.sdk("sts").get_caller_identity()["Account"]
    return f"arn:aws:{service}:{REGION}:{account}:{name}"
