"""A webhook that is told nothing any more: its tenant's Admins are written to, once each."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.reaction import Message
from bbws.kernel.table import Unavailable
from bbws.tenants import mails as forms
from bbws.tenants.ports import Mail
from bbws.tenants.webhooks.model import DELAYS
from bbws.tenants.webhooks.ports import Sent
from bbws.tenants.webhooks.reactions import send_notices
from tests.fakes import FakeClock
from tests.tenants.hooks import BROKEN, URL, FakeSender, Hooks
from tests.tenants.invited import Recorder, mails, parsed, text
from tests.tenants.world import opened, tenant_path

PUBLIC = "http://bbws.example/base"


def _disabled(hooks: Hooks, answer: Sent = BROKEN) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tenant with two Admins and others, and a webhook of it that was given up."""
    tenant, webhook = hooks.tenant(url=f"{URL}?token=confidential")
    for name, role in (("ben", "Admin"), ("otto", "Operator"), ("vic", "Viewer")):
        assert hooks.world.join(tenant, name, role, by="ann").status == 201
    hooks.forget()
    hooks.sender.answers[f"{URL}?token=confidential"] = answer
    hooks.update(tenant)
    hooks.pass_on()
    for delay in DELAYS:
        hooks.wait(delay)
    assert hooks.read(webhook)["state"] == "DISABLED"
    return tenant, webhook


def _notify(hooks: Hooks, mailer: Recorder) -> None:
    """Have the mailer told of what was disabled."""
    app = hooks.world.client.app
    found = [change for change in hooks.changes() if change.type == "webhook.disabled"]
    send_notices(
        [Message(change.id, change.type, change.subject, change.key) for change in found],
        table=app.engine.table,
        begin=app.begin,
        mailer=mailer,
        forget_mail=mailer.forgotten.append,
        public_url=PUBLIC,
    )


def test_the_admins_of_its_tenant_are_written_to_and_nobody_else(hooks: Hooks) -> None:
    tenant, webhook = _disabled(hooks)
    mailer = Recorder()
    _notify(hooks, mailer)
    assert sorted(mail.to for mail in mailer.mails) == ["ann@example.com", "ben@example.com"]
    mail = mailer.mails[0]
    assert mail.subject == "A webhook of Acme was disabled"
    assert mail.name.startswith(f"{webhook['webhookId']}.")
    path = tenant_path(tenant, "webhooks", webhook["webhookId"])
    for written in (mail.text, mail.html):
        assert f"{PUBLIC}{path}" in written
        assert f"bbws webhooks enable {tenant['tenantId']} {webhook['webhookId']}" in written
        assert "hooks.example.com" in written
        assert "failed for three days" in written
        assert "confidential" not in written
    assert len({mail.name for mail in mailer.mails}) == 2


def test_an_address_that_is_gone_says_so(hooks: Hooks) -> None:
    _disabled(hooks, Sent(410))
    mailer = Recorder()
    _notify(hooks, mailer)
    assert {"its answer was 410" in mail.text for mail in mailer.mails} == {True}


def test_a_message_that_comes_again_writes_nothing_twice(hooks: Hooks) -> None:
    _disabled(hooks)
    mailer = Recorder()
    _notify(hooks, mailer)
    _notify(hooks, mailer)
    assert len(mailer.mails) == 2


class _Dying(Recorder):
    """Sends one mail, and is killed with the next on its way."""

    def send(self, mail: Mail) -> None:
        super().send(mail)
        if len(self.mails) == 2:
            raise Unavailable("killed")


def test_who_is_killed_in_the_midst_sends_the_last_one_again_and_no_other(hooks: Hooks) -> None:
    _disabled(hooks)
    dying, after = _Dying(), Recorder()
    with pytest.raises(Unavailable):
        _notify(hooks, dying)
    _notify(hooks, after)
    assert after.mails == [dying.mails[1]]
    first, again = (forms.message(mail, "a@b.example").as_bytes() for mail in (dying.mails[1], after.mails[0]))
    assert first == again
    assert re.fullmatch("<[0-9a-f]{32}@b.example>", parsed(again)["Message-ID"])


def _enabled(hooks: Hooks, _tenant: Mapping[str, Any], webhook: Mapping[str, Any]) -> None:
    hooks.post(webhook, "enable")


def _deleted(hooks: Hooks, _tenant: Mapping[str, Any], webhook: Mapping[str, Any]) -> None:
    assert hooks.world.ask("ann", "DELETE", hooks.of(webhook)).status == 204


def _gone(hooks: Hooks, tenant: Mapping[str, Any], _webhook: Mapping[str, Any]) -> None:
    hooks.world.set_status_of_row(tenant, "DEPROVISIONED")


@pytest.mark.parametrize("meanwhile", [_enabled, _deleted, _gone])
def test_nobody_is_written_to_about_what_is_no_more(hooks: Hooks, meanwhile: Any) -> None:
    meanwhile(hooks, *_disabled(hooks))
    mailer = Recorder()
    _notify(hooks, mailer)
    assert mailer.mails == []


def test_who_is_forgotten_is_not_written_to(hooks: Hooks) -> None:
    _disabled(hooks)
    assert hooks.world.ask("boss", "DELETE", "/v1.0/users/user-ben").status == 204
    mailer = Recorder()
    _notify(hooks, mailer)
    assert [mail.to for mail in mailer.mails] == ["ann@example.com"]


def test_a_running_server_writes_it(tmp_path: Path) -> None:
    sender = FakeSender(answers={URL: Sent(410)})
    with opened(tmp_path, start=True, clock=FakeClock(), sender=sender, public_url=PUBLIC) as world:
        tenant = world.active("ann")
        webhook = world.ask("ann", "POST", tenant_path(tenant, "webhooks"), {"url": URL}).json
        assert world.ask("ann", "PUT", tenant_path(tenant), {"metadata": {"a": 1}}).status == 200
        path = tenant_path(tenant, "webhooks", webhook["webhookId"])
        while world.ask("ann", "GET", path).json["state"] != "DISABLED":
            world.client.drain()
        [mail] = mails(world)
        assert mail["To"] == "ann@example.com"
        assert mail["Subject"] == "A webhook of Acme was disabled"
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert webhook["webhookId"] in text(mail)
