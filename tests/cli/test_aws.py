"""Commands for an environment on AWS, where something is not as it should be: one line that says what to do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.state import REGION
from tests.aws import shared
from tests.aws.account import Account, account
from tests.aws.tables import CREDENTIALS

BASIC = {"name": "Basic", "description": "For all", "price": "10.00", "period": "per month"}


def run(made: Account | None, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as an operator of the environment runs it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BBWS_"))}
    environment |= {"AWS_ENDPOINT_URL": shared.address(), "BBWS_REGION": REGION}
    if made is not None:
        environment |= {
            "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
            "BBWS_ENVIRONMENT": made.environment,
            "BBWS_ARCHIVE_BUCKET": f"archive-{made.environment}",
        }
    command = [sys.executable, "-m", "bbws.entrypoints.cli", *arguments]
    return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made() -> Iterator[Account]:
    with account() as environment:
        environment.call("createProduct", "/v1.0/products", BASIC)
        environment.work()
        assert environment.call("createCheckpoint", "/v1.0/audit/checkpoints").status == 201
        yield environment


def test_a_verification_trusts_what_it_is_told_to_trust(made: Account, tmp_path: Path) -> None:
    sound = run(made, "audit", "verify", "--engine", "aws", "--json")
    assert (sound.returncode, json.loads(sound.stdout)["sound"]) == (0, True)
    archive = made.fresh().engine.archive
    [name] = archive.names("checkpoints/")
    held = tmp_path / "held.jsonl"
    held.write_bytes(archive.get(name) or b"")
    verify = ("audit", "verify", "--engine", "aws", "--checkpoint", str(held))
    assert run(made, *verify).returncode == 0
    held.write_bytes(b"garbage")
    refused = run(made, *verify)
    assert (refused.returncode, "not sound" in refused.stderr) == (5, True)
    stranger = tmp_path / "other.pem"
    stranger.write_bytes(b"no key")
    assert run(made, "audit", "verify", "--engine", "aws", "--public-key", str(stranger)).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (("audit", "verify", "--engine", "aws", "--archive", "."), {}, "leave it out"),
        (("audit", "rebuild", "--engine", "aws"), {}, "hold rows"),
        (("audit", "rebuild", "--engine", "aws"), {"BBWS_TABLES": "product=x"}, "there is no store product"),
        (("audit", "rebuild", "--engine", "aws"), {"BBWS_TABLES": "garbage"}, "write store=table"),
        (("audit", "rebuild", "--engine", "aws"), {"BBWS_ENVIRONMENT": "nowhere"}, "check the tables"),
        (("audit", "verify", "--engine", "aws"), {"BBWS_ARCHIVE_BUCKET": ""}, "BBWS_ARCHIVE_BUCKET"),
        (("audit", "verify", "--engine", "aws"), {"BBWS_ARCHIVE_BUCKET": "Not_A/Bucket"}, "BBWS_ARCHIVE_BUCKET"),
        (("aws", "setup"), {"AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": ""}, "no AWS credentials"),
        (("aws", "setup"), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    made: Account, arguments: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    done = run(made, *arguments, **variables)
    assert done.returncode in {2, 5}, done.stderr
    assert "Traceback" not in done.stderr
    assert said in done.stderr
