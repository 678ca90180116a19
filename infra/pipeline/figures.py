"""Errors, throttles and alarms of an environment, from CloudWatch."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from infra.pipeline.aws import Client, pages
from infra.pipeline.gates import Figures
from infra.pipeline.model import Names

_METRICS = ("Errors", "Throttles")
_MINUTE, _HOUR = 60, 3600
_QUERIES = 500  # as many as one call takes


def figures(cloudwatch: Client, names: Names, functions: Sequence[str], since: datetime, until: datetime) -> Figures:
    """What happened from ``since`` to ``until``. Both have a time zone; a started minute counts whole."""
    start, end = (moment.replace(second=0, microsecond=0) for moment in (since, until + timedelta(minutes=1)))
    period = _HOUR if until - start > timedelta(hours=3) else _MINUTE
    sums = dict.fromkeys(_METRICS, 0.0)
    queries = list(_queries(functions, period))
    for some in batched(queries, _QUERIES):
        wanted = {"MetricDataQueries": list(some), "StartTime": start, "EndTime": end}
        for found in pages(cloudwatch, "get_metric_data", "MetricDataResults", **wanted):
            sums[found["Id"].partition("_")[0].capitalize()] += sum(found["Values"])
    return Figures(round(sums["Errors"]), round(sums["Throttles"]), _alarms(cloudwatch, names, since))


def _queries(functions: Sequence[str], period: int) -> Iterable[dict[str, Any]]:
    for number, function in enumerate(functions):
        for metric in _METRICS:
            dimensions = [{"Name": "FunctionName", "Value": function}]
            stated = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
            yield {
                "Id": f"{metric.lower()}_{number}",
                "MetricStat": {"Metric": stated, "Period": period, "Stat": "Sum"},
            }


def _alarms(cloudwatch: Client, names: Names, since: datetime) -> tuple[str, ...]:
    """Alarms of the environment that went off since, and still are."""
    found = pages(cloudwatch, "describe_alarms", "MetricAlarms", AlarmNamePrefix="bbws-")
    ours = (alarm for alarm in found if alarm["StateValue"] == "ALARM" and names.is_alarm(alarm["AlarmName"]))
    return tuple(sorted(alarm["AlarmName"] for alarm in ours if alarm["StateUpdatedTimestamp"] >= since))
