"""Feed, queues and workers, moved step by step by the tests, with a clock that they move too."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.queues import claim, give_back
from bbws.engines.embedded.worker import one_line
from bbws.kernel.problem import VALIDATION
from bbws.kernel.reaction import EVERY_EVENT, Message, Policy, Reaction
from bbws.kernel.table import Conflict, Insert, Key, Unavailable
from bbws.platform.ports import QueueState
from tests.contracts.rows import change
from tests.embedded.conftest import Probe, Store
from tests.fakes import FakeClock

POLICY = Policy(visibility=60, max_receives=3, batch=10, first_delay=10, longest_delay=100)


def reaction(probe: Probe, queue: str = "q", *, events: str = EVERY_EVENT, policy: Policy = POLICY) -> Reaction:
    return Reaction(queue, queue, frozenset(events.split()), probe, policy)


def announce(store: Store, *numbers: int, type_: str = "product.created") -> None:
    store.table.commit([Insert(change(number, type_=type_)) for number in numbers])


def state(store: Store, queue: str = "q") -> QueueState:
    return next(each for each in store.queues.states() if each.name == queue)


def test_a_change_becomes_a_message_that_says_where_it_lies(store: Store) -> None:
    probe = Probe()
    announce(store, 1)
    store.relay(reaction(probe))
    store.worker(reaction(probe)).step()
    address = Key("P#1", "CHANGE#1")
    assert probe.batches == [[Message("c1", "product.created", "/v1.0/products/1", address, 1)]]


def test_every_queue_gets_the_events_that_its_reaction_wants_once(store: Store) -> None:
    wanted = {"all": EVERY_EVENT, "both": f"a.made {EVERY_EVENT}", "one": "a.made", "none": "c.made"}
    reactions = [reaction(Probe(), queue, events=events) for queue, events in wanted.items()]
    announce(store, 1, type_="a.made")
    announce(store, 2, type_="b.made")
    store.relay(*reactions)
    assert {each.name: each.waiting for each in store.queues.states()} == {"all": 2, "both": 2, "one": 1, "none": 0}
    store.relay(*reactions)
    assert state(store, "all").waiting == 2


def test_the_feed_is_consumed_when_nobody_wants_it(store: Store) -> None:
    announce(store, 1)
    store.relay()
    store.relay(reaction(Probe()))
    assert state(store).waiting == 0


def test_the_relay_is_told_of_changes_alone(store: Store) -> None:
    announce(store, 1)
    assert len(store.announced) == 1
    store.table.commit([Insert(change(2, replayed=True))])
    store.relay(reaction(Probe()))
    assert len(store.announced) == 1
    assert state(store).waiting == 1


def test_messages_come_in_batches_oldest_first_and_each_once(store: Store) -> None:
    probe = Probe()
    worker = store.worker(reaction(probe, policy=Policy(batch=2)))
    announce(store, 1, 2, 3, 4, 5)
    store.relay(reaction(probe))
    assert [worker.step() for _ in range(4)] == [0, 0, 0, None]
    assert probe.ids == [["c1", "c2"], ["c3", "c4"], ["c5"]]
    assert state(store) == QueueState("q", 0, 0, 0, None)


def test_a_message_that_is_handed_out_is_in_flight_and_hidden(store: Store, clock: FakeClock) -> None:
    announce(store, 1, 2)
    store.relay(reaction(Probe()))
    clock.advance(5)
    store.worker(reaction(Probe(), policy=Policy(batch=1))).step()
    assert state(store) == QueueState("q", 1, 1, 0, 5.0)
    other = Probe()
    store.worker(reaction(other)).step()
    assert other.ids == [["c2"]]


def test_a_message_of_a_silent_worker_comes_back_after_the_visibility_timeout(store: Store, clock: FakeClock) -> None:
    announce(store, 1)
    store.relay(reaction(Probe()))
    store.worker(reaction(Probe())).step()
    probe = Probe()
    assert store.worker(reaction(probe)).step() == 60
    clock.advance(60)
    store.worker(reaction(probe)).step()
    assert [message.receives for message in probe.batches[0]] == [2]


def test_only_the_messages_that_failed_come_again(store: Store, clock: FakeClock) -> None:
    probe = Probe(reported={"c2"})
    worker = store.worker(reaction(probe))
    announce(store, 1, 2, 3)
    store.relay(reaction(probe))
    assert [worker.step(), worker.step()] == [0, 10]
    clock.advance(10)
    probe.reported.clear()
    worker.step()
    worker.finish()
    assert probe.ids == [["c1", "c2", "c3"], ["c2"]]
    assert state(store).waiting == 0


def test_a_handler_that_raises_fails_its_batch_with_growing_delays_and_parks_it(store: Store, clock: FakeClock) -> None:
    probe = Probe(raised=ValueError("price of 'Jane' is wrong\nand more"))
    worker = store.worker(reaction(probe))
    announce(store, 1, 2)
    store.relay(reaction(probe))
    waits = []
    while state(store).dead == 0:
        worker.step()
        waits.append(worker.step())
        clock.advance(waits[-1] or 0)
    assert waits == [10, 20, None]
    assert [[message.receives for message in batch] for batch in probe.batches] == [[1, 1], [2, 2], [3, 3]]
    assert state(store) == QueueState("q", 0, 0, 2, None)
    letter = store.queues.dead_letters("q", None, 1)[0]
    assert (letter.id, letter.queue, letter.receives) == ("c1", "q", 3)
    assert letter.error == "ValueError: price of … is wrong"
    assert letter.parked_at == "2026-11-20T12:00:30.000000Z"
    address = {"partition": "P#1", "sort": "CHANGE#1"}
    subject = "/v1.0/products/1"
    assert letter.message == {"id": "c1", "type": "product.created", "subject": subject, "change": address}


def test_redriven_messages_begin_anew(store: Store) -> None:
    probe = Probe(raised=ValueError("no"))
    once = reaction(probe, policy=Policy(max_receives=1))
    worker = store.worker(once)
    announce(store, 1, 2)
    store.relay(once)
    worker.step()
    worker.finish()
    woken: list[set[str]] = []
    store.queues.attach(["q"], woken.append)
    assert store.queues.redrive("q") == 2
    assert store.queues.redrive("q") == 0
    assert woken[0] == {"q"}
    probe.raised = None
    worker.step()
    worker.finish()
    assert [message.receives for message in probe.batches[-1]] == [1, 1]
    assert state(store) == QueueState("q", 0, 0, 0, None)


def test_a_queue_that_nobody_serves_any_more_is_still_seen(store: Store) -> None:
    announce(store, 1)
    store.relay(reaction(Probe(), "old"))
    store.queues.attach(["new"], lambda _: None)
    assert [each.name for each in store.queues.states()] == ["new", "old"]
    assert store.queues.redrive("old") == 0


def test_an_unknown_queue_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        store.queues.dead_letters("none", None, 1)
    with pytest.raises(KeyError):
        store.queues.redrive("none")


def test_a_failing_queue_does_not_hold_up_another(store: Store) -> None:
    bad, good = Probe(raised=ValueError()), Probe()
    reactions = [reaction(bad, "bad"), reaction(good, "good")]
    announce(store, 1)
    store.relay(*reactions)
    for each in reactions:
        store.worker(each).step()
    assert good.ids == [["c1"]]


def test_what_a_former_process_held_is_available_at_once(store: Store, clock: FakeClock) -> None:
    announce(store, 1)
    store.relay(reaction(Probe()))
    now = clock.now().timestamp()
    assert store.writer.run(lambda connection: claim(connection, "q", POLICY, now))
    assert not store.writer.run(lambda connection: claim(connection, "q", POLICY, now))
    store.writer.run(give_back)
    [held] = store.writer.run(lambda connection: claim(connection, "q", POLICY, now))
    assert held.message.receives == 2


@pytest.mark.parametrize("seconds", [-3600.0, -(10.0**9)])
def test_a_clock_that_goes_back_delays_nothing_for_long(store: Store, clock: FakeClock, seconds: float) -> None:
    probe = Probe(reported={"c1"})
    worker = store.worker(reaction(probe))
    announce(store, 1)
    store.relay(reaction(probe))
    worker.step()
    worker.step()
    clock.advance(seconds)
    assert state(store).oldest_seconds == 0
    announce(store, 2)
    store.relay(reaction(probe))
    worker.step()
    worker.step()
    assert probe.ids == [["c1"], ["c2"], ["c1"]]


def test_an_outcome_that_could_not_be_recorded_is_recorded_later(store: Store) -> None:
    probe = Probe()
    worker = store.worker(reaction(probe))
    announce(store, 1)
    store.relay(reaction(probe))
    worker.step()
    store.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable):
        worker.step()
    with pytest.raises(Unavailable):
        worker.finish()
    store.connection.execute("PRAGMA query_only = OFF")
    assert worker.step() is None
    assert probe.ids == [["c1"]]
    assert state(store).waiting == 0


def test_an_error_is_one_line_without_data() -> None:
    assert one_line(ValueError("")) == "ValueError: "
    assert one_line(KeyError("jane@example.org")) == "KeyError: …"
    assert one_line(ValueError("bad \"x\" and 'y'\nsecret")) == "ValueError: bad … and …"
    assert one_line(VALIDATION("Jane is 12")) == "Problem: validation-error"
    assert one_line(Conflict(Key("EMAIL#jane@example.org", "x"))) == "Conflict: a row was not as expected"
    assert len(one_line(ValueError("x" * 999))) == 200


def test_a_message_held_by_a_stopped_engine_is_handed_out_again(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    first = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    first.table.commit([Insert(change(1))])
    first.stop(10)
    second = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    probe = Probe()
    second.start([reaction(probe)], [])
    assert second.drain(30)
    second.stop(10)
    assert probe.ids == [["c1"]]
