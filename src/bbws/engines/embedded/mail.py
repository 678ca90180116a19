"""Mail of one machine: files in the data folder, or a mail server that is named."""

import os
import re
import secrets
import shutil
import smtplib
import ssl
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from bbws.engines.embedded.private import opener
from bbws.kernel.table import Unavailable
from bbws.tenants.mails import message
from bbws.tenants.ports import Mail

MAIL_FOLDER = "mail"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Of each step of a conversation; all of them stay below the minute for which a message is hidden.
_SECONDS = 5.0
_PORTS = {"smtp": 587, "smtps": 465}


class FolderMailer:
    """The tenants domain's Mailer: a file per mail, in a folder per contact, so that one goes with the other.

    Args:
        folder: made with the first mail.
        sender: whom mails are from.
    """

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Write the mail: whole or not at all. The same one again is the same file.

        Raises:
            Unavailable: the disk does not take it now.
        """
        folder, name = self._folder / _checked(mail.contact_id), f"{_checked(mail.name)}.eml"
        content = message(mail, self._sender).as_bytes()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            _write(folder, name, content)
        except OSError as error:
            raise Unavailable(f"the mail folder cannot be written: {error.strerror}") from error

    def forget(self, contact_id: str) -> None:
        """Delete the mails to a contact.

        Raises:
            Unavailable: they cannot be deleted now.
        """
        try:
            shutil.rmtree(self._folder / _checked(contact_id))
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"the mail folder cannot be emptied: {error.strerror}") from error


def _checked(name: str) -> str:
    """A name of a file, and of no other place.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(name):
        msg = "not the name of a mail or of a contact"
        raise ValueError(msg)
    return name


def _write(folder: Path, name: str, content: bytes) -> None:
    temporary = folder / f".{secrets.token_hex(8)}"
    try:
        with FileIO(temporary, "x", opener=opener) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        temporary.replace(folder / name)
    finally:
        temporary.unlink(missing_ok=True)


class _Server(NamedTuple):
    host: str
    port: int
    implicit_tls: bool
    user: str
    password: str

    @classmethod
    def of(cls, url: str) -> "_Server":
        """What a URL says.

        Raises:
            ValueError: it is none of a mail server.
        """
        parts: SplitResult = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            msg = (
                "write smtp://HOST:587 with USER:PASSWORD@ before HOST, or smtps://… where TLS is spoken from the start"
            )
            raise ValueError(msg)
        port = parts.port or _PORTS[parts.scheme]
        return cls(
            parts.hostname,
            port,
            parts.scheme == "smtps",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )


class SmtpMailer:
    """The tenants domain's Mailer over a mail server: encrypted, unless it is on this machine.

    Args:
        url: of the server.
        sender: whom mails are from.
        tls: what certificates are believed; None: as this machine does.

    Raises:
        ValueError: the URL is none of a mail server.
    """

    def __init__(self, url: str, sender: str, *, tls: Callable[[], ssl.SSLContext] | None = None) -> None:
        self._server = _Server.of(url)
        self._sender = sender
        self._tls = tls or ssl.create_default_context

    def send(self, mail: Mail) -> None:
        """Hand the mail to the server.

        Raises:
            Unavailable: it cannot be reached, or does not take it.
        """
        try:
            with self._connected() as server:
                server.send_message(message(mail, self._sender))
        except (OSError, smtplib.SMTPException) as error:
            # Without what the server says: that names addresses.
            raise Unavailable(f"the mail server did not take a mail: {_reason(error)}") from None

    def _connected(self) -> smtplib.SMTP:
        host, port, implicit, user, password = self._server
        if implicit:
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=self._tls())
        else:
            server = smtplib.SMTP(host, port, timeout=_SECONDS)
        try:
            server.ehlo()
            if not implicit and (host not in _LOOPBACK or server.has_extn("starttls")):
                server.starttls(context=self._tls())
                server.ehlo()
            if user:
                server.login(user, password)
        except BaseException:
            server.close()
            raise
        return server


def _reason(error: Exception) -> str:
    codes = [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    return " ".join([type(error).__name__, *map(str, codes)])
