"""The real program in a process of its own: starting, stopping, refusing to start."""

import shlex
import signal
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bbws.audit.verify import verify
from bbws.engines.embedded.archive import FolderArchive
from bbws.entrypoints.server import greeting
from bbws.settings import Settings, SettingsError
from tests import builders
from tests.builders import SAMPLE, Server
from tests.server.support import call, connection, read

PRODUCTS = "/v1.0/products"


def _serve(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A server that is expected not to start."""
    environment = builders.inherited() | environment
    command = [sys.executable, "-m", "bbws.entrypoints.cli", "serve", "--port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_the_line_in_the_greeting_works_when_pasted(shared: Server) -> None:
    port = int(shared.url.rpartition(":")[2])
    text = greeting(Settings.of(data_dir=shared.data_dir), port, first_key=True)
    [line] = (line.strip().removeprefix("Try").strip() for line in text.splitlines() if "curl" in line)
    pasted = subprocess.run(["sh", "-c", f"{line} -s"], capture_output=True, text=True, timeout=60, check=True)
    assert '"_links"' in pasted.stdout
    assert '"create"' in pasted.stdout  # so the key was sent
    quoted = shlex.quote(str(shared.data_dir / "api-key"))
    assert quoted in line


def test_the_greeting_says_where_everything_is(tmp_path: Path) -> None:
    (tmp_path / "api-key").touch()
    lines = greeting(Settings.of(data_dir=tmp_path, host="::1"), 8123, first_key=False).splitlines()
    assert lines[0].startswith("BBWS ")
    assert f"serves http://[::1]:8123 from {tmp_path}" in lines[0]
    assert "http://[::1]:8123/docs" in lines[1]
    assert lines[2].endswith(f"{tmp_path / 'api-key'} (as before)")


def test_what_is_under_way_is_finished_before_it_stops(tmp_path: Path) -> None:
    body = b'{"name": "Last one", "description": "x", "price": "5", "period": "yearly"}'
    with builders.server(tmp_path / "data") as server, connection(server) as opened:
        for number in range(20):
            assert call(server, "POST", PRODUCTS, {**SAMPLE, "productId": f"PROD-{number:03}"}).status == 201
        opened.putrequest("POST", PRODUCTS)
        for name, value in (("x-api-key", server.key), ("content-type", "application/json")):
            opened.putheader(name, value)
        opened.putheader("content-length", str(len(body)))
        opened.endheaders(body[:10])
        assert call(server, "GET", "/health").status == 200  # it has heard what came before
        server.process.send_signal(signal.SIGTERM)
        opened.send(body[10:])
        answer = read(opened)
        assert answer.status == 201
        assert server.process.wait(timeout=60) == 0
        with pytest.raises(ConnectionRefusedError):
            call(server, "GET", "/health")
        assert "Traceback" not in server.logged()
    with builders.client(tmp_path / "data") as client:
        listed = client.call("GET", f"{PRODUCTS}?pageSize=100").json
        assert (listed["count"], listed["items"][0]["name"]) == (21, "Last one")
        client.drain()
    report = verify(FolderArchive(tmp_path / "data" / "archive", read_only=True))
    assert (report.sound, report.records) == (True, 22)


def test_a_second_server_is_told_who_has_the_folder(shared: Server) -> None:
    refused = _serve("--data-dir", str(shared.data_dir))
    assert refused.returncode != 0
    assert f"in use by process {shared.process.pid} on " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert call(shared, "GET", "/health").status == 200


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        client.create()
    with closing(sqlite3.connect(tmp_path / "data" / "bbws.db")) as database:
        database.execute("PRAGMA user_version = 999")
    refused = _serve("--data-dir", str(tmp_path / "data"))
    assert refused.returncode != 0
    assert "schema version 999" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104 - it must be refused
def test_it_does_not_listen_beyond_this_machine_in_clear_text(tmp_path: Path, host: str) -> None:
    settings = Settings.of(data_dir=tmp_path, host=host)
    with pytest.raises(SettingsError, match="without TLS"):
        settings.check_bind()
    settings.model_copy(update={"insecure_bind": True}).check_bind()
    settings.model_copy(update={"tls_cert": tmp_path, "tls_key": tmp_path}).check_bind()


def test_a_refused_address_is_one_clear_line(tmp_path: Path) -> None:
    refused = _serve("--data-dir", str(tmp_path / "data"), BBWS_HOST="0.0.0.0")  # noqa: S104 - it must be refused
    assert refused.returncode == 2
    assert "refusing to listen on 0.0.0.0 without TLS" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_may_be_served_in_clear_text(host: str) -> None:
    Settings.of(host=host).check_bind()


def test_tls_is_spoken_where_there_is_a_certificate(tmp_path: Path) -> None:
    cert, private = _certificate(tmp_path)
    arguments = ("--tls-cert", str(cert), "--tls-key", str(private))
    with builders.server(tmp_path / "data", *arguments) as server:
        assert server.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(cert))
        assert call(server, "POST", PRODUCTS, dict(SAMPLE), context=context).status == 201
        assert call(server, "GET", PRODUCTS, context=context).json["count"] == 1
        with pytest.raises(ssl.SSLCertVerificationError):
            call(server, "GET", PRODUCTS, context=ssl.create_default_context())


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "BBWS test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, None)
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert, private
