"""Checks infra/terraform without an account: format, validity, ``terraform test`` with made-up providers, checkov."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.state import FOLDER
from infra.local.terraform import OVERRIDES, SOURCE, require, write_config

_STEPS: Sequence[Sequence[str]] = (
    ("fmt", "-check", "-recursive", "-diff", "-no-color"),
    ("fmt", "-check", "-recursive", "-diff", "-no-color", str(OVERRIDES)),
    ("init", "-backend=false", "-input=false", "-lockfile=readonly", "-no-color"),
    ("validate", "-no-color"),
    ("test", "-no-color"),
)
_CHECKOV = ("--framework", "terraform", "--quiet", "--compact", "--skip-download")


def check() -> list[Sequence[str]]:
    """Run every step, printing what it says; those that failed.

    Raises:
        TerraformMissingError: Terraform cannot run here.
    """
    folder = FOLDER / "check"
    config = write_config(require(os.environ), folder)
    # The plug-ins are linked outside the sources, and the garbage collector of a short run may wait.
    environment = os.environ | {
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_DATA_DIR": str(folder / "data"),
        "CHECKPOINT_DISABLE": "1",
        "GOGC": "800",
    }
    failed: list[Sequence[str]] = []
    for step in _STEPS:
        if not _succeeds(["terraform", *step], environment):
            failed.append(("terraform", *step))
            break
    checkov = find_checkov()
    if checkov is not None:
        command = [checkov, "--directory", ".", "--var-file", "environments/prod/terraform.tfvars", *_CHECKOV]
        if not _succeeds(command, environment):
            failed.append(command)
    return failed


def find_checkov() -> str | None:
    """checkov, on the PATH or beside this Python; None without one."""
    beside = Path(sys.executable).with_name("checkov")
    return shutil.which("checkov") or (str(beside) if beside.exists() else None)


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(command, cwd=SOURCE, env=environment, check=False)  # noqa: S603 - our own arguments
    return done.returncode == 0
