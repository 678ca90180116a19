"""A consumer that fails too often: the alarm's condition comes true, and the runbook leads back to good order."""

import json
from typing import Any

from bbws.kernel.change import change_key
from bbws.kernel.table import Key
from tests.cloud.environment import Cloud, soon
from tests.stories.catalogue import PRODUCTS

LATE = "PROD-LATE"
QUEUE = "product-audit"


def _alarmed(cloud: Cloud) -> None:
    """What is parked sets the alarm off, which tells its topic where the runbook is."""
    alarm = cloud.names.alarm(QUEUE, "dlq")

    def described() -> dict[str, Any]:
        [found] = cloud.sdk("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return dict(found)

    [topic] = described()["AlarmActions"]
    assert topic.endswith(cloud.names.alerts)
    assert "product_lambda_operations.md#dlq" in described()["AlarmDescription"]
    sqs = cloud.sdk("sqs")
    inbox = sqs.create_queue(QueueName="inbox-of-an-operator")["QueueUrl"]
    address = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cloud.sdk("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=address)
    # The emulator records no metrics of queues: this is what SQS tells CloudWatch every minute.
    dimensions = [{"Name": "QueueName", "Value": cloud.names.dead_letters(QUEUE)}]
    metric = {"MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": dimensions, "Value": 1.0}
    cloud.sdk("cloudwatch").put_metric_data(Namespace="AWS/SQS", MetricData=[metric])
    soon(described, lambda found: found["StateValue"] == "ALARM")
    told: list[str] = []  # other alarms may go off meanwhile

    def read() -> bool:
        found = sqs.receive_message(QueueUrl=inbox, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", [])
        told.extend(message["Body"] for message in found)
        return any(alarm in body for body in told)

    soon(read, bool)


def test_parked_messages_are_seen_and_put_back(cloud: Cloud) -> None:
    # A message about a change that is not there yet: the audit logger fails until it is parked.
    sqs = cloud.sdk("sqs")
    address = sqs.get_queue_url(QueueName=cloud.names.queue(QUEUE))["QueueUrl"]
    key = change_key(Key(f"PRODUCT#{LATE}", "METADATA"), 1)
    message = {"id": f"{LATE}.1", "type": "product.created", "subject": f"{PRODUCTS}/{LATE}", "change": key._asdict()}
    sqs.send_message(QueueUrl=address, MessageBody=json.dumps(message))

    def dead() -> int:
        states = cloud.do("GET", "/v1.0/queues").json["items"]
        return int(next(state["dead"] for state in states if state["name"] == QUEUE))

    assert soon(dead, lambda number: number > 0) == 1
    _alarmed(cloud)

    # The runbook: look at what is parked, mend the cause, put it back.
    letters = cloud.do("GET", f"/v1.0/queues/{QUEUE}/dead-letters").json["items"]
    assert [letter["id"] for letter in letters] == [f"{LATE}.1"]
    body = {"productId": LATE, "name": "Late", "description": "x", "price": "1.00", "period": "per month"}
    assert cloud.do("POST", PRODUCTS, body).status == 201
    redriven = cloud.do("POST", f"/v1.0/queues/{QUEUE}/redrive")
    assert redriven.json["redriven"] == 1
    soon(dead, lambda number: number == 0)
    soon(cloud.archived, lambda names: any(f"/{LATE}_" in name for name in names))
