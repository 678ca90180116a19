"""The archive is enough to make every row again, and a backup is enough for everything. Source: design §2."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bbws.audit.verify import verify
from bbws.bootstrap import embedded as bootstrap
from bbws.engines.embedded.archive import FolderArchive
from bbws.engines.embedded.backup import restore
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import rfc3339
from bbws.kernel.table import Row, RowKind
from tests import builders
from tests.audit.world import HOUR, PRODUCTS, checkpoint, read, records
from tests.builders import Client
from tests.fakes import FakeClock
from tests.http.answers import PRODUCT, key, problem
from tests.marketing.shop import ADMIN, CAMPAIGNS

REBUILT = (RowKind.ENTITY, RowKind.DERIVED, RowKind.CHANGE)
ASYNC = {"prefer": "respond-async"}


@dataclass(frozen=True)
class Old:
    """A data folder with a history, no longer served, and what was in it."""

    folder: Path
    rows: list[Row]
    key: str
    live: str  # an operation that was accepted and not yet carried out


def _rows(engine: EmbeddedEngine) -> list[Row]:
    """Entities, derived rows and changes; that a change was replayed is all that may differ."""
    return [row._replace(replayed=False) for row in engine.rows(REBUILT)]


def _live_through(client: Client, clock: FakeClock) -> None:
    client.create(productId="PROD-001", name="Café & Büro Paket", currency="EUR")
    client.create(productId="PROD-002", name="Ωmega 日本語")
    for price in range(1, 12):
        clock.advance(HOUR)
        client.call("PUT", f"{PRODUCTS}/PROD-001", {"price": str(price), "name": f"Paket {price % 3}"})
    client.call("DELETE", f"{PRODUCTS}/PROD-002")
    for method, path, body in (
        ("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-003"}),
        ("PUT", f"{PRODUCTS}/PROD-002", {"price": "5"}),
        ("DELETE", f"{PRODUCTS}/PROD-003", None),
    ):
        client.call(method, path, body, headers=ASYNC)
    _sell(client, clock)
    key(client, "products:write")
    revoked = client.call("POST", "/v1.0/keys", {"name": "Old key", "permissions": ["*"]}).headers["location"]
    client.call("DELETE", revoked)
    checkpoint(client)


def _sell(client: Client, clock: FakeClock) -> None:
    """One campaign that was disabled and runs again, one that is a draft, one that is deleted."""
    token = client.token()
    for code, method, path, change in (
        ("AGAIN", "PATCH", "/disable", {"reason": "Ausverkauft: Café"}),
        ("DRAFT", "PUT", "", {"version": 1, "discountPercent": 50}),
        ("GONE", "DELETE", "", None),
        ("AGAIN", "PATCH", "/reactivate", {}),
    ):
        body = {
            "code": code,
            "name": "Summer sale",
            "productId": "PROD-001",
            "discountPercent": 20,
            "termsAndConditions": "For new orders.",
            "fromDate": rfc3339(clock.now()),
            "toDate": rfc3339(clock.now() + timedelta(days=9)),
            "draft": code == "DRAFT",
        }
        headers = {"authorization": f"Bearer {token}"}
        assert client.call("POST", ADMIN, body, headers=headers).status == (409 if path == "/reactivate" else 201)
        assert client.call(method, f"{ADMIN}/{code}{path}", change, headers=headers).status in {200, 204}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Old]:
    folder, clock = tmp_path_factory.mktemp("old") / "data", FakeClock()
    with builders.client(folder, clock=clock) as client:
        _live_through(client, clock)
    with builders.client(folder, clock=clock, start=False) as client:
        # Accepted while nobody works: it is live in the archive too, where a checkpoint completes that.
        accepted = client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-009"}, headers=ASYNC)
        client.call("PUT", f"{PRODUCTS}/PROD-009", {"price": "9"}, headers=ASYNC)
        assert client.call("POST", "/v1.0/audit/checkpoints").status == 201
        yield Old(folder, _rows(client.app.engine), client.key, accepted.headers["location"])


def _rebuilt(old: Old, folder: Path) -> Path:
    counted: list[int] = []
    count = bootstrap.rebuild(old.folder / "archive", folder, counted.append)
    changes = [row for row in old.rows if row.kind is RowKind.CHANGE]
    assert count == len(changes) == counted[-1]
    return folder


def test_every_row_is_made_again_byte_for_byte(old: Old, tmp_path: Path) -> None:
    folder = _rebuilt(old, tmp_path / "data")
    engine = EmbeddedEngine.open(folder, clock=FakeClock())
    try:
        assert _rows(engine) == old.rows
        assert {row.kind for row in old.rows} == set(REBUILT)
        assert [row for row in engine.rows([RowKind.CHANGE]) if not row.replayed] == []
        assert engine.status().feed_waiting == 0  # nothing is announced again
    finally:
        engine.stop(timeout=10)
    assert read(folder / "archive").objects == read(old.folder / "archive").objects


def test_a_rebuilt_server_serves_with_a_new_first_key_and_works_off_what_was_live(old: Old, tmp_path: Path) -> None:
    clock = FakeClock()
    clock.advance(48 * HOUR)
    with builders.client(_rebuilt(old, tmp_path / "data"), clock=clock, start=False) as client:
        assert client.key != old.key
        problem(client.call("GET", PRODUCTS, key=old.key), 401, "unauthorized")
        assert client.call("GET", f"{PRODUCTS}/PROD-001").json["version"] == 12
        assert client.call("GET", old.live).json["status"] == "PENDING"
        problem(client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-009"}), 409, "product-exists")
        client.app.resume(clock.now())
        assert client.call("GET", old.live).json["status"] == "COMPLETED"
        made = client.call("GET", f"{PRODUCTS}/PROD-009").json
        assert (made["price"], made["version"]) == ("9.00", 2)
        assert client.call("GET", f"/v1.0/audit/records?subject={PRODUCTS}/PROD-001&pageSize=100").json["count"] == 12
        assert client.call("GET", f"{PRODUCTS}/PROD-001/offers").json["winner"] == "AGAIN"
        assert [item["code"] for item in client.call("GET", CAMPAIGNS).json["items"]] == ["AGAIN"]
        assert client.call("GET", f"{PRODUCTS}?q=paket").json["items"][0]["productId"] == "PROD-001"
        client.app.start()
        clock.advance(HOUR)
        checkpoint(client)
    report = verify(FolderArchive(tmp_path / "data" / "archive", read_only=True))
    assert (report.sound, report.newer) == (True, 0)


def test_rebuilding_again_gives_the_same(old: Old, tmp_path: Path) -> None:
    first = _rebuilt(old, tmp_path / "first")
    count = bootstrap.rebuild(first / "archive", tmp_path / "second", lambda _: None)
    assert count == len(records(read(first / "archive")))
    engine = EmbeddedEngine.open(tmp_path / "second", clock=FakeClock())
    try:
        assert _rows(engine) == old.rows
    finally:
        engine.stop(timeout=10)


def test_an_unsound_archive_is_not_built_from(old: Old, tmp_path: Path) -> None:
    copy = tmp_path / "archive"
    for name, content in read(old.folder / "archive").objects.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content.replace(b"Paket 1", b"Paket 7"))
    with pytest.raises(ValueError, match="not sound: 2026/11/2"):
        bootstrap.rebuild(copy, tmp_path / "data", lambda _: None)
    assert not (tmp_path / "data").exists()


def test_a_folder_with_something_in_it_is_not_built_into(old: Old, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(FileExistsError):
        bootstrap.rebuild(old.folder / "archive", tmp_path, lambda _: None)
    with pytest.raises(FileNotFoundError):
        bootstrap.rebuild(tmp_path / "nothing", tmp_path / "data", lambda _: None)
    with pytest.raises(FileNotFoundError):
        bootstrap.verify_archive(tmp_path / "nothing")


def test_verification_takes_a_trusted_key_and_held_checkpoints(old: Old) -> None:
    archive = old.folder / "archive"
    [pem] = (archive / "keys").iterdir()
    held = sorted((archive / "checkpoints").iterdir())
    assert len(held) == 2
    assert bootstrap.verify_archive(archive, public_keys=[pem], checkpoints=held).sound


def test_a_backup_is_everything_as_of_one_moment(tmp_path: Path) -> None:
    clock = FakeClock()
    with builders.client(tmp_path / "data", clock=clock) as client:
        _live_through(client, clock)
        client.drain()
        reply = client.call("GET", "/v1.0/backup")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/x-tar")
        assert reply.headers["content-disposition"] == 'attachment; filename="bbws-20261120T230000Z.tar"'
        assert client.call("HEAD", "/v1.0/backup").body == b""
        kept = [row for row in client.app.engine.rows(tuple(RowKind)) if row.key.sort != "USED"]
        client.create(productId="PROD-LATER")
        secret = client.key
    (tmp_path / "backup.tar").write_bytes(reply.body)
    restore(tmp_path / "backup.tar", tmp_path / "restored")
    (tmp_path / "restored" / "api-key").write_text(secret)
    with builders.client(tmp_path / "restored", clock=clock) as restored:
        rows = restored.app.engine.rows(tuple(RowKind))
        assert [row for row in rows if row.key.sort != "USED"] == kept
        assert restored.call("GET", f"{PRODUCTS}/PROD-001").status == 200  # with the key of before
        problem(restored.call("GET", f"{PRODUCTS}/PROD-LATER"), 404, "product-not-found")
        restored.create(productId="PROD-AFTER")
        checkpoint(restored)
        assert verify(restored.app.engine.archive).sound
