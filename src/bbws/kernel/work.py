"""The unit of work: what one use case reads, and the writes and changes that it wants committed, all or nothing."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from bbws.kernel.actor import Actor
from bbws.kernel.canonical import Document
from bbws.kernel.change import GENESIS, Change, EventType
from bbws.kernel.clock import MICROSECOND, Clock, parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.problem import PRECONDITION_FAILED
from bbws.kernel.table import Conflict, Ensure, Insert, Key, Remove, Replace, Row, Table, Write

MAX_RERUNS = 3


class UnitOfWork:
    """Collects the effects of one use case. It commits nothing itself: an edge does, once, at the end.

    Attributes:
        table: where rows are read.
        clock: where the time comes from.
        actor: on whose behalf.
        correlation_id: the request or message that all its changes belong to.
        if_match: the versions that the caller accepts (None: any).
        writes, changes: what it collects.
        matched: whether something was held against ``if_match``.
    """

    __slots__ = ("_given", "actor", "changes", "clock", "correlation_id", "if_match", "matched", "table", "writes")

    def __init__(
        self, table: Table, clock: Clock, actor: Actor, correlation_id: str, if_match: frozenset[int] | None = None
    ) -> None:
        self.table = table
        self.clock = clock
        self.actor = actor
        self.correlation_id = correlation_id
        self.if_match = if_match
        self.writes: list[Write] = []
        self.changes: list[Change] = []
        self.matched = False
        self._given: datetime | None = None

    def now(self, after: Stored[Any] | None = None) -> datetime:
        """The present, or one microsecond after the last change of ``after`` where the clock is behind it (design §2).

        The moment given last is also the time of the next Change, so that a document and its Change name the same one.
        """
        self._given = self.clock.now()
        if after is not None:
            self._given = max(self._given, parse_rfc3339(after.changed_at) + MICROSECOND)
        return self._given

    def _time_of_change(self, current: Stored[Any] | None) -> str:
        given = self._given or self.now()
        if current is not None:
            given = max(given, parse_rfc3339(current.changed_at) + MICROSECOND)
        return rfc3339(given)

    def load[T](self, entity: EntityType[T], key: Key) -> Stored[T] | None:
        """The current value at ``key``, consistently read."""
        row = self.table.get(key)
        return None if row is None else entity.stored(row)

    def get(self, key: Key) -> Row | None:
        """The row at ``key`` as this unit of work is going to leave it."""
        for write in self.writes:
            if write.key == key and not isinstance(write, Ensure):
                return None if isinstance(write, Remove) else write.row
        return self.table.get(key)

    def grant(self, permissions: frozenset[str]) -> None:
        """Give the actor what this use case brings, or finds: the links of the answer are by it."""
        self.actor = self.actor._replace(permissions=self.actor.permissions | permissions)

    def match(self, current: Stored[Any]) -> None:
        """Hold the caller's ``If-Match`` against what is about to be changed.

        Raises:
            Problem: 412 with both versions.
        """
        self.matched = True
        if self.if_match is not None and current.version not in self.if_match:
            raise PRECONDITION_FAILED(
                f"The current version is {current.version}. Read it again and send its ETag.",
                currentVersion=current.version,
                expectedVersions=sorted(self.if_match),
            )

    def create[T](self, entity: EntityType[T], value: T, event: EventType, *, reason: str | None = None) -> Stored[T]:
        """Add a new entity and its first Change."""
        return self._change(entity, None, value, event, reason)

    def update[T](
        self, entity: EntityType[T], current: Stored[T], value: T, event: EventType, *, reason: str | None = None
    ) -> Stored[T]:
        """Put ``value`` in the place of ``current``, with its Change."""
        return self._change(entity, current, value, event, reason)

    def insert(self, row: Row) -> None:
        """Add a row that is no entity."""
        self.writes.append(Insert(row))

    def replace(self, row: Row, expected_version: int) -> None:
        """Replace a row that is no entity."""
        self.writes.append(Replace(row, expected_version))

    def remove(self, key: Key, expected_version: int) -> None:
        """Remove a row that is no entity."""
        self.writes.append(Remove(key, expected_version))

    def ensure(self, key: Key, version: int | None) -> None:
        """Commit only if the row at ``key`` still has ``version`` (None: is absent)."""
        self.writes.append(Ensure(key, version))

    def _change[T](
        self, entity: EntityType[T], current: Stored[T] | None, value: T, event: EventType, reason: str | None
    ) -> Stored[T]:
        version = 1 if current is None else current.version + 1
        change, change_row = Change(
            id=f"{entity.id(value)}.{version}",
            source=entity.source,
            type=event.name,
            subject=entity.subject(value),
            time=self._time_of_change(current),
            change_type=event.change_type,
            entity=entity.key(value),
            actor=self.actor.subject,
            correlation_id=self.correlation_id,
            version=version,
            before=None if current is None else entity.dump(current.value),
            after=entity.dump(value),
            reason=reason,
        ).sealed(GENESIS if current is None else current.digest)
        row = entity.row(value, change)
        self.writes.append(Insert(row) if current is None else Replace(row, current.version))
        self.writes.append(Insert(change_row))
        if current is None:
            self.writes.extend(map(Insert, entity.derived(value)))
        else:
            self.writes.extend(_derived_writes(entity, current.value, value))
        self.changes.append(change)
        return Stored(value, version, change.digest, change.time)


def _derived_writes[T](entity: EntityType[T], before: T, after: T) -> Iterable[Write]:
    """Bring the derived rows from what they were to what they must be, touching only those that differ.

    A derived row that changes is one whose key stays while its content moves; it keeps version 1 and is written as the
    removal's twin: the entity's own version already guards it.
    """
    old = {row.key: row for row in entity.derived(before)}
    new = {row.key: row for row in entity.derived(after)}
    for key in old.keys() - new.keys():
        yield Remove(key, old[key].version)
    for key, row in new.items():
        if key not in old:
            yield Insert(row)
        elif row != old[key]:
            yield Replace(row, old[key].version)


def transact[R](begin: Callable[[], UnitOfWork], action: Callable[[UnitOfWork], R]) -> R:
    """Run ``action`` in a fresh unit of work and commit it.

    A lost race runs it again from its reads, three times at most.

    Raises:
        Conflict: the race was lost every time.
    """
    for attempt in range(MAX_RERUNS + 1):
        work = begin()
        result = action(work)
        try:
            work.table.commit(work.writes)
        except Conflict:
            if attempt == MAX_RERUNS:
                raise
        else:
            return result
    raise AssertionError  # pragma: no cover - the loop returns or raises


def plan(work: UnitOfWork, *, content: bool) -> list[Document]:
    """What a unit of work would change, with its ``content``: the answer to ``dryRun`` (design §2)."""
    return [
        {
            "type": change.type,
            "subject": change.subject,
            "changeType": change.change_type,
            "version": change.version if content else None,
            "before": change.before if content else None,
            "after": change.after if content else None,
        }
        for change in work.changes
    ]
