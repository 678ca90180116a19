"""The commands about what was deployed when: records, and promotions, which judge by them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

import click

from infra.pipeline import artefacts, gates, records
from infra.pipeline.aws import client
from infra.pipeline.figures import Watched
from infra.pipeline.model import MANIFEST, SOURCES, Environment, Names, PipelineError, read_manifest
from infra.pipeline.options import environment, run, stop_if

_FORM = "%Y-%m-%dT%H:%M:%SZ"
_KINDS = get_args(records.Kind.__value__)
_STATUSES = get_args(records.Status.__value__)


@click.group()
def record() -> None:
    """Deployment records, table ``bbws-deployments-{env}``."""


@record.command("write")
@environment
@run
@click.option("--kind", type=click.Choice(_KINDS), default="DEPLOYMENT")
@click.option("--status", type=click.Choice(_STATUSES), default="STARTED")
@click.option("--started", default="", help="What the first writing printed; left out for the first.")
@click.option("--checksum", default="")
@click.option("--commit", default="")
@click.option("--detail", "details", multiple=True, metavar="NAME=VALUE")
def write(  # noqa: PLR0913 - one option for each column of the table
    name: str,
    run: str,
    actor: str,
    *,
    kind: str,
    status: str,
    started: str,
    checksum: str,
    commit: str,
    details: list[str],
) -> None:
    """Write the record of this run: STARTED at first, and how it ended with ``--started``."""
    now = datetime.now(UTC)
    began = datetime.strptime(started, _FORM).replace(tzinfo=UTC) if started else now
    told = dict(detail.partition("=")[::2] for detail in details)
    made = records.Record(cast("records.Kind", kind), began, run, actor, checksum=checksum, commit=commit, details=told)
    if status != "STARTED":
        made = made.ends(cast("records.Status", status), now)
    records.save(client("dynamodb"), _names(name), made)
    click.echo(f"started={began:{_FORM}}")


@record.command("list")
@environment
@click.option("--kind", type=click.Choice(_KINDS), default="DEPLOYMENT")
@click.option("--limit", type=click.IntRange(1, 100), default=10)
def show(name: str, kind: str, limit: int) -> None:
    """The newest records of one kind."""
    found = records.newest(client("dynamodb"), _names(name), cast("records.Kind", kind))
    for one, _ in zip(found, range(limit), strict=False):
        click.echo(
            f"{one.started:{_FORM}}  {one.status:<11}  {one.checksum[:12]:<12}  {one.commit[:12]:<12}  {one.actor}"
        )


@record.command("last")
@environment
def last(name: str) -> None:
    """Package, commit and rights left to the release before, of the deployment made last, however it ended."""
    found = next(iter(records.newest(client("dynamodb"), _names(name), "DEPLOYMENT")), None)
    if found is None:
        raise PipelineError(f"Nothing was ever deployed to {name}.")
    click.echo(f"checksum={found.checksum}\ncommit={found.commit}\nprevious={found.details.get('previous', '')}")


@record.command("unrolled")
@environment
@click.option("--since", type=click.DateTime([_FORM]), required=True, help="When the plan was made, in UTC.")
def unrolled(name: str, since: datetime) -> None:
    """Stop if somebody rolled the environment back since: who deploys must know of it."""
    back = next(iter(records.newest(client("dynamodb"), _names(name), "ROLLBACK")), None)
    if back is not None and back.started >= since.replace(tzinfo=UTC):
        raise PipelineError(
            f"{name} was rolled back on {back.started:{_FORM}} by {back.actor}: start a new deployment."
        )


@click.group()
def promote() -> None:
    """From one environment to the next: judged where it runs, admitted where it goes."""


@promote.command("judge")
@environment
@click.option("--manifest", type=click.Path(path_type=Path), default=MANIFEST)
@click.argument("path", type=click.Path(path_type=Path))
def judge(name: str, manifest: Path, path: Path) -> None:
    """Stop unless what ENVIRONMENT should get has run well where it comes from; put its package into PATH."""
    target = cast("Environment", name)
    if target not in SOURCES:
        raise click.UsageError(f"Nothing is promoted to {target}.")
    source, now = SOURCES[target], datetime.now(UTC)
    names = Names(source)
    last = records.running(client("dynamodb"), names)
    watched = Watched(client("cloudwatch"), names, read_manifest(manifest))
    found = watched.of_stretch(now - gates.judged_over(source), now)
    stop_if(gates.unpromotable(source, found, last.ended or last.started, now))
    artefacts.fetch(client("s3"), names, artefacts.package_key(last.checksum), path)
    click.echo(f"checksum={last.checksum}\ncommit={last.commit}\nfigures={found}, {found.throttles} throttles")


@promote.command("admitted")
@environment
@click.option("--checksum", default="", help="The artefact; the one promoted last if left out.")
def admitted(name: str, checksum: str) -> None:
    """Stop unless an artefact was promoted to this environment within the last 24 hours."""
    found = records.promotion(client("dynamodb"), _names(name), checksum)
    age = datetime.now(UTC) - (found.ended or found.started)
    if age > gates.PROMOTION_LASTS:
        raise PipelineError(
            f"{found.checksum} was promoted on {found.started:{_FORM}}: promote it anew, 24 hours are over."
        )
    click.echo(f"checksum={found.checksum}\ncommit={found.commit}")


def _names(environment: str) -> Names:
    return Names(cast("Environment", environment))
