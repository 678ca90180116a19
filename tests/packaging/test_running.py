"""The unpacked package alone, in a fresh interpreter without this machine's packages."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.package import ROOT, SERVICES

# What belongs to the server, the command line, the tests and one machine.
ABSENT = (
    "bbws.bootstrap.embedded",
    "bbws.engines.embedded",
    "bbws.entrypoints.cli",
    "bbws.entrypoints.server",
    "boto3",
    "click",
    "cryptography",
    "httpx",
    "jwt",
    "offapi",
    "prometheus_client",
    "structlog",
    "uvicorn",
    "yaml",
)
ENTRYPOINTS = {"endpoints": "lambda_api", "consumers": "lambda_worker", "daily": "lambda_worker", "feed": "lambda_feed"}
MANIFEST = json.loads((ROOT / "infra/terraform/manifest.json").read_text())
# Every function of the manifest: its entrypoint, and what it runs.
FUNCTIONS = {
    function["function"]: (entrypoint, function["runs"])
    for kind, entrypoint in ENTRYPOINTS.items()
    for function in ([MANIFEST[kind]] if kind == "feed" else MANIFEST[kind].values())
}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "eu-west-1",
    "BBWS_ARCHIVE_BUCKET": "archive",
    "BBWS_USER_POOL": "eu-west-1_people",
    "BBWS_ENVIRONMENT": "dev",
    "BBWS_REGION": "eu-west-1",
}


def _run(folder: Path, statements: str, **environment: str) -> str:
    """What these statements print where nothing but the package and the standard library can be imported."""
    alone = f"import sys; sys.path.insert(0, {str(folder)!r})\n{statements}"
    command = [sys.executable, "-I", "-S", "-W", "error", "-B", "-c", alone]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _modules(folder: Path, pattern: str) -> list[str]:
    found = (path.relative_to(folder).with_suffix("") for path in folder.glob(pattern))
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in found)


def test_every_module_of_bbws_imports_what_is_packed(unpacked: Path) -> None:
    modules = [each for each in _modules(unpacked, "bbws/**/*.py") if ".lambda_" not in each]
    assert "bbws.tables" in modules
    _run(unpacked, "import importlib\n" + "\n".join(f"importlib.import_module({each!r})" for each in modules))


def test_every_entrypoint_has_its_function(unpacked: Path) -> None:
    begins = re.compile(r"^(?:def handler\(|handler = )", re.MULTILINE)
    handlers = {path.stem for path in unpacked.glob("bbws/entrypoints/*.py") if begins.search(path.read_text())}
    assert handlers == set(ENTRYPOINTS.values())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_starts_from_the_package_alone(unpacked: Path, function: str) -> None:
    entrypoint, runs = FUNCTIONS[function]
    statements = f"from bbws.entrypoints.{entrypoint} import handler\nprint(callable(handler))"
    assert _run(unpacked, statements, **ENVIRONMENT, BBWS_RUNS=runs) == "True\n"


def test_what_is_left_out_cannot_be_imported(unpacked: Path) -> None:
    answer = _run(
        unpacked,
        f"import importlib.util\nprint([each for each in {ABSENT} if importlib.util.find_spec(each.split('.')[0])"
        " and importlib.util.find_spec(each)])",
    )
    assert answer == "[]\n"


def test_the_sdk_knows_the_services_that_are_used(unpacked: Path) -> None:
    statements = (
        "import botocore.session\n"
        "session = botocore.session.Session()\n"
        f"print([session.create_client(each, region_name='eu-west-1').meta.endpoint_url for each in {SERVICES}])"
    )
    answer = _run(unpacked, statements, **ENVIRONMENT)
    assert answer.count("https://") == len(SERVICES)


def test_a_checkpoint_can_be_signed(unpacked: Path) -> None:
    statements = (
        "from bbws.audit.signing import Ed25519Signer, Verifier\n"
        "signer, verifier = Ed25519Signer(bytes(32)), Verifier()\n"
        "print(verifier.holds(verifier.add(signer.public_pem), '00' * 32, signer.sign('00' * 32)))"
    )
    assert _run(unpacked, statements) == "True\n"


def test_the_published_document_is_made_without_the_command_line(unpacked: Path) -> None:
    statements = "from bbws.bootstrap.wiring import Documents\nprint(Documents().openapi()['info'])"
    assert "'version': " in _run(unpacked, statements)


def test_nothing_is_compiled_again(unpacked: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in unpacked.rglob("*")}
    alone = f"import sys; sys.path.insert(0, {str(unpacked)!r}); import bbws.tables, botocore.session, nacl.signing"
    subprocess.run([sys.executable, "-I", "-S", "-c", alone], env=os.environ | ENVIRONMENT, check=True)
    assert {path: path.stat().st_mtime_ns for path in unpacked.rglob("*")} == before
