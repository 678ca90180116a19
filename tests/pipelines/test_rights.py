"""What runs keeps its rights while it may still be called: a release's plan is given what they are."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.pipeline import records
from infra.pipeline.artefacts import manifest_key
from infra.pipeline.aws import client
from infra.pipeline.model import entries
from tests.pipelines.conftest import MANIFEST, Account, outputs


def manifest(**access: str) -> dict[str, Any]:
    """The small manifest, with one right for each function that is named (hyphens as underscores)."""
    made: dict[str, Any] = json.loads(json.dumps(MANIFEST))
    for entry in entries(made):
        right = access.get(entry["function"].replace("-", "_"))
        entry["access"] = [{"actions": [right], "resource": "table/products"}] if right else []
    return made


def git(account: Account, *words: str) -> str:
    found = shutil.which("git")
    assert found is not None
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run([found, *who, *words], cwd=account.folder, text=True, check=True, capture_output=True)
    return done.stdout.strip()


def commit(account: Account, content: dict[str, Any]) -> str:
    account.manifest.write_text(json.dumps(content))
    git(account, "init", "--quiet")
    git(account, "add", account.manifest.name)
    git(account, "commit", "--quiet", "--allow-empty", "--message", "A release")
    return git(account, "rev-parse", "HEAD")


def deployed(account: Account, checksum: str, content: dict[str, Any]) -> None:
    """The record of a deployment, and the commit that it names."""
    now, known = datetime.now(UTC), commit(account, content)
    made = records.Record("DEPLOYMENT", now, checksum, "ada", checksum=checksum, commit=known)
    records.save(client("dynamodb"), account.names, made)


def rights(account: Account) -> dict[str, list[str]]:
    """What the command writes: the actions of each function."""
    path = account.folder / "previous.json"
    account.run("release", "rights", "--manifest", str(account.manifest), str(path))
    found = json.loads(path.read_text())
    assert {"endpoints", "consumers", "daily", "feed"} <= set(found)
    return {
        one["function"]: [action for entry in one["access"] for action in entry["actions"]] for one in entries(found)
    }


def test_before_the_first_deployment_there_are_none(dev: Account) -> None:
    assert set(rights(dev)) == {entry["function"] for entry in entries(MANIFEST)}
    assert not any(rights(dev).values())


def test_what_runs_keeps_the_rights_of_the_commit_that_it_came_from(dev: Account) -> None:
    deployed(dev, dev.create("first"), manifest(feed="events:PutEvents", product_get="dynamodb:GetItem"))
    commit(dev, manifest(product_get="dynamodb:Query"))
    found = rights(dev)
    assert (found["feed"], found["product-get"]) == (["events:PutEvents"], ["dynamodb:GetItem"])


def test_during_a_canary_both_versions_run_and_after_a_rollback_the_first_does(dev: Account) -> None:
    deployed(dev, dev.create("first"), manifest(product_get="dynamodb:GetItem"))
    second = dev.apply("second")
    deployed(dev, second, manifest(product_get="dynamodb:Query"))
    backup = dev.traffic.back_up(datetime.now(UTC))
    versions = dev.traffic.publish(second)
    dev.traffic.route(versions, 0.1)
    assert sorted(rights(dev)["product-get"]) == ["dynamodb:GetItem", "dynamodb:Query"]
    dev.traffic.route(versions)
    assert rights(dev)["product-get"] == ["dynamodb:Query"]
    dev.traffic.roll_back(backup)
    assert rights(dev)["product-get"] == ["dynamodb:GetItem"]


def test_one_function_that_was_pinned_keeps_its_own(dev: Account) -> None:
    deployed(dev, dev.create("first"), manifest(product_get="dynamodb:GetItem", feed="dynamodb:GetItem"))
    second = dev.apply("second")
    deployed(dev, second, manifest(product_get="dynamodb:Query", feed="dynamodb:Query"))
    dev.traffic.route(dev.traffic.publish(second))
    dev.traffic.pin("bbws-product-get-dev", "1")
    found = rights(dev)
    assert (found["product-get"], found["feed"]) == (["dynamodb:GetItem"], ["dynamodb:Query"])


def test_what_nobody_recorded_stops_the_plan(dev: Account) -> None:
    checksum = dev.create("first")
    path = str(dev.folder / "previous.json")
    dev.run("release", "rights", "--manifest", str(dev.manifest), path, fails=checksum)


@pytest.mark.parametrize(("known", "told"), [("0" * 40, "cannot be read"), ("--output=x", "is no commit")])
def test_a_commit_that_git_does_not_have_stops_the_plan(dev: Account, known: str, told: str) -> None:
    commit(dev, manifest())
    dev.run("record", "write", "--checksum", dev.create("first"), "--commit", known)
    path = str(dev.folder / "previous.json")
    dev.run("release", "rights", "--manifest", str(dev.manifest), path, fails=told)


def test_the_rights_are_kept_by_their_checksum_and_named_by_the_record(dev: Account) -> None:
    path, again = dev.folder / "previous.json", dev.folder / "again.json"
    dev.run("release", "rights", "--manifest", str(dev.manifest), str(path))
    checksum = outputs(dev.run("store", "--kind", "manifest", str(path)))["checksum"]
    dev.run("record", "write", "--detail", f"previous={checksum}")
    assert outputs(dev.run("record", "last"))["previous"] == checksum
    dev.run("fetch", "--kind", "manifest", "--checksum", checksum, str(again))
    assert again.read_bytes() == path.read_bytes()


def test_the_rights_outlive_packages_and_plans(dev: Account) -> None:
    key = manifest_key("0" * 64)
    rules = client("s3").get_bucket_lifecycle_configuration(Bucket=dev.names.artefacts)["Rules"]
    assert [rule["ID"] for rule in rules if "Expiration" in rule and key.startswith(rule["Filter"]["Prefix"])] == []
