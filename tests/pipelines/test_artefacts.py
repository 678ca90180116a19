"""Packages and plans by checksum, and the account that keeps them."""

import base64
import json
from pathlib import Path

import pytest

from infra.pipeline import artefacts
from infra.pipeline.aws import client
from infra.pipeline.model import PipelineError, checked
from infra.pipeline.prepare import RETENTION, prepare
from tests.pipelines.conftest import REGION, Account, outputs


def test_a_package_is_kept_under_its_checksum_and_comes_back_the_same(dev: Account) -> None:
    path = dev.package("first")
    checksum = artefacts.checksum_of(path)
    arguments = ("--kind", "package", "--checksum", checksum)
    stored = dev.run("store", *arguments, "--commit", "c0ffee", str(path))
    assert outputs(stored) == {"checksum": checksum}
    assert outputs(dev.run("store", *arguments, "--commit", "other", str(path))) == {"checksum": checksum}
    copy = dev.folder / "deep" / "copy.zip"
    assert outputs(dev.run("fetch", *arguments, str(copy))) == {"commit": "c0ffee"}
    assert copy.read_bytes() == path.read_bytes()


def test_terraform_is_told_the_object_and_the_hash(dev: Account) -> None:
    checksum = artefacts.checksum_of(dev.package("first"))
    told = json.loads(dev.run("package-variable", "--checksum", checksum).stdout)
    assert told["bucket"] == "bbws-artefacts-dev"
    assert told["key"] == f"lambda/{checksum}.zip"
    assert base64.b64decode(told["hash"]).hex() == checksum


def test_a_plan_is_kept_beside(dev: Account) -> None:
    path = dev.folder / "release.tfplan"
    path.write_bytes(b"a plan")
    checksum = outputs(dev.run("store", "--kind", "plan", str(path)))["checksum"]
    dev.run("fetch", "--kind", "plan", "--checksum", checksum, str(dev.folder / "copy"))
    dev.run("fetch", "--kind", "package", "--checksum", checksum, str(dev.folder / "copy"), fails="never stored")


def test_another_file_than_the_checksum_names_is_refused(dev: Account) -> None:
    checksum = artefacts.checksum_of(dev.package("first"))
    other = dev.package("second")
    dev.run("store", "--kind", "package", "--checksum", checksum, str(other), fails="not the one that was asked for")


def test_a_package_that_was_tampered_with_is_not_deployed(dev: Account) -> None:
    checksum = artefacts.checksum_of(dev.package("first"))
    key = artefacts.package_key(checksum)
    client("s3").put_object(Bucket=dev.names.artefacts, Key=key, Body=b"something else")
    copy = dev.folder / "copy.zip"
    dev.run("fetch", "--kind", "package", "--checksum", checksum, str(copy), fails="Deploy nothing")
    assert not copy.exists()


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "../" + "0" * 61])
def test_a_checksum_is_64_hexadecimal_digits(text: str) -> None:
    with pytest.raises(PipelineError):
        checked(text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="missing"):
        artefacts.checksum_of(tmp_path / "nothing.zip")


def test_an_account_is_prepared_once_and_again(dev: Account) -> None:
    done = list(prepare(client("s3"), client("dynamodb"), dev.names, REGION))
    assert done == ["bucket bbws-terraform-state-dev", "bucket bbws-artefacts-dev", "table bbws-deployments-dev"]
    s3 = client("s3")
    for bucket in (dev.names.state, dev.names.artefacts):
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}
        [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        [statement] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    rules = s3.get_bucket_lifecycle_configuration(Bucket=dev.names.artefacts)["Rules"]
    assert {rule["ID"]: rule.get("Expiration") for rule in rules}["packages"] == {"Days": RETENTION["dev"]}
    backups = client("dynamodb").describe_continuous_backups(TableName=dev.names.deployments)
    described = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert described["PointInTimeRecoveryStatus"] == "ENABLED"


def test_only_production_keeps_its_records_from_deletion(accounts: dict[str, Account]) -> None:
    tables = {
        name: client("dynamodb").describe_table(TableName=each.names.deployments) for name, each in accounts.items()
    }
    protected = {name: table["Table"]["DeletionProtectionEnabled"] for name, table in tables.items()}
    assert protected == {"dev": False, "sit": False, "prod": True}


def test_the_command_says_what_it_prepared(dev: Account) -> None:
    assert dev.run("prepare", AWS_REGION=REGION).stdout.count("ok: ") == 3
