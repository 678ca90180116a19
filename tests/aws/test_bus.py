"""From a table's stream to the event bus."""

import json
import logging
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

import pytest

from bbws.engines.aws.bus import Bus, Parking, wait_a_little
from bbws.engines.aws.sdk import Sdk
from bbws.kernel.table import Unavailable
from tests.aws.conftest import NAMES, REGION
from tests.aws.fakes import Altered, Script, refusal

type Json = dict[str, Any]
NOTHING: Json = {"batchItemFailures": []}


def record(number: int, *, event: str = "INSERT", **attributes: Any) -> Json:
    """A stream record of a Change row; ``attributes`` replace those of its image, None takes one away."""
    change = {
        "id": {"S": f"PROD-{number}.1"},
        "source": {"S": "/bbws/products"},
        "type": {"S": "product.created"},
        "subject": {"S": f"/v1.0/products/Größe-𝄞-{number}"},
        "after": {"M": {"name": {"S": "Jane"}}},
        "version": {"N": "1"},
    }
    image: Json = {
        "PK": {"S": f"PRODUCT#{number}"},
        "SK": {"S": "CHANGE#PRODUCT#0000000001"},
        "kind": {"S": "change"},
        "version": {"N": "1"},
        "document": {"M": change},
        "region": {"S": REGION},
    }
    image = {name: value for name, value in (image | attributes).items() if value is not None}
    keys = {"PK": {"S": f"PRODUCT#{number}"}, "SK": {"S": "CHANGE#PRODUCT#0000000001"}}
    stream = {"SequenceNumber": f"{10**20 + number}", "Keys": keys, "NewImage": image, "StreamViewType": "NEW_IMAGE"}
    return {"eventID": f"e{number}", "eventName": event, "awsRegion": REGION, "dynamodb": stream}


def failed_at(number: int) -> Json:
    return {"batchItemFailures": [{"itemIdentifier": f"{10**20 + number}"}]}


def taken(**arguments: Any) -> Json:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "x"} for _ in arguments["Entries"]]}


def throwing_back(*codes: str) -> Callable[..., Json]:
    """The bus refuses the entries at the places that have a code."""

    def put(**arguments: Any) -> Json:
        pairs = zip_longest(arguments["Entries"], codes)
        entries = [{"ErrorCode": code} if code else {"EventId": "x"} for _, code in pairs]
        return {"FailedEntryCount": sum(map(bool, codes)), "Entries": entries}

    return put


def _nowhere(_record: object) -> None:
    raise Unavailable("no queue")


def bus(put: Callable[..., Any], pauses: list[int] | None = None, parked: list[Any] | None = None) -> Bus:
    pause = (pauses if pauses is not None else []).append
    return Bus(
        Altered(None, put_events=put), NAMES.bus, REGION, (parked if parked is not None else []).append, pause=pause
    )


def subjects(put: Script) -> list[list[int]]:
    """The numbers of the records in each call."""
    return [[int(json.loads(e["Detail"])["id"][5:-2]) for e in call["Entries"]] for call in put.calls]


def test_a_change_becomes_an_event_that_says_where_it_lies() -> None:
    put = Script(taken)
    assert bus(put).announce([record(7)]) == NOTHING
    [entry] = put.calls[0]["Entries"]
    assert entry | {"Detail": ""} == {
        "EventBusName": "bbws-dev",
        "Source": "/bbws/products",
        "DetailType": "product.created",
        "Detail": "",
    }
    assert json.loads(entry["Detail"]) == {
        "id": "PROD-7.1",
        "type": "product.created",
        "subject": "/v1.0/products/Größe-𝄞-7",
        "change": {"partition": "PRODUCT#7", "sort": "CHANGE#PRODUCT#0000000001"},
    }


@pytest.mark.parametrize(
    "other",
    [
        record(1, event="MODIFY"),
        record(1, event="REMOVE"),
        {"eventName": "REMOVE"},
        record(1, kind={"S": "entity"}, document=None, region=None),
        record(1, kind={"S": "derived"}),
        record(1, replayed={"BOOL": True}),
        record(1, region={"S": "af-south-1"}),
    ],
)
def test_only_our_own_new_changes_are_announced(other: Json) -> None:
    put = Script(taken)
    assert bus(put).announce([other, record(2)]) == NOTHING
    assert subjects(put) == [[2]]


def test_nothing_to_announce_calls_nobody() -> None:
    assert bus(Script()).announce([]) == NOTHING


def test_a_full_batch_goes_in_tens() -> None:
    put = Script(*[taken] * 10)
    assert bus(put).announce([record(number) for number in range(100)]) == NOTHING
    assert subjects(put) == [[*range(start, start + 10)] for start in range(0, 100, 10)]


def test_big_events_go_in_several_calls() -> None:
    put = Script(*[taken] * 10)
    big = [record(number, SK={"S": "é" * 50_000}) for number in range(4)]
    assert bus(put).announce(big) == NOTHING
    assert subjects(put) == [[0, 1], [2, 3]]


MALFORMED = [
    record(5, kind=None),
    record(5, kind={"N": "1"}),
    record(5, region=None),
    record(5, PK=None),
    record(5, PK={"S": 5}),
    record(5, document=None),
    record(5, document={"S": "Jane"}),
    record(5, document={"M": {"id": {"S": "Jane"}}}),
    record(5, document={"M": None}),
    record(5, SK={"S": "\ud800"}),
    record(5, SK={"S": "x" * 256 * 1024}),
    {"eventName": "INSERT", "dynamodb": {"SequenceNumber": f"{10**20 + 5}"}},
    {"dynamodb": {"SequenceNumber": f"{10**20 + 5}"}},
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_record_is_parked_told_without_its_data_and_holds_up_no_other(
    malformed: Json, caplog: pytest.LogCaptureFixture
) -> None:
    put = Script(taken)
    parked: list[Any] = []
    nothing = {"nothing": "at all"}
    with caplog.at_level(logging.DEBUG):
        assert bus(put, parked=parked).announce([record(1), malformed, record(9), nothing]) == NOTHING
    assert (subjects(put), parked) == ([[1, 9]], [malformed, nothing])
    told = [entry.__dict__ for entry in caplog.records]
    assert told[0]["sequenceNumber"] == f"{10**20 + 5}"
    assert "Jane" not in str(told)


def test_a_record_that_cannot_be_parked_comes_again() -> None:
    refusing = Bus(Altered(None, put_events=Script(taken)), NAMES.bus, REGION, _nowhere)
    assert refusing.announce([record(1), record(2, kind=None)]) == failed_at(2)
    # Without its place in the stream the whole batch does.
    for without in ({}, {"eventName": "INSERT", "dynamodb": None}):
        assert refusing.announce([without]) == {"batchItemFailures": [{"itemIdentifier": ""}]}


def test_what_is_parked_can_be_read_and_fits_into_a_message(sdk: Sdk) -> None:
    client = sdk.client("sqs")
    url = client.create_queue(QueueName=NAMES.dead_letters("feed"))["QueueUrl"]
    park = Parking(client, NAMES.dead_letters("feed"))
    park(record(1, kind=None))
    park(
        record(2, document={"S": "x" * 256 * 1024})
        | {"dynamodb": {"Keys": {"PK": {"S": "P#2"}}, "x": "x" * 256 * 1024}}
    )
    bodies = [json.loads(each["Body"]) for _ in range(2) for each in client.receive_message(QueueUrl=url)["Messages"]]
    assert bodies[0] == record(1, kind=None)
    assert bodies[1]["keys"] == {"PK": {"S": "P#2"}}
    with pytest.raises(Unavailable, match="bbws-none"):
        Parking(client, "bbws-none")(record(1))


def test_what_the_bus_throws_back_in_passing_is_offered_again() -> None:
    pauses: list[int] = []
    throttled = throwing_back("", "ThrottlingException", "InternalFailure")
    put = Script(throttled, throwing_back("ThrottlingException"), taken)
    assert bus(put, pauses).announce([record(number) for number in range(3)]) == NOTHING
    assert subjects(put) == [[0, 1, 2], [1, 2], [1]]
    assert pauses == [1, 2]


def test_what_it_keeps_throwing_back_comes_again_with_all_after_it(caplog: pytest.LogCaptureFixture) -> None:
    put = Script(taken, *[throwing_back("", "ThrottlingException", ""), *[throwing_back("ThrottlingException")] * 2])
    assert bus(put).announce([record(number) for number in range(13)]) == failed_at(11)
    assert caplog.records[0].__dict__["error"] == "ThrottlingException"


def test_what_it_refuses_is_not_offered_again() -> None:
    put = Script(throwing_back("", "", "NotAuthorizedForSource"), taken)
    assert bus(put).announce([record(number) for number in range(12)]) == failed_at(2)
    assert len(put.calls) == 2


@pytest.mark.parametrize("error", [refusal("ThrottlingException", 400), refusal("AccessDeniedException", 400)])
def test_a_bus_that_cannot_be_had_is_not_asked_for_the_rest(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    put = Script(taken, error)
    assert bus(put).announce([record(number) for number in range(100)]) == failed_at(10)
    assert len(put.calls) == 2
    assert caplog.messages == ["changes not announced"]


def test_waits_are_short() -> None:
    wait_a_little(0)
