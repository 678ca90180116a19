"""Errors, throttles and alarms, as CloudWatch tells them."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.pipeline import gates
from infra.pipeline.aws import client
from infra.pipeline.figures import Watched
from infra.pipeline.gates import Figures
from infra.pipeline.model import Names, functions
from tests.pipelines.conftest import MANIFEST, AlarmHistory

NAMES = Names("dev")
# 600 queries for functions: more than one call takes.
MANY = {**MANIFEST, "endpoints": {f"e{number:03}": {"function": f"function-{number:03}"} for number in range(300)}}
FIRST, LAST = "bbws-function-000-dev", functions(MANY, "dev")[-1]
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


def put(function: str, metric: str, value: float, ago: timedelta) -> None:
    _put("AWS/Lambda", metric, {"FunctionName": function}, value, ago)


def _put(namespace: str, metric: str, dimensions: dict[str, str], value: float, ago: timedelta) -> None:
    named = [{"Name": key, "Value": dimension} for key, dimension in dimensions.items()]
    data = {"MetricName": metric, "Dimensions": named, "Timestamp": NOW - ago, "Value": value}
    client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[data])


def answer_5xx(value: float, ago: timedelta, stage: str = "v1") -> None:
    _put("AWS/ApiGateway", "5XXError", {"ApiName": "bbws-api-dev", "Stage": stage}, value, ago)


def park(value: float, ago: timedelta, queue: str = "product-audit-dlq") -> None:
    queue = f"bbws-{queue}-dev"
    _put("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue}, value, ago)


def alarm(name: str, state: str) -> None:
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Period=60,
        Statistic="Sum",
        Threshold=5,
    )
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def watched() -> Watched:
    return Watched(client("cloudwatch"), NAMES, MANY)


def ask(hours: float) -> Figures:
    return watched().of_stretch(NOW - timedelta(hours=hours), NOW + MINUTE)


def look(minutes: float = 2) -> Figures:
    return watched().since_release(NOW - timedelta(minutes=minutes), NOW + MINUTE)


@pytest.mark.usefixtures("history")
def test_sums_are_over_every_function_and_the_time_asked_for() -> None:
    put(FIRST, "Errors", 2, MINUTE)
    put(FIRST, "Errors", 1, 5 * MINUTE)
    put(LAST, "Errors", 4, 10 * MINUTE)
    put(LAST, "Throttles", 3, 10 * MINUTE)
    put(LAST, "Errors", 50, timedelta(hours=20))
    put("somebody-elses-dev", "Errors", 100, MINUTE)
    assert ask(1) == Figures(7, 3)
    assert ask(24) == Figures(57, 3)


@pytest.mark.usefixtures("history")
def test_what_a_function_answers_as_5xx_counts_as_an_error() -> None:
    answer_5xx(6, MINUTE)
    answer_5xx(4, 30 * MINUTE)
    answer_5xx(100, MINUTE, stage="v2")
    assert look() == Figures(0, 0, answers=6)
    assert gates.troubles(look(), 200) == [
        "6 errors (of functions 0, answers of 5xx 6, parked messages 0) in two minutes"
    ]
    assert ask(1) == Figures(0, 0, answers=10)
    assert len(gates.unpromotable("dev", ask(1), NOW, NOW)) == 1


@pytest.mark.usefixtures("history")
def test_a_release_answers_for_the_messages_that_were_parked_since() -> None:
    park(3, 6 * MINUTE)
    park(3, MINUTE)
    park(7, MINUTE, "feed-dlq")
    park(90, MINUTE, "product-audit")
    assert look() == Figures(0, 0, parked=7)


@pytest.mark.usefixtures("history")
def test_a_promotion_asks_for_every_message_that_was_parked() -> None:
    park(3, 30 * MINUTE)
    park(3, MINUTE)
    park(7, MINUTE, "feed-dlq")
    assert ask(1) == Figures(0, 0, parked=10)


def test_a_release_answers_for_alarms_that_went_off_since(history: AlarmHistory) -> None:
    history.items = [("bbws-feed-dlq-dev", "ALARM", NOW - MINUTE)]
    alarm("bbws-product-get-errors-dev", "ALARM")
    alarm("bbws-product-get-errors-sit", "ALARM")
    alarm("bbws-product-list-errors-dev", "OK")
    assert look().alarms == ("bbws-product-get-errors-dev",)
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert watched().since_release(later, later + MINUTE) == Figures(0, 0)


def test_an_alarm_that_burns_for_long_holds_a_promotion_up(history: AlarmHistory) -> None:
    alarm("bbws-product-get-errors-dev", "ALARM")
    alarm("bbws-product-get-errors-sit", "ALARM")
    later = datetime.now(UTC) + timedelta(days=2)
    assert watched().of_stretch(later, later + MINUTE).alarms == ("bbws-product-get-errors-dev",)
    assert history.items == []


def test_an_alarm_that_went_out_again_holds_a_promotion_up(history: AlarmHistory) -> None:
    history.items = [
        ("bbws-feed-dlq-dev", "ALARM", NOW - 30 * MINUTE),
        ("bbws-feed-dlq-dev", "OK", NOW - 20 * MINUTE),
        ("bbws-api-5xx-dev", "OK", NOW - 20 * MINUTE),
        ("bbws-api-5xx-sit", "ALARM", NOW - 20 * MINUTE),
        ("bbws-api-latency-dev", "ALARM", NOW - 300 * MINUTE),
    ]
    assert ask(1).alarms == ("bbws-feed-dlq-dev",)
    assert ask(24).alarms == ("bbws-api-latency-dev", "bbws-feed-dlq-dev")
