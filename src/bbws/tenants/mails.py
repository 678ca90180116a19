"""What is written to people, in text and in HTML.

A mail names nobody but, in its header, whom it goes to: what one is told about another could not be forgotten.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from string import Template
from typing import NamedTuple

from bbws.kernel.reaction import Policy
from bbws.kernel.table import Table
from bbws.people import store as people_store
from bbws.tenants.ports import ForgetMail, Mail, Mailer

# A mail server may be away for a while; one message at a time, so that no mail is sent again because of another.
PATIENT = Policy(visibility=60, max_receives=10, batch=1, first_delay=10.0)
_ASCII_LINE = "7bit"  # a link in a longer line is still one when it is pasted from the file
_OTHER = "quoted-printable"
_DIGITS = 32


class _Form(NamedTuple):
    subject: Template
    text: Template
    html: Template


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>%s</title></head><body>
%s
</body></html>
"""


def _form(subject: str, text: str, html: str) -> _Form:
    return _Form(Template(subject), Template(text), Template(_PAGE % (subject, html)))


INVITATION = _form(
    "Invitation to $organization",
    """Hello,

$organization invites you to join it on BBWS, as $role.

The invitation, until $expires:
$link

To accept it, sign in with this address, then:
bbws invitations accept $token

To decline it:
bbws invitations decline $token

It works once. If you did not expect it, leave it alone: it ends by itself.
""",
    """<p>Hello,</p>
<p><strong>$organization</strong> invites you to join it on BBWS, as $role.</p>
<p><a href="$link">Look at the invitation</a>, until $expires.</p>
<p>To accept it, sign in with this address, then: <code>bbws invitations accept $token</code></p>
<p>To decline it: <code>bbws invitations decline $token</code></p>
<p>It works once. If you did not expect it, leave it alone: it ends by itself.</p>""",
)
ACCEPTED = _form(
    "An invitation to $organization was accepted",
    """Hello,

an invitation to $organization as $role was accepted on $answered.

Whose it was, for an Admin:
$link
""",
    """<p>Hello,</p>
<p>an invitation to <strong>$organization</strong> as $role was accepted on $answered.</p>
<p><a href="$link">Whose it was</a>, for an Admin.</p>""",
)
DECLINED = _form(
    "An invitation to $organization was declined",
    """Hello,

an invitation to $organization as $role was declined on $answered.

Whose it was, for an Admin:
$link
""",
    """<p>Hello,</p>
<p>an invitation to <strong>$organization</strong> as $role was declined on $answered.</p>
<p><a href="$link">Whose it was</a>, for an Admin.</p>""",
)

WEBHOOK_DISABLED = _form(
    "A webhook of $organization was disabled",
    """Hello,

$host is told nothing any more of what happens to $organization, since $disabled: $because.

The webhook, and what was sent to it, for an Admin:
$link

Once the address takes what it is told, to use it again:
bbws webhooks enable $tenant $webhook

What it missed until then was not sent: what was given up can be replayed for 30 days.
""",
    """<p>Hello,</p>
<p><strong>$host</strong> is told nothing any more of what happens to <strong>$organization</strong>, since $disabled:
$because.</p>
<p><a href="$link">The webhook</a>, and what was sent to it, for an Admin.</p>
<p>Once the address takes what it is told, to use it again: <code>bbws webhooks enable $tenant $webhook</code></p>
<p>What it missed until then was not sent: what was given up can be replayed for 30 days.</p>""",
)


def post(table: Table, mailer: Mailer, forget_mail: ForgetMail, contact_id: str, write: Callable[[str], Mail]) -> None:
    """Write to a contact what is made for its address; nothing to one that was forgotten.

    Raises:
        Unavailable: the store or the mailer does not take it.
    """
    to = _address_of(table, contact_id)
    if to is not None:
        mailer.send(write(to))
    # Whoever was forgotten meanwhile is forgotten here too: the reaction to that may have come before.
    if to is None or _address_of(table, contact_id) is None:
        forget_mail(contact_id)


def _address_of(table: Table, contact_id: str) -> str | None:
    row = table.get(people_store.values_key(contact_id))
    return None if row is None else people_store.values_of(row).email


def written(form: _Form, said: Mapping[str, str], name: str, contact_id: str, to: str, at: datetime) -> Mail:
    """A mail in a form. ``said``: what stands in the place of the form's names; in HTML it is escaped.

    Raises:
        KeyError: the form has a name that nothing is said of.
    """
    escaped = {key: escape(value) for key, value in said.items()}
    subject = form.subject.substitute(said)
    return Mail(name, contact_id, to, subject, form.text.substitute(said), form.html.substitute(escaped), at)


def message(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it is sent (RFC 5322): the same bytes whenever it is made.

    Args:
        mail: what to send.
        sender: whom it is from, such as ``BBWS <no-reply@example.com>``.
    """
    found = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    found["From"] = Address(name, addr_spec=address)
    found["To"] = _address(mail.to)
    found["Subject"] = mail.subject
    found["Date"] = format_datetime(mail.at)
    # Short, for a line that is folded in the midst of it is one that some programs do not read.
    digest = hashlib.sha256(mail.name.encode()).hexdigest()[:_DIGITS]
    found["Message-ID"] = f"<{digest}@{address.rpartition('@')[2]}>"
    # SES puts its own Message-ID in the place of ours; this one stays.
    found["X-Entity-Ref-ID"] = mail.name
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(mail.text, cte=_encoding(mail.text))
    found.add_alternative(mail.html, subtype="html", cte=_encoding(mail.html))
    found.set_boundary(f"=_{mail.name}")
    return found


def _encoding(text: str) -> str:
    return _ASCII_LINE if text.isascii() else _OTHER


def _address(email: str) -> Address:
    """Its domain in ASCII (IDNA): what comes before it may need SMTPUTF8 all the same."""
    from email_validator import validate_email  # noqa: PLC0415 - imported with the first address, as in people

    found = validate_email(email, check_deliverability=False, allow_quoted_local=True, strict=True)
    return Address(username=_unquoted(found.local_part), domain=found.ascii_domain)


def _unquoted(local: str) -> str:
    return local[1:-1].replace('\\"', '"').replace("\\\\", "\\") if local.startswith('"') else local
