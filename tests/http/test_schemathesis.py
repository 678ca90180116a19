"""Schemathesis walks the served OpenAPI document: examples, boundaries, made-up input, sequences along its links."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bbws.tables import ENDPOINTS
from tests.builders import SAMPLE, Server, inherited

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")
LATER = {"prefer": "respond-async"}


@pytest.mark.unmeasured  # the walker is not ours, and its server is killed
def test_every_call_keeps_what_its_document_promises(running_server: Server, tmp_path: Path) -> None:
    environment = {
        **inherited(),
        "PYTHONPATH": str(ROOT),
        "BBWS_API_KEY": running_server.key,
        "WALKING_KEY_ID": _prepared(running_server),
    }
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", "--no-color"]
    walked = subprocess.run(
        [*command, f"{running_server.url}/openapi.json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    documented = sum(endpoint.documented for endpoint in ENDPOINTS)
    assert re.search(rf"Selected: {documented}/{documented}\n\s+Tested: {documented}\n", walked.stdout), walked.stdout
    assert re.search(r"API Links: +[1-9]\d* covered", walked.stdout), walked.stdout


def _prepared(server: Server) -> str:
    """Give the links of lists somewhere to lead: products, a completed and a failed operation. The only key's id."""
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.key}) as api:
        product = api.post("/v1.0/products", json=dict(SAMPLE)).json()
        api.post("/v1.0/products", json=dict(SAMPLE), headers=LATER).raise_for_status()
        path = product["_links"]["self"]["href"]
        api.delete(path).raise_for_status()
        api.put(path, json={"name": "Never applied"}, headers=LATER).raise_for_status()
        [key] = api.get("/v1.0/keys").json()["items"]
    key_id: str = key["keyId"]
    return key_id
