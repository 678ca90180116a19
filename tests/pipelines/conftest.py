"""AWS in this process (moto), and the functions of a small manifest in it."""

import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from click.testing import CliRunner, Result
from moto import mock_aws

from infra.pipeline.artefacts import checksum_of
from infra.pipeline.aws import client, session
from infra.pipeline.commands import main
from infra.pipeline.model import Environment, Names, PipelineError, functions
from infra.pipeline.prepare import prepare
from infra.pipeline.release import Traffic
from infra.pipeline.smoke import SmokeError

REGION = "eu-west-1"
MANIFEST: Mapping[str, Any] = {
    "endpoints": {"listProducts": {"function": "product-list"}, "getProduct": {"function": "product-get"}},
    "consumers": {"audit-logger": {"function": "audit-logger", "queue": "product-audit"}},
    "daily": {"audit-checkpoint": {"function": "audit-checkpoint"}},
    "feed": {"function": "feed"},
}
TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}'


@dataclass(slots=True)
class AlarmHistory:
    """What moto lacks: the history of alarms, as CloudWatch answers it. ``items`` are its updates of states."""

    items: list[tuple[str, str, datetime]] = field(default_factory=list)
    asked: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, **given: Any) -> None:
        """Keep what a caller asks for."""
        self.asked = given["params"]

    def answer(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        """What of the items was asked for."""
        assert self.asked["HistoryItemType"] == "StateUpdate"
        meant = [one for one in self.items if self.asked["StartDate"] <= one[2] <= self.asked["EndDate"]]
        data = [{"newState": {"stateValue": state}, "oldState": {"stateValue": "OK"}} for _, state, _ in meant]
        items = [
            {"AlarmName": name, "HistoryData": json.dumps(one)} for (name, _, _), one in zip(meant, data, strict=True)
        ]
        return AWSResponse("", 200, HTTPHeaders(), None), {"AlarmHistoryItems": items, "ResponseMetadata": {}}


@pytest.fixture
def history(aws: None) -> Iterator[AlarmHistory]:  # noqa: ARG001 - a fixture may not use fixtures by a mark
    """Alarms that nobody saw go off, until a test says otherwise."""
    made, name = AlarmHistory(), "cloudwatch.DescribeAlarmHistory"
    handlers: dict[str, Any] = {f"provide-client-params.{name}": made.ask, f"before-call.{name}": made.answer}
    for event, handler in handlers.items():
        session().register(event, handler)
    yield made
    for event, handler in handlers.items():
        session().unregister(event, handler)


@pytest.fixture
def aws() -> Iterator[None]:
    """AWS without a network, in the region that the environment names, as in a workflow."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        with mock_aws():
            yield
    finally:
        os.environ.pop("AWS_DEFAULT_REGION")
        if before is not None:
            os.environ["AWS_DEFAULT_REGION"] = before


@dataclass(frozen=True, slots=True)
class Account:
    """One environment in its account, prepared, with functions as Terraform leaves them."""

    environment: Environment
    folder: Path

    @property
    def names(self) -> Names:
        return Names(self.environment)

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def traffic(self) -> Traffic:
        return Traffic(client("lambda"), functions(MANIFEST, self.environment), self.names.alias)

    def package(self, content: str) -> Path:
        """A package whose bytes follow from ``content``."""
        path = self.folder / f"{content}.zip"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo("code.py"), content)
        path.write_bytes(buffer.getvalue())
        return path

    def create(self, content: str) -> str:
        """What the first ``terraform apply`` does to the functions; the checksum of the package."""
        role = client("iam").create_role(RoleName=f"role-{self.environment}", AssumeRolePolicyDocument=TRUST)["Role"][
            "Arn"
        ]
        path = self.package(content)
        for function in self.traffic.functions:
            made = client("lambda").create_function(
                FunctionName=function,
                Runtime="python3.12",
                Role=role,
                Handler="code.handler",
                Code={"ZipFile": path.read_bytes()},
                Publish=True,
            )
            alias = {"FunctionName": function, "Name": self.names.alias, "FunctionVersion": made["Version"]}
            client("lambda").create_alias(**alias)
        return checksum_of(path)

    def apply(self, content: str) -> str:
        """What a later ``terraform apply`` does to the functions: a new version, and the alias stays."""
        path = self.package(content)
        for function in self.traffic.functions:
            client("lambda").update_function_code(FunctionName=function, ZipFile=path.read_bytes())
        return checksum_of(path)

    def run(self, *arguments: str, fails: str = "", **environment: str) -> Result:
        """One command of the pipeline as a workflow runs it; ``fails`` is part of the message it must end with."""
        given = {"ENVIRONMENT": self.environment, "RUN": "77-1", "GITHUB_TRIGGERING_ACTOR": "ada", **environment}
        result = CliRunner().invoke(main, arguments, env=given)
        if fails:
            assert isinstance(result.exception, PipelineError | SmokeError), (result.output, result.exc_info)
            assert fails in str(result.exception)
        else:
            assert result.exit_code == 0, (result.output, result.exc_info)
        return result


def outputs(result: Result) -> dict[str, str]:
    """What a command gives to later steps."""
    return dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)


@pytest.fixture
def accounts(aws: None, tmp_path: Path) -> dict[Environment, Account]:  # noqa: ARG001 - a fixture may not use fixtures by a mark
    """Every environment, prepared."""
    made: dict[Environment, Account] = {}
    for environment in ("dev", "sit", "prod"):
        folder = tmp_path / environment
        folder.mkdir()
        account = Account(environment, folder)
        account.manifest.write_text(json.dumps(MANIFEST))
        list(prepare(client("s3"), client("dynamodb"), account.names, REGION))
        # moto denies whatever the condition of a statement says (test_artefacts looks at the policy itself).
        client("s3").delete_bucket_policy(Bucket=account.names.artefacts)
        made[environment] = account
    return made


@pytest.fixture
def dev(accounts: dict[Environment, Account]) -> Account:
    return accounts["dev"]
