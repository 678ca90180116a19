"""The history of a campaign as people read it: one entry for each field that a change changed.

Source: specification marketing §8, Decision 6.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bbws.kernel.change import Change
from bbws.kernel.history import history
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork
from bbws.marketing import store

# Who changed it and when is beside every entry.
_NOTES = frozenset({"createdAt", "createdBy", "updatedAt", "updatedBy", "entityType"})
# Between the sort of a change and the place of an entry in it, and above every such place.
_PLACE, _LAST = "|", "~"


class Entry(NamedTuple):
    """One field that a change changed; values are as on the wire."""

    change: Change
    field: str
    previous: Any
    new: Any


def entries(change: Change) -> list[Entry]:
    """What a change changed, field by field, in the order of their names; of a creation what has a value."""
    before = change.before or {}
    return [
        Entry(change, name, before.get(name), value)
        for name, value in sorted(change.after.items())
        if name not in _NOTES and before.get(name) != value
    ]


def page(work: UnitOfWork, code: str, start: Position | None, limit: int) -> tuple[list[Entry], Position | None]:
    """A page of a campaign's entries, newest first, and the place after which the next one starts."""
    found: list[Entry] = []
    last: Position | None = None
    for place, entry in _after(work, code, start, limit):
        if len(found) == limit:
            return found, last
        found.append(entry)
        last = place
    return found, None


def _after(work: UnitOfWork, code: str, start: Position | None, limit: int) -> Iterator[tuple[Position, Entry]]:
    sort, _, number = (None, "", "") if start is None else start.sort.rpartition(_PLACE)
    # The change in whose midst a page ended is read again.
    following = None if start is None else Position(f"{sort}{_LAST}", start.key)
    while True:
        changes, following = history(work.table, store.campaign_key(code), following, limit)
        for change in changes:
            done = int(number) if change.key.sort == sort else -1
            for index, entry in enumerate(entries(change)):
                if index > done:
                    yield Position(f"{change.key.sort}{_PLACE}{index}", change.key), entry
        if following is None:
            return
