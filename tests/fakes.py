"""Stand-ins that tests pass in as arguments: no patching, no waiting."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from bbws.kernel.table import Key, Page, Position, Row, Table, Write

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on, or back where ``seconds`` is negative."""
        self._now += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        self._now = moment


class Stopwatch:
    """Seconds that pass when they are told to, for what asks a monotonic clock."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def __call__(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds


class TableProxy:
    """A table that does what another does; fakes of a table change the call that they are about."""

    def __init__(self, table: Table) -> None:
        self.inner = table

    def get(self, key: Key) -> Row | None:
        return self.inner.get(key)

    def query(
        self,
        partition: str,
        *,
        index: str | None = None,
        prefix: str = "",
        start: Position | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> Page:
        return self.inner.query(partition, index=index, prefix=prefix, start=start, limit=limit, descending=descending)

    def commit(self, writes: Sequence[Write]) -> None:
        self.inner.commit(writes)

    def check(self, writes: Sequence[Write]) -> None:
        self.inner.check(writes)


class Overtaken(TableProxy):
    """A table on which somebody else acts right after a row of interest was read: a race, made to happen once."""

    def __init__(self, table: Table, is_of_interest: Callable[[Key], bool], meanwhile: Callable[[], object]) -> None:
        super().__init__(table)
        self._is_of_interest = is_of_interest
        self._meanwhile = meanwhile
        self.result: object = None
        self.armed = True

    def get(self, key: Key) -> Row | None:
        row = super().get(key)
        if self.armed and self._is_of_interest(key):
            self.armed = False
            self.result = self._meanwhile()
        return row
