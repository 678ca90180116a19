"""Deliveries on every engine: its rows and its index, with several that deliver at once."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import NamedTuple

import pytest

from bbws.engines.aws.layout import Layout
from bbws.engines.aws.sweeping import sweep
from bbws.engines.aws.table import DynamoTable
from bbws.kernel.actor import Actor, system
from bbws.kernel.change import Change
from bbws.kernel.reaction import Message, Sweep
from bbws.kernel.table import Key, Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.tenants.webhooks import events, model, store, turns
from bbws.tenants.webhooks.delivering import announce, deliver_next
from bbws.tenants.webhooks.model import State, Webhook
from bbws.tenants.webhooks.ports import Sent
from infra.local.state import REGION
from tests.aws import shared
from tests.aws.tables import create_table
from tests.contracts.worlds import EmbeddedWorld
from tests.fakes import FakeClock
from tests.tenants.hooks import BROKEN, FakeSender, keep_active

TENANT = "tenant-5f0c1a52-6a4e-4e0b-9f6e-2f7c7d1f7a10"
OTHER = "tenant-5f0c1a52-6a4e-4e0b-9f6e-2f7c7d1f7a11"
NUMBER, URLS = 12, ("https://a.example.com/", "https://b.example.com/", "https://c.example.com/")


class Place(NamedTuple):
    """An engine's table with webhooks, and who is called."""

    table: Table
    clock: FakeClock
    sender: FakeSender

    def begin(self, actor: Actor, correlation_id: str) -> UnitOfWork:
        return UnitOfWork(self.table, self.clock, actor, correlation_id)

    def hook(self, slot: int, url: str, tenant_id: str = TENANT) -> Webhook:
        """A new webhook."""
        now = self.clock.now()
        webhook = Webhook(model.new_id(), tenant_id, url, "", ("*",), slot, State.ACTIVE, now, "user-ann")

        def make(work: UnitOfWork) -> None:
            store.keep_secret(work, webhook.webhook_id, model.new_secret())
            work.create(store.WEBHOOK, webhook, events.CREATED)

        transact(lambda: self.begin(system("test"), "test"), make)
        return webhook

    def happen(self, webhook: Webhook) -> Message:
        """Something that all webhooks of the tenant are told."""

        def enable(work: UnitOfWork) -> Change:
            current = store.load(work.table, webhook.webhook_id)
            assert current is not None
            work.update(store.WEBHOOK, current, current.value, events.ENABLED)
            return work.changes[0]

        change = transact(lambda: self.begin(system("test"), "test"), enable)
        return Message(change.id, change.type, change.subject, change.key)

    def turn(self) -> Callable[[], bool]:
        """What each thread of one process does."""
        return partial(deliver_next, self.table, self.begin, self.sender, turns.Shares(self.table))

    def announce(self, *messages: Message) -> None:
        assert announce(messages, table=self.table, begin=self.begin, hasten=lambda: None) == []


def _dynamo() -> Table:
    name = f"webhooks-{threading.get_ident()}-{model.new_id()}"
    create_table(shared.dynamo(), name, (store.TURNS,))
    return DynamoTable(shared.dynamo(), Layout({}, {store.TURNS: (name,)}, name), FakeClock(), REGION)


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    clock, world = FakeClock(), None
    if request.param == "dynamodb":
        table = _dynamo()
    else:
        world = EmbeddedWorld(clock)
        table = world.table()
    keep_active(table, TENANT, clock.now())
    yield Place(table, clock, FakeSender())
    if world is not None:
        world.close()


def test_everything_is_delivered_once_to_everybody_by_however_many(place: Place) -> None:
    hooks = [place.hook(slot, url) for slot, url in enumerate(URLS)]
    messages = [place.happen(hooks[0]) for _ in range(NUMBER)]

    # Messages come more than once, and to several.
    def handle() -> None:
        waiting = messages
        while failed := announce(waiting, table=place.table, begin=place.begin, hasten=lambda: None):
            waiting = [message for message in messages if message.id in failed]

    threads = [threading.Thread(target=handle) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(Sweep("test", timedelta(1), place.turn(), 4), lambda: 60.0)
    calls = [(call.url, call.headers["webhook-id"]) for call in place.sender.calls]
    assert len(calls) == len(set(calls)) == len(URLS) * NUMBER
    for hook in hooks:
        found, _ = store.deliveries(place.table, hook.webhook_id, None, 100)
        assert {delivery.outcome for delivery in found} == {model.Outcome.DELIVERED}
        assert len(found) == NUMBER
        assert place.table.get(turns.turn_key(hook.webhook_id)) is None


def test_a_delivery_that_failed_is_due_again_when_its_delay_is_over(place: Place) -> None:
    hook = place.hook(0, URLS[0])
    place.announce(place.happen(hook))
    place.sender.answers[URLS[0]] = BROKEN
    turn = place.turn()
    assert turn()
    assert not turn()
    place.clock.advance(model.FIRST_DELAY.total_seconds())
    assert turn()
    assert not turn()
    [delivery] = store.deliveries(place.table, hook.webhook_id, None, 100)[0]
    assert (delivery.attempts, delivery.due_at) == (2, place.clock.now() + model.DELAYS[1])


def test_however_many_hang_all_that_wait_are_looked_at(place: Place) -> None:
    made = [model.new_id() for _ in range(NUMBER * 4)]
    for webhook_id in made:
        transact(
            lambda: place.begin(system("test"), "test"),
            partial(turns.call_for_turn, webhook_id=webhook_id, at=place.clock.now()),
        )
    assert sorted(turns.waiting(place.table, place.clock.now())) == sorted(made)


def test_the_threads_of_one_process_call_a_few_webhooks_of_one_founder_at_once(place: Place) -> None:
    hooks = [place.hook(slot, URLS[0]) for slot in range(turns.MOST_AT_ONCE + 2)]
    place.announce(place.happen(hooks[0]))
    turn = place.turn()
    place.sender.meanwhile = turn  # another thread, while this one's address hangs
    assert turn()
    assert len(place.sender.calls) == turns.MOST_AT_ONCE
    assert turn()
    assert len(place.sender.calls) == len(hooks)


class Hanging(FakeSender):
    """An address that hangs until another one is called."""

    def __init__(self) -> None:
        super().__init__()
        self.lock, self.other = threading.Lock(), threading.Event()
        self.hanging = self.most = 0

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        if url != URLS[0]:
            self.other.set()
            return super().send(url, headers, body)
        with self.lock:
            self.hanging += 1
            self.most = max(self.most, self.hanging)
        assert self.other.wait(60)
        with self.lock:
            self.hanging -= 1
        return super().send(url, headers, body)


def test_however_many_hang_another_founders_is_called_meanwhile(place: Place) -> None:
    sender = Hanging()
    place = place._replace(sender=sender)
    hooks = [place.hook(slot, URLS[0]) for slot in range(model.MOST_WEBHOOKS)]
    place.announce(place.happen(hooks[0]))
    place.clock.advance(1)
    keep_active(place.table, OTHER, place.clock.now())
    place.announce(place.happen(place.hook(0, URLS[1], OTHER)))
    place.clock.advance(1)
    sweep(Sweep("test", timedelta(1), place.turn(), turns.MOST_AT_ONCE * 2), lambda: 60.0)
    assert sender.most <= turns.MOST_AT_ONCE
    assert len(sender.calls) == len(hooks) + 1


def test_a_sweep_ends_when_the_time_does() -> None:
    seconds = iter([60.0, 60.0, 14.0])
    found: list[bool] = []

    def look() -> bool:
        found.append(True)
        return True

    sweep(Sweep("test", timedelta(1), look), lambda: next(seconds))
    assert found == [True, True]


def test_a_fault_in_a_sweep_is_told() -> None:
    def fail() -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        sweep(Sweep("test", timedelta(1), fail, 2), lambda: 60.0)


def test_an_announcement_of_nothing_is_handed_out_again(place: Place) -> None:
    lost = Message("x.1", "tenant.updated", "/x", Key("TENANT#x", "CHANGE#METADATA#0000000001"))
    assert announce([lost], table=place.table, begin=place.begin, hasten=lambda: None) == ["x.1"]
