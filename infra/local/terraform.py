"""Applies infra/terraform to the emulator: a copy of it, with overrides for what the emulator lacks."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.local.package import BUCKET, Package
from infra.local.state import CREDENTIALS, ENVIRONMENT, FOLDER, REGION, ROOT, State

SOURCE = ROOT / "infra" / "terraform"
OVERRIDES = Path(__file__).with_name("overrides")
PROVIDER = Path("registry.terraform.io") / "hashicorp" / "aws"
_USUAL = ("/opt", "/usr/local/share", "/usr/share", "/var/lib", "~/.terraform.d", "~/.local/share", "~/.cache")
_SERVICES = (
    *("apigateway", "budgets", "cloudwatch", "cognitoidp", "dynamodb", "events", "iam", "kms", "lambda"),
    *("logs", "s3", "secretsmanager", "sns", "sqs", "sts"),
)
# Most of the time goes into waiting for queues (the provider looks at each for half a minute) and into its own work:
# many at once, and a garbage collector that seldom stops them.
_PARALLELISM = 40
_GO = {"GOGC": "800"}


class TerraformMissingError(Exception):
    """There is no Terraform, or no provider for it; says which and what to do."""


class TerraformError(Exception):
    """Terraform failed; has what it said."""


def find_mirror(environment: Mapping[str, str], places: Iterable[str] = _USUAL) -> Path | None:
    """The folder of provider packages: ``TF_PROVIDER_MIRROR``, or one below the usual places; None without one."""
    named = environment.get("TF_PROVIDER_MIRROR")
    if named:
        return Path(named) if (Path(named) / PROVIDER).is_dir() else None
    for place in places:
        folder = Path(place).expanduser()
        for depth in ("", "*/", "*/*/"):
            found = sorted(folder.glob(f"{depth}{PROVIDER}"))
            if found:
                return found[0].parents[len(PROVIDER.parts) - 1]
    return None


def require(environment: Mapping[str, str]) -> Path:
    """The mirror, where Terraform can run.

    Raises:
        TerraformMissingError: it cannot.
    """
    if shutil.which("terraform", path=environment.get("PATH")) is None:
        raise TerraformMissingError("terraform is not installed: install Terraform 1.10 or newer")
    mirror = find_mirror(environment)
    if mirror is None:
        raise TerraformMissingError(
            "there is no mirror of the AWS provider on this machine: set TF_PROVIDER_MIRROR to the folder that has "
            f"{PROVIDER}, or make one with `terraform providers mirror`"
        )
    return mirror


def write_config(mirror: Path, folder: Path) -> Path:
    """A configuration of Terraform's command line that knows ``mirror`` and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "terraform.rc"
    path.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n', encoding="utf-8"
    )
    return path


def apply(
    emulator: State, package: Package, mirror: Path, folder: Path = FOLDER, only: Sequence[str] = ()
) -> Mapping[str, Any]:
    """Make or bring up to date what infra/terraform says, with dev's variables; its outputs.

    Args:
        emulator: where.
        package: what functions run.
        mirror: the folder of provider packages.
        folder: where Terraform works.
        only: addresses of resources to look at, each as it is by now, and to make again where it was lost; none: all.

    Raises:
        TerraformError: it failed.
    """
    root = _prepare(emulator, package, folder)
    environment = (
        os.environ
        | _GO
        | {
            "TF_CLI_CONFIG_FILE": str(write_config(mirror, folder)),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
    )
    variables = f"-var-file=environments/{ENVIRONMENT}/terraform.tfvars"
    _run(["init", "-no-color", "-input=false"], root, environment)
    # No refresh: nobody but Terraform changes an emulator, and what it tells of some resources is not what it was told.
    options = ["-auto-approve", "-refresh=false", f"-parallelism={_PARALLELISM}", variables]
    if only:
        options[1] = "-refresh=true"
        options += [f"-target={address}" for address in only]
    _run(["apply", "-no-color", "-input=false", *options], root, environment)
    return {name: output["value"] for name, output in json.loads(_run(["output", "-json"], root, environment)).items()}


def _prepare(emulator: State, package: Package, folder: Path) -> Path:
    """A copy of the committed root, so that nothing of an emulator is ever beside it. State and plug-ins stay."""
    root = folder / "terraform"
    for name in ("modules", "environments", "tests"):
        shutil.rmtree(root / name, ignore_errors=True)
    for path in root.glob("*.tf"):
        path.unlink()
    for path in sorted(SOURCE.rglob("*")):
        if path.is_file() and ".terraform" not in path.parts:
            copy = root / path.relative_to(SOURCE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    for path in OVERRIDES.glob("*.tf"):
        shutil.copyfile(path, root / "modules" / path.stem / "emulator_override.tf")
    (root / "emulator_override.tf").write_text(_provider(emulator.endpoint), encoding="utf-8")
    (root / "emulator.auto.tfvars.json").write_text(json.dumps(_variables(emulator, package)), encoding="utf-8")
    return root


def _provider(endpoint: str) -> str:
    endpoints = "".join(f'    {service} = "{endpoint}"\n' for service in _SERVICES)
    skipped = ("credentials_validation", "metadata_api_check", "region_validation")
    known = "".join(f'  {name} = "test"\n' for name in ("access_key", "secret_key"))
    known += "".join(f"  skip_{name} = true\n" for name in skipped)
    body = f"{known}  s3_use_path_style = true\n  endpoints {{\n{endpoints}  }}\n}}\n"
    # The state is kept as on AWS. A local file would be written anew, whole, after each resource.
    place = f'bucket = "{BUCKET}"\n  key = "terraform.tfstate"\n  region = "{REGION}"\n  use_path_style = true\n'
    place += f'  skip_requesting_account_id = true\n  endpoints = {{ s3 = "{endpoint}" }}\n'
    backend = f'terraform {{\n  backend "s3" {{\n  {place}{known}  }}\n}}\n'
    return f'{backend}provider "aws" {{\n{body}provider "aws" {{\n  alias = "recovery"\n{body}'


def _variables(emulator: State, package: Package) -> dict[str, Any]:
    return {
        "package": {"bucket": BUCKET, "key": package.key, "hash": package.hash},
        "architecture": package.architecture,
        # There is no pipeline here that would move aliases.
        "alias_moved_by": "terraform",
        # Tests wait for what comes again: after the function's time limit, not six times that, and without a window.
        "visibility_factor": 1,
        "batching_window": 0,
        "extra_environment": CREDENTIALS | {"AWS_ENDPOINT_URL": emulator.endpoint},
        "archive": {"lock_mode": "GOVERNANCE", "lock_days": 1, "force_destroy": True},
    }


def _run(arguments: list[str], root: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["terraform", *arguments],  # noqa: S607 - found on the PATH, as a user would find it
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    log = root.parent / f"terraform-{arguments[0]}.log"
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        raise TerraformError(f"terraform {arguments[0]} failed (all of it: {log}):\n{done.stderr[-6000:]}")
    return done.stdout
