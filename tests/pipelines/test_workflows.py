"""What the workflows promise: one way into an environment, by short-lived credentials, past every gate."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.pipeline import gates
from infra.pipeline.commands import main
from tests.architecture.source import ROOT

FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yml"))
DEPLOYS = {"dev": "deploy-dev", "sit": "deploy-sit", "prod": "deploy-prod"}
REUSABLE = "./.github/workflows/deploy.yml"
# What may write what. Everything else reads.
WRITES = {"deploy": {"id-token"}, "promote": {"id-token"}, "rollback": {"id-token"}} | {
    "terraform-drift": {"id-token", "issues"},
    **{name: {"id-token"} for name in DEPLOYS.values()},
    "ci": set(),
}
COMMAND = re.compile(r"python -m infra\.pipeline ((?:[a-z-]+ ?)+)")


@cache
def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    # YAML 1.1 reads the key "on" as true.
    return {str(key).replace("True", "on"): value for key, value in found.items()}


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = workflow(name)["jobs"]
    return found


def steps(name: str, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = jobs(name)[job]["steps"]
    return found


def _action(name: str) -> list[dict[str, Any]]:
    text = (ROOT / f".github/actions/{name}/action.yml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["runs"]["steps"]
    return found


def inputs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = workflow(name)["on"]["workflow_dispatch"]["inputs"]
    return found


def sources() -> list[Path]:
    return [*FOLDER.glob("*.yml"), *ROOT.glob(".github/actions/*/action.yml")]


def test_every_workflow_is_there() -> None:
    assert {"ci", *WRITES} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_job_gets_the_least_rights_and_an_end(name: str) -> None:
    top = workflow(name)["permissions"]
    assert top in ({}, {"contents": "read"})
    allowed = [job.get("permissions", top) for job in jobs(name).values()]
    assert {right for rights in allowed for right, value in rights.items() if value == "write"} == WRITES[name]
    assert all("timeout-minutes" in job or "uses" in job for job in jobs(name).values())


def test_no_workflow_uses_a_stored_secret() -> None:
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bsecrets\b[.:]|aws-access-key-id|AWS_SECRET_ACCESS_KEY", text), path


def test_credentials_come_by_oidc_and_into_environments_alone() -> None:
    for name in NAMES:
        for job in jobs(name).values():
            cloud = any(step.get("uses") == "./.github/actions/cloud" for step in job.get("steps", ()))
            if "steps" in job:
                assert cloud is (job.get("permissions", {}).get("id-token") == "write")
                assert not cloud or "environment" in job


def test_what_somebody_typed_reaches_no_shell_but_by_the_environment() -> None:
    for path in sources():
        for script in re.findall(r"run: (\|.*?|.*?)(?=\n\s*- |\n\s*[a-z-]+:|\Z)", path.read_text("utf-8"), re.DOTALL):
            assert "${{" not in script, path


@pytest.mark.parametrize(("environment", "name"), DEPLOYS.items())
def test_every_deployment_is_the_one_reusable_workflow(environment: str, name: str) -> None:
    [job] = jobs(name).values()
    assert job["uses"] == REUSABLE
    assert job["with"]["environment"] == environment
    assert "steps" not in job


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DEPLOYS.values()])
def test_nothing_else_deploys(name: str) -> None:
    assert not any(job.get("uses") == REUSABLE for job in jobs(name).values())
    if name != "deploy":
        assert "terraform apply" not in (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    assert "destroy" not in (FOLDER / f"{name}.yml").read_text(encoding="utf-8")


def test_dev_follows_main_and_the_others_a_person() -> None:
    assert workflow("deploy-dev")["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    assert set(workflow("deploy-sit")["on"]) == set(workflow("deploy-prod")["on"]) == {"workflow_dispatch"}


def test_no_workflow_waits_for_a_job_of_its_own() -> None:
    outer = {workflow(name).get("concurrency", {}).get("group", "") for name in DEPLOYS.values()}
    inner = jobs("deploy")["deploy"]["concurrency"]["group"]
    assert "deploy-dev-run" in outer
    assert outer.isdisjoint(inner.replace("${{ inputs.environment }}", name) for name in DEPLOYS)


def test_what_must_be_typed_is_asked_for() -> None:
    assert inputs("deploy-sit")["confirmation"]["required"]
    assert inputs("deploy-sit")["confirmation"]["description"] == f"Type {gates.TYPED['sit']}"
    assert inputs("deploy-prod")["confirmation"]["description"] == f"Type {gates.TYPED['prod']}"
    assert {name for name, asked in inputs("deploy-prod").items() if asked.get("required")} == {
        "confirmation",
        "reason",
        "ticket",
    }
    given = jobs("deploy-prod")["deploy"]["with"]
    assert {key: given[key] for key in ("typed", "reason", "ticket", "emergency")} == {
        "typed": "${{ inputs.confirmation }}",
        "reason": "${{ inputs.reason }}",
        "ticket": "${{ inputs.ticket }}",
        "emergency": "${{ inputs.emergency }}",
    }


def test_rights_are_taken_away_only_where_somebody_typed_it() -> None:
    for name in ("deploy-sit", "deploy-prod"):
        assert gates.DROPS in inputs(name)["rights"]["description"]
        assert jobs(name)["deploy"]["with"]["rights"] == "${{ inputs.rights }}"
    [plan] = [step for step in steps("deploy", "plan") if step.get("uses") == "./.github/actions/plan"]
    assert plan["with"]["rights"] == "${{ inputs.rights }}"


def test_plan_apply_and_drift_read_the_rights_of_the_release_before_at_one_place() -> None:
    place = workflow("deploy")["env"]["PREVIOUS"]
    folder, _, name = place.rpartition("/")
    [plan] = [step for step in _action("plan") if "terraform plan" in step["run"]]
    assert f"cd {folder}\n" in plan["run"]
    assert f" -var previous_manifest={name} " in plan["run"]
    kept = steps("deploy", "plan")[_position("deploy", "plan", 'release rights "$PREVIOUS"')]
    assert _position("deploy", "plan", "release rights") < _position("deploy", "plan", "./.github/actions/plan")
    assert jobs("deploy")["plan"]["outputs"]["rights"] == f"${{{{ steps.{kept['id']}.outputs.checksum }}}}"
    assert steps("deploy", "plan")[0]["with"]["fetch-depth"] == 0  # the manifest of an older commit
    fetched = _position("deploy", "deploy", 'fetch --kind manifest --checksum "$LEFT" "$PREVIOUS"')
    assert fetched < _position("deploy", "deploy", "terraform apply")
    assert jobs("deploy")["deploy"]["env"]["LEFT"] == "${{ needs.plan.outputs.rights }}"
    drift = steps("terraform-drift", "drift")[_position("terraform-drift", "drift", "fetch --kind manifest")]
    assert drift["run"].endswith(f'--checksum "$LEFT" {place}')
    assert drift["env"]["LEFT"] == "${{ steps.last.outputs.previous }}"


def test_every_record_of_a_deployment_names_the_rights_that_it_left() -> None:
    written = [step["run"] for step in steps("deploy", "deploy") if "record write" in step.get("run", "")]
    assert len(written) == 2
    assert all('--detail "previous=$LEFT"' in run for run in written)


def test_plan_and_deployment_have_environments_of_their_own() -> None:
    environments = {name: job.get("environment") for name, job in jobs("deploy").items()}
    planning = "${{ format('{0}-plan', inputs.environment) }}"
    assert environments == {
        "gate": None,
        "admit": planning,
        "verify": None,
        "plan": planning,
        "review": "${{ inputs.review_environment }}",
        "deploy": "${{ inputs.environment }}",
    }
    review = jobs("deploy-prod")["deploy"]["with"]["review_environment"]
    assert review == "${{ inputs.emergency && 'prod-emergency' || 'prod-review' }}"


def _position(name: str, job: str, text: str) -> int:
    found = [number for number, step in enumerate(steps(name, job)) if text in step.get("run", step.get("uses", ""))]
    assert found, text
    return found[0]


def test_a_deployment_goes_in_the_order_of_the_specification() -> None:
    needs = {name: job.get("needs") for name, job in jobs("deploy").items()}
    assert needs["admit"] == "gate"
    assert set(needs["verify"]) == {"gate", "admit"}
    assert (needs["plan"], needs["review"]) == ("verify", "plan")
    assert set(needs["deploy"]) == {"verify", "plan", "review"}
    order = (
        "pipeline gate",
        "pipeline approvals",
        "fetch --kind plan",
        "record write",
        "terraform apply",
        "bbws aws setup",
        "release back-up",
        "--percent 10",
        "pipeline smoke",
        "release roll-back",
        "release tidy",
    )
    positions = [_position("deploy", "deploy", text) for text in order]
    assert positions == sorted(positions)


def test_a_failed_or_cancelled_deployment_is_rolled_back_and_recorded() -> None:
    back = steps("deploy", "deploy")[_position("deploy", "deploy", "release roll-back")]
    assert back["if"] == "${{ (failure() || cancelled()) && steps.backup.outputs.backup != '' }}"
    [end] = [step for step in steps("deploy", "deploy") if step.get("name") == "Record the end"]
    assert end["if"].startswith("${{ always() && ")


def test_a_rollback_cancels_a_deployment_and_is_not_undone_by_one() -> None:
    deploying = jobs("deploy")["deploy"]["concurrency"]
    back = workflow("rollback")["concurrency"]
    assert back["group"] == deploying["group"] == "deploy-${{ inputs.environment }}"
    assert (back["cancel-in-progress"], deploying["cancel-in-progress"]) == (True, False)
    assert _position("deploy", "deploy", "record unrolled") < _position("deploy", "deploy", "record write")
    assert jobs("deploy")["plan"]["outputs"]["planned"] == "${{ steps.time.outputs.planned }}"


def test_a_cancelled_deployment_ends_its_apply_and_begins_nothing_but_the_way_back() -> None:
    found = {step["name"]: step.get("if", "") for step in steps("deploy", "deploy") if "name" in step}
    assert {name for name, condition in found.items() if "always()" in condition or "cancelled()" in condition} == {
        "Apply the plan",
        "Roll back",
        "Record the end",
    }
    assert found["Apply the plan"] == "${{ always() && steps.record.outcome == 'success' }}"


def test_production_gets_a_tenth_first_and_is_watched() -> None:
    given = jobs("deploy-prod")["deploy"]["with"]
    assert (given["canary_minutes"], given["watch_minutes"]) == (5, 5)
    assert jobs("deploy-sit")["deploy"]["with"]["integration"] is True


def test_only_dev_builds_a_package() -> None:
    building = [step for step in steps("deploy", "verify") if "make package" in step.get("run", "")]
    assert [step["if"] for step in building] == ["inputs.environment == 'dev'"]


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_commands_that_a_workflow_runs_are_there(path: Path) -> None:
    for words in COMMAND.findall(path.read_text(encoding="utf-8").replace("\\\n", " ")):
        found: Any = main
        for word in words.split():
            commands = getattr(found, "commands", {})
            if not commands:
                break
            assert word in commands, words
            found = commands[word]


def test_a_shell_script_of_a_workflow_can_be_read_by_bash() -> None:
    bash = shutil.which("bash")
    assert bash is not None
    scripts = [
        step["run"] for name in NAMES for job in jobs(name).values() for step in job.get("steps", ()) if "run" in step
    ]
    for path in ROOT.glob(".github/actions/*/action.yml"):
        scripts += [step["run"] for step in yaml.safe_load(path.read_text("utf-8"))["runs"]["steps"] if "run" in step]
    assert len(scripts) > 30
    for script in scripts:
        subprocess.run([bash, "-n"], input=script, text=True, check=True)


def test_dependabot_looks_at_everything_that_is_pinned() -> None:
    config = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    systems = {update["package-ecosystem"]: update for update in config["updates"]}
    assert set(systems) == {"pip", "github-actions", "terraform", "npm"}
    assert {update["schedule"]["interval"] for update in systems.values()} == {"weekly"}


def test_the_linter_from_npm_is_locked_without_an_address() -> None:
    text = (ROOT / ".github/lint/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity": "sha512-' in text
    assert "://" not in text
