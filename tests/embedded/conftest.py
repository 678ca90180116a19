"""The parts of the embedded engine below its threads, so that tests decide what happens when."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bbws.engines.embedded.cache import RowCache
from bbws.engines.embedded.connections import Readers, connect_writer
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.feed import Relay
from bbws.engines.embedded.queues import EmbeddedQueues
from bbws.engines.embedded.schema import DATABASE_FILE, migrate
from bbws.engines.embedded.table import EmbeddedTable
from bbws.engines.embedded.worker import Worker
from bbws.engines.embedded.writer import Writer
from bbws.kernel.reaction import Message, Reaction
from tests.fakes import FakeClock


@dataclass
class Store:
    """One open database, with the clock that it goes by."""

    file: Path
    clock: FakeClock
    connection: sqlite3.Connection
    readers: Readers
    writer: Writer
    table: EmbeddedTable
    queues: EmbeddedQueues
    announced: list[None] = field(default_factory=list)

    def relay(self, *reactions: Reaction) -> None:
        """Move everything in the feed to the queues of these reactions."""
        self.queues.attach([reaction.queue for reaction in reactions], lambda _: None)
        relay = Relay(self.writer, reactions, lambda _: None)
        while relay.step() == 0:
            pass

    def worker(self, reaction: Reaction, jitter: float = 0.0) -> Worker:
        return Worker(reaction, self.writer, self.clock, jitter=lambda: jitter, settled=lambda: None)

    def close(self) -> None:
        self.writer.close(10)
        self.readers.close()
        self.connection.close()


@dataclass
class Probe:
    """A handler that remembers what it was given, and fails as told."""

    batches: list[list[Message]] = field(default_factory=list)
    reported: set[str] = field(default_factory=set)
    raised: Exception | None = None

    def __call__(self, messages: list[Message]) -> list[str] | None:
        self.batches.append(messages)
        if self.raised is not None:
            raise self.raised
        return [message.id for message in messages if message.id in self.reported] or None

    @property
    def ids(self) -> list[list[str]]:
        return [[message.id for message in batch] for batch in self.batches]


def open_store(file: Path, clock: FakeClock, busy_seconds: float = 0.01) -> Store:
    connection = connect_writer(file, "OFF", busy_seconds)
    migrate(connection, file)
    readers = Readers(file, busy_seconds)
    announced: list[None] = []
    cache = RowCache()
    writer = Writer(connection, clock, cache, lambda: announced.append(None))
    table = EmbeddedTable(readers, writer, cache, clock)
    return Store(file, clock, connection, readers, writer, table, EmbeddedQueues(readers, writer, clock), announced)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    store = open_store(tmp_path / DATABASE_FILE, clock)
    yield store
    store.close()


@pytest.fixture
def engine(tmp_path: Path, clock: FakeClock) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    yield engine
    engine.stop(10)
