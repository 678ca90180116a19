"""What the functions that run now may do: the next release leaves it to them beside its own (decision 0015)."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.pipeline.model import Names, PipelineError, entries

type Manifest = Mapping[str, Any]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_GIT = "git"


def manifest_of(commit: str, path: Path) -> dict[str, Any]:
    """The manifest of a commit, as Git has it at ``path``.

    Raises:
        PipelineError: Git does not have it.
    """
    if not _COMMIT.fullmatch(commit):
        raise PipelineError(f"'{commit}' is no commit: 40 hexadecimal digits in lower case.")
    command = [_GIT, "show", f"{commit}:./{path.name}"]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise PipelineError(f"The manifest of {commit} cannot be read. {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def kept(
    names: Names, new: Manifest, running: Mapping[str, list[str]], manifests: Mapping[str, Manifest]
) -> dict[str, Any]:
    """A manifest of the rights alone that functions have now.

    Args:
        names: of the environment.
        new: the manifest that is to be deployed; what it no longer has is left out.
        running: the packages that each function runs, by checksum.
        manifests: checksum of a package to the manifest that it came with.
    """
    functions = [one["function"] for one in entries(new)]
    found = {name: {"function": name, "access": list(_access(names, name, running, manifests))} for name in functions}
    feed = found.pop(new["feed"]["function"])
    return {"endpoints": found, "consumers": {}, "daily": {}, "feed": feed}


def _access(
    names: Names, function: str, running: Mapping[str, list[str]], manifests: Mapping[str, Manifest]
) -> Iterator[dict[str, Any]]:
    for checksum in running.get(names.function(function), ()):
        for entry in entries(manifests[checksum]):
            if entry["function"] == function:
                yield from entry["access"]
