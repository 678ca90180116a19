"""The commands of the pipeline: gates, packages, plans, smoke tests. Releases and records are in two files beside."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import cast

import click

from infra.pipeline import artefacts, gates, plans
from infra.pipeline.aws import client
from infra.pipeline.commands_records import promote, record
from infra.pipeline.commands_release import release
from infra.pipeline.model import Environment, Names, PipelineError, checked
from infra.pipeline.options import environment, stop_if
from infra.pipeline.prepare import prepare
from infra.pipeline.smoke import Api, smoke

POLICIES = Path(__file__).with_name("policies")
_KEYS = {"package": artefacts.package_key, "plan": artefacts.plan_key, "manifest": artefacts.manifest_key}


@click.group()
def main() -> None:
    """What the workflows do to AWS. Credentials and region come from the environment."""


main.add_command(release)
main.add_command(record)
main.add_command(promote)


@main.command("gate")
@environment
@click.option("--ref", envvar="GITHUB_REF", required=True)
@click.option("--typed", envvar="TYPED", default="")
@click.option("--reason", envvar="REASON", default="")
@click.option("--ticket", envvar="TICKET", default="")
@click.option("--emergency", envvar="EMERGENCY", type=bool, default=False)
def check_gate(name: str, *, ref: str, typed: str, reason: str, ticket: str, emergency: bool) -> None:
    """Stop unless what was typed, the branch and the hour allow a deployment."""
    wish = gates.Wish(cast("Environment", name), ref, typed, reason, ticket, emergency)
    stop_if(gates.refusals(wish, datetime.now(UTC)))


@main.command("approvals")
@environment
@click.option("--starter", envvar="GITHUB_TRIGGERING_ACTOR", required=True)
@click.argument("reviews", type=click.File())
def check_approvals(name: str, starter: str, reviews: Iterable[str]) -> None:
    """Stop unless enough others approved. REVIEWS is what GitHub's ``runs/{id}/approvals`` answers."""
    found = gates.approvers(json.loads("".join(reviews)), starter)
    stop_if(gates.unapproved(cast("Environment", name), found))
    click.echo(f"approvers={','.join(found)}")


@main.command("store")
@environment
@click.option("--kind", type=click.Choice(sorted(_KEYS)), required=True)
@click.option("--checksum", default="", help="What the file must be; its own checksum if left out.")
@click.option("--commit", default="")
@click.argument("path", type=click.Path(path_type=Path))
def store(name: str, kind: str, checksum: str, commit: str, path: Path) -> None:
    """Put a package, a saved plan or a manifest of rights into the bucket of artefacts."""
    wanted = checked(checksum) if checksum else artefacts.checksum_of(path)
    artefacts.store(client("s3"), _names(name), path, _key(kind, wanted), {"commit": commit})
    click.echo(f"checksum={wanted}")


@main.command("fetch")
@environment
@click.option("--kind", type=click.Choice(sorted(_KEYS)), required=True)
@click.option("--checksum", required=True)
@click.argument("path", type=click.Path(path_type=Path))
def fetch(name: str, kind: str, checksum: str, path: Path) -> None:
    """Get a package, a saved plan or a manifest of rights from the bucket, and check that it is the very one."""
    metadata = artefacts.fetch(client("s3"), _names(name), _key(kind, checksum), path)
    click.echo(f"commit={metadata.get('commit', '')}")


@main.command("package-variable")
@environment
@click.option("--checksum", required=True)
def package_variable(name: str, checksum: str) -> None:
    """Print the value of Terraform's variable ``package`` for a package in the bucket of artefacts."""
    click.echo(artefacts.variable(_names(name), checksum))


@main.command("review")
@environment
@click.option("--rights", envvar="RIGHTS", default="", help="What somebody typed about rights that are taken away.")
@click.argument("path", type=click.Path(path_type=Path))
def review(name: str, rights: str, path: Path) -> None:
    """Print what a plan would do (PATH is from ``terraform show -json``); stop if it loses data or rights."""
    plan = json.loads(path.read_text(encoding="utf-8"))
    click.echo(plans.summary(plan))
    environment = cast("Environment", name)
    lost = plans.forbidden(plan, environment)
    reasons = [f"The plan deletes {address}: no pipeline may do that in {name}." for address in lost]
    stop_if([*reasons, *gates.unacknowledged(plans.dropped(plan, environment), rights)])


@main.command("smoke")
@environment
@click.option("--url", envvar="API_URL", required=True, help="Ends with the stage.")
@click.option("--integration/--no-integration", default=False)
def run_smoke(name: str, url: str, *, integration: bool) -> None:
    """Call the deployed API as a customer would, with the key from Secrets Manager."""
    api = Api(url, _api_key(_names(name)), time.monotonic, time.sleep)
    for done in smoke(api, integration=integration):
        click.echo(f"ok: {done}")


def _api_key(names: Names) -> str:
    secrets = client("secretsmanager")
    try:
        found: str = secrets.get_secret_value(SecretId=names.api_key)["SecretString"]
    except secrets.exceptions.ResourceNotFoundException as error:
        raise PipelineError(f"The secret {names.api_key} has no value: run 'bbws aws setup'.") from error
    return found.strip()


@main.command("prepare")
@environment
@click.option("--region", envvar="AWS_REGION", required=True)
def prepare_account(name: str, region: str) -> None:
    """Make the buckets and the table that the pipeline itself needs. Once for each account, by an administrator."""
    for done in prepare(client("s3"), client("dynamodb"), _names(name), region):
        click.echo(f"ok: {done}")


@main.command("policy")
@environment
@click.option("--region", envvar="AWS_REGION", required=True)
@click.option("--account", required=True, help="Number of the AWS account.")
@click.option("--repository", default="", help="For trust: OWNER/REPOSITORY.")
@click.option("--github-environment", default="", help="For trust: such as prod-plan.")
@click.argument("policy", type=click.Choice(sorted(path.stem for path in POLICIES.glob("*.json"))))
def show_policy(name: str, policy: str, **values: str) -> None:
    """Print a policy of the pipeline's roles, with the names of this environment and account."""
    if policy == "trust" and not (values["repository"] and values["github_environment"]):
        raise click.UsageError("The trust names a repository and an environment of GitHub.")
    text = Template((POLICIES / f"{policy}.json").read_text(encoding="utf-8"))
    click.echo(text.substitute({"ENVIRONMENT": name} | {key.upper(): value for key, value in values.items()}))


def _names(environment: str) -> Names:
    return Names(cast("Environment", environment))


def _key(kind: str, checksum: str) -> str:
    return _KEYS[kind](checksum)
