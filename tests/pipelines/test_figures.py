"""Errors, throttles and alarms, as CloudWatch tells them."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.pipeline.aws import client
from infra.pipeline.figures import figures
from infra.pipeline.gates import Figures
from infra.pipeline.model import Names

NAMES = Names("dev")
FUNCTIONS = [f"bbws-function-{number}-dev" for number in range(300)]  # 600 queries: more than one call takes
NOW = datetime.now(UTC)


def put(function: str, metric: str, value: float, ago: timedelta) -> None:
    data = {
        "MetricName": metric,
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
        "Timestamp": NOW - ago,
        "Value": value,
    }
    client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[data])


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


def ask(hours: float) -> Figures:
    until = NOW + timedelta(minutes=1)
    return figures(client("cloudwatch"), NAMES, FUNCTIONS, NOW - timedelta(hours=hours), until)


@pytest.mark.usefixtures("aws")
def test_sums_are_over_every_function_and_the_time_asked_for() -> None:
    put(FUNCTIONS[0], "Errors", 2, timedelta(minutes=1))
    put(FUNCTIONS[0], "Errors", 1, timedelta(minutes=5))
    put(FUNCTIONS[-1], "Errors", 4, timedelta(minutes=10))
    put(FUNCTIONS[-1], "Throttles", 3, timedelta(minutes=10))
    put(FUNCTIONS[-1], "Errors", 50, timedelta(hours=20))
    put("somebody-elses-dev", "Errors", 100, timedelta(minutes=1))
    assert ask(1) == Figures(7, 3)
    assert ask(24) == Figures(57, 3)


@pytest.mark.usefixtures("aws")
def test_alarms_are_those_of_the_environment_that_went_off_meanwhile() -> None:
    alarm("bbws-product-get-errors-dev", "ALARM")
    alarm("bbws-product-get-errors-sit", "ALARM")
    alarm("bbws-product-list-errors-dev", "OK")
    assert ask(1).alarms == ("bbws-product-get-errors-dev",)
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert figures(client("cloudwatch"), NAMES, [], later, later + timedelta(minutes=1)) == Figures(0, 0)
