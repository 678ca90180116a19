"""What every command of the pipeline takes, and how it stops."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from infra.pipeline.model import ENVIRONMENTS, PipelineError

type Command = Callable[..., Any]


def environment(command: Command) -> Command:
    """The environment, as argument ``name``."""
    choice = click.Choice(ENVIRONMENTS)
    return click.option("--environment", "name", envvar="ENVIRONMENT", type=choice, required=True)(command)


def run(command: Command) -> Command:
    """Which run of which workflow this is, and who started it, as ``run`` and ``actor``."""
    with_actor = click.option("--actor", envvar="GITHUB_TRIGGERING_ACTOR", required=True)(command)
    return click.option("--run", envvar="RUN", required=True, help="Number of the run, a dash, its attempt.")(
        with_actor
    )


def stop_if(reasons: Iterable[str]) -> None:
    """Stop the workflow with every reason.

    Raises:
        PipelineError: there is one.
    """
    found = list(reasons)
    if found:
        raise PipelineError("\n  ".join(["this may not go on:", *found]))
