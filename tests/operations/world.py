"""Operations of several steps, whose steps a test can make succeed, fail and interfere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bbws.bootstrap.embedded import build, ensure_first_key
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.actor import Actor, ActorKind
from bbws.kernel.canonical import Document
from bbws.kernel.change import Change, EventType
from bbws.kernel.reaction import Message, Policy
from bbws.kernel.table import Key, Row, RowKind
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from bbws.operations.reactions import consumer
from bbws.operations.service import OperationKind, accept
from bbws.products.reactions import KINDS as PRODUCT_KINDS
from bbws.settings import Settings
from bbws.tables import REACTIONS
from tests.builders import Client
from tests.fakes import FakeClock

REQUESTED = EventType("test.requested", "REQUEST", "A test wants something.")
SITE = "/v1.0/sites/site-1"
SOMEBODY = Actor("key-SOMEBODY", ActorKind.API_KEY, frozenset())

type Act = Callable[[UnitOfWork, Operation], Document | None]


@dataclass
class Steps:
    """Three steps. Each leaves a row; ``acts`` says what else it does, once for each time it is tried."""

    acts: dict[str, list[Act | Exception]] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)

    def step(self, name: str) -> tuple[str, Act]:
        def run(work: UnitOfWork, operation: Operation) -> Document | None:
            self.tried.append(name)
            waiting = self.acts.get(name, [])
            act = waiting.pop(0) if waiting else None
            work.insert(Row(effect(operation.operation_id, name), RowKind.DERIVED, {"by": work.actor.subject}))
            if isinstance(act, Exception):
                raise act
            return act(work, operation) if act else {name: "done"}

        return name, run


def effect(operation_id: str, name: str) -> Key:
    """The row that a step leaves."""
    return Key(f"EFFECT#{operation_id}", name)


@dataclass(frozen=True)
class World:
    client: Client
    clock: FakeClock
    steps: Steps
    kind: OperationKind

    def accept(self, subject: str = SITE, actor: Actor = SOMEBODY, holds: Sequence[Key] = ()) -> str:
        """The id of a new operation."""
        work = self.client.app.begin(actor, "R1")
        made = accept(work, self.kind, subject=subject, permission="sites:write", content={"x": 1}, holds=holds)
        self.client.app.engine.table.commit(work.writes)
        return made.value.operation_id

    def work(self, *operations: str, by: str = "tester") -> list[str]:
        """Hand the announcements of these operations to a consumer, in this order; those that must come again."""
        [reaction] = (each for each in self.client.app.reactions if each.name == by)
        failed: Any = reaction.handler(messages=[self.message(operation) for operation in operations])
        return list(failed)

    def message(self, operation: str) -> Message:
        rows = self.client.app.engine.table.query(f"OPERATION#{operation}", prefix="CHANGE#").rows
        change = Change.from_document(rows[0].document)
        return Message(change.id, change.type, change.subject, change.key)

    def resume(self, *, after: float = 3601) -> None:
        """The daily work, when everything has stood still for so many seconds."""
        self.clock.advance(after)
        [daily] = (each for each in self.client.app.daily if each.name == "operations-resume")
        daily.handler()

    def read(self, operation: str) -> Any:
        """The operation as served."""
        reply = self.client.call("GET", f"/v1.0/operations/{operation}")
        assert reply.status == 200, reply.body
        return reply.json

    def effects(self, operation: str) -> list[str]:
        return [row.key.sort for row in self.client.app.engine.table.query(f"EFFECT#{operation}").rows]

    def types(self, operation: str) -> list[str]:
        """What was announced of an operation, oldest first."""
        rows = self.client.app.engine.table.query(f"OPERATION#{operation}", prefix="CHANGE#").rows
        return [row.document["type"] for row in rows]


@contextmanager
def world(
    folder: Path, *, attempts: int = 3, start: bool = False, names: Sequence[str] = ("a", "b", "c")
) -> Iterator[World]:
    """BBWS with one more kind of operation. Nothing runs by itself unless ``start``."""
    steps, clock = Steps(), FakeClock()
    kind = OperationKind("test.site", REQUESTED, tuple(steps.step(name) for name in names), attempts)
    tester = consumer("tester", "test-work", (kind,), Policy(first_delay=0.0, max_receives=9))
    settings = Settings.of(data_dir=folder)
    engine = EmbeddedEngine.open(folder, clock=clock, synchronous="OFF")
    try:
        app = build(settings, engine, clock=clock, reactions=(*REACTIONS, tester), kinds=(*PRODUCT_KINDS, kind))
        ensure_first_key(app, settings)
        if start:
            app.start()
        yield World(Client(app, settings.key_file.read_text().strip(), settings), clock, steps, kind)
    finally:
        engine.stop(timeout=30)
