"""Schemathesis walks the served OpenAPI document: examples, boundaries, made-up input, sequences along its links."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bbws.engines.embedded.identity import LocalTokens
from bbws.settings import Settings
from bbws.tables import ENDPOINTS
from tests.builders import SAMPLE, Server, inherited
from tests.marketing.shop import ADMIN, DAY, campaign, text
from tests.tenants.world import ACME, TENANTS, WHY

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")
LATER = {"prefer": "respond-async"}
# Those of the documents' examples.
_PRODUCT, _CAMPAIGN = "PROD-7K3M9X", "SUMMER-26"
_WALKERS = 20


@pytest.mark.unmeasured  # the walker is not ours
def test_every_call_keeps_what_its_document_promises(running_server: Server, tmp_path: Path) -> None:
    tokens = _tokens(running_server)
    environment = {
        **inherited(),
        "PYTHONPATH": str(ROOT),
        "BBWS_API_KEY": running_server.key,
        "BBWS_TOKEN": tokens[0],
        "WALKING_TOKENS": " ".join(tokens),
        "WALKING_PRODUCT_ID": _PRODUCT,
        "WALKING_KEY_ID": _prepared(running_server, tokens[0]),
        "WALKING_PLACES": json.dumps(_founded(running_server, tokens[0])),
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


def _tokens(server: Server) -> list[str]:
    """Of so many administrators that none of them makes more calls a second than one may."""
    tokens = LocalTokens(server.data_dir, Settings.of().environment)
    return [tokens.issue(f"walker-{number}", timedelta(hours=1), admin=True) for number in range(_WALKERS)]


def _prepared(server: Server, token: str) -> str:
    """Give the links of lists somewhere to lead: products, a completed and a failed operation, campaigns.

    The only key's id.
    """
    with httpx.Client(base_url=server.url, headers={"x-api-key": server.key}) as api:
        product = api.post("/v1.0/products", json=dict(SAMPLE)).json()
        api.post("/v1.0/products", json=dict(SAMPLE), headers=LATER).raise_for_status()
        path = product["_links"]["self"]["href"]
        api.delete(path).raise_for_status()
        api.put(path, json={"name": "Never applied"}, headers=LATER).raise_for_status()
        [key] = api.get("/v1.0/keys").json()["items"]
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as api:
        api.post("/v1.0/products", json={**SAMPLE, "productId": _PRODUCT}).raise_for_status()
        now = datetime.now(UTC)
        for code, begins, draft in (
            (_CAMPAIGN, -1, False),
            ("COMES", 1, False),
            ("DRAFT", 1, True),
            ("OFF", -1, False),
        ):
            dates = {"fromDate": text(now + begins * DAY), "toDate": text(now + 10 * DAY)}
            body = campaign(code=code, productId=_PRODUCT, draft=draft, **dates)
            api.post(ADMIN, json=body).raise_for_status()
        api.patch(f"{ADMIN}/OFF/disable").raise_for_status()
    key_id: str = key["keyId"]
    return key_id


def _founded(server: Server, token: str) -> dict[str, str]:
    """A tenant with a unit of each kind, and an invitation: the parameters of paths that lead there."""
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as api:

        def made(path: str, body: object) -> dict[str, str]:
            return dict(api.post(path, json=body).raise_for_status().json())

        tenant = made(TENANTS, ACME)
        own = f"{TENANTS}/{tenant['tenantId']}"
        api.patch(f"{own}/status", json={"status": "ACTIVE", **WHY}).raise_for_status()
        division = made(f"{own}/divisions", {"name": "Cape"})
        groups = f"{own}/divisions/{division['divisionId']}/groups"
        group = made(groups, {"name": "Shops"})
        team = made(f"{groups}/{group['groupId']}/teams", {"name": "North"})
        invitation = made(f"{own}/invitations", {"email": "pia@example.com", "role": "Viewer"})
        return {
            "tenantId": tenant["tenantId"],
            "divisionId": division["divisionId"],
            "groupId": group["groupId"],
            "teamId": team["teamId"],
            "invitationId": invitation["invitationId"],
            "userId": "user-walker-0",
        }
