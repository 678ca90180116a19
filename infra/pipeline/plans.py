"""What a saved Terraform plan would do: for reviewers, and for what no pipeline may do."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from infra.pipeline.model import Environment

# What holds data or cannot be had again under its name: never deleted by a pipeline outside dev.
PROTECTED = {
    "aws_dynamodb_table",
    "aws_dynamodb_table_replica",
    "aws_api_gateway_rest_api",
    "aws_cognito_user_pool",
    "aws_kms_key",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sqs_queue",
}
_SHOWN = 200
_ANY_OF = "ForAllValues:StringLike"
# How the Sid of a right begins that Terraform left to the release before (infra/terraform/access.tf).
_LEFT = "ReleaseBefore"


def _changes(plan: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is done, to which address, of which type; what stays as it is left out."""
    for resource in plan.get("resource_changes", ()):
        actions = "+".join(resource["change"]["actions"])
        if actions not in {"no-op", "read"}:
            yield actions, resource["address"], resource["type"]


def forbidden(plan: Mapping[str, Any], environment: Environment) -> list[str]:
    """Addresses that the plan deletes or replaces although ``environment`` must keep them."""
    if environment == "dev":
        return []
    return [address for actions, address, kind in _changes(plan) if "delete" in actions and kind in PROTECTED]


def dropped(plan: Mapping[str, Any], environment: Environment) -> list[str]:
    """Rights that the plan takes from a role which stays, each with its address; none in dev.

    While two versions of a function run they share its role, and the plan leaves the one that is to go what it may do.
    So a right that was left to the one before that is needed by nothing any more, and is not told.
    """
    if environment == "dev":
        return []
    policies = (one for one in plan.get("resource_changes", ()) if one["type"] == "aws_iam_role_policy")
    return [found for one in policies for found in _dropped(one)]


def _dropped(resource: Mapping[str, Any]) -> Iterator[str]:
    change, address = resource["change"], resource["address"]
    before, after = (change.get(when) or {} for when in ("before", "after"))
    if "policy" not in before or set(change["actions"]) == {"delete"}:
        return  # made anew, or gone together with its function
    if "policy" not in after:
        yield f"{address}: its policy is known only once it is applied"
        return
    own = (one for one in _statements(before["policy"]) if not one.get("Sid", "").startswith(_LEFT))
    lost = set(_rights(own)) - set(_rights(_statements(after["policy"])))
    yield from (f"{address}: {action} on {where}" for action, where, _ in sorted(lost))


def _statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def _rights(statements: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Action, resource and condition of every Allow, one by one: a statement that is merely split has lost nothing."""
    for statement in statements:
        conditions = _conditions(statement.get("Condition", {}))
        if statement["Effect"] == "Allow":
            yield from product(_several(statement["Action"]), _several(statement["Resource"]), conditions)


def _conditions(condition: Mapping[str, Any]) -> list[str]:
    """A condition, one text for each set of keys that it lets in: values beside each other mean any of them."""
    rest = {operator: keys for operator, keys in condition.items() if operator != _ANY_OF}
    each = [f"{name}={value}" for name, values in condition.get(_ANY_OF, {}).items() for value in _several(values)]
    return [json.dumps([rest, one], sort_keys=True) for one in each or [""]]


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def summary(plan: Mapping[str, Any]) -> str:
    """The plan as Markdown: addresses and actions alone, since values may be confidential."""
    changes = sorted(_changes(plan))
    if not changes:
        return "No changes.\n"
    return "\n".join([f"{len(changes)} changes", "", "| action | resource |", "|---|---|", *_rows(changes), ""])


def _rows(changes: list[tuple[str, str, str]]) -> Iterable[str]:
    yield from (f"| {actions} | `{address}` |" for actions, address, _ in changes[:_SHOWN])
    if len(changes) > _SHOWN:
        yield f"| … | and {len(changes) - _SHOWN} more |"
