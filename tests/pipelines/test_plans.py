"""What reviewers see of a plan, and what no pipeline may do."""

import json
from typing import Any

import pytest

from infra.pipeline import plans
from infra.pipeline.model import Environment
from tests.pipelines.conftest import Account


def change(address: str, *actions: str) -> dict[str, Any]:
    secret = {"before": None, "after": {"value": "hush"}}
    return {"address": address, "type": address.split(".")[-2], "change": {"actions": list(actions), **secret}}


PLAN = {
    "resource_changes": [
        change("module.table.aws_dynamodb_table.this", "delete", "create"),
        change("module.function.aws_lambda_function.this", "update"),
        change("module.function.aws_lambda_alias.old", "delete"),
        change("aws_s3_bucket.archive", "delete"),
        change("module.people.aws_cognito_user_pool.this", "delete", "create"),
        change("aws_sqs_queue.kept", "no-op"),
        change("data.aws_iam_policy_document.it", "read"),
    ]
}


def test_reviewers_see_addresses_and_no_value() -> None:
    text = plans.summary(PLAN)
    assert "5 changes" in text
    assert "| update | `module.function.aws_lambda_function.this` |" in text
    assert "kept" not in text
    assert "hush" not in text
    assert plans.summary({}) == "No changes.\n"


def test_a_long_plan_is_cut_and_says_so() -> None:
    many = {"resource_changes": [change(f"aws_sqs_queue.n{number:03}", "create") for number in range(205)]}
    assert plans.summary(many).splitlines()[-1] == "| … | and 5 more |"


@pytest.mark.parametrize(("environment", "count"), [("dev", 0), ("sit", 3), ("prod", 3)])
def test_what_holds_data_is_never_deleted_beyond_dev(environment: Environment, count: int) -> None:
    assert len(plans.forbidden(PLAN, environment)) == count


def test_the_command_shows_the_plan_and_stops_at_a_deletion(dev: Account, accounts: dict[str, Account]) -> None:
    path = dev.folder / "plan.json"
    path.write_text(json.dumps(PLAN))
    assert "5 changes" in dev.run("review", str(path)).stdout
    refused = accounts["prod"].run("review", str(path), fails="deletes aws_s3_bucket.archive")
    assert "5 changes" in refused.stdout


POLICY = 'module.endpoint["getProduct"].module.function.aws_iam_role_policy.this'
READ = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": "products"}


def _policy(*statements: dict[str, Any]) -> dict[str, str]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}


def _keys(*keys: str) -> dict[str, Any]:
    return READ | {"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}}}


def _replaced(before: dict[str, str] | None, after: dict[str, str] | None, *actions: str) -> dict[str, Any]:
    told = {"actions": list(actions or ("update",)), "before": before, "after": after}
    return {"resource_changes": [{"address": POLICY, "type": "aws_iam_role_policy", "change": told}]}


WRITE = READ | {"Action": "dynamodb:PutItem"}
BOTH = READ | {"Action": ["dynamodb:PutItem", "dynamodb:GetItem"], "Resource": ["products", "keys"]}
LEFT = WRITE | {"Sid": "ReleaseBefore0"}
DENY = WRITE | {"Effect": "Deny"}


@pytest.mark.parametrize(
    ("plan", "count"),
    [
        (_replaced(_policy(READ, WRITE), _policy(READ)), 1),
        (_replaced(_policy(READ, WRITE), _policy(READ, DENY)), 1),
        (_replaced(_policy(BOTH), _policy(READ)), 3),
        (_replaced(_policy(_keys("A#*", "B#*")), _policy(_keys("A#*"))), 1),
        (_replaced(_policy(READ), _policy(_keys("A#*"))), 1),
        (_replaced(_policy(READ), {}), 1),
        (_replaced(_policy(READ, WRITE), _policy(READ), "delete", "create"), 1),
        (_replaced(_policy(READ), _policy(READ, WRITE)), 0),
        (_replaced(_policy(READ, WRITE), _policy(BOTH)), 0),
        (_replaced(_policy(_keys("A#*")), _policy(_keys("B#*", "A#*"))), 0),
        (_replaced(_policy(READ, LEFT), _policy(READ)), 0),
        (_replaced(_policy(READ, WRITE), _policy(READ, LEFT)), 0),
        (_replaced(_policy(READ, WRITE, LEFT), _policy(READ)), 1),
        (_replaced(_policy(READ), None, "delete"), 0),
        (_replaced(None, _policy(READ), "create"), 0),
    ],
)
def test_rights_that_a_plan_takes_away_are_told(plan: dict[str, Any], count: int) -> None:
    assert len(plans.dropped(plan, "prod")) == len(plans.dropped(plan, "sit")) == count
    assert plans.dropped(plan, "dev") == []


def test_the_command_takes_rights_away_only_if_somebody_typed_so(accounts: dict[str, Account]) -> None:
    prod = accounts["prod"]
    path = prod.folder / "plan.json"
    path.write_text(json.dumps(_replaced(_policy(READ, WRITE), _policy(READ))))
    prod.run("review", str(path), fails=f"{POLICY}: dynamodb:PutItem on products")
    prod.run("review", str(path), RIGHTS="yes", fails="type 'drop-rights'")
    prod.run("review", str(path), RIGHTS="drop-rights")
