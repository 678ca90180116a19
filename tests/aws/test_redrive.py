"""Parked messages are put back into their queue."""

import json
from typing import Any

import pytest

from bbws.engines.aws.sdk import Sdk
from bbws.kernel.table import Unavailable
from bbws.platform.ports import QueueState
from tests.aws.fakes import Script, body, refusal
from tests.aws.world import QUEUE, World


@pytest.fixture
def world(sdk: Sdk) -> World:
    return World.made(sdk.client("sqs"))


def test_redriven_messages_begin_anew(world: World) -> None:
    world.send(*(body(number) for number in range(23)))
    assert world.queues.redrive(QUEUE) == 23
    assert world.queues.redrive(QUEUE) == 0
    assert world.state() == QueueState(QUEUE, 23, 0, 0, None)
    assert {each.receives for each in world.receive()} == {1}
    assert world.queues.states()[0] == QueueState("alone", 0, 0, 0, None)


def test_what_cannot_be_put_back_stays_parked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.send(body(1), body(2), body(3))

    def send_but_one(**arguments: Any) -> dict[str, Any]:
        entries = arguments["Entries"]
        answer: dict[str, Any] = world.sqs.send_message_batch(QueueUrl=arguments["QueueUrl"], Entries=entries[1:])
        return answer | {"Failed": [{"Id": entries[0]["Id"], "Code": "InternalError"}]}

    assert world.over(send_message_batch=send_but_one).redrive(QUEUE) == 2
    assert world.state() == QueueState(QUEUE, 2, 0, 1, None)
    assert caplog.messages == ["messages not put back"]


def test_a_redrive_that_puts_nothing_back_is_a_failure(world: World) -> None:
    world.send(body(1))
    refused = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError"}]}
    with pytest.raises(Unavailable, match="none of 1 messages"):
        world.over(send_message_batch=lambda **_: refused).redrive(QUEUE)
    assert world.state() == QueueState(QUEUE, 0, 0, 1, None)


def test_a_redrive_that_is_cut_off_puts_back_again_and_loses_nothing(world: World) -> None:
    world.send(body(1), body(2))
    cut = world.over(delete_message_batch=Script(refusal("InternalError", 500)))
    with pytest.raises(Unavailable):
        cut.redrive(QUEUE)
    assert world.state() == QueueState(QUEUE, 2, 0, 2, None)


def test_a_redrive_that_is_throttled_half_way_says_how_far_it_came(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.send(*(body(number) for number in range(15)))
    send = Script(world.sqs.send_message_batch, refusal("RequestThrottled", 403))
    assert world.over(send_message_batch=send).redrive(QUEUE) == 10
    assert caplog.messages == ["redrive cut short"]
    assert world.state() == QueueState(QUEUE, 10, 0, 5, None)


def test_a_redrive_ends_in_time(world: World) -> None:
    world.send(*(body(number) for number in range(15)))
    assert world.over(seconds_left=9.0).redrive(QUEUE) == 10
    assert world.queues.redrive(QUEUE) == 5


def test_a_message_that_was_put_back_and_not_taken_off_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.send(body(1))
    failed = {"Failed": [{"Id": "0", "Code": "InternalError"}]}
    assert world.over(delete_message_batch=lambda **_: failed).redrive(QUEUE) == 1
    assert caplog.messages == ["messages put back may be put back again"]


def test_big_messages_are_put_back_in_several_calls(world: World) -> None:
    big = [json.dumps({"padding": "x" * 100_000, "number": number}) for number in range(5)]
    world.send(*big)
    send = Script(*[world.sqs.send_message_batch] * 5)
    assert world.over(send_message_batch=send).redrive(QUEUE) == 5
    assert [len(call["Entries"]) for call in send.calls] == [2, 2, 1]
