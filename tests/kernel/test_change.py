import hashlib

import pytest

from bbws.kernel.canonical import canonical
from bbws.kernel.change import BY_DAY, GENESIS, Change, change_key, digest_of, history_prefix
from bbws.kernel.table import Key, RowKind

CHANGE = Change(
    id="PROD-001.2",
    source="/bbws/products",
    type="product.updated",
    subject="/v1.0/products/PROD-001",
    time="2026-11-20T12:00:00.000001Z",
    change_type="UPDATE",
    entity=Key("PRODUCT#PROD-001", "METADATA"),
    actor="key-1",
    correlation_id="R1",
    version=2,
    before={"name": "old"},
    after={"name": "new"},
    reason=None,
    digest="ab" * 32,
)


def test_a_change_is_a_cloud_event_with_what_changed() -> None:
    assert CHANGE.document() == {
        "specversion": "1.0",
        "id": "PROD-001.2",
        "source": "/bbws/products",
        "type": "product.updated",
        "subject": "/v1.0/products/PROD-001",
        "time": "2026-11-20T12:00:00.000001Z",
        "changeType": "UPDATE",
        "entity": {"partition": "PRODUCT#PROD-001", "sort": "METADATA"},
        "actor": "key-1",
        "correlationId": "R1",
        "version": 2,
        "before": {"name": "old"},
        "after": {"name": "new"},
        "digest": "ab" * 32,
    }


@pytest.mark.parametrize("change", [CHANGE, CHANGE._replace(reason="Because.", before=None)], ids=["plain", "reason"])
def test_a_change_survives_being_stored(change: Change) -> None:
    assert Change.from_document(change.document()) == change
    assert Change.from_document(change.row().document) == change


def test_the_row_lies_beside_its_entity_and_is_found_by_day() -> None:
    row = CHANGE.row(replayed=True)
    assert (row.kind, row.replayed, row.version) == (RowKind.CHANGE, True, 1)
    assert row.key == CHANGE.key == Key("PRODUCT#PROD-001", "CHANGE#METADATA#0000000002")
    assert row.key.sort.startswith(history_prefix(CHANGE.entity))
    assert row.indexes == {BY_DAY: Key("2026-11-20", "2026-11-20T12:00:00.000001Z#PROD-001.2")}


def test_versions_sort_as_numbers() -> None:
    entity = CHANGE.entity
    assert change_key(entity, 9).sort < change_key(entity, 10).sort < change_key(entity, 1_000_000).sort


def test_the_digest_is_that_of_the_record_before_and_this_one_without_it() -> None:
    record = CHANGE.document()
    unsigned = {name: value for name, value in record.items() if name != "digest"}
    expected = hashlib.sha256(bytes.fromhex("cd" * 32) + canonical(unsigned)).hexdigest()
    assert digest_of(record, "cd" * 32) == expected != digest_of(record, GENESIS)
