"""Queues in SQS: what operators see and do, and when failed messages come again."""

import json
from typing import Any

import pytest

from bbws.engines.aws.messages import Received
from bbws.engines.aws.queues import SqsQueues
from bbws.engines.aws.sdk import Sdk
from bbws.kernel.table import Key, Position, Unavailable
from bbws.platform.ports import QueueState
from tests.aws.conftest import NAMES
from tests.aws.fakes import POISON, Script, body, message, refusal
from tests.aws.world import POLICY, QUEUE, REACTIONS, World


@pytest.fixture
def world(sdk: Sdk) -> World:
    return World.made(sdk.client("sqs"))


def test_every_queue_is_listed_by_name_with_its_depths(world: World) -> None:
    world.send(body(1), body(2), body(3), dead=False)
    world.send(body(4))
    world.sqs.receive_message(QueueUrl=world.urls[NAMES.queue(QUEUE)], MaxNumberOfMessages=1)
    feed = QueueState("feed", 0, 0, 0, None, redrivable=False)
    assert world.queues.states() == [QueueState("alone", 0, 0, 0, None), feed, QueueState(QUEUE, 2, 1, 1, None)]


def test_a_queue_that_terraform_has_not_made_is_told(sdk: Sdk) -> None:
    queues = SqsQueues(sdk.client("sqs"), NAMES, REACTIONS)
    with pytest.raises(Unavailable, match="check that Terraform has made the queue"):
        queues.states()


def test_an_unknown_queue_is_refused(world: World) -> None:
    with pytest.raises(KeyError):
        world.queues.dead_letters("none", None, 1)
    with pytest.raises(KeyError):
        world.queues.redrive("none")


def test_dead_letters_stay_where_they_are_however_often_they_are_looked_at(world: World) -> None:
    ids = world.send(body(1), body(2))
    looks = [world.queues.dead_letters(QUEUE, None, 10) for _ in range(5)]
    assert {letter.position.key for look in looks for letter in look} == {Key(QUEUE, each) for each in ids}
    letters = looks[-1]
    assert len(letters) == 2
    assert all(letter.receives <= POLICY.max_receives for letter in letters)
    assert world.state() == QueueState(QUEUE, 0, 0, 2, None)
    first = next(letter for letter in letters if letter.id == "c1")
    assert (first.queue, first.message) == (QUEUE, json.loads(body(1)))
    assert first.parked_at.endswith("Z")
    assert "log of the consumer" in first.error


def test_dead_letters_come_in_pages_oldest_first(world: World) -> None:
    world.send(*(body(number) for number in range(25)))
    seen, start = [], None
    while page := world.queues.dead_letters(QUEUE, start, 10):
        seen += [letter.position for letter in page]
        start = page[-1].position
    assert seen == sorted(set(seen))
    assert len(seen) == 25


def test_no_more_than_some_hundred_are_looked_at(world: World) -> None:
    calls = 0

    def receive(**arguments: Any) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        assert arguments["VisibilityTimeout"] == 30
        return {"Messages": [_held(calls * 10 + number) for number in range(10)]}

    depths = {"Attributes": {"ApproximateNumberOfMessages": "100000"}}
    released = Script(*[{}] * 30)
    queues = world.over(
        receive_message=receive,
        get_queue_attributes=lambda **_: depths,
        change_message_visibility_batch=released,
    )
    assert len(queues.dead_letters(QUEUE, None, 1000)) == 300
    assert calls == 30
    assert sum(len(call["Entries"]) for call in released.calls) == 300


def _held(number: int, text: str = "") -> dict[str, Any]:
    attributes = {"SentTimestamp": str(1_790_000_000_000 + number), "ApproximateReceiveCount": "4"}
    return {
        "MessageId": f"m{number:06}",
        "ReceiptHandle": f"r{number}",
        "Body": text or body(number),
        "Attributes": attributes,
    }


def test_what_another_hides_for_a_moment_is_waited_for(world: World) -> None:
    given = Script({}, {"Messages": [_held(1)]}, {})
    depths = {"Attributes": {"ApproximateNumberOfMessagesNotVisible": "1"}}
    queues = world.over(
        receive_message=given, get_queue_attributes=lambda **_: depths, change_message_visibility_batch=lambda **_: {}
    )
    assert [letter.id for letter in queues.dead_letters(QUEUE, None, 10)] == ["c1"]
    assert [call["WaitTimeSeconds"] for call in given.calls] == [1, 1, 0]


def test_what_stays_hidden_is_not_waited_for_for_ever(world: World) -> None:
    given = Script(*[{}] * 9)
    depths = {"Attributes": {"ApproximateNumberOfMessagesNotVisible": "1"}}
    queues = world.over(receive_message=given, get_queue_attributes=lambda **_: depths)
    assert queues.dead_letters(QUEUE, None, 10) == []
    assert len(given.calls) == 3


def test_what_comes_again_during_a_look_ends_it(world: World) -> None:
    given = Script({"Messages": [_held(1), _held(1)]}, {"Messages": [_held(1)]})
    queues = world.over(
        receive_message=given,
        get_queue_attributes=lambda **_: {"Attributes": {"ApproximateNumberOfMessages": "9"}},
        change_message_visibility_batch=lambda **_: {},
    )
    assert [letter.position for letter in queues.dead_letters(QUEUE, None, 10)] == [
        Position("001790000000001", Key(QUEUE, "m000001"))
    ]


def test_what_is_none_of_ours_is_listed_and_put_back_too(world: World) -> None:
    ids = world.send(*filter(None, POISON), body(1), "x" * 20_000)
    letters = {letter.position.key.sort: letter for letter in world.queues.dead_letters(QUEUE, None, 100)}
    assert set(letters) == set(ids)
    assert letters[ids[0]].id == ids[0]
    assert letters[ids[0]].message == {"unreadable": "no JSON"}
    assert letters[ids[-1]].message == {"unreadable": "x" * 10_000}
    assert world.queues.redrive(QUEUE) == len(ids)
    assert world.state() == QueueState(QUEUE, len(ids), 0, 0, None)


def test_what_the_bus_parked_is_the_whole_event_and_says_why(world: World) -> None:
    event = json.dumps({"source": "/bbws/products", "detail-type": "product.created", "detail": json.loads(body(1))})
    error = {"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}}
    world.send(event, MessageAttributes=error)
    [letter] = world.queues.dead_letters(QUEUE, None, 10)
    assert (letter.id, letter.message) == ("c1", json.loads(body(1)))
    assert letter.error == "the bus could not deliver it: NO_PERMISSIONS"
    assert world.queues.redrive(QUEUE) == 1
    [given] = world.receive()
    assert given.message == message(1)


def test_failed_messages_come_again_later_and_later_and_at_last_at_once(world: World) -> None:
    change = Script(*[{}] * 9)
    queues = world.over(change_message_visibility_batch=change)
    queues.settle(QUEUE, [Received(f"m{n}", f"r{n}", n, None) for n in (1, 2, 3, 4)])
    assert [(e["ReceiptHandle"], e["VisibilityTimeout"]) for e in change.calls[0]["Entries"]] == [
        ("r1", 10),
        ("r2", 20),
        ("r3", 0),
        ("r4", 0),
    ]
    queues.settle(QUEUE, [])
    assert len(change.calls) == 1
    queues.settle(QUEUE, [Received(str(n), str(n), 1, None) for n in range(25)])
    assert [len(call["Entries"]) for call in change.calls[1:]] == [10, 10, 5]


def test_a_failed_message_is_hidden_until_its_delay_is_over(world: World) -> None:
    world.send(body(1), body(2), dead=False)
    batch = world.receive()
    parked = Received(batch[0].id, batch[0].receipt, 3, batch[0].message)
    world.queues.settle(QUEUE, [parked, batch[1]])
    assert world.state() == QueueState(QUEUE, 1, 1, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        Script(refusal("RequestThrottled", 403)),
        Script({"Failed": [{"Id": "0", "Code": "ReceiptHandleIsInvalid"}]}),
    ],
)
def test_a_delay_that_cannot_be_set_is_told_and_no_failure(
    world: World, change: Script, caplog: pytest.LogCaptureFixture
) -> None:
    world.over(change_message_visibility_batch=change).settle(QUEUE, [Received("m", "r", 1, None)])
    assert caplog.messages == ["messages come again when SQS says"]
