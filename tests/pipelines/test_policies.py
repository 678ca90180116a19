"""The rights of the pipeline's roles: enough, and not so many that a role could give itself more."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infra.pipeline.aws import client
from infra.pipeline.commands import POLICIES
from tests.architecture.source import ROOT
from tests.pipelines.actions import ACTIONS
from tests.pipelines.conftest import Account

ACCOUNT = "123456789012"
MANIFEST = json.loads((ROOT / "infra/terraform/manifest.json").read_text(encoding="utf-8"))
NAMES = sorted(path.stem for path in POLICIES.glob("*.json"))
LARGEST = 6144  # of a managed policy, spaces not counted
GIVEN = ("--region", "eu-west-1", "--account", ACCOUNT)
TRUST = ("--repository", "owner/bbws", "--github-environment", "dev-plan")
# Terraform's resources whose service has another name in IAM.
SERVICES = {"api": "apigateway", "cognito": "cognito-idp"}


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((POLICIES / f"{name}.json").read_text(encoding="utf-8"))["Statement"]
    return found


def several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def meets(statement: dict[str, Any], action: str, resource: str) -> bool:
    return any(fnmatchcase(action, one) for one in several(statement["Action"])) and any(
        fnmatchcase(resource, one) for one in several(statement["Resource"])
    )


def denied(name: str, action: str, resource: str) -> bool:
    denials = (one for one in statements(name) if one["Effect"] == "Deny" and "Condition" not in one)
    return any(meets(one, action, resource) for one in denials)


def allowing(name: str, action: str) -> Iterator[dict[str, Any]]:
    for one in statements(name):
        if one["Effect"] == "Allow" and any(fnmatchcase(action, asked) for asked in several(one["Action"])):
            yield one


@pytest.mark.parametrize("name", [name for name in NAMES if name != "trust"])
def test_a_policy_is_one_that_aws_takes(dev: Account, name: str) -> None:
    text = dev.run("policy", *GIVEN, name).stdout
    assert "${" not in text
    assert len(re.sub(r"\s", "", text)) <= LARGEST
    client("iam").create_policy(PolicyName=f"pipeline-bbws-{name}-dev", PolicyDocument=text)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_names_no_account(name: str) -> None:
    assert not re.search(r"\d{12}", (POLICIES / f"{name}.json").read_text(encoding="utf-8"))


def test_a_role_is_trusted_by_one_environment_of_one_repository(dev: Account) -> None:
    [statement] = json.loads(dev.run("policy", *GIVEN, *TRUST, "trust").stdout)["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:owner/bbws:environment:dev-plan",
        }
    }
    with pytest.raises(AssertionError, match="environment of GitHub"):
        dev.run("policy", *GIVEN, "trust")


@pytest.mark.parametrize("action", ["PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy", "PassRole"])
@pytest.mark.parametrize("kind", ["deploy", "plan", "boundary"])
def test_no_pipeline_changes_its_own_roles(action: str, kind: str) -> None:
    own = f"arn:aws:iam::${{ACCOUNT}}:role/pipeline-bbws-{kind}-${{ENVIRONMENT}}"
    assert denied("deploy-roles", f"iam:{action}", own)
    assert denied("plan", f"iam:{action}", own)
    assert not any(meets(one, f"iam:{action}", own) for one in statements("deploy-roles") if one["Effect"] == "Allow")


def test_a_role_that_a_deployment_makes_stays_within_the_boundary() -> None:
    for action in ("CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary"):
        [one] = allowing("deploy-roles", f"iam:{action}")
        boundary = "arn:aws:iam::${ACCOUNT}:policy/pipeline-bbws-boundary-${ENVIRONMENT}"
        assert one["Condition"]["StringEquals"] == {"iam:PermissionsBoundary": boundary}
    for action in ("iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion", "iam:CreateUser", "sts:AssumeRole"):
        assert denied("deploy-roles", action, "arn:aws:iam::${ACCOUNT}:role/bbws-x-dev")
    assert not any(action.startswith(("iam:", "sts:")) for one in statements("boundary") for action in one["Action"])


@pytest.mark.parametrize("action", ["AdminAddUserToGroup", "AdminCreateUser", "AdminSetUserPassword", "SignUp"])
def test_no_pipeline_makes_a_person(action: str) -> None:
    # The boundary is of the functions: one of them puts people into the groups of roles in tenants. IAM cannot say into
    # which groups, but whoever deploys code says anyway who is an Admin to it.
    asked = [name for name in NAMES if (name, action) != ("boundary", "AdminAddUserToGroup")]
    assert not any(list(allowing(name, f"cognito-idp:{action}")) for name in asked)


def test_what_is_made_beyond_dev_is_not_lost() -> None:
    for action in (
        "cognito-idp:DeleteUserPool",
        "dynamodb:DeleteTable",
        "s3:DeleteBucket",
        "s3:BypassGovernanceRetention",
    ):
        assert denied("keep-data", action, "*")


def test_a_plan_sees_no_person_row_secret_or_record_of_the_audit() -> None:
    for action in ("AdminGetUser", "AdminListGroupsForUser", "ListUsers", "ListUsersInGroup"):
        assert denied("plan", f"cognito-idp:{action}", "arn:aws:cognito-idp:${REGION}:${ACCOUNT}:userpool/x")
    assert not denied("plan", "cognito-idp:DescribeUserPool", "arn:aws:cognito-idp:${REGION}:${ACCOUNT}:userpool/x")
    assert denied("plan", "secretsmanager:GetSecretValue", "*")
    assert denied("plan", "dynamodb:Query", "arn:aws:dynamodb:*:${ACCOUNT}:table/products-${ENVIRONMENT}")
    assert denied("plan", "s3:GetObject", "arn:aws:s3:::bbws-product-audit-logs-${ENVIRONMENT}-x/y")


def _terraform() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "infra/terraform").rglob("*.tf"))


def test_a_deployment_may_use_the_services_that_terraform_uses_and_no_other() -> None:
    kinds = set(re.findall(r'^resource "aws_([a-z0-9]+)_(\w+)"', _terraform(), re.MULTILINE))
    used = {SERVICES.get(service, service) for service, _ in kinds} - {"iam"}
    used |= {"events"} if any(kind.startswith("event_") for _, kind in kinds) else set()
    used |= {"logs"} if any(kind.startswith(("log_", "query_")) for _, kind in kinds) else set()
    named = {action.partition(":")[0] for one in statements("deploy") for action in several(one["Action"])}
    assert named == used | {"kms"}  # keys that AWS manages, by way of the other services


def test_every_type_of_terraform_has_a_line() -> None:
    found = re.findall(r'^(resource|data) "(aws_\w+)"', _terraform(), re.MULTILINE)
    assert {name if kind == "resource" else f"data.{name}" for kind, name in found} == set(ACTIONS)


@pytest.mark.parametrize("kind", sorted(ACTIONS))
def test_a_deployment_may_do_what_a_type_of_terraform_needs(kind: str) -> None:
    given = [one for name in ("deploy", "deploy-roles") for one in statements(name)]
    for service, actions, resource in ACTIONS[kind]:
        for action in (f"{service}:{name}" for name in actions.split()):
            met = {one["Effect"] for one in given if meets(one, action, resource)}
            assert met == {"Allow"}, (action, resource)


def test_a_key_of_aws_is_found_by_its_name() -> None:
    # Terraform asks KMS itself, not by way of DynamoDB, which key is the account's own. Without it tables differ.
    [asked] = [one for one in allowing("deploy", "kms:DescribeKey") if "kms:ViaService" not in json.dumps(one)]
    assert asked["Condition"] == {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/aws/*"}}


def test_the_boundary_holds_everything_that_functions_are_given() -> None:
    manifest = json.dumps(MANIFEST)
    services = "apigateway|cognito-idp|dynamodb|events|logs|s3|secretsmanager|ses|sqs|xray"
    given = set(re.findall(rf'"((?:{services}):[A-Z]\w+)"', manifest + _terraform())) - {"dynamodb:LeadingKeys"}
    assert len(given) > 20
    assert {action for action in given if not list(allowing("boundary", action))} == set()


@pytest.mark.parametrize(
    ("name", "effect", "action"),
    [
        ("boundary", "Allow", "dynamodb:GetItem"),
        ("deploy", "Allow", "dynamodb:CreateTable"),
        ("plan", "Deny", "dynamodb:Query"),
    ],
)
@pytest.mark.parametrize("store", sorted(MANIFEST["stores"]))
def test_every_table_is_within_the_boundary_made_by_a_deployment_and_unread_by_a_plan(
    store: str, name: str, effect: str, action: str
) -> None:
    table = f"arn:aws:dynamodb:*:${{ACCOUNT}}:table/{store}-${{ENVIRONMENT}}"
    met = {one["Effect"] for one in statements(name) if meets(one, action, table)}
    assert effect in met
    assert effect == "Deny" or "Deny" not in met
