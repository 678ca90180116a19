"""The commands that move traffic: back up, shift, watch, roll back, tidy up."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import click

from infra.pipeline import gates, records, rights
from infra.pipeline.aws import client
from infra.pipeline.figures import Watched
from infra.pipeline.model import MANIFEST, Environment, Names, checked, functions, read_manifest
from infra.pipeline.options import environment, stop_if
from infra.pipeline.release import Traffic, watch
from infra.pipeline.smoke import Api

_LOOK_BACK = timedelta(minutes=2)
manifest_option = click.option("--manifest", type=click.Path(path_type=Path), default=MANIFEST)


@click.group()
def release() -> None:
    """Versions and aliases of the functions."""


def _traffic(name: str, manifest: Path) -> Traffic:
    environment = cast("Environment", name)
    return Traffic(client("lambda"), functions(read_manifest(manifest), environment), Names(environment).alias)


@release.command("rights")
@environment
@manifest_option
@click.argument("path", type=click.Path(path_type=Path))
def show_rights(name: str, manifest: Path, path: Path) -> None:
    """Write what the functions that run now may do to PATH, for Terraform's variable ``previous_manifest``."""
    names = Names(cast("Environment", name))
    running = _traffic(name, manifest).packages()
    commits = records.commits(client("dynamodb"), names, {one for several in running.values() for one in several})
    manifests = {checksum: rights.manifest_of(commit, manifest) for checksum, commit in commits.items()}
    kept = rights.kept(names, read_manifest(manifest), running, manifests)
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@release.command("back-up")
@environment
@manifest_option
def back_up(name: str, manifest: Path) -> None:
    """Point an alias ``backup-<time>`` of every function to what it runs now."""
    click.echo(f"backup={_traffic(name, manifest).back_up(datetime.now(UTC))}")


@release.command("shift")
@environment
@manifest_option
@click.option("--checksum", required=True)
@click.option("--percent", type=click.IntRange(1, 100), default=100, help="How much goes to the new versions.")
def shift(name: str, manifest: Path, checksum: str, percent: int) -> None:
    """Publish the package as versions and send them this part of the calls."""
    traffic = _traffic(name, manifest)
    versions = traffic.publish(checked(checksum))
    traffic.route(versions, percent / 100)
    click.echo(f"versions={json.dumps(versions, sort_keys=True)}")


@release.command("watch")
@environment
@manifest_option
@click.option("--url", envvar="API_URL", required=True)
@click.option("--minutes", type=click.FloatRange(0, 60), required=True)
def watch_release(name: str, manifest: Path, url: str, minutes: float) -> None:
    """Stop the workflow as soon as errors, throttles, alarms or the health of the API say so."""
    stop_if(watch(_looker(name, manifest, url), minutes, time.monotonic, time.sleep))
    click.echo(f"ok: {minutes:g} minutes without trouble")


def _looker(name: str, manifest: Path, url: str) -> Callable[[], list[str]]:
    began = datetime.now(UTC)
    watched = Watched(client("cloudwatch"), Names(cast("Environment", name)), read_manifest(manifest))
    api = Api(url, "", time.monotonic, time.sleep)

    def look() -> list[str]:
        now = datetime.now(UTC)
        # What happened before the release is not its fault.
        found = watched.since_release(max(began, now - _LOOK_BACK), now)
        return gates.troubles(found, api.health())

    return look


@release.command("roll-back")
@environment
@manifest_option
@click.option("--to", "target", default="", help="A backup alias (the newest if left out), or a version.")
@click.option("--function", default="", help="With a version: the one function to move, by its name in the manifest.")
def roll_back(name: str, manifest: Path, target: str, function: str) -> None:
    """Send every call back to versions that ran before."""
    traffic = _traffic(name, manifest)
    if bool(function) != target.isdigit():
        raise click.UsageError("A version goes with --function, and a function with a version.")
    if function:
        moved = traffic.pin(Names(cast("Environment", name)).function(function), target)
    else:
        moved = traffic.roll_back(target)
    for one, version in moved.items():
        click.echo(f"{one}: {version}", err=True)
    click.echo(f"versions={json.dumps(moved, sort_keys=True)}")


@release.command("tidy")
@environment
@manifest_option
def tidy(name: str, manifest: Path) -> None:
    """Keep the last three backups and versions of each function, beside those that an alias points to."""
    click.echo(f"ok: {_traffic(name, manifest).tidy()} versions deleted")
