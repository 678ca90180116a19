"""What a worker function does with its batch (src/bbws/engines/aws/messages.py)."""

import json
import logging
from typing import Any

import pytest

from bbws.engines.aws.messages import Received, failures, received, report
from bbws.kernel.table import Unavailable
from tests.aws.fakes import POISON, body, message
from tests.embedded.conftest import Probe


def lambda_record(text: object, number: int = 1, receives: object = "1") -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": receives}
    return {"messageId": f"m{number}", "receiptHandle": f"r{number}", "body": text, "attributes": attributes}


def test_a_worker_is_given_the_messages_of_its_event() -> None:
    batch = received([lambda_record(body(1)), lambda_record(body(2), 2, "7")])
    assert batch == [Received("m1", "r1", 1, message(1)), Received("m2", "r2", 7, message(2, 7))]


@pytest.mark.parametrize(
    "text",
    [
        *POISON,
        None,
        7,
        body(1).replace("CHANGE#1", "\ud800"),
        body(1).replace('"P#1"', "null"),
        body(1).replace('"c1"', "[]"),
        json.dumps({"detail": {"detail": json.loads(body(1))}}),
        json.dumps({"id": "a", "type": "b", "subject": "c", "change": "P#1"}),
        json.dumps({"id": "a", "type": "b", "subject": "c", "change": ["P#1", "C"]}),
    ],
)
def test_a_poison_message_is_one_failed_message(text: object) -> None:
    batch = received([lambda_record(text), lambda_record(body(2), 2)])
    probe = Probe()
    failed = failures(batch, probe)
    assert probe.batches == [[message(2)]]
    assert report(failed) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_record_without_anything_fails_the_whole_batch() -> None:
    # An empty identifier means that to Lambda, so nothing is taken for done.
    batch = received([{"attributes": None}, lambda_record(body(2), 2, "many")])
    assert report(failures(batch, Probe()))["batchItemFailures"] == [{"itemIdentifier": ""}]
    assert batch[1].receives == 1


def test_only_what_the_handler_names_comes_again() -> None:
    batch = received([lambda_record(body(1)), lambda_record(body(2), 2), lambda_record(body(1), 3)])

    assert [each.id for each in failures(batch, Probe(reported={"c1"}))] == ["m1", "m3"]
    assert failures(batch, Probe()) == []


def test_a_handler_that_raises_has_all_come_again_and_its_words_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    batch = received([lambda_record(body(1)), lambda_record("poison", 2)])
    with caplog.at_level(logging.DEBUG):
        assert failures(batch, Probe(raised=ValueError("jane@example.org"))) == batch
    assert "jane" not in caplog.text
    assert [each.__dict__["error"] for each in caplog.records if each.message == "batch failed"] == ["ValueError"]


def test_what_cannot_be_reached_is_logged_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    batch = received([lambda_record(body(1))])
    assert failures(batch, Probe(raised=Unavailable("SES did not take a mail: check it"))) == batch
    assert [each.__dict__["error"] for each in caplog.records] == ["SES did not take a mail: check it"]


def test_a_batch_of_poison_alone_calls_nobody() -> None:
    probe = Probe()
    assert [each.id for each in failures(received([lambda_record("poison")]), probe)] == ["m1"]
    assert probe.batches == []
