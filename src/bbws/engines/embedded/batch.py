# ruff: noqa: S608 - statements are put together from constants
"""Several commits as one: expectations are held against the rows and each other in memory, then all is written."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import NamedTuple

import orjson

from bbws.engines.embedded import bulk
from bbws.engines.embedded.codec import COLUMNS, Entry, Prepared, entries_in, entries_of
from bbws.kernel.table import Conflict, Ensure, Insert, Key, Remove, Replace, Write

_MOST_KEYS = 1024
_FIND = """SELECT json_group_array(json_array(k.column1, r.id, r.version, r.expires_at, CAST(r.indexes AS TEXT)))
    FROM ({values}) AS k CROSS JOIN rows AS r ON r.partition = k.column2 AND r.sort = k.column3"""
_PUT_ROWS = f"""INSERT INTO rows (id, {COLUMNS}) SELECT * FROM ({{values}}) WHERE column1 IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, version = excluded.version, document = excluded.document,
    indexes = excluded.indexes, digest = excluded.digest, changed_at = excluded.changed_at,
    expires_at = excluded.expires_at, replayed = excluded.replayed"""
_PUT_ENTRIES = "INSERT INTO entries SELECT * FROM ({values}) WHERE column1 IS NOT NULL"
_DROP_ROWS = "DELETE FROM rows WHERE id IN ({values})"
_DROP_ENTRIES = "DELETE FROM entries WHERE (idx, partition, sort, row_partition, row_sort) IN ({values})"
_PUT_FEED = """INSERT INTO feed (id, type, subject, partition, sort, committed_at)
    SELECT * FROM ({values}) WHERE column1 IS NOT NULL"""


class Found(NamedTuple):
    """A row on disk, expired ones included."""

    id: int
    version: int
    expires_at: float | None
    indexes: bytes


def find(connection: sqlite3.Connection, keys: Iterable[Key]) -> dict[Key, Found]:
    """What lies at the keys, in one statement for up to 1,024 of them."""
    found: dict[Key, Found] = {}
    for chunk in batched(keys, _MOST_KEYS):
        numbered = [(number, *key) for number, key in enumerate(chunk)]
        [answer] = connection.execute(*bulk.statement(_FIND, 3, numbered)).fetchone()
        for number, row_id, version, expires_at, indexes in orjson.loads(answer):
            found[chunk[number]] = Found(row_id, version, expires_at, indexes.encode())
    return found


def live_versions(found: Mapping[Key, Found], now: float) -> dict[Key, int]:
    """The versions of the rows that have not expired at ``now`` (seconds since 1970)."""
    return {key: row.version for key, row in found.items() if row.expires_at is None or row.expires_at > now}


def expect(writes: Iterable[Write], versions: Mapping[Key, int]) -> None:
    """Hold the writes' expectations against the versions that there are.

    Raises:
        Conflict: the first that fails.
    """
    for write in writes:
        if versions.get(write.key) != _expected(write):
            raise Conflict(write.key)


def _expected(write: Write) -> int | None:
    match write:
        case Insert():
            return None
        case Ensure():
            return write.version
        case Replace() | Remove():
            return write.expected_version


@dataclass(slots=True)
class Batch:
    """Commits that become one transaction.

    Attributes:
        found: what lies on disk at all their keys.
        versions: live versions, those of the commits accepted so far included.
        final: what shall lie at each touched key in the end; None for nothing.
        feed: the changes to announce.
    """

    found: dict[Key, Found]
    versions: dict[Key, int]
    final: dict[Key, Prepared | None]
    feed: list[tuple[str, ...]]

    @classmethod
    def read(cls, connection: sqlite3.Connection, commits: Sequence[Sequence[Prepared]], now: float) -> "Batch":
        """A batch that knows what lies at every key that the commits touch."""
        found = find(connection, {each.write.key: None for commit in commits for each in commit})
        return cls(found, live_versions(found, now), {}, [])

    def add(self, commit: Sequence[Prepared]) -> Conflict | None:
        """Accept a commit, or say which of its expectations fails."""
        try:
            expect((each.write for each in commit), self.versions)
        except Conflict as conflict:
            return conflict
        for each in commit:
            self._accept(each)
        return None

    def _accept(self, each: Prepared) -> None:
        match each.write:
            case Insert(row) | Replace(row):
                self.versions[row.key] = row.version
                self.final[row.key] = each
                if each.feed is not None:
                    self.feed.append(each.feed)
            case Remove(key):
                del self.versions[key]
                self.final[key] = None
            case Ensure():
                pass

    def store(self, connection: sqlite3.Connection, next_id: Iterator[int], now: float) -> None:
        """Write everything accepted, with one statement per table."""
        rows, added, dropped = self._differences(next_id)
        gone = [(self.found[key].id,) for key, each in self.final.items() if each is None and key in self.found]
        drop(connection, gone, dropped)
        bulk.execute(connection, _PUT_ROWS, 11, rows)
        bulk.execute(connection, _PUT_ENTRIES, 6, added)
        bulk.execute(connection, _PUT_FEED, 6, ((*change, now) for change in self.feed))

    def _differences(
        self, next_id: Iterator[int]
    ) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[str, ...]]]:
        """Rows to write, entries to add and entries to drop. A row keeps its id, and so do the entries that stay."""
        rows: list[tuple[object, ...]] = []
        added: list[tuple[object, ...]] = []
        dropped: list[tuple[str, ...]] = []
        for key, each in self.final.items():
            old = self.found.get(key)
            before: set[Entry] = set() if old is None else entries_of(old.indexes)
            after: set[Entry] = set() if each is None else entries_in(each.indexes)
            dropped += [(*entry, *key) for entry in before - after]
            if each is not None:
                row_id = next(next_id) if old is None else old.id
                rows.append((row_id, *each.columns))
                added += [(*entry, *key, row_id) for entry in after - before]
        return rows, added, dropped


def drop(connection: sqlite3.Connection, ids: Iterable[tuple[int]], entries: Iterable[Sequence[str]]) -> None:
    """Delete rows by id, and index entries (index, partition, sort, partition and sort of the row)."""
    bulk.execute(connection, _DROP_ENTRIES, 5, entries)
    bulk.execute(connection, _DROP_ROWS, 1, ids)
