"""Index rows of the archive, and queries over them. Source: specification products, Decision 2."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bbws.audit.model import UNREADABLE_CHANGES, archive_name, archive_object, well_formed
from bbws.audit.ports import BY_ACTOR, BY_TYPE, check_name
from bbws.audit.reading import ahead
from bbws.kernel.access import EVERY_ENTITY, Access
from bbws.kernel.canonical import Document
from bbws.kernel.change import BY_DAY, Change
from bbws.kernel.clock import rfc3339
from bbws.kernel.table import Key, Position, Row, RowKind, Table

_PAGE = 100
_LOOKED_AT_MOST = 1000
_DAY = timedelta(days=1)
_DAYS_ALONE = 2
_DAYS_AT_ONCE = 8
# How the sort of a change begins within its day, and what is raised for a row that nobody of BBWS wrote.
_TIME = "0000-00-00T00:00:00.000000Z#"
_NONSENSE = (AttributeError, LookupError, TypeError, ValueError)

type _Found = tuple[tuple[Row, ...], Position | None]
type _Read = Callable[[Position], _Found]

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
        yield from _down_to(since, read, read(start), None)
        return
    index, partition = _index_of(question)

    def first_page(day: str) -> tuple[_Read, _Found]:
        read = _reader(table, index, f"{partition}#{day}" if partition else day)
        return read, read(start)

    # Tomorrow, for clocks that were set back, and today, which mostly fills the page, are read one by one. Behind days
    # that do not fill it, ever more are read at once.
    days = _days(start, question.since)
    for day in days[:_DAYS_ALONE]:
        yield from _down_to(since, *first_page(day), index)
    for _, (read, found) in ahead(first_page, days[_DAYS_ALONE:], at_once=_DAYS_AT_ONCE, first=1):
        yield from _down_to(since, read, found, index)


def _days(start: Position, since: datetime) -> list[str]:
    """The days that have a place before ``start``, back to ``since``."""
    latest = datetime.fromisoformat(start.sort[:10]).replace(tzinfo=UTC)
    back = max(0, (latest.date() - since.date()).days)
    return [f"{latest - _DAY * each:%Y-%m-%d}" for each in range(back + 1)]


def _index_of(question: Question) -> tuple[str, str]:
    if question.actor is not None:
        return BY_ACTOR, question.actor
    if question.type is not None:
        return BY_TYPE, question.type
    return BY_DAY, ""


def _reader(table: Table, index: str | None, partition: str) -> _Read:
    def read(start: Position) -> _Found:
        page = table.query(partition, index=index, start=start, limit=_PAGE, descending=True)
        return page.rows, page.next

    return read


def _down_to(since: str, read: _Read, found: _Found, index: str | None) -> Iterator[Row]:
    """The rows of a partition from those that were found first down to ``since``."""
    while True:
        rows, following = found
        for row in rows:
            if row.position(index).sort < since:
                return
            yield row
        if following is None:
            return
        found = read(following)


def _change(table: Table, row: Row) -> Change:
    """The change of an index row; a row found by day is the change itself.

    Raises:
        Problem: 500 naming the row where no change can be made of it.
    """
    try:
        found = row if row.kind is RowKind.CHANGE else table.get(Key(*row.document["change"]))
        return Change.from_document({} if found is None else found.document)
    except (LookupError, TypeError) as error:
        detail = (
            f"The change that the row {row.key.partition} / {row.key.sort} speaks of cannot be read. Ask for the time "
            "before or after it; what to do is in the troubleshooting runbook, Unreadable changes."
        )
        raise UNREADABLE_CHANGES(detail) from error


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row of which no change can be made.

    Attributes:
        place: where it is found: the day, and the sort there, or how that begins where the engine cannot tell more.
        key: where it lies; None where the engine cannot tell.
        fault: what was raised, by its name alone: an error may quote the row.
    """

    place: Key
    key: Key | None
    fault: str


def changes_since(table: Table, since: datetime, until: datetime) -> Iterator[Change | UnreadableRow]:
    """Every change from the day of ``since`` to the moment ``until``, streamed in the order of time.

    It ends at the moment and not with the day: while others write, the day has a new one as soon as the last is read.
    """
    day, last = since, rfc3339(until)
    while day.date() <= until.date():
        for found in changes_at(table, Key(f"{day:%Y-%m-%d}", "")):
            if isinstance(found, Change) and found.time > last and day.date() == until.date():
                return
            yield found
        day += _DAY


def changes_at(table: Table, place: Key, start: Position | None = None) -> Iterator[Change | UnreadableRow]:
    """The changes of the day ``place.partition`` whose sort there begins with ``place.sort``."""
    while True:
        try:
            page = table.query(place.partition, index=BY_DAY, prefix=place.sort, start=start, limit=_PAGE)
        except _NONSENSE as error:
            yield from _around(table, place, start, error)
            return
        yield from map(_change_or_fault, page.rows)
        if page.next is None:
            return
        start = page.next


def _around(table: Table, place: Key, start: Position | None, error: Exception) -> Iterator[Change | UnreadableRow]:
    """What can be read of a place with a row that the engine cannot decode, nor name.

    The place is split by the digits of the time, until what cannot be read is alone.
    """
    found_it = False
    if len(place.sort) < len(_TIME):
        prefix = place.sort or f"{place.partition}T"
        following = _TIME[len(prefix)]
        for each in "0123456789" if following == "0" else following:
            for found in changes_at(table, Key(place.partition, prefix + each), start):
                found_it = found_it or isinstance(found, UnreadableRow)
                yield found
    if not found_it:
        yield UnreadableRow(place, None, type(error).__name__)


def _change_or_fault(row: Row) -> Change | UnreadableRow:
    try:
        change = well_formed(row.document)
        check_name(archive_name(change))
        archive_object(change)
    except _NONSENSE as error:
        return UnreadableRow(row.indexes[BY_DAY], row.key, type(error).__name__)
    return change
