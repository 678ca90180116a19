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
from bbws.kernel.table import Conflict, Key

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
    for chunk in batched(keys, bulk.MOST_ROWS):
        numbered = [value for number, key in enumerate(chunk) for value in (number, key.partition, key.sort)]
        [answer] = connection.execute(*bulk.statement(_FIND, 3, numbered)).fetchone()
        for number, row_id, version, expires_at, indexes in orjson.loads(answer):
            found[chunk[number]] = Found(row_id, version, expires_at, indexes.encode())
    return found


def live_versions(found: Mapping[Key, Found], now: float) -> dict[Key, int]:
    """The versions of the rows that have not expired at ``now`` (seconds since 1970)."""
    return {key: row.version for key, row in found.items() if row.expires_at is None or row.expires_at > now}


def broken(writes: Iterable[Prepared], versions: Mapping[Key, int]) -> Conflict | None:
    """The conflict of the first write whose expectation about the versions that there are fails, if one does."""
    for write in writes:
        if versions.get(write.key) != write.expects:
            return Conflict(write.key)
    return None


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
        found = find(connection, {write.key: None for commit in commits for write in commit})
        return cls(found, live_versions(found, now), {}, [])

    def add(self, commit: Sequence[Prepared]) -> Conflict | None:
        """Accept a commit, or say which of its expectations fails."""
        conflict = broken(commit, self.versions)
        if conflict is None:
            for write in commit:
                self._accept(write)
        return conflict

    def _accept(self, write: Prepared) -> None:
        if write.row is not None:
            self.versions[write.key] = write.row.version
            self.final[write.key] = write
            if write.feed is not None:
                self.feed.append(write.feed)
        elif write.removes:
            del self.versions[write.key]
            self.final[write.key] = None

    def store(self, connection: sqlite3.Connection, next_id: Iterator[int], now: float) -> None:
        """Write everything accepted, with one statement per table."""
        rows: list[object] = []
        added: list[object] = []
        dropped: list[str] = []
        gone: list[int] = []
        for key, write in self.final.items():
            old = self.found.get(key)
            before: set[Entry] = set() if old is None else entries_of(old.indexes)
            after: set[Entry] = set()
            if write is not None and write.row is not None:
                after = entries_in(write.row.indexes)
                row_id = next(next_id) if old is None else old.id
                rows.append(row_id)
                rows.extend(write.columns)
                for entry in after - before if before else after:
                    added.extend((*entry, *key, row_id))
            elif old is not None:
                gone.append(old.id)
            for entry in before - after:
                dropped.extend((*entry, *key))
        drop(connection, gone, dropped)
        bulk.execute(connection, _PUT_ROWS, 11, rows)
        bulk.execute(connection, _PUT_ENTRIES, 6, added)
        bulk.execute(connection, _PUT_FEED, 6, [value for change in self.feed for value in (*change, now)])


def drop(connection: sqlite3.Connection, ids: Sequence[int], entries: Sequence[str]) -> None:
    """Delete rows by id, and index entries by index, partition, sort, partition and sort of the row."""
    bulk.execute(connection, _DROP_ENTRIES, 5, entries)
    bulk.execute(connection, _DROP_ROWS, 1, ids)
