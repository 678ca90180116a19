"""What the archive holds and how its records are found. Source: specification products, Decision 2 and §8."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from bbws.audit.model import archive_name, archive_object, parse_record
from bbws.audit.service import log_changes
from bbws.kernel.canonical import canonical
from bbws.kernel.change import Change
from bbws.kernel.clock import rfc3339
from bbws.kernel.reaction import Message
from bbws.kernel.table import Key, RowKind
from tests import builders
from tests.audit.world import HOUR, PRODUCTS, RECORDS, snapshot
from tests.builders import Client
from tests.fakes import NOON, FakeClock
from tests.http.answers import key, problem

DAY = 24 * HOUR


@dataclass(frozen=True)
class World:
    client: Client
    clock: FakeClock
    shop: str  # a key that only writes products
    changes: list[dict[str, Any]]  # of everything, oldest first


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Changes of two products by two keys on several days."""
    clock = FakeClock()
    with builders.client(tmp_path_factory.mktemp("records") / "data", clock=clock) as client:
        shop = key(client, "products:write")
        for product_id in ("PROD-001", "PROD-002"):
            client.create(productId=product_id)
        for day in range(1, 6):
            clock.advance(DAY)
            for number in (1, 2):
                body = {"price": f"{day}.0{number}"}
                client.call("PUT", f"{PRODUCTS}/PROD-00{number}", body, key=shop if number == 2 else "")
                clock.advance(60)
        client.call("DELETE", f"{PRODUCTS}/PROD-001")
        client.drain()
        found = [Change.from_document(row.document) for row in client.app.engine.rows([RowKind.CHANGE])]
        changes = [change.document() for change in sorted(found, key=lambda change: (change.time, change.id))]
        yield World(client, clock, shop, changes)


def _ids(client: Client, query: str, size: int = 100) -> list[str]:
    target, found = f"{RECORDS}?pageSize={size}&{query}", []
    while target:
        page = client.call("GET", target).json
        assert page["count"] <= size
        found += [change["id"] for change in page["items"]]
        target = page["_links"]["next"]["href"] if page["moreAvailable"] else ""
    return found


def _expected(world: World, **wanted: str) -> list[str]:
    since, until = wanted.pop("since", ""), wanted.pop("until", "9999")
    chosen = [
        change["id"]
        for change in world.changes
        if all(change[name] == value for name, value in wanted.items()) and since <= change["time"] < until
    ]
    return chosen[::-1]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_records_are_found_by_what_they_are_about(world: World, size: int) -> None:
    actor = world.changes[-2]["actor"]
    assert world.changes[-1]["actor"] != actor
    subject = f"{PRODUCTS}/PROD-002"
    for query, wanted in (
        ("", {}),
        (f"subject={subject}", {"subject": subject}),
        (f"actor={actor}", {"actor": actor}),
        ("type=product.updated", {"type": "product.updated"}),
        (f"subject={subject}&type=product.created", {"subject": subject, "type": "product.created"}),
        (f"actor={actor}&type=product.updated", {"actor": actor, "type": "product.updated"}),
        (f"actor={actor}&subject={PRODUCTS}/PROD-001", {"actor": actor, "subject": f"{PRODUCTS}/PROD-001"}),
        ("type=product.deleted", {"type": "product.deleted"}),
        ("type=nothing.happened", {"type": "nothing.happened"}),
        ("subject=/v1.0/products/PROD-999", {"subject": "/v1.0/products/PROD-999"}),
    ):
        assert _ids(world.client, query, size) == _expected(world, **wanted)
    assert len(_expected(world)) == 15


@pytest.mark.parametrize("by", ["", "subject=/v1.0/products/PROD-001&", "type=product.updated&"])
def test_from_is_included_and_to_is_not(world: World, by: str) -> None:
    wanted = dict(part.split("=") for part in by.split("&") if part)
    times = [change["time"] for change in world.changes]
    for since, until in ((times[3], times[8]), (times[0], times[-1]), (times[5], times[5])):
        expected = _expected(world, since=since, until=until, **wanted)
        assert _ids(world.client, f"{by}from={since}&to={until}", 2) == expected
    turned = world.client.call("GET", f"{RECORDS}?{by}from={times[8]}&to={times[3]}")
    assert [error["field"] for error in problem(turned, 422, "audit-range")["errors"]] == ["from"]


def test_without_a_subject_only_the_last_month_is_read_unless_asked_otherwise(world: World) -> None:
    later = rfc3339(NOON + timedelta(days=35))
    assert _ids(world.client, f"to={later}&from={rfc3339(NOON)}") == _expected(world)
    long_ago = rfc3339(NOON - timedelta(days=370))
    refused = world.client.call("GET", f"{RECORDS}?from={long_ago}")
    problem(refused, 422, "audit-range")
    subject = f"{PRODUCTS}/PROD-001"
    assert _ids(world.client, f"from={long_ago}&subject={subject}") == _expected(world, subject=subject)


@pytest.mark.parametrize(("days", "status"), [(365, 200), (366, 200), (368, 422)])
def test_a_year_until_now_may_be_asked_for(tmp_path: Path, days: int, status: int) -> None:
    clock = FakeClock(NOON + timedelta(seconds=1))
    with builders.client(tmp_path / "data", clock=clock, start=False) as client:
        answer = client.call("GET", f"{RECORDS}?from={rfc3339(NOON - timedelta(days=days))}")
        assert answer.status == status
        if status != 200:
            problem(answer, 422, "audit-range")


def test_a_record_is_the_change(world: World) -> None:
    [deleted] = world.client.call("GET", f"{RECORDS}?type=product.deleted").json["items"]
    last = world.changes[-1]
    for name in ("id", "type", "subject", "time", "changeType", "actor", "version", "before", "after", "digest"):
        assert deleted[name] == last[name]


def test_every_change_is_in_the_archive_under_its_name(world: World) -> None:
    objects = snapshot(world.client).objects
    assert len(objects) == len(world.changes)
    for document in world.changes:
        change = Change.from_document(document)
        name = archive_name(change)
        year, month, day = change.time[:10].split("-")
        entity = change.subject.rpartition("/")[2]
        stamp = re.sub(r"[-:]", "", change.time)
        assert name == f"{year}/{month}/{day}/{entity}_{stamp}-{change.version}.json"
        record = orjson.loads(objects[name])
        assert record == document | {"timestamp": document["time"], "user": document["actor"]}
        assert objects[name] == canonical(record) == archive_object(change)
        assert parse_record(objects[name]) == (change, document)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b'{"id": "x"}', b"\xff"])
def test_what_is_no_record_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a change record"):
        parse_record(content)


def _announcement(document: dict[str, Any]) -> Message:
    change = Change.from_document(document)
    return Message(change.id, change.type, change.subject, change.key)


def test_writing_a_record_twice_is_harmless(world: World) -> None:
    engine = world.client.app.engine
    before = snapshot(world.client).objects, list(engine.rows([RowKind.DERIVED]))
    messages = [_announcement(document) for document in world.changes]
    for order in (messages, messages[::-1], [messages[0], messages[0]]):
        log_changes(order, engine.table, engine.archive)
    assert (snapshot(world.client).objects, list(engine.rows([RowKind.DERIVED]))) == before


def test_an_index_row_that_is_missing_is_added_beside_those_that_are_there(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        for number in range(3):
            client.create(productId=f"PROD-00{number}")
        engine = client.app.engine
        found = [Change.from_document(row.document) for row in engine.rows([RowKind.CHANGE])]
        messages = [Message(change.id, change.type, change.subject, change.key) for change in found]
        log_changes(messages[1:2], engine.table, engine.archive)
        log_changes(messages, engine.table, engine.archive)
        assert len(_ids(client, "type=product.created")) == 3


def test_a_message_about_nothing_fails_and_comes_again(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        engine = client.app.engine
        message = Message("x", "product.created", f"{PRODUCTS}/PROD-001", Key("P", "k"))
        assert log_changes([message], engine.table, engine.archive) == ["x"]


def test_a_change_that_cannot_be_archived_does_not_take_others_along(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        for number in range(3):
            client.create(productId=f"PROD-00{number}")
        engine = client.app.engine
        found = [Change.from_document(row.document) for row in engine.rows([RowKind.CHANGE])]
        bad = next(change for change in found if change.subject.endswith("PROD-001"))
        engine.archive.put(archive_name(bad), b"something else")
        messages = [Message(change.id, change.type, change.subject, change.key) for change in found]
        assert log_changes(messages, engine.table, engine.archive) == [bad.id]
        assert len(_ids(client, "type=product.created")) == 2


def test_no_personal_value_and_no_secret_is_in_any_record(world: World) -> None:
    for content in snapshot(world.client).objects.values():
        assert world.client.key.encode() not in content
        assert world.shop.encode() not in content


def test_a_page_looks_at_a_thousand_rows_at_most(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data", start=False, clock=FakeClock()) as client:
        client.create(productId="PROD-001")
        [row] = (r for r in client.app.engine.rows([RowKind.CHANGE]) if r.document["type"] == "product.created")
        change = Change.from_document(row.document).document()
        others = (
            Change.from_document({**change, "id": f"PROD-X{n}.1", "actor": "somebody-else",
                                  "entity": {"partition": f"PRODUCT#PROD-X{n:04}", "sort": "METADATA"},
                                  "time": f"2026-11-20T12:{n // 60:02}:{n % 60:02}.000001Z"}).row(replayed=True)
            for n in range(1100)
        )  # fmt: skip
        client.app.engine.load_rows(others)
        query = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"
        assert len(_ids(client, query)) == 1102
        first = client.call("GET", f"{RECORDS}?subject={PRODUCTS}/PROD-001").json
        assert first["count"] == 0  # nobody has indexed it
