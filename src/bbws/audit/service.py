"""Use cases of the audit.

Write what happened into the archive, make sure nothing is missing, sign where histories stand.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched, chain
from typing import NamedTuple

from bbws.audit import store
from bbws.audit.model import (
    AUDIT_RANGE,
    CHECKPOINTS,
    NO_ROOT,
    PUBLIC_KEYS,
    UNREADABLE_CHANGES,
    Checkpoint,
    Entry,
    archive_name,
    archive_object,
    checkpoint_name,
    parse_checkpoint,
    root_of,
    signed_part,
)
from bbws.audit.ports import Archive, ArchiveCorrupt, Signer
from bbws.audit.reading import ahead
from bbws.audit.store import Question, UnreadableRow
from bbws.kernel.change import Change
from bbws.kernel.clock import MICROSECOND, Clock, parse_rfc3339, rfc3339
from bbws.kernel.problem import VERSION_CONFLICT, FieldError, Problem
from bbws.kernel.reaction import Message
from bbws.kernel.table import MAX_WRITES, Conflict, Insert, Key, Position, Row, Table
from bbws.kernel.work import UnitOfWork

logger = logging.getLogger("bbws.audit")

READ = "audit:read"
WRITE = "audit:write"
LONGEST_RANGE = timedelta(days=366)
USUAL_RANGE = timedelta(days=30)
# How far back a checkpoint looks for changes that its predecessor could not see: those committed late, or under a
# clock that was set back.
LOOK_BACK = timedelta(days=1)
# No change can be older than BBWS, and none that is to be signed older than what could first be installed: the first
# checkpoint looks at every day from then on.
FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TRIES = 3


def log_changes(messages: Sequence[Message], table: Table, archive: Archive) -> list[str]:
    """The audit logger: archive each announced change and index it; the ids of the messages that failed.

    Doing so twice is harmless, so where a batch fails each is tried by itself: a bad change must not take others along.
    """
    try:
        _log_all(messages, table, archive)
    except Exception as fault:
        if len(messages) == 1:
            logger.exception("change not archived", extra={"messageId": messages[0].id})
            return [messages[0].id]
        logger.warning("batch not archived at once", extra={"error": type(fault).__name__})
        return [failed for message in messages for failed in log_changes([message], table, archive)]
    return []


def _log_all(messages: Sequence[Message], table: Table, archive: Archive) -> None:
    changes = [_announced(table, message) for message in messages]
    archive.put_all([(archive_name(change), archive_object(change)) for change in changes])
    _index(table, [store.index_row(change) for change in changes])


def _announced(table: Table, message: Message) -> Change:
    row = table.get(message.change)
    if row is None:
        msg = f"the change at {message.change} is not there"
        raise LookupError(msg)
    return Change.from_document(row.document)


def _index(table: Table, rows: Sequence[Row]) -> None:
    """Add the index rows that are not there yet. Somebody else may be adding the same ones at this moment."""
    for batch in batched(rows, MAX_WRITES):
        missing = {row.key: row for row in batch}
        while missing:
            try:
                table.commit([Insert(row) for row in missing.values()])
            except Conflict:
                missing = {key: row for key, row in missing.items() if table.get(key) is None}
            else:
                break


def reconcile(
    table: Table, archive: Archive, found: Iterable[Change | UnreadableRow]
) -> Iterator[Change | UnreadableRow]:
    """Give on what was found, each change of which the archive holds by then. A row that cannot be read is logged."""

    def kept(each: Change | UnreadableRow) -> tuple[bytes | None, Row | None]:
        if isinstance(each, UnreadableRow):
            return None, None
        return archive.get(archive_name(each)), table.get(store.index_row(each).key)

    for each, (content, row) in ahead(kept, found):
        if isinstance(each, UnreadableRow):
            named = {"key": each.key, "day": each.place.partition, "place": each.place.sort, "error": each.fault}
            logger.error("change cannot be read", extra=named)
        else:
            _complete(table, archive, each, content, row)
        yield each


def _complete(table: Table, archive: Archive, change: Change, content: bytes | None, row: Row | None) -> None:
    name = archive_name(change)
    if content != archive_object(change):
        logger.warning("change was missing from the archive", extra={"archiveName": name})
        archive.put(name, archive_object(change))
    if row is None:
        _index(table, [store.index_row(change)])


def checkpoint(table: Table, archive: Archive, signer: Signer, clock: Clock) -> Checkpoint:
    """Make sure that the archive is complete, and sign where every history stands; the last checkpoint made.

    Days that are over are signed one by one, where they hold something new: what a run did that was cut off stays, and
    the next one goes on from there.

    Raises:
        Problem: 409 where another one is made at the same moment; 500 where there are changes that cannot be read, once
            all others are signed.
    """
    last, through, signed, since = latest_checkpoint(archive), clock.now(), FIRST_DAY, FIRST_DAY
    if last is not None:
        signed = parse_rfc3339(last.through)
        # Where the clock was set back since, what was changed under it is older than the checkpoint before.
        since = min(signed, through) - LOOK_BACK
        through = max(through, signed + MICROSECOND)
    stated = _stated(archive, last, since)
    lost: set[Key] = set()
    again = _looked_at_again(table, last)
    for midnight in _midnights(signed, through):
        found = chain(again, store.changes_since(table, since, midnight - MICROSECOND))
        news = _news(reconcile(table, archive, found), stated, lost)
        if news.entries:
            last = _sign(archive, signer, last, midnight, news)
        since, stated = midnight, set()  # nothing behind the first midnight was signed before
    found = chain(again, store.changes_since(table, since, through))
    return _readable(_sign(archive, signer, last, through, _news(reconcile(table, archive, found), stated, lost)))


def _looked_at_again(table: Table, last: Checkpoint | None) -> Iterator[Change | UnreadableRow]:
    """What is now at the places that nobody could read when ``last`` was made. Who mends a row need tell nobody."""
    places = () if last is None else last.unreadable
    for _, found in ahead(lambda place: tuple(store.changes_at(table, place)), places):
        yield from found


def _readable(made: Checkpoint) -> Checkpoint:
    if made.unreadable:
        detail = (
            f"Changes that cannot be read: {len(made.unreadable)}. Checkpoint {made.sequence} covers all others. The "
            "log names their rows, `bbws audit verify` those that the archive lacks. What to do is in the "
            "troubleshooting runbook, Unreadable changes."
        )
        raise UNREADABLE_CHANGES(detail)
    return made


def _midnights(after: datetime, before: datetime) -> Iterator[datetime]:
    midnight = _start_of_day(after) + _DAY
    while midnight < before:
        yield midnight
        midnight += _DAY


def _start_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _stated(archive: Archive, last: Checkpoint | None, since: datetime) -> set[Entry]:
    """What is signed of the days that are looked at again. A day may have several checkpoints."""
    stated: set[Entry] = set()
    while last is not None and parse_rfc3339(last.through) >= _start_of_day(since):
        stated.update(last.entries)
        last = _checkpoint_at(archive, checkpoint_name(last.sequence - 1))
    return stated


class _News(NamedTuple):
    entries: tuple[Entry, ...]
    unreadable: tuple[Key, ...]


def _news(found: Iterable[Change | UnreadableRow], stated: set[Entry], lost: set[Key]) -> _News:
    """Where the histories stand that these changes are of, but for what was stated; ``lost`` gains the unreadable."""
    heads: dict[Key, Entry] = {}
    for each in found:
        if isinstance(each, UnreadableRow):
            lost.add(each.place)
            continue
        head = heads.get(each.entity)
        if head is None or head.version < each.version:
            heads[each.entity] = Entry(each.entity, each.version, each.digest)
    entries = sorted((e for e in heads.values() if e not in stated), key=lambda entry: entry.entity)
    return _News(tuple(entries), tuple(sorted(lost)))


def _sign(archive: Archive, signer: Signer, before: Checkpoint | None, through: datetime, news: _News) -> Checkpoint:
    sequence = 1 if before is None else before.sequence + 1
    previous = NO_ROOT if before is None else before.root
    root = root_of(signed_part(sequence, rfc3339(through), previous, *news))
    signature = signer.sign(root)
    made = Checkpoint(
        sequence, rfc3339(through), previous, news.entries, root, signer.key_id, signature, news.unreadable
    )
    archive.put(f"{PUBLIC_KEYS}{signer.key_id}.pem", signer.public_pem)
    try:
        archive.put(made.name, made.content())
    except ArchiveCorrupt as error:
        detail = f"Checkpoint {sequence} was made by somebody else at this moment. Ask again for a newer one."
        raise VERSION_CONFLICT(detail) from error
    return made


def latest_checkpoint(archive: Archive) -> Checkpoint | None:
    """The newest checkpoint in the archive."""
    name = max(archive.names(CHECKPOINTS), default=None)
    return None if name is None else _checkpoint_at(archive, name)


def _checkpoint_at(archive: Archive, name: str) -> Checkpoint | None:
    content = archive.get(name)
    return None if content is None else parse_checkpoint(content)


def daily_checkpoint(table: Table, archive: Archive, signer: Signer, clock: Clock) -> None:
    """The daily reconciliation and checkpoint, unless somebody signs one at the same moment.

    Raises:
        Problem: 409 where others were faster time and again, and none of them came to the end; 500 where there are
            changes that cannot be read.
    """
    today = rfc3339(_start_of_day(clock.now()))
    for tries_left in reversed(range(_TRIES)):
        try:
            made = checkpoint(table, archive, signer, clock)
        except Problem as problem:
            if problem.type is not VERSION_CONFLICT:
                raise
            other = latest_checkpoint(archive)
            if other is not None and other.through > today:
                logger.info("somebody else signed a checkpoint")
                _readable(other)
                return
            # That one is of a day that is over: a part of somebody's way, who may not reach the end of it.
            if not tries_left:
                raise
        else:
            logger.info("checkpoint signed", extra={"sequence": made.sequence, "entities": len(made.entries)})
            return


def find_records(  # noqa: PLR0913 - each is a part of the question
    work: UnitOfWork,
    *,
    subject: str | None,
    actor: str | None,
    event: str | None,
    since: datetime | None,
    until: datetime | None,
    start: Position | None,
    limit: int,
) -> tuple[list[Change], Position | None]:
    """A page of audit records, newest first.

    Without a subject the last 30 days, unless ``since`` and ``until`` say otherwise.

    Raises:
        Problem: 422 for a range turned around, or of more than 366 days without a subject.
    """
    if since is not None and until is not None and since > until:
        message = "must not be later than to"
        raise AUDIT_RANGE(f"from {message}.", errors=(FieldError("from", message, "range"),))
    # Nothing is older than BBWS, and nothing is younger than now but by a clock that was set back.
    now = work.now()
    latest = now + _DAY
    # A year ago is a year ago all day long: who names no end asks for as many days as there were until this one.
    end = _start_of_day(now) if until is None else min(until, latest)
    until = max(EARLIEST, min(until or latest, latest))
    if since is None:
        since = EARLIEST if subject else until - USUAL_RANGE
    since = max(EARLIEST, min(since, until))
    if subject is None and end - since > LONGEST_RANGE:
        detail = f"Ask for {LONGEST_RANGE.days} days at most, or name a subject."
        raise AUDIT_RANGE(detail, errors=(FieldError("from", detail, "range"),))
    return store.records(work.table, Question(subject, actor, event, since, until), start, limit)
