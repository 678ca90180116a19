"""A random id that is taken is drawn again. Source: specification products, Decision 3."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bbws.kernel.table import Conflict, Ensure, Insert, Key, Row, RowKind, Table, Write
from tests.builders import Client
from tests.fakes import TableProxy
from tests.http.answers import PRODUCT, PRODUCTS, problem


class Crowded(TableProxy):
    """A table in which the first ids asked for are taken; ``visible``: already when somebody looks."""

    def __init__(self, table: Table, taken: int, *, visible: bool) -> None:
        super().__init__(table)
        self._free_after = taken
        self._visible = visible
        self.drawn: list[str] = []

    def _is_taken(self, key: Key) -> bool:
        if not key.partition.startswith("PRODUCT#"):
            return False
        if key.partition not in self.drawn:
            self.drawn.append(key.partition)
        return self.drawn.index(key.partition) < self._free_after

    def get(self, key: Key) -> Row | None:
        if self._visible and key.sort == "METADATA" and self._is_taken(key):
            return self._somebody(key)
        return super().get(key)

    def _somebody(self, key: Key) -> Row:
        [row] = self.inner.query("true", index="ActiveProductsIndex", limit=1).rows
        return row._replace(key=key)

    def commit(self, writes: Sequence[Write]) -> None:
        self.check(writes)
        super().commit(writes)

    def check(self, writes: Sequence[Write]) -> None:
        for write in writes:
            created = isinstance(write, Insert) and write.row.kind is RowKind.ENTITY
            absent = isinstance(write, Ensure) and write.key.sort == "METADATA" and write.version is None
            if (created or absent) and self._is_taken(write.key):
                raise Conflict(write.key)
        super().check(writes)


def _crowded(client: Client, taken: int, *, visible: bool) -> tuple[Client, Crowded]:
    table = Crowded(client.app.engine.table, taken, visible=visible)
    dispatcher = client.app.dispatcher._replace(table=table)
    return replace(client, app=replace(client.app, dispatcher=dispatcher)), table


@pytest.mark.parametrize("visible", [True, False])
@pytest.mark.parametrize("query", ["", "?dryRun=true"])
def test_a_taken_id_is_drawn_again(client: Client, query: str, *, visible: bool) -> None:
    client.create()
    crowded, table = _crowded(client, 2, visible=visible)
    reply = crowded.call("POST", PRODUCTS + query, PRODUCT)
    assert reply.status == (200 if query else 201)
    assert len(table.drawn) == 3


def test_a_taken_id_is_drawn_again_for_a_queued_creation(client: Client) -> None:
    client.create()
    crowded, table = _crowded(client, 2, visible=True)
    assert crowded.call("POST", PRODUCTS, PRODUCT, headers={"prefer": "respond-async"}).status == 202
    assert len(table.drawn) == 3


def test_luck_that_bad_is_a_conflict(client: Client) -> None:
    client.create()
    crowded, table = _crowded(client, 99, visible=False)
    problem(crowded.call("POST", PRODUCTS, PRODUCT), 409, "version-conflict")
    assert len(table.drawn) == 4


def test_an_id_that_was_asked_for_is_not_exchanged(client: Client) -> None:
    client.create()
    crowded, _ = _crowded(client, 1, visible=True)
    problem(crowded.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"}), 409, "product-exists")
