"""Commands on this machine's files: openapi, backup, restore, audit verify and rebuild."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bbws.bootstrap.wiring import openapi_documents
from bbws.entrypoints.cli import build
from bbws.entrypoints.commands.session import App
from bbws.entrypoints.server import serve
from bbws.settings import Settings, SettingsError
from bbws.tables import ENDPOINTS
from tests import builders
from tests.cli.shell import Shell, answering, problem


@pytest.fixture
def archive(bbws: Shell, client: builders.Client) -> Path:
    """An archive with a checkpoint, and a change that is newer."""
    for number in range(3):
        client.create(productId=f"PROD-00{number}")
    client.drain()
    bbws("audit", "checkpoint")
    client.call("PUT", "/v1.0/products/PROD-001", {"price": "7"})
    client.drain()
    return client.settings.data_dir / "archive"


def _records(archive: Path) -> list[Path]:
    return sorted(archive.glob("2*/*/*/PROD-*.json"))


def test_verify_says_what_it_held_the_archive_against(bbws: Shell, archive: Path) -> None:
    shown = bbws("audit", "verify").stdout.splitlines()
    assert shown[0] == f"{archive}: 5 records of 4 entities, 1 checkpoint"
    assert shown[1].startswith("Held against checkpoint 1 (through 20")
    assert shown[2] == "Newer than that: 1 record"
    assert shown[-1] == "Everything is as it was written."


def test_verify_names_the_first_bad_record_of_each_chain(bbws: Shell, archive: Path) -> None:
    for record in _records(archive):
        record.write_bytes(record.read_bytes().replace(b"Basic", b"Basik"))
    result = bbws("audit", "verify", "--archive", str(archive), code=5)
    findings = result.stderr.splitlines()
    assert findings[0] == "bbws: the archive is not sound: 3 found"
    assert [line.split("/")[3].split("_")[0] for line in findings[1:]] == ["PROD-000", "PROD-001", "PROD-002"]
    assert "Everything" not in result.stdout
    document = json.loads(bbws("audit", "verify", "--json", code=5).stdout)
    assert (document["sound"], len(document["findings"])) == (False, 3)


def test_verify_holds_against_a_key_and_checkpoints_kept_elsewhere(bbws: Shell, archive: Path, tmp_path: Path) -> None:
    (held,) = (archive / "checkpoints").iterdir()
    (key,) = archive.glob("*keys*/*.pem")
    elsewhere = tmp_path / "held.jsonl"
    elsewhere.write_bytes(held.read_bytes())
    trusted = ("--public-key", str(key), "--checkpoint", str(elsewhere))
    bbws("audit", "verify", *trusted)
    held.unlink()
    for record in _records(archive)[1:]:
        record.unlink()
    assert "held elsewhere: cut off" in bbws("audit", "verify", *trusted, code=5).stderr


def test_verify_without_a_checkpoint_says_what_that_means(bbws: Shell, client: builders.Client) -> None:
    client.create()
    client.drain()
    assert "There is no checkpoint yet" in bbws("audit", "verify").stdout


def test_verify_of_no_archive_is_told(bbws: Shell, tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    assert bbws("audit", "verify", "--archive", str(missing), code=2).stderr == f"bbws: there is no {missing}\n"


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\x00\xff", b"-----BEGIN PUBLIC KEY-----\n", "private", "curve"]
)
def test_what_is_no_public_key_is_told(bbws: Shell, tmp_path: Path, content: bytes | str) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(content if isinstance(content, bytes) else _other_key(content))
    (tmp_path / "archive").mkdir()
    result = bbws("audit", "verify", "--archive", str(tmp_path / "archive"), "--public-key", str(key), code=2)
    assert result.stderr == f"bbws: {key} is not an Ed25519 public key in PEM, as those in an archive are\n"
    missing = bbws("audit", "verify", "--public-key", str(tmp_path / "nothing"), code=2)
    assert f"'{tmp_path / 'nothing'}' does not exist" in missing.stderr


def _other_key(kind: str) -> bytes:
    """A key in PEM that is not one to verify with."""
    if kind == "private":
        key = ed25519.Ed25519PrivateKey.generate()
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    curve = ec.generate_private_key(ec.SECP256R1())
    return curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_rebuild_makes_a_folder_that_serves_the_same(bbws: Shell, archive: Path, tmp_path: Path) -> None:
    before = bbws.json("products", "list")
    shown = bbws("audit", "rebuild", "--archive", str(archive), "--into", str(tmp_path / "new")).stdout
    assert shown.startswith(f"Built {tmp_path / 'new'} from 5 changes.")
    with builders.client(tmp_path / "new") as rebuilt:
        assert rebuilt.call("GET", "/v1.0/products").json["items"] == before["items"]


def test_rebuild_never_touches_what_is_there(bbws: Shell, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    into = ("audit", "rebuild", "--archive", str(archive), "--into")
    assert "has something in it" in bbws(*into, str(tmp_path / "full"), code=2).stderr
    _records(archive)[0].write_bytes(b"{}")
    assert "the archive is not sound" in bbws(*into, str(tmp_path / "new"), code=5).stderr


def test_backup_and_restore_bring_everything_back(bbws: Shell, archive: Path, tmp_path: Path) -> None:
    before = bbws.json("products", "list")
    copy = tmp_path / "copy.tar"
    assert bbws("backup", str(copy)).stdout == f"Saved {copy.stat().st_size:,} bytes to {copy}.\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert bbws("restore", str(copy), "--data-dir", str(tmp_path / "back")).stdout.startswith("Restored ")
    with builders.client(tmp_path / "back", new_key=True) as restored:
        assert restored.call("GET", "/v1.0/products").json["items"] == before["items"]
    again = bbws("restore", str(copy), "--data-dir", str(tmp_path / "back"), code=5)
    assert again.stderr.splitlines()[0].endswith("back is not empty.")
    assert archive.exists()


def test_backup_replaces_a_file_only_when_told(bbws: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy.tar"
    copy.write_bytes(b"mine")
    assert "add --force" in bbws("backup", str(copy), code=2).stderr
    assert (copy.read_bytes(), bbws.sent) == (b"mine", [])
    assert bbws.json("backup", str(copy), "--force")["bytes"] == copy.stat().st_size
    assert not (tmp_path / "copy.tar.part").exists()


def test_a_backup_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        def chunks() -> Iterator[bytes]:
            yield b"half"
            raise httpx.ReadError("", request=request)

        return httpx.Response(200, content=chunks())

    copy = tmp_path / "copy.tar"
    assert "lost " in answering(broken, tmp_path)("backup", str(copy), code=3).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    refuse = answering(lambda _: problem(403, "Needs backup:create."), tmp_path)
    assert "Needs backup:create." in refuse("backup", str(tmp_path / "copy.tar"), code=1).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_written_is_told(bbws: Shell, tmp_path: Path) -> None:
    assert "cannot write" in bbws("backup", str(tmp_path / "no" / "copy.tar"), code=2).stderr


def _read(text: str) -> list[Any]:
    """The documents in it, by the parser in C: the other takes ten times as long."""
    return list(yaml.load_all(text, yaml.CSafeLoader))


def test_openapi_prints_one_service_or_all(bbws: Shell, tmp_path: Path) -> None:
    documents = openapi_documents()
    assert _read(bbws("openapi", "product-api").stdout)[0] == documents["product-api"]
    assert _read(bbws("openapi").stdout) == list(documents.values())
    assert bbws.json("openapi", "keys-api") == json.loads(json.dumps(documents["keys-api"]))
    assert bbws.json("openapi").keys() == documents.keys()
    bbws("openapi", "--out", str(tmp_path / "api" / "docs"))
    written = {path.stem: _read(path.read_text())[0] for path in (tmp_path / "api" / "docs").iterdir()}
    assert written == documents


def test_openapi_of_an_unknown_service_is_told(bbws: Shell, tmp_path: Path) -> None:
    assert "There is no service 'shop'; there are product-api" in bbws("openapi", "shop", code=2).stderr
    (tmp_path / "file").touch()
    assert "bbws: " in bbws("openapi", "--out", str(tmp_path / "file" / "x"), code=5).stderr


def test_settings_that_are_wrong_are_one_line() -> None:
    def wrong() -> Settings:
        raise SettingsError("BBWS_PORT: must be a number")

    result = CliRunner().invoke(build(App(ENDPOINTS, wrong)), ["products", "list"])
    assert (result.exit_code, result.stderr) == (2, "bbws: BBWS_PORT: must be a number\n")


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_serving_with_what_is_no_certificate_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    cert, key, data = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "data"
    if content is not None:
        cert.write_bytes(content)
        key.write_bytes(content)
    settings = Settings.of(data_dir=data, port=0, tls_cert=cert, tls_key=key)
    with pytest.raises(SettingsError, match=r"BBWS_TLS_CERT .* are not a certificate and its key, both in PEM: "):
        serve(settings)
    assert not data.exists()


def test_serving_where_it_may_not_is_one_line(bbws: Shell, client: builders.Client) -> None:
    refused = bbws("serve", "--host", "0.0.0.0", code=2).stderr  # noqa: S104 - it is refused
    assert refused.startswith("bbws: refusing to listen on 0.0.0.0 without TLS")
    locked = bbws("serve", "--port", "0", "--data-dir", str(client.settings.data_dir), code=5).stderr.splitlines()
    assert "is in use by process" in locked[0]
    assert locked[1].startswith("  ")
