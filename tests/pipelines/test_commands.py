"""A release from its backup to its rollback, by the commands that the workflows run."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from infra.pipeline.aws import client
from infra.pipeline.model import Environment, PipelineError, functions, read_manifest
from tests.architecture.source import ROOT
from tests.pipelines.conftest import Account, outputs

ONE = "bbws-product-get-dev"


@pytest.fixture
def healthy() -> Iterator[Callable[[int], str]]:
    """Servers whose ``/health`` answers one status."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int) -> str:
        class Health(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_release_by_its_commands(dev: Account, healthy: Callable[[int], str]) -> None:
    manifest = ("--manifest", str(dev.manifest))
    dev.create("first")
    checksum = dev.apply("second")
    backup = outputs(dev.run("release", "back-up", *manifest))["backup"]
    dev.run("release", "shift", *manifest, "--checksum", checksum, "--percent", "10")
    assert client("lambda").get_alias(FunctionName=ONE, Name="latest-dev")["RoutingConfig"] == {
        "AdditionalVersionWeights": {"2": 0.1}
    }
    watching = ("release", "watch", *manifest, "--minutes", "0")
    assert "without trouble" in dev.run(*watching, API_URL=healthy(200)).stdout
    shifted = outputs(dev.run("release", "shift", *manifest, "--checksum", checksum))
    assert set(json.loads(shifted["versions"]).values()) == {"2"}
    dev.run(*watching, API_URL=healthy(503), fails="health answers 503")
    back = outputs(dev.run("release", "roll-back", *manifest, "--to", backup))
    assert set(json.loads(back["versions"]).values()) == {"1"}
    assert dev.run("release", "tidy", *manifest).stdout == "ok: 0 versions deleted\n"


def test_errors_since_the_release_began_stop_it(dev: Account, healthy: Callable[[int], str]) -> None:
    dev.create("first")
    dimensions = [{"Name": "FunctionName", "Value": ONE}]
    data = {"MetricName": "Errors", "Dimensions": dimensions, "Value": 6}
    client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[data])
    arguments = ("release", "watch", "--manifest", str(dev.manifest), "--minutes", "0")
    dev.run(
        *arguments,
        API_URL=healthy(200),
        fails="6 errors (of functions 6,",
    )


def test_one_function_is_rolled_back_by_its_name_in_the_manifest(dev: Account) -> None:
    dev.create("first")
    dev.traffic.route(dev.traffic.publish(dev.apply("second")))
    arguments = ("release", "roll-back", "--manifest", str(dev.manifest), "--to", "1")
    result = dev.run(*arguments, "--function", "product-get")
    assert outputs(result)["versions"] == json.dumps({ONE: "1"})
    assert f"{ONE}: 1" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--to", "3"), ("--function", "product-get"), ("--function", "x", "--to", "backup-1")]
)
def test_a_version_and_a_function_go_together(dev: Account, arguments: tuple[str, ...]) -> None:
    with pytest.raises(AssertionError, match="go"):
        dev.run("release", "roll-back", "--manifest", str(dev.manifest), *arguments)


def test_the_gate_by_its_command(accounts: dict[Environment, Account]) -> None:
    main, topic = "refs/heads/main", "refs/heads/topic"
    accounts["dev"].run("gate", GITHUB_REF=main, TYPED="", EMERGENCY="false")
    accounts["dev"].run("gate", GITHUB_REF=topic, TYPED="", EMERGENCY="false", fails="main alone")
    accounts["sit"].run("gate", GITHUB_REF=main, TYPED="deploy", EMERGENCY="false")
    accounts["sit"].run("gate", GITHUB_REF=main, TYPED="", EMERGENCY="false", fails="Type exactly 'deploy'")
    typed = {"TYPED": "deploy-to-production", "REASON": "Prices of the spring", "TICKET": "CHG-12", "EMERGENCY": "true"}
    accounts["prod"].run("gate", GITHUB_REF=main, **typed)
    accounts["prod"].run("gate", GITHUB_REF=topic, **typed, fails="main alone")


def test_the_approvals_by_their_command(accounts: dict[Environment, Account], tmp_path: Path) -> None:
    path = tmp_path / "approvals.json"
    path.write_text(json.dumps([{"state": "approved", "user": {"login": name}} for name in ("ada", "bob")]))
    accounts["prod"].run("approvals", str(path), fails="there are 1")
    accounts["prod"].run("approvals", str(path), GITHUB_TRIGGERING_ACTOR="cyd")
    assert outputs(accounts["sit"].run("approvals", str(path))) == {"approvers": "bob"}


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="make docs"):
        read_manifest(tmp_path / "manifest.json")


def test_the_real_manifest_names_every_function_once() -> None:
    manifest = read_manifest(ROOT / "infra/terraform/manifest.json")
    found = functions(manifest, "prod")
    assert len(found) == len(set(found)) > 20
    assert found[-1] == "bbws-feed-prod"
    assert found.index("bbws-product-create-prod") < found.index("bbws-audit-logger-prod")
