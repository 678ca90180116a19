"""``python -m infra.local up|down|status|token|drill|check``: an environment on this machine, by the real Terraform.

Exit codes: 0 done, 1 failed, 3 Terraform or its provider is missing and so its part was left out.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
import httpx

from infra.local import checks, emulator, mail, package, people, state, terraform
from infra.local import drill as recovery
from infra.local.state import State

LEFT_OUT = 3


@click.group(help="AWS on one machine: an emulator, and the real Terraform applied to it.")
def main() -> None:
    """The group of commands."""


@main.command(help="Start the emulator, apply Terraform, set the environment up, print address, key and sign-in.")
@click.option(
    "--package", "path", type=click.Path(path_type=Path), help="The zip to run (default: dist/, of this machine)."
)
def up(path: Path | None) -> None:
    """Start, apply, set up. Repeating it brings a running environment up to date."""
    begun = time.monotonic()
    try:
        mirror = terraform.require(os.environ)
    except terraform.TerraformMissingError as error:
        click.echo(f"*** TERRAFORM IS LEFT OUT: {error}. ***", err=True)
        raise SystemExit(LEFT_OUT) from error
    try:
        running = _apply(mirror, path)
        _set_up(running)
        people.make_admin(running)
        mail.verify_sender(running)
    except (emulator.EmulatorError, people.SignInError, terraform.TerraformError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Up after {time.monotonic() - begun:.0f} s.")
    _tell(running)


@main.command(help="Stop the emulator and forget everything in it.")
def down() -> None:
    """Stop and clear away."""
    click.echo("Stopped." if emulator.stop() else "Nothing was running.")


@main.command(help="Tell whether it runs, and where.")
@click.option("--json", "as_json", is_flag=True, help="What is remembered, as JSON.")
def status(*, as_json: bool) -> None:
    """Tell what is remembered; exit code 1 if nothing runs."""
    known = _running()
    if as_json:
        told = {"apiUrl": known.api_url, "host": known.host, "userPool": known.user_pool, "client": known.client}
        click.echo(json.dumps(told | known.variables(), indent=2))
    else:
        _tell(known)


@main.command(
    help="Sign admin in, and print an access token for the header Authorization: Bearer. It is good for an hour."
)
def token() -> None:
    """Print the token alone."""
    try:
        click.echo(people.access_token(_running()))
    except people.SignInError as error:
        raise click.ClickException(str(error)) from error


@main.command(help="Lose every table, make each row again from the archive, compare them, print RTO and RPO.")
def drill() -> None:
    """Hold the recovery drill."""
    known = _running()
    try:
        outcome = recovery.run(known, terraform.require(os.environ), click.echo)
    except terraform.TerraformMissingError as error:
        click.echo(f"*** TERRAFORM IS LEFT OUT: {error}. ***", err=True)
        raise SystemExit(LEFT_OUT) from error
    except (recovery.DrillError, terraform.TerraformError, httpx.HTTPError) as error:
        raise click.ClickException(str(error)) from error
    for name, seconds in outcome.stages.items():
        click.echo(f"  {seconds:6.1f} s  {name}")
    click.echo(f"RTO {outcome.rto:.0f} s (target 20 minutes for a lost table, 60 for everything)")
    click.echo(f"RPO {outcome.rpo:.1f} s (target 1 minute): no change was lost")
    click.echo(f"{outcome.rows} rows are there again, {outcome.changes} of them changes, each the same byte by byte.")


@main.command(help="Check the Terraform: format, validity, tests, checkov if it is installed.")
def check() -> None:
    """Run the checks that need no account. Where Terraform is missing that is told loudly, and is no failure."""
    try:
        failed = checks.check()
    except terraform.TerraformMissingError as error:
        click.echo(f"*** TERRAFORM IS NOT CHECKED: {error}. ***", err=True)
        return
    if checks.find_checkov() is None:
        click.echo(
            "*** checkov is missing, and DID NOT RUN: pip install checkov, in an environment of its own. ***", err=True
        )
    for command in failed:
        click.echo(f"Failed: {' '.join(command)}", err=True)
    raise SystemExit(1 if failed else 0)


def _running() -> State:
    """What runs; exit code 1 if nothing does."""
    known = state.load()
    if known is None or not state.is_alive(known.pid):
        raise click.ClickException("nothing is running: make aws-up")
    return known


def _apply(mirror: Path, path: Path | None) -> State:
    running = emulator.start()
    click.echo(f"The emulator answers at {running.endpoint} (process {running.pid}).")
    found = package.find(path)
    package.upload(found, running)
    click.echo("Terraform is applied; this takes a minute or two ...")
    outputs = terraform.apply(running, found, mirror)
    made = replace(
        running,
        api_url=f"{running.endpoint}/v1",
        # The emulator tells APIs apart by this header, as AWS does by the name in the address.
        host=f"{outputs['api_id']}.execute-api.localhost:{running.port}",
        key_secret=outputs["api_key_secret"],
        archive_bucket=outputs["archive_bucket"],
        mail_sender=outputs["mail_sender"],
        user_pool=outputs["user_pool"],
        client=outputs["user_pool_client"],
    )
    made.save()
    return made


def _set_up(running: State) -> None:
    """Fill the secrets and make the first key, as after every apply on AWS.

    Raises:
        EmulatorError: it does not succeed.
    """
    command = [sys.executable, "-m", "bbws.entrypoints.cli", "aws", "setup"]
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, env=os.environ | running.variables(), capture_output=True, text=True, check=False
    )
    click.echo(done.stdout.strip())
    if done.returncode:
        raise emulator.EmulatorError(f"bbws aws setup failed:\n{done.stderr[-3000:]}")


def _tell(running: State) -> None:
    click.echo(f"API:  {running.api_url} with the header Host: {running.host}")
    click.echo(f"Key:  in Secrets Manager, {running.key_secret}; the environment of a command that reads it:")
    click.echo("      " + " ".join(f"{name}={value}" for name, value in running.variables().items()))
    click.echo(f"Admin: user name {people.ADMIN}, password in {people.file(state.FOLDER)}; a token to call with:")
    click.echo(f'      curl -H "Authorization: Bearer $({sys.executable} -m infra.local token)" ...')


if __name__ == "__main__":
    main()
