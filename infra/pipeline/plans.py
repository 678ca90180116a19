"""What a saved Terraform plan would do: for reviewers, and for what no pipeline may do."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.pipeline.model import Environment

# What holds data or cannot be had again under its name: never deleted by a pipeline outside dev.
PROTECTED = {
    "aws_dynamodb_table",
    "aws_dynamodb_table_replica",
    "aws_api_gateway_rest_api",
    "aws_kms_key",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sqs_queue",
}
_SHOWN = 200


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
