"""Mail of one machine: files in the data folder, and a mail server of the standard kind."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bbws.engines.embedded.mail import FolderMailer, SmtpMailer
from bbws.kernel.table import Unavailable
from bbws.settings import Settings, SettingsError
from bbws.tenants.ports import Mail
from tests.fakes import NOON
from tests.tenants.invited import parsed, text

SENDER = "BBWS <no-reply@bbws.example>"
MAIL = Mail("invitation-1.1", "contact-1", "ben@example.com", "Hé", "Hello é\n", "<p>Hello é</p>\n", NOON)
USER, PASSWORD = "bbws", "p@ss/word"


def test_a_mail_is_a_file_that_programs_for_mail_open(tmp_path: Path) -> None:
    FolderMailer(tmp_path / "mail", SENDER).send(MAIL)
    [file] = (tmp_path / "mail").rglob("*.eml")
    assert file.relative_to(tmp_path).as_posix() == "mail/contact-1/invitation-1.1.eml"
    read = parsed(file.read_bytes())
    assert (read["From"], read["To"], read["Subject"]) == (SENDER, "ben@example.com", "Hé")
    assert (text(read), text(read, "html")) == ("Hello é\n", "<p>Hello é</p>\n")


def test_mails_are_their_owners_alone(tmp_path: Path) -> None:
    FolderMailer(tmp_path / "mail", SENDER).send(MAIL)
    folders = (tmp_path / "mail", tmp_path / "mail" / "contact-1")
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]


def test_the_same_mail_again_is_the_same_file(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", SENDER)
    mailer.send(MAIL)
    [file] = (tmp_path / "mail" / "contact-1").iterdir()
    before = file.read_bytes()
    mailer.send(MAIL)
    assert [(path, path.read_bytes()) for path in file.parent.iterdir()] == [(file, before)]


def test_forgetting_a_contact_leaves_the_others(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", SENDER)
    for contact in ("contact-1", "contact-2"):
        mailer.send(MAIL._replace(contact_id=contact))
    for _ in range(2):
        mailer.forget("contact-1")
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["contact-2"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", ".hidden", "x" * 129])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    mailer = FolderMailer(tmp_path / "mail", SENDER)
    with pytest.raises(ValueError, match="not the name"):
        mailer.send(MAIL._replace(contact_id=name))
    with pytest.raises(ValueError, match="not the name"):
        mailer.send(MAIL._replace(name=name))
    with pytest.raises(ValueError, match="not the name"):
        mailer.forget(name)


def test_a_disk_that_does_not_take_it_is_told_of_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("no folder")
    mailer = FolderMailer(tmp_path / "mail", SENDER)
    with pytest.raises(Unavailable, match="cannot be written"):
        mailer.send(MAIL)
    with pytest.raises(Unavailable, match="cannot be emptied"):
        mailer.forget("contact-1")
    mailer = FolderMailer(tmp_path / "other", SENDER)
    (tmp_path / "other" / "contact-1" / "invitation-1.1.eml").mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot be written"):
        mailer.send(MAIL)
    assert [path.name for path in (tmp_path / "other" / "contact-1").iterdir()] == ["invitation-1.1.eml"]


class Inbox:
    """Takes mails as a server does; ``refusal`` is said to every recipient."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.taken: list[Envelope] = []
        self.encrypted: list[bool] = []

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, to: str, options: Any) -> str:  # noqa: N802 - the library's name
        envelope.rcpt_tos.append(to)
        assert options is not None
        return self.refusal or "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


def _authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class _Controller(Controller):
    """The library's, on a socket that is bound before: it takes no free port by itself."""

    def __init__(self, inbox: Inbox, **further: Any) -> None:
        self.socket = create_server(("127.0.0.1", 0))
        super().__init__(inbox, "127.0.0.1", self.socket.getsockname()[1], enable_SMTPUTF8=True, **further)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.socket, ssl=self.ssl_context)


@contextmanager
def listening(inbox: Inbox, **further: Any) -> Iterator[int]:
    """A server on a free port."""
    controller = _Controller(inbox, **further)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own, and that of a client who believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))


def test_a_server_takes_a_mail_whole() -> None:
    inbox = Inbox()
    with listening(inbox) as port:
        SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER).send(MAIL)
        SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER).send(MAIL)
    first, second = inbox.taken
    assert (first.mail_from, first.rcpt_tos) == ("no-reply@bbws.example", ["ben@example.com"])
    assert isinstance(first.content, bytes)
    read = parsed(first.content)
    assert (read["Message-ID"], text(read)) == ("<55e4eff94c2384fde64fdd1846fa1ea7@bbws.example>", "Hello é\n")
    assert first.content == second.content
    assert inbox.encrypted == [False, False]


def test_an_address_that_is_not_ascii_is_written_to_as_it_is() -> None:
    inbox = Inbox()
    with listening(inbox) as port:
        SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER).send(MAIL._replace(to="bén@bücher.example"))
    assert inbox.taken[0].rcpt_tos == ["bén@xn--bcher-kva.example"]
    content = inbox.taken[0].content
    assert isinstance(content, bytes)
    assert "bén@xn--bcher-kva.example".encode() in content


def test_a_conversation_is_encrypted_before_the_password_is_said(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    inbox, (serving, believing) = Inbox(), tls
    url = f"{USER}:p%40ss%2Fword@127.0.0.1"
    strict = {"require_starttls": True, "auth_required": True, "authenticator": _authenticated}
    with listening(inbox, tls_context=serving, **strict) as port:
        SmtpMailer(f"smtp://{url}:{port}", SENDER, tls=lambda: believing).send(MAIL)
        with pytest.raises(Unavailable, match="SMTPAuthenticationError 535"):
            SmtpMailer(f"smtp://{url}:{port}".replace("ss", "tt"), SENDER, tls=lambda: believing).send(MAIL)
        with pytest.raises(Unavailable, match="SSLCertVerificationError"):
            SmtpMailer(f"smtp://{url}:{port}", SENDER).send(MAIL)
    assert inbox.encrypted == [True]


def test_tls_can_be_spoken_from_the_start(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    inbox, (serving, believing) = Inbox(), tls
    with listening(inbox, ssl_context=serving) as port:
        SmtpMailer(f"smtps://127.0.0.1:{port}", SENDER, tls=lambda: believing).send(MAIL)
    assert len(inbox.taken) == 1


@pytest.mark.parametrize("refusal", ["550 5.1.1 <ben@example.com>: no such user", "451 ben@example.com: later"])
def test_a_refusal_is_told_without_the_address(refusal: str) -> None:
    with listening(Inbox(refusal)) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER)
        with pytest.raises(Unavailable) as refused:
            mailer.send(MAIL)
    assert str(refused.value) == f"the mail server did not take a mail: SMTPRecipientsRefused {refusal[:3]}"
    assert refused.value.__suppress_context__


def test_a_server_that_is_not_there_is_told_of() -> None:
    with listening(Inbox()) as port:
        pass
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER).send(MAIL)


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://a b", "smtp://x/path", "smtp://x?tls=no", "smtp://x:0"],
)
def test_what_is_no_mail_server_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="BBWS_SMTP_URL"):
        Settings.of(smtp_url=url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "ftp://x"),
        ("public_url", "http://x?y"),
        ("public_url", "http://x y"),
        ("mail_from", "nobody"),
        ("mail_from", "A <a@b.example>\r\nBcc: c@d.example"),
        ("mail_from", "a@b"),
    ],
)
def test_what_mails_cannot_say_is_refused_at_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"BBWS_{name.upper()}"):
        Settings.of(**{name: value})


def test_links_lead_to_the_server_itself_unless_it_is_said_otherwise() -> None:
    assert Settings.of(port=8123).people_url == "http://127.0.0.1:8123"
    assert Settings.of(public_url="https://api.example/v1").people_url == "https://api.example/v1"


def test_what_is_set_is_what_is_sent_with(tmp_path: Path) -> None:
    settings = Settings.of(data_dir=tmp_path, smtp_url="smtp://bbws:hush@mail.example", mail_from=SENDER)
    assert "hush" not in repr(settings)
    assert settings.mail_from == SENDER
