"""The Lambda entrypoints, each in a process of its own: what API Gateway, SQS and the stream may hand them."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bbws.engines.aws.names import CURSOR_KEY
from bbws.kernel.change import change_key
from bbws.kernel.table import Key
from tests.aws.account import Account, account
from tests.aws.runtime import Function, function, request

PRODUCTS = "/v1.0/products"
BASIC = {"name": "Basic", "description": "For all", "price": "10.00", "period": "per month"}


@pytest.fixture(scope="module")
def made() -> Iterator[Account]:
    with account() as environment:
        environment.call("createProduct", PRODUCTS, BASIC | {"productId": "PROD-ONE"})
        environment.call("createProduct", PRODUCTS, BASIC | {"productId": "PROD-TWO"})
        yield environment


@pytest.fixture(scope="module")
def getting(made: Account) -> Iterator[Function]:
    with function(made, "lambda_api", "bbws.products.api:getProduct") as running:
        yield running


@pytest.fixture(scope="module")
def listing(made: Account) -> Iterator[Function]:
    with function(
        made, "lambda_api", "bbws.products.api:listProducts", BBWS_CORS_ORIGINS="https://a.example"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def creating(made: Account) -> Iterator[Function]:
    with function(made, "lambda_api", "bbws.products.api:createProduct") as running:
        yield running


def problem(answer: Mapping[str, Any]) -> tuple[int, str]:
    body = json.loads(answer["body"])
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert body["status"] == answer["statusCode"]
    assert body["requestId"] == "R1"
    return answer["statusCode"], body["code"]


def test_a_product_with_the_links_of_its_stage(getting: Function) -> None:
    answer = getting.get(f"{PRODUCTS}/PROD-ONE")
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["_links"]["self"]["href"] == "/v1/v1.0/products/PROD-ONE"
    last = getting.log[-1]
    assert (last["operation"], last["status"], last["requestId"]) == ("getProduct", 200, "R1")


def test_only_the_first_request_is_cold(made: Account) -> None:
    with function(made, "lambda_api", "bbws.products.api:getProduct") as fresh:
        for _ in range(2):
            fresh.get(f"{PRODUCTS}/PROD-ONE")
        assert [line["cold"] for line in fresh.log] == [True, False]


def test_what_a_gateway_leaves_out_or_sends_as_null(getting: Function) -> None:
    event = request("GET", f"{PRODUCTS}/PROD-ONE") | {"multiValueHeaders": None}
    assert getting.invoke(event)["statusCode"] == 200
    for name in ("multiValueHeaders", "multiValueQueryStringParameters", "body", "isBase64Encoded"):
        del event[name]
    assert getting.invoke(event)["statusCode"] == 200


def test_parameters_and_headers_that_came_twice(listing: Function, creating: Function) -> None:
    twice = listing.get(PRODUCTS, multiValueQueryStringParameters={"pageSize": ["1", "2"]})
    assert problem(twice) == (400, "validation-error")
    headers = {"X-Api-Key": ["a", "b"], "Content-Type": ["application/json"]}
    assert problem(creating.invoke(request("POST", PRODUCTS, BASIC) | {"multiValueHeaders": headers}))[0] == 400


def test_parameters_are_sent_on_as_they_were(listing: Function) -> None:
    answer = listing.get(PRODUCTS, multiValueQueryStringParameters={"q": ["Bäsic & 100% +"]})
    assert answer["statusCode"] == 200
    assert "q=B%C3%A4sic+%26+100%25+%2B" in json.loads(answer["body"])["_links"]["self"]["href"]


def test_origins_of_the_settings_are_let_in(listing: Function) -> None:
    headers = {"Origin": ["https://a.example"]}
    answer = listing.get(PRODUCTS, multiValueHeaders=headers)
    assert answer["headers"]["access-control-allow-origin"] == "https://a.example"


def test_a_body_in_base64(made: Account, creating: Function) -> None:
    body = base64.b64encode(json.dumps(BASIC).encode()).decode()
    event = request("POST", PRODUCTS, key=made.key) | {"body": body, "isBase64Encoded": True}
    assert creating.invoke(event)["statusCode"] == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ('"\\ud800"', 400),
        (json.dumps(BASIC | {"description": "x" * 11_000}), 413),
        (json.dumps(BASIC | {"unknown": 1}), 400),
    ],
)
def test_a_body_that_is_none(made: Account, creating: Function, body: str, expected: int) -> None:
    event = request("POST", PRODUCTS, key=made.key) | {"body": body}
    assert problem(creating.invoke(event))[0] == expected


@pytest.mark.parametrize(("key", "expected"), [("", 401), ("bbws_dev_WRONG", 401), ("é", 401)])
def test_a_key_that_is_none(creating: Function, key: str, expected: int) -> None:
    assert problem(creating.invoke(request("POST", PRODUCTS, BASIC, key=key)))[0] == expected


def test_a_person_whom_the_gateway_let_in(made: Account, creating: Function) -> None:
    event = request("POST", PRODUCTS, BASIC)
    claims = {"sub": "9b2d4c1e", "token_use": "access", "cognito:groups": "Admin"}
    event["requestContext"]["authorizer"] = {"claims": claims}
    answer = creating.invoke(event)
    assert answer["statusCode"] == 201
    history = made.call("getProductHistory", f"{PRODUCTS}/{json.loads(answer['body'])['productId']}/history")
    assert history.json["items"][0]["actor"] == "user-9b2d4c1e"


def test_a_function_close_to_its_end_says_so_before(getting: Function) -> None:
    answer = getting.invoke(request("GET", f"{PRODUCTS}/PROD-ONE"), seconds=0.5)
    assert problem(answer) == (503, "service-unavailable")
    assert answer["headers"]["retry-after"] == "1"
    assert getting.get(f"{PRODUCTS}/PROD-ONE")["statusCode"] == 200


def test_a_secret_that_cannot_be_read_is_a_problem_of_that_call(made: Account) -> None:
    with function(made, "lambda_api", "bbws.products.api:listProducts") as fresh:
        secret = made.cloud("terraform").engine.names.secret(CURSOR_KEY)
        made.sdk("secretsmanager").delete_secret(SecretId=secret, RecoveryWindowInDays=7)
        parameters = {"pageSize": ["1"]}
        refused = fresh.get(PRODUCTS, multiValueQueryStringParameters=parameters)
        assert problem(refused) == (503, "service-unavailable")
        assert secret not in refused["body"]
        assert fresh.get(PRODUCTS)["statusCode"] == 200
        made.sdk("secretsmanager").restore_secret(SecretId=secret)
        assert json.loads(fresh.get(PRODUCTS, multiValueQueryStringParameters=parameters)["body"])["moreAvailable"]


def test_a_function_that_is_told_to_run_nothing_of_ours_does_not_start(made: Account) -> None:
    for runs in ("", "os:system", "bbws.products.api:nothing"):
        with function(made, "lambda_api", runs) as broken, pytest.raises((RuntimeError, BrokenPipeError)):
            broken.get(PRODUCTS)


def _message(product: str, number: int = 1, **further: object) -> dict[str, Any]:
    key = change_key(Key(f"PRODUCT#{product}", "METADATA"), 1)
    body = {
        "id": f"{product}.1",
        "type": "product.created",
        "subject": f"{PRODUCTS}/{product}",
        "change": key._asdict(),
    }
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "attributes": {"ApproximateReceiveCount": "1"},
        "body": json.dumps(body),
        **further,
    }


@pytest.fixture(scope="module")
def auditing(made: Account) -> Iterator[Function]:
    with function(made, "lambda_worker", "bbws.audit.reactions:audit-logger") as running:
        yield running


def _archived(made: Account) -> list[str]:
    return sorted(name for name in made.cloud("terraform").engine.archive.names("") if "PROD-" in name)


def test_messages_reordered_and_twice_are_archived_once(made: Account, auditing: Function) -> None:
    batch = [_message("PROD-TWO", 1), _message("PROD-ONE", 2), _message("PROD-TWO", 3)]
    assert auditing.invoke({"Records": batch}) == {"batchItemFailures": []}
    assert auditing.invoke({"Records": batch[:1]}) == {"batchItemFailures": []}
    assert [name.split("/")[3].partition("_")[0] for name in _archived(made)] == ["PROD-ONE", "PROD-TWO"]


@pytest.mark.parametrize("poison", ["", "{", "[]", '{"id": 1}', "é" * 1000, '{"id":"x","type":"t","subject":"s"}'])
def test_a_poison_message_comes_again_and_takes_none_along(auditing: Function, poison: str) -> None:
    batch = [_message("PROD-ONE", 1, body=poison), _message("PROD-ONE", 2)]
    assert auditing.invoke({"Records": batch}) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_change_that_is_not_there_comes_again(auditing: Function) -> None:
    batch = [_message("PROD-NONE", 1), _message("PROD-ONE", 2)]
    assert auditing.invoke({"Records": batch}) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_worker_close_to_its_end_gives_its_messages_back(auditing: Function) -> None:
    failed = auditing.invoke({"Records": [_message("PROD-ONE")]}, seconds=0.5)
    assert failed == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_an_archive_that_refuses_loses_nothing(made: Account) -> None:
    with function(
        made, "lambda_worker", "bbws.audit.reactions:audit-logger", BBWS_ARCHIVE_BUCKET="not-there"
    ) as running:
        failed = running.invoke({"Records": [_message("PROD-ONE", 1), _message("PROD-TWO", 2)]})
        assert [each["itemIdentifier"] for each in failed["batchItemFailures"]] == ["m1", "m2"]


def test_a_days_work_is_done_when_the_schedule_says_so(made: Account) -> None:
    with function(made, "lambda_worker", "bbws.audit.reactions:audit-checkpoint") as running:
        assert running.invoke({"detail-type": "Scheduled Event"}, seconds=600) is None
    assert [*made.cloud("terraform").engine.archive.names("checkpoints/")] == ["checkpoints/00000001.jsonl"]


def test_a_days_work_that_fails_is_a_fault_that_the_alarm_sees(made: Account) -> None:
    settings = {"BBWS_ARCHIVE_BUCKET": "not-there"}
    with (
        function(made, "lambda_worker", "bbws.audit.reactions:audit-checkpoint", **settings) as running,
        pytest.raises(RuntimeError, match="Unavailable"),
    ):
        running.invoke({}, seconds=600)


def test_the_feed_announces_and_parks_what_is_no_change(made: Account) -> None:
    names = made.cloud("terraform").engine.names
    url = made.sdk("sqs").create_queue(QueueName=names.dead_letters("feed"))["QueueUrl"]
    image = {
        "PK": {"S": "PRODUCT#PROD-ONE"},
        "SK": {"S": "CHANGE#METADATA#0000000001"},
        "kind": {"S": "change"},
        "region": {"S": "eu-west-1"},
        "document": {"M": {n: {"S": n} for n in ("id", "type", "subject", "source")}},
    }
    good = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": image}}
    bad = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "2", "NewImage": image | {"document": {"S": "x"}}}}
    with function(made, "lambda_feed", "feed") as feed:
        assert feed.invoke({"Records": [good]}) == {"batchItemFailures": []}
        assert feed.invoke({"Records": [good, bad]}) == {"batchItemFailures": []}
    [parked] = made.sdk("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(parked["Body"]) == bad
