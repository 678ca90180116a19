"""Invitations through the running program: a link that works when it is pasted, and logs that hold no token."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bbws.engines.embedded.identity import LocalTokens
from tests import builders
from tests.faults.supervision import eventually
from tests.tenants.invited import parsed, sent_token, text
from tests.tenants.world import ACME, WHY


def test_the_link_in_the_mail_works_and_no_log_repeats_it(tmp_path: Path) -> None:
    with builders.server(tmp_path / "data") as server:
        issuer = LocalTokens(server.data_dir, "local")

        def ask(who: str, method: str, target: str, json: Any = None) -> Any:
            token = issuer.issue(who, timedelta(hours=1), email=f"{who}@example.com")
            bearer = {"authorization": f"Bearer {token}", "idempotency-key": f"{who}-1"}
            reply = httpx.request(method, f"{server.url}{target}", json=json, headers=bearer)
            assert reply.is_success, reply.text
            return reply.json()

        tenant = ask("ann", "POST", "/v1.0/tenants", ACME)["_links"]["self"]["href"]
        ask("ann", "PATCH", f"{tenant}/status", {"status": "ACTIVE", **WHY})
        ask("ann", "POST", f"{tenant}/invitations", {"email": "ben@example.com", "role": "Viewer"})
        eventually(lambda: bool(_mails(server.data_dir)), "a mail")
        mail = parsed(_mails(server.data_dir)[0].read_bytes())
        sent = sent_token(mail)
        [link] = [line for line in text(mail).splitlines() if line.startswith("http")]
        assert httpx.get(link).json()["isValid"] is True
        assert httpx.put(link).status_code == 405
        assert httpx.get(f"{link}/nowhere").status_code == 404
        assert ask("ben", "POST", f"/v1.0/invitations/{sent}/accept")["userId"] == "user-ben"
        assert httpx.post(f"{link}/accept", headers={"authorization": "Bearer no"}).status_code == 401
        assert server.stop() == 0
        logged = server.logged()
        assert "/v1.0/invitations/{token}/accept" in logged
        assert sent not in logged
        files = [path for path in server.data_dir.rglob("*") if path.is_file() and path.suffix != ".eml"]
        assert [path.name for path in files if sent.encode() in path.read_bytes()] == []


def _mails(data_dir: Path) -> list[Path]:
    return list(data_dir.glob("mail/*/*.eml"))
