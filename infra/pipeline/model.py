"""Environments, AWS names and the functions of a manifest: what every step of a pipeline agrees on."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from bbws.engines.aws import names

type Environment = Literal["dev", "sit", "prod"]

ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment.__value__)
# Where an artefact comes from before it may be deployed here (specification: operations §2).
SOURCES: Mapping[Environment, Environment] = {"sit": "dev", "prod": "sit"}
MANIFEST = Path(__file__).parents[1] / "terraform" / "manifest.json"
_CHECKSUM = re.compile(r"[0-9a-f]{64}")


class PipelineError(Exception):
    """A step cannot go on. The message says what to do; it is all that a person sees."""


@dataclass(frozen=True, slots=True)
class Names(names.Names):
    """The AWS names of one environment, those included that the pipeline alone uses."""

    environment: Environment

    @property
    def api_key(self) -> str:
        """The secret with the first API key."""
        return self.secret(names.FIRST_KEY)

    def is_alarm(self, name: str) -> bool:
        """Whether an alarm is one of this environment's."""
        return name.startswith("bbws-") and name.endswith(f"-{self.environment}")


def functions(manifest: Mapping[str, Any], environment: Environment) -> list[str]:
    """Names of the Lambda functions in the order of a release: those of the API, then those that consume."""
    own = Names(environment)
    return list(dict.fromkeys(own.function(entry["function"]) for entry in entries(manifest)))


def entries(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a manifest says of each function, in the order of a release."""
    for part in ("endpoints", "consumers", "daily"):
        yield from (entry for _, entry in sorted(manifest[part].items()))
    # Last: what it starts to hand on must find its consumers in their new version.
    yield manifest["feed"]


def dead_letters(manifest: Mapping[str, Any], environment: Environment) -> list[str]:
    """Names of the queues where what could not be done is parked: one for each consumer, and the feed's."""
    own = Names(environment)
    return [own.dead_letters(queue) for queue in (*(one["queue"] for one in manifest["consumers"].values()), "feed")]


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest that Terraform reads too.

    Raises:
        PipelineError: it is not there.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PipelineError(f"{path} is missing: 'make docs' writes it.") from error
    return found


def checked(checksum: str) -> str:
    """``checksum``, if it is a SHA-256 in lower-case hexadecimal.

    Raises:
        PipelineError: it is not.
    """
    if not _CHECKSUM.fullmatch(checksum):
        raise PipelineError("A checksum is a SHA-256: 64 hexadecimal digits in lower case.")
    return checksum
