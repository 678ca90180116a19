"""Invitations, for tests: made through the API, answered with the tokens that were sent."""

import re
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from bbws.kernel.table import Unavailable
from bbws.tenants.invitations.model import key_of, token_of
from bbws.tenants.invitations.store import INVITATION, invitation_key
from bbws.tenants.ports import Mail
from tests.builders import Reply
from tests.tenants.world import World, tenant_path

RECEIVED = "/v1.0/invitations"
_LINK = re.compile(r"http://[^\s]*/v1\.0/invitations/([A-Za-z0-9_-]{43})$", re.MULTILINE)


class Recorder:
    """A mailer that keeps what it is given; ``refusing`` times it takes nothing."""

    def __init__(self, refusing: int = 0) -> None:
        self.mails: list[Mail] = []
        self.forgotten: list[str] = []
        self.refusing = refusing

    def send(self, mail: Mail) -> None:
        if self.refusing:
            self.refusing -= 1
            raise Unavailable("not now")
        self.mails.append(mail)


def ask(
    world: World, tenant: Mapping[str, Any], email: str, role: str = "Operator", by: str = "ann", **at: Any
) -> Reply:
    """The answer to inviting an address."""
    return world.ask(by, "POST", tenant_path(tenant, "invitations"), {"email": email, "role": role, **at})


def invite(world: World, tenant: Mapping[str, Any], name: str, role: str = "Operator", **at: Any) -> dict[str, Any]:
    """An invitation of somebody, by ann."""
    reply = ask(world, tenant, f"{name}@example.com", role, **at)
    assert reply.status == 201, reply.body
    document: dict[str, Any] = reply.json
    return document


def one(invitation: Mapping[str, Any], *further: str) -> str:
    """Where an invitation is."""
    return "/".join((tenant_path(invitation, "invitations"), invitation["invitationId"], *further))


def token(world: World, invitation: Mapping[str, Any]) -> str:
    """The token that an invitation has at present, made as the mailer makes it."""
    engine = world.client.app.engine
    row = engine.table.get(invitation_key(invitation["invitationId"]))
    assert row is not None
    issue = INVITATION.stored(row).value.issue
    return token_of(key_of(engine.secret("email-key")), invitation["invitationId"], issue)


def received(world: World, sent: str, verb: str = "", who: str | None = None, **headers: str) -> Reply:
    """What the token answers: looked up, or ``accept``, ``decline``; by nobody unless said."""
    target, method = "/".join(filter(None, (RECEIVED, sent, verb))), "POST" if verb else "GET"
    if who is not None:
        return world.ask(who, method, target, **headers)
    return world.client.call(method, target, key=None, headers={n.replace("_", "-"): v for n, v in headers.items()})


def mails(world: World) -> list[EmailMessage]:
    """Every mail that was written, by name, once everything that follows has happened."""
    world.client.drain()
    found = sorted(world.client.settings.data_dir.glob("mail/*/*.eml"), key=lambda path: path.name)
    return [parsed(path.read_bytes()) for path in found]


def parsed(content: bytes) -> EmailMessage:
    """A mail as a program for mail reads it."""
    read: EmailMessage = BytesParser(policy=policy.default).parsebytes(content)
    return read


def text(mail: EmailMessage, kind: str = "plain") -> str:
    """One of a mail's two parts."""
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def sent_token(mail: EmailMessage) -> str:
    """The token in a mail's link."""
    found = _LINK.search(text(mail))
    assert found is not None, text(mail)
    return found[1]
