"""Mails that follow from invitations: what they say, that they are sent once, and that they can be forgotten."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.change import change_key
from bbws.kernel.reaction import Message
from bbws.kernel.table import Unavailable
from bbws.tenants import mails as forms
from bbws.tenants.invitations.model import key_of
from bbws.tenants.invitations.reactions import REACTIONS, send_mails
from bbws.tenants.invitations.store import invitation_key
from bbws.tenants.ports import Mail
from tests.fakes import NOON, FakeClock
from tests.tenants.invited import Recorder, invite, mails, one, parsed, received, sent_token, text, token
from tests.tenants.world import World, opened

PUBLIC = "http://bbws.example/base"


class Ticking(FakeClock):
    """A clock on which no two moments are the same, as on every real one."""

    def now(self) -> datetime:
        self.advance(1e-6)
        return super().now()


@pytest.fixture
def clock() -> FakeClock:
    return Ticking()


@pytest.fixture
def world(tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    with opened(tmp_path, start=True, clock=clock, public_url=PUBLIC) as made:
        yield made


def test_who_is_invited_gets_a_mail_whose_link_works(world: World) -> None:
    tenant = world.active("ann", organizationName="O'Neil Wéb")
    invitation = invite(world, tenant, "ben", "Viewer")
    [mail] = mails(world)
    assert mail["To"] == "ben@example.com"
    assert mail["From"] == "BBWS <no-reply@localhost.localdomain>"
    assert mail["Subject"] == "Invitation to O'Neil Wéb"
    assert mail["X-Entity-Ref-ID"] == f"{invitation['invitationId']}.1"
    assert re.fullmatch("<[0-9a-f]{32}@localhost.localdomain>", mail["Message-ID"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]) == NOON
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    sent = sent_token(mail)
    assert sent == token(world, invitation)
    assert f"{PUBLIC}/v1.0/invitations/{sent}\n" in text(mail)
    assert f'href="{PUBLIC}/v1.0/invitations/{sent}"' in text(mail, "html")
    for said in ("as Viewer", "27 November 2026, 12:00 UTC"):
        assert said in text(mail)
        assert said in text(mail, "html")
    assert ("O'Neil Wéb invites" in text(mail), "O&#x27;Neil Wéb" in text(mail, "html")) == (True, True)
    assert received(world, sent).json["isValid"] is True
    assert received(world, sent, "accept", "ben").status == 200


def test_what_became_of_it_is_told_to_the_tenants_contact_without_a_name(world: World) -> None:
    tenant = world.active("ann")
    for name, verb, word in (("ben", "accept", "accepted"), ("eve", "decline", "declined")):
        invitation = invite(world, tenant, name)
        assert received(world, token(world, invitation), verb, name).status == 200
        [told] = [mail for mail in _to(world, "office@acme.example") if word in mail["Subject"]]
        assert told["Subject"] == f"An invitation to Acme was {word}"
        assert told["X-Entity-Ref-ID"] == f"{invitation['invitationId']}.2"
        assert f"{PUBLIC}{one(invitation)}\n" in text(told)
        assert f"was {word} on 20 November 2026" in text(told)
        # What one is told about another could not be forgotten with that other.
        assert f"{name}@" not in str(told)


def _to(world: World, address: str) -> list[EmailMessage]:
    return [mail for mail in mails(world) if mail["To"] == address]


def test_sending_again_writes_another_mail_with_another_token(world: World, clock: FakeClock) -> None:
    invitation = invite(world, world.active("ann"), "ben")
    mails(world)
    clock.advance(60)
    assert world.ask("ann", "POST", one(invitation, "resend")).status == 200
    first, second = mails(world)
    assert sent_token(first) != sent_token(second)
    assert first["Message-ID"] != second["Message-ID"]
    assert received(world, sent_token(first)).status == 404
    assert received(world, sent_token(second)).status == 200


def test_mails_are_files_of_the_owner_alone_in_a_folder_for_each_contact(world: World) -> None:
    tenant = world.active("ann")
    for name in ("ben", "carl"):
        invite(world, tenant, name)
    mails(world)
    folder = world.client.settings.data_dir / "mail"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len({path.parent for path in files}) == len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_dir()} == {0o700}


def test_forgetting_a_person_deletes_what_was_written_to_them(world: World) -> None:
    tenant = world.active("ann")
    world.known("ben")
    for name in ("ben", "carl"):
        invite(world, tenant, name)
    assert [mail["To"] for mail in mails(world)].count("ben@example.com") == 1
    assert world.ask("boss", "DELETE", "/v1.0/users/user-ben").status == 204
    assert [mail["To"] for mail in mails(world)] == ["carl@example.com"]
    files = [path for path in world.client.settings.data_dir.rglob("*") if path.suffix in {".eml", ".json"}]
    assert files
    assert [path for path in files if b"ben@" in path.read_bytes()] == []


def _handled(
    world: World, mailer: Recorder, invitation: Mapping[str, Any], version: int = 1, clock: Any = None
) -> None:
    """Have the reaction to a change of an invitation run, by hand."""
    engine = world.client.app.engine
    key = change_key(invitation_key(invitation["invitationId"]), version)
    send_mails(
        [Message(f"{invitation['invitationId']}.{version}", "any", one(invitation), key)],
        table=engine.table,
        clock=clock or FakeClock(),
        invitation_key=lambda: key_of(engine.secret("email-key")),
        mailer=mailer,
        forget_mail=mailer.forgotten.append,
        public_url="http://bbws.example/",
    )


def test_a_message_that_comes_again_makes_the_same_mail(tmp_path: Path) -> None:
    with opened(tmp_path, clock=FakeClock()) as world:
        invitation = invite(world, world.active("ann"), "ben")
        mailer, later = Recorder(), FakeClock(NOON + timedelta(days=1))
        _handled(world, mailer, invitation)
        _handled(world, mailer, invitation, clock=later)
        first, second = mailer.mails
        assert first == second
        assert forms.message(first, "a@b.example").as_bytes() == forms.message(second, "a@b.example").as_bytes()
        assert mailer.forgotten == []


def test_an_invitation_that_is_not_pending_at_that_issue_is_not_sent(tmp_path: Path) -> None:
    present = FakeClock()
    with opened(tmp_path, clock=present) as world:
        tenant, mailer = world.active("ann"), Recorder()
        invitation = invite(world, tenant, "ben")
        _handled(world, mailer, invitation, clock=FakeClock(NOON + timedelta(days=7)))
        present.advance(60)
        assert world.ask("ann", "POST", one(invitation, "resend")).status == 200
        _handled(world, mailer, invitation)
        assert mailer.mails == []
        _handled(world, mailer, invitation, 2)
        assert len(mailer.mails) == 1
        assert world.ask("ann", "DELETE", one(invitation)).status == 200
        _handled(world, mailer, invitation, 2)
        _handled(world, mailer, {**invitation, "invitationId": "invitation-unknown"})
        assert len(mailer.mails) == 1


def test_who_is_forgotten_is_not_written_to_and_forgotten_again(tmp_path: Path) -> None:
    with opened(tmp_path, clock=FakeClock()) as world:
        tenant, mailer = world.active("ann"), Recorder()
        world.known("ben")
        invitation = invite(world, tenant, "ben")
        assert world.ask("boss", "DELETE", "/v1.0/users/user-ben").status == 204
        _handled(world, mailer, invitation)
        assert (mailer.mails, len(mailer.forgotten)) == ([], 1)


def test_who_is_forgotten_while_the_mail_is_written_keeps_none(tmp_path: Path) -> None:
    with opened(tmp_path, clock=FakeClock()) as world:
        tenant = world.active("ann")
        world.known("ben")
        invitation = invite(world, tenant, "ben")

        class Meanwhile(Recorder):
            def send(self, mail: Mail) -> None:
                assert world.ask("boss", "DELETE", "/v1.0/users/user-ben").status == 204
                super().send(mail)

        mailer = Meanwhile()
        _handled(world, mailer, invitation)
        assert mailer.forgotten == [mailer.mails[0].contact_id]


def test_a_mailer_that_is_away_is_asked_again(tmp_path: Path) -> None:
    with opened(tmp_path, clock=FakeClock()) as world:
        mailer = Recorder(refusing=1)
        invitation = invite(world, world.active("ann"), "ben")
        with pytest.raises(Unavailable):
            _handled(world, mailer, invitation)
        _handled(world, mailer, invitation)
        assert [mail.to for mail in mailer.mails] == ["ben@example.com"]


def test_one_mail_at_a_time_so_that_none_is_sent_again_because_of_another() -> None:
    assert {reaction.name: reaction.policy.batch for reaction in REACTIONS} == {
        "invitation-mailer": 1,
        "mail-forgetter": 1,
    }


def test_what_is_said_is_escaped_and_makes_no_header() -> None:
    evil = '<b onclick="x">&\r\nBcc: all@example.com'
    said = {"organization": evil, "role": "Viewer", "link": 'http://x/"><script>', "token": "t", "expires": "soon"}
    mail = forms.written(forms.INVITATION, said, "name.1", "contact-1", "ben@example.com", NOON)
    assert ("<script" in mail.html, "<b onclick" in mail.html) == (False, False)
    with pytest.raises(ValueError, match="linefeed"):
        forms.message(mail, "a@b.example")


@pytest.mark.parametrize(
    "address", ["ben+tag@example.com", '"ben b"@example.com', "bén@example.com", "ben@bücher.example"]
)
def test_addresses_of_all_kinds_are_written_to(address: str) -> None:
    said = {"organization": "Acmé", "role": "Viewer", "link": "http://x", "answered": "today"}
    mail = forms.written(forms.ACCEPTED, said, "name.1", "contact-1", address, NOON)
    read = parsed(forms.message(mail, "BBWS <a@b.example>").as_bytes())
    assert read["To"].addresses[0].addr_spec == address.replace("bücher", "xn--bcher-kva")
    assert "Acmé" in text(read)


def test_a_form_says_nothing_that_was_not_given() -> None:
    with pytest.raises(KeyError):
        forms.written(forms.DECLINED, {}, "name.1", "contact-1", "ben@example.com", NOON)


def test_the_token_is_nowhere_but_in_the_mail(world: World, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    tenant = world.active("ann")
    tokens = []
    for name in ("ben", "carl", "dora"):
        invitation = invite(world, tenant, name)
        tokens.append(token(world, invitation))
        clock.advance(60)
        assert world.ask("ann", "POST", one(invitation, "resend"), idempotency_key=name).status == 200
        tokens.append(token(world, invitation))
    world.known("ben", "carl")
    for sent, verb, who in ((tokens[1], "accept", "ben"), (tokens[3], "decline", "carl"), (tokens[0], "accept", "ben")):
        received(world, sent)
        received(world, sent, verb, who, idempotency_key=sent[:20])
    mails(world)
    folder = world.client.settings.data_dir
    files = [path for path in folder.rglob("*") if path.is_file() and folder / "mail" not in path.parents]
    assert len(files) > 5
    for sent in tokens:
        found = [path.name for path in files if sent.encode() in path.read_bytes() or sent in path.name]
        assert (sent, found) == (sent, [])
        assert sent not in caplog.text
