"""Index rows of the archive, and queries over them. Source: specification products, Decision 2."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bbws.audit.model import archive_name
from bbws.audit.ports import BY_ACTOR, BY_TYPE
from bbws.kernel.access import EVERY_ENTITY, Access
from bbws.kernel.canonical import Document
from bbws.kernel.change import BY_DAY, Change
from bbws.kernel.clock import rfc3339
from bbws.kernel.table import Key, Position, Row, RowKind, Table

_PAGE = 100
_LOOKED_AT_MOST = 1000
_DAY = timedelta(days=1)

SEARCHING = Access.to(gets=EVERY_ENTITY, queries="AUDIT", indexes=f"{BY_ACTOR} {BY_TYPE} {BY_DAY}")
LOGGING = Access.to(gets=f"{EVERY_ENTITY} AUDIT", puts="AUDIT", archive="read write")
CHECKPOINT = Access.to(indexes=BY_DAY, gets="AUDIT", puts="AUDIT", archive="read write list")


def index_row(change: Change) -> Row:
    """The derived row by which an archived change is found: by subject, by actor and day, by type and day."""
    sort = f"{change.time}#{change.id}"
    day = change.time[:10]
    document: Document = {
        "change": list(change.key),
        "archive": archive_name(change),
        "type": change.type,
        "subject": change.subject,
        "actor": change.actor,
    }
    indexes = {BY_ACTOR: Key(f"{change.actor}#{day}", sort), BY_TYPE: Key(f"{change.type}#{day}", sort)}
    return Row(Key(f"AUDIT#{change.subject}", sort), RowKind.DERIVED, document, indexes=indexes)


@dataclass(frozen=True, slots=True)
class Question:
    """Which records. ``since`` is inclusive, ``until`` exclusive."""

    subject: str | None
    actor: str | None
    type: str | None
    since: datetime
    until: datetime

    def admits(self, change: Change) -> bool:
        """Whether a record found through one of the filters meets them all."""
        return (
            (self.subject is None or change.subject == self.subject)
            and (self.actor is None or change.actor == self.actor)
            and (self.type is None or change.type == self.type)
        )


def records(
    table: Table, question: Question, start: Position | None, limit: int
) -> tuple[list[Change], Position | None]:
    """A page of changes, newest first.

    At most 1,000 rows are looked at for a page, so it may be short and have a next one.
    """
    found: list[Change] = []
    last: Position | None = None
    for looked, row in enumerate(_newest_first(table, question, start), 1):
        change = _change(table, row)
        last = Position(f"{change.time}#{change.id}", row.key)
        if question.admits(change):
            found.append(change)
        if len(found) == limit or looked == _LOOKED_AT_MOST:
            return found, last
    return found, None


def _newest_first(table: Table, question: Question, start: Position | None) -> Iterator[Row]:
    until, since = rfc3339(question.until), rfc3339(question.since)
    start = start or Position(until, Key("", ""))
    if question.subject is not None:
        read = _reader(table, None, f"AUDIT#{question.subject}")
        yield from _down_to(since, read, start, None)
        return
    index, partition = _index_of(question)
    day = datetime.fromisoformat(start.sort[:10]).replace(tzinfo=UTC)
    while day + _DAY > question.since:
        name = f"{day:%Y-%m-%d}"
        read = _reader(table, index, f"{partition}#{name}" if partition else name)
        yield from _down_to(since, read, start, index)
        day -= _DAY


def _index_of(question: Question) -> tuple[str, str]:
    if question.actor is not None:
        return BY_ACTOR, question.actor
    if question.type is not None:
        return BY_TYPE, question.type
    return BY_DAY, ""


def _reader(
    table: Table, index: str | None, partition: str
) -> Callable[[Position], tuple[tuple[Row, ...], Position | None]]:
    def read(start: Position) -> tuple[tuple[Row, ...], Position | None]:
        page = table.query(partition, index=index, start=start, limit=_PAGE, descending=True)
        return page.rows, page.next

    return read


def _down_to(
    since: str,
    read: Callable[[Position], tuple[tuple[Row, ...], Position | None]],
    start: Position,
    index: str | None,
) -> Iterator[Row]:
    following: Position | None = start
    while following is not None:
        rows, following = read(following)
        for row in rows:
            if row.position(index).sort < since:
                return
            yield row


def _change(table: Table, row: Row) -> Change:
    """The change of an index row; a row found by day is the change itself."""
    if row.kind is RowKind.CHANGE:
        return Change.from_document(row.document)
    found = table.get(Key(*row.document["change"]))
    if found is None:
        msg = f"the change at {row.document['change']} is not there"
        raise LookupError(msg)
    return Change.from_document(found.document)


def changes_since(table: Table, since: datetime, until: datetime) -> Iterator[Change]:
    """Every change from the day of ``since`` to the moment ``until``, streamed in the order of time.

    It ends at the moment and not with the day: while others write, the day has a new one as soon as the last is read.
    """
    day, last = since, rfc3339(until)
    while day.date() <= until.date():
        for change in _changes_of(table, f"{day:%Y-%m-%d}"):
            if change.time > last:
                return
            yield change
        day += _DAY


def _changes_of(table: Table, day: str) -> Iterator[Change]:
    start: Position | None = None
    while True:
        page = table.query(day, index=BY_DAY, start=start, limit=_PAGE)
        yield from (Change.from_document(row.document) for row in page.rows)
        if page.next is None:
            return
        start = page.next
