"""Consumers that fail, messages that come twice or in the wrong order, an archive that takes nothing for a while."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from threading import Event

import pytest

from bbws.audit.model import archive_name
from bbws.audit.ports import Archive
from bbws.audit.service import log_changes
from bbws.bootstrap.embedded import build, ensure_first_key, verify_archive
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.change import Change
from bbws.kernel.clock import SystemClock
from bbws.kernel.reaction import EVERY_EVENT, Message, Policy, Reaction
from bbws.kernel.table import RowKind, Table
from bbws.settings import Settings
from bbws.tables import REACTIONS
from tests.builders import Client, client
from tests.faults.checking import check_folder
from tests.faults.supervision import SECONDS

QUEUED = {"prefer": "respond-async"}
_SOON = Policy(max_receives=4, first_delay=0.01, longest_delay=0.02)


class Consumer:
    """Fails until it is mended, and remembers what it took."""

    def __init__(self) -> None:
        self.mended = False
        self.seen: set[str] = set()

    def take(self, messages: Sequence[Message]) -> None:
        if not self.mended:
            raise OSError("the shop is closed to 'somebody@example.com'")
        self.seen |= {message.id for message in messages}

    def reaction(self) -> Reaction:
        return Reaction("shop", "shop-window", frozenset({EVERY_EVENT}), self.take, _SOON)


@contextmanager
def consuming(data_dir: Path, *reactions: Reaction) -> Iterator[Client]:
    """BBWS with these consumers."""
    engine = EmbeddedEngine.open(data_dir, clock=SystemClock(), synchronous="OFF")
    try:
        settings = Settings.of(data_dir=data_dir)
        app = build(settings, engine, reactions=reactions)
        ensure_first_key(app, settings)
        app.start()
        yield Client(app, settings.key_file.read_text().strip(), settings)
    finally:
        engine.stop(timeout=30)


def _soon(reaction: Reaction) -> Reaction:
    """The consumer, but it does not wait long before it tries again."""
    return replace(reaction, policy=replace(reaction.policy, first_delay=0.01, longest_delay=0.02))


def test_a_consumer_that_always_fails_holds_up_nobody_and_gets_everything_once_mended(tmp_path: Path) -> None:
    shop = Consumer()
    with consuming(tmp_path / "data", *REACTIONS, shop.reaction()) as bbws:
        product_id = bbws.create()["productId"]
        accepted = bbws.call("PUT", f"/v1.0/products/{product_id}", {"price": "2"}, headers=QUEUED)
        bbws.drain()  # the shop's messages are parked by now, and all others are done
        assert bbws.call("GET", accepted.headers["location"]).json["status"] == "COMPLETED"
        changes = {row.document["id"] for row in bbws.app.engine.rows({RowKind.CHANGE})}
        letters = bbws.call("GET", "/v1.0/queues/shop-window/dead-letters?pageSize=100").json["items"]
        assert {letter["id"] for letter in letters} == changes
        assert {letter["receives"] for letter in letters} == {4}
        assert {letter["error"] for letter in letters} == {"OSError: the shop is closed to …"}

        bbws.call("POST", "/v1.0/queues/shop-window/redrive")
        bbws.drain()
        assert len(bbws.call("GET", "/v1.0/queues/shop-window/dead-letters").json["items"]) == len(changes)

        shop.mended = True
        assert bbws.call("POST", "/v1.0/queues/shop-window/redrive").json["redriven"] == len(changes)
        bbws.drain()
        assert shop.seen == changes
        assert {queue["dead"] for queue in bbws.call("GET", "/v1.0/queues").json["items"]} == {0}
        _checkpoint(bbws)
    check_folder(tmp_path / "data", tmp_path / "rebuilt")


def _checkpoint(bbws: Client) -> None:
    assert bbws.call("POST", "/v1.0/audit/checkpoints").status == 201


def _messages(bbws: Client, *types: str) -> list[Message]:
    rows = bbws.app.engine.rows({RowKind.CHANGE})
    found = [(row.key, row.document) for row in rows if not types or row.document["type"] in types]
    return [Message(each["id"], each["type"], each["subject"], key) for key, each in found]


def _handler(bbws: Client, queue: str) -> Reaction:
    [reaction] = [reaction for reaction in bbws.app.reactions if reaction.queue == queue]
    return reaction


def test_requests_that_come_twice_and_in_any_order_are_applied_once_and_in_theirs(tmp_path: Path) -> None:
    with client(tmp_path / "data", start=False) as bbws:
        product_ids = [bbws.create()["productId"] for _ in range(6)]
        for product_id, order in zip(product_ids, permutations(range(3)), strict=True):
            for number in range(3):
                path = f"/v1.0/products/{product_id}"
                assert bbws.call("PUT", path, {"description": f"{number}"}, headers=QUEUED).status == 202
            subject = f"/v1.0/products/{product_id}"
            requests = [each for each in _messages(bbws, "product.change-requested") if _is_about(bbws, each, subject)]
            again = [requests[place] for place in order] * 2
            assert not _handler(bbws, "product-change").handler(messages=again)
            history = bbws.call("GET", f"{subject}/history").json["items"][::-1]
            assert [change["after"]["description"] for change in history[1:]] == ["0", "1", "2"]


def _is_about(bbws: Client, message: Message, subject: str) -> bool:
    row = bbws.app.engine.table.get(message.change)
    return row is not None and row.document["after"]["subject"] == subject


def test_changes_that_come_twice_and_backwards_are_archived_and_indexed_once(tmp_path: Path) -> None:
    with client(tmp_path / "data", start=False) as bbws:
        path = f"/v1.0/products/{bbws.create()['productId']}"
        for price in ("2.00", "3.00", "4.00"):
            bbws.call("PUT", path, {"price": price})
        messages = _messages(bbws)
        logger = _handler(bbws, "product-audit").handler
        for batch in (messages[::-1], messages[1:] + messages[:1] * 2, messages):
            assert not logger(messages=batch)
        changes = [Change.from_document(row.document) for row in bbws.app.engine.rows({RowKind.CHANGE})]
        assert sorted(bbws.app.engine.archive.names("")) == sorted(map(archive_name, changes))
        records = bbws.call("GET", f"/v1.0/audit/records?subject={path}&pageSize=100").json["items"]
        assert [record["version"] for record in records] == [4, 3, 2, 1]
    assert verify_archive(tmp_path / "data" / ARCHIVE_FOLDER).findings == []


def _stop_the_archive(data_dir: Path) -> Path:
    """A file where the archive needs a folder: nobody can write there, not even root."""
    with client(data_dir, start=False):
        stone = data_dir / ARCHIVE_FOLDER / f"{SystemClock().now():%Y}"
        stone.write_text("in the way")
    return stone


def test_changes_wait_while_the_archive_takes_nothing_and_are_archived_later(tmp_path: Path) -> None:
    data_dir, refused = tmp_path / "data", Event()

    def log(messages: Sequence[Message], table: Table, archive: Archive) -> list[str]:
        failed = log_changes(messages, table, archive)
        if failed:
            refused.set()
        return failed

    stone = _stop_the_archive(data_dir)
    reactions = [replace(each, handler=log) if each.queue == "product-audit" else each for each in REACTIONS]
    with consuming(data_dir, *reactions) as bbws:
        product = bbws.create()
        assert refused.wait(SECONDS)
        queue = _queue(bbws, "product-audit")
        assert queue["waiting"] + queue["inFlight"] > 0
        assert bbws.call("GET", f"/v1.0/products/{product['productId']}").status == 200
        stone.unlink()
        bbws.drain()
        assert _queue(bbws, "product-audit")["dead"] == 0
        _checkpoint(bbws)
    check_folder(data_dir, tmp_path / "rebuilt")


def _queue(bbws: Client, name: str) -> dict[str, int]:
    [queue] = [each for each in bbws.call("GET", "/v1.0/queues").json["items"] if each["name"] == name]
    return dict(queue)


@pytest.mark.parametrize("remedy", ["POST /v1.0/queues/product-audit/redrive", "POST /v1.0/audit/checkpoints"])
def test_changes_that_the_archive_refused_too_long_are_parked_and_come_in_when_somebody_cares(
    remedy: str, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    stone = _stop_the_archive(data_dir)
    with consuming(data_dir, *map(_soon, REACTIONS)) as bbws:
        bbws.create()
        bbws.drain()
        assert _queue(bbws, "product-audit")["dead"] > 0
        stone.unlink()
        method, path = remedy.split()
        assert bbws.call(method, path).status in {200, 201}
        bbws.drain()
        names = {archive_name(Change.from_document(row.document)) for row in bbws.app.engine.rows({RowKind.CHANGE})}
        assert names <= set(bbws.app.engine.archive.names(""))
        _checkpoint(bbws)
    check_folder(data_dir, tmp_path / "rebuilt")
