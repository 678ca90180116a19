"""The Terraform's rules that need no Terraform; `make tf-check` has the others."""

import json
import re

import pytest

from bbws.settings import Settings
from tests.architecture.source import ROOT
from tests.infra.hcl import TERRAFORM, Block, blocks

ENVIRONMENTS = ("dev", "sit", "prod")
MODULES = {"api", "function", "worker", "table", "bus", "archive", "alarms", "dashboard", "people"}
SIGNALS = {
    "errors", "error-rate", "duration", "duration-p95", "throttles", "5xx", "5xx-rate", "latency", "dlq", "age",
    "throttled", "feed-lag", "failures",
}  # fmt: skip
# An account id, or a path of the machine that it was written on.
_OF_A_MACHINE = re.compile(r"\b\d{12}\b|(?<![\w.])/(?:home|root|opt|Users)\b")
FILES = [path for path in sorted((ROOT / "infra").rglob("*")) if path.suffix in {".tf", ".tfvars", ".hcl"}]


def _attributes(environment: str, name: str) -> dict[str, str]:
    text = (TERRAFORM / "environments" / environment / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+) *= (.*)$", text, re.MULTILINE))


def test_there_are_the_modules_that_the_design_names() -> None:
    assert {path.name for path in (TERRAFORM / "modules").iterdir()} == MODULES


def test_environments_have_the_same_files_with_the_same_names_in_them() -> None:
    files = [{path.name for path in (TERRAFORM / "environments" / name).iterdir()} for name in ENVIRONMENTS]
    assert files == [{"backend.hcl", "terraform.tfvars"}] * 3
    for file in files[0]:
        names = [list(_attributes(environment, file)) for environment in ENVIRONMENTS]
        assert names[0] == names[1] == names[2]


def test_environments_have_the_figures_of_the_specification() -> None:
    values = {name: _attributes(name, "terraform.tfvars") for name in ENVIRONMENTS}
    assert [values[name]["log_retention_days"] for name in ENVIRONMENTS] == ["7", "14", "30"]
    assert [values[name]["budget_usd"] for name in ENVIRONMENTS] == ["500", "1000", "5000"]
    assert [values[name]["deletion_protection"] for name in ENVIRONMENTS] == ["false", "false", "true"]
    assert [values[name]["region"] for name in ENVIRONMENTS] == ['"eu-west-1"', '"eu-west-1"', '"af-south-1"']
    assert [values[name]["recovery_region"] for name in ENVIRONMENTS] == ["null", "null", '"eu-west-1"']


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_functions_take_the_settings_of_an_environment(environment: str) -> None:
    values = _attributes(environment, "terraform.tfvars")
    region, level = (json.loads(values[name]) for name in ("region", "log_level"))
    assert Settings.of(environment=environment, region=region, log_level=level).log_level == level


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_state_is_locked_by_the_bucket_itself(environment: str) -> None:
    backend = _attributes(environment, "backend.hcl")
    assert backend["bucket"] == f'"bbws-terraform-state-{environment}"'
    assert (backend["use_lockfile"], backend["encrypt"]) == ("true", "true")


@pytest.mark.parametrize("variable", blocks("variable"), ids=lambda block: f"{block.path}:{block.labels[0]}")
def test_a_variable_is_typed_described_and_validated(variable: Block) -> None:
    assert variable.has("type")
    assert re.search(r'^  description = ".{10,}"$', variable.text, re.MULTILINE)
    assert variable.has("validation") or _says_all(variable)


def _says_all(variable: Block) -> bool:
    found = re.search(r"^  type\s+= (.*)$", variable.text, re.MULTILINE)
    return found is not None and (found.group(1) in {"bool", "list(string)"} or "object" in found.group(1))


@pytest.mark.parametrize("output", blocks("output"), ids=lambda block: f"{block.path}:{block.labels[0]}")
def test_an_output_is_described(output: Block) -> None:
    assert output.has("description")


def test_a_refusal_explains_itself() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    messages = re.findall(r'error_message\s+= "(.*)"$', text, re.MULTILINE)
    assert len(messages) > 50
    assert [message for message in messages if len(message) < 12 or not message.endswith((".", "FILE | base64."))] == []


def test_no_file_is_too_long_to_be_read() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_no_account_and_no_path_of_a_machine() -> None:
    found = {path.name: _OF_A_MACHINE.findall(path.read_text(encoding="utf-8")) for path in FILES for path in FILES}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_exception_of_the_checker_has_its_reason() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    skips = re.findall(r"#checkov:skip=(.*)$", text, re.MULTILINE)
    assert skips
    assert [skip for skip in skips if not re.fullmatch(r"CKV2?_AWS_\d+:.{10,}", skip)] == []


def test_every_alarm_leads_to_a_section_named_by_its_signal() -> None:
    alarms = [block for block in blocks("resource") if block.labels[0] == "aws_cloudwatch_metric_alarm"]
    anchors = {match for block in alarms for match in re.findall(r'\$\{var\.runbook\}#([^"]+)"', block.text)}
    text = (TERRAFORM / "modules" / "alarms" / "main.tf").read_text(encoding="utf-8")
    signals = set(re.findall(r'signal += "([^"]+)"', text))
    assert len(alarms) == 4
    assert (anchors - {"${each.value.signal}"}) | signals == SIGNALS
    assert 'runbook            = "docs/runbooks/product_lambda_operations.md"' in (TERRAFORM / "main.tf").read_text()


def test_the_manifest_fits_the_blocks_of_the_tree_of_paths() -> None:
    manifest = json.loads((TERRAFORM / "manifest.json").read_text(encoding="utf-8"))
    depths = {block.labels[1] for block in blocks("resource") if block.labels[0] == "aws_api_gateway_resource"}
    assert depths == {f"depth{number}" for number in range(1, 13)}
    assert all(resource["depth"] <= len(depths) for resource in manifest["resources"].values())


def test_nothing_of_an_emulator_is_in_what_is_deployed() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in TERRAFORM.rglob("*.tf")}
    assert [path.name for path, text in texts.items() if "ministack" in text or "skip_credentials" in text] == []
    assert list(TERRAFORM.rglob("*override.tf")) == []


def test_what_the_gateway_keeps_of_a_call_holds_no_path_and_no_address() -> None:
    """A path may be the token of an invitation. X-Ray would keep the whole URL, and who called from where."""
    [stage] = [each for each in blocks("resource") if each.labels[0] == "aws_api_gateway_stage"]
    kept = set(re.findall(r"\$context\.([\w.]+)", stage.text))
    assert "resourcePath" in kept
    assert kept & {"path", "identity.sourceIp", "identity.userAgent", "requestOverride.path"} == set()
    assert re.findall(r"^  xray_tracing_enabled = (\w+)$", stage.text, re.MULTILINE) == ["false"]
    settings = [each for each in blocks("resource") if each.labels[0] == "aws_api_gateway_method_settings"]
    for each in settings:
        assert re.findall(r'(?:logging_level|data_trace_enabled) += "?(\w+)"?', each.text) == ["ERROR", "false"]
