"""What the feed could not announce is seen with the queues, and is not put back."""

import json
from typing import Any

import pytest

from bbws.engines.aws.bus import Parking
from bbws.engines.aws.names import FEED
from bbws.engines.aws.sdk import Sdk
from bbws.platform.ports import DeadLetter, QueueState
from tests.aws.conftest import NAMES
from tests.aws.fakes import POISON
from tests.aws.test_bus import record
from tests.aws.world import World

GIVEN_UP = {
    "requestContext": {
        "requestId": "r1",
        "functionArn": "arn:aws:lambda:eu-west-1:account:function:bbws-feed-dev:latest-dev",
        "condition": "RecordAgeExceeded",
        "approximateInvokeCount": 7,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "3", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2026-11-20T12:00:00.000Z",
    "DDBStreamBatchInfo": {
        "shardId": "shardId-1",
        "startSequenceNumber": "100",
        "endSequenceNumber": "104",
        "approximateArrivalOfFirstRecord": "2026-11-19T13:00:00Z",
        "approximateArrivalOfLastRecord": "2026-11-19T13:00:05Z",
        "batchSize": 5,
        "streamArn": "arn:aws:dynamodb:eu-west-1:account:table/products-dev/stream/2026-11-01T00:00:00.000",
    },
}


@pytest.fixture
def world(sdk: Sdk) -> World:
    return World.made(sdk.client("sqs"))


@pytest.fixture
def parking(world: World) -> Parking:
    return Parking(world.sqs, NAMES.dead_letters(FEED))


def _letter(world: World) -> DeadLetter:
    [letter] = world.queues.dead_letters(FEED, None, 10)
    return letter


def test_what_is_parked_is_counted(world: World, parking: Parking) -> None:
    for number in range(2):
        parking(record(number))
    assert world.queues.states()[1] == QueueState(FEED, 0, 0, 2, None, redrivable=False)


@pytest.mark.parametrize("padding", ["", "x" * 250_000], ids=["whole", "too big to be kept whole"])
def test_a_parked_record_is_known_by_its_place_and_shows_nothing_of_it(
    world: World, parking: Parking, padding: str
) -> None:
    parking(record(1, document={"S": padding}))
    letter = _letter(world)
    change = {"partition": "PRODUCT#1", "sort": "CHANGE#PRODUCT#0000000001"}
    assert letter.message == {"change": change, "sequenceNumber": f"{10**20 + 1}"}
    assert (letter.id, letter.queue, letter.receives) == (letter.position.key.sort, FEED, 1)
    assert "none of ours" in letter.error


def test_a_batch_that_lambda_gave_up_is_known_by_its_place(world: World) -> None:
    world.send(json.dumps(GIVEN_UP), queue=FEED)
    letter = _letter(world)
    info: dict[str, Any] = GIVEN_UP["DDBStreamBatchInfo"]  # type: ignore[assignment] # one of several kinds of value
    assert letter.message == {name: info[name] for name in info if name != "streamArn"} | {"table": "products-dev"}
    assert (letter.receives, letter.error) == (7, "Lambda gave the batch up: RecordAgeExceeded")


def test_what_nobody_of_ours_parked_is_shown_too(world: World) -> None:
    strange: list[Any] = [
        {"DDBStreamBatchInfo": 1},
        {"DDBStreamBatchInfo": {"streamArn": 1}},
        {"DDBStreamBatchInfo": {"streamArn": "x"}},
        {**GIVEN_UP, "requestContext": {"condition": "x", "approximateInvokeCount": "many"}},
        {"dynamodb": None},
        {"keys": {"PK": "x"}, "sequenceNumber": "1"},
    ]
    bodies = [*filter(None, POISON), *map(json.dumps, strange)]
    world.send(*bodies, queue=FEED)
    letters = world.queues.dead_letters(FEED, None, 100)
    assert sorted(letter.message["unreadable"] for letter in letters) == sorted(bodies)


def test_what_the_feed_parked_is_not_put_back(world: World, parking: Parking) -> None:
    parking(record(1))
    with pytest.raises(KeyError):
        world.queues.redrive(FEED)
    assert world.queues.states()[1].dead == 1
