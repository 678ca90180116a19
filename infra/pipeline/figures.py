"""Errors, throttles and alarms of an environment, from CloudWatch."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from bbws.engines.aws.names import API_STAGE
from infra.pipeline.aws import Client, pages
from infra.pipeline.gates import Figures
from infra.pipeline.model import Environment, Names, dead_letters, functions

_MINUTE, _HOUR = 60, 3600
_QUERIES = 500  # as many as one call takes
_ALARM = "ALARM"
_BEFORE = timedelta(minutes=10)

type _Points = Mapping[str, Mapping[datetime, float]]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is counted in an environment: what the manifest names, and the API.

    A function answers every fault itself, as 5xx, and a consumer hands a failed message back: Lambda calls neither an
    error. So the answers of the API and the dead letters are counted too. A function that breaks down counts twice, by
    itself and by its answer: rather too careful than blind.
    """

    cloudwatch: Client
    names: Names
    manifest: Mapping[str, Any]

    def since_release(self, since: datetime, until: datetime) -> Figures:
        """What began in the time: errors, messages that were parked, alarms that went off and still are.

        Both moments have a time zone; a started minute counts whole.
        """
        burning = (alarm for alarm in self._alarms() if alarm["StateUpdatedTimestamp"] >= since)
        return self._figures(since, until, _BEFORE, (alarm["AlarmName"] for alarm in burning))

    def of_stretch(self, since: datetime, until: datetime) -> Figures:
        """Everything that spoke against it in the time: whatever is parked, burns, or burned for a while."""
        burning = [alarm["AlarmName"] for alarm in self._alarms()]
        return self._figures(since, until, timedelta(), [*burning, *self._went_off(since, until)])

    def _figures(self, since: datetime, until: datetime, before: timedelta, alarms: Iterable[str]) -> Figures:
        start, end = (moment.replace(second=0, microsecond=0) for moment in (since, until + timedelta(minutes=1)))
        period = _HOUR if until - start > timedelta(hours=3) else _MINUTE
        found = dict.fromkeys(("errors", "throttles", "answers", "parked"), 0.0)
        for some in batched(self._queries(period), _QUERIES):
            for name, points in self._points(some, start - before, end).items():
                kind = name.partition("_")[0]
                found[kind] += _count(kind, points, start)
        counts = {kind: round(number) for kind, number in found.items()}
        return Figures(**counts, alarms=tuple(sorted(set(alarms))))

    def _points(self, queries: Sequence[Mapping[str, Any]], start: datetime, end: datetime) -> _Points:
        """The points of each query, which may come in several pages."""
        wanted = {"MetricDataQueries": queries, "StartTime": start, "EndTime": end}
        points: dict[str, dict[datetime, float]] = {}
        for found in pages(self.cloudwatch, "get_metric_data", "MetricDataResults", **wanted):
            points.setdefault(found["Id"], {}).update(zip(found["Timestamps"], found["Values"], strict=True))
        return points

    def _queries(self, period: int) -> Iterator[dict[str, Any]]:
        environment: Environment = self.names.environment
        for number, name in enumerate(functions(self.manifest, environment)):
            dimensions = {"FunctionName": name}
            yield _query(f"errors_{number}", "AWS/Lambda", "Errors", dimensions, period)
            yield _query(f"throttles_{number}", "AWS/Lambda", "Throttles", dimensions, period)
        api = {"ApiName": self.names.api, "Stage": API_STAGE}
        yield _query("answers_0", "AWS/ApiGateway", "5XXError", api, period)
        for number, name in enumerate(dead_letters(self.manifest, environment)):
            metric = "ApproximateNumberOfMessagesVisible"
            yield _query(f"parked_{number}", "AWS/SQS", metric, {"QueueName": name}, period, "Maximum")

    def _alarms(self) -> Iterable[dict[str, Any]]:
        """Alarms of the environment that are on."""
        found = pages(self.cloudwatch, "describe_alarms", "MetricAlarms", AlarmNamePrefix="bbws-")
        on = (alarm for alarm in found if alarm["StateValue"] == _ALARM)
        return (alarm for alarm in on if self.names.is_alarm(alarm["AlarmName"]))

    def _went_off(self, since: datetime, until: datetime) -> Iterator[str]:
        """Alarms of the environment that went off in the time, whatever they are now."""
        wanted = {"HistoryItemType": "StateUpdate", "StartDate": since, "EndDate": until}
        for item in pages(self.cloudwatch, "describe_alarm_history", "AlarmHistoryItems", **wanted):
            now = json.loads(item["HistoryData"]).get("newState", {}).get("stateValue")
            if now == _ALARM and self.names.is_alarm(item["AlarmName"]):
                yield item["AlarmName"]


def _query(
    name: str, namespace: str, metric: str, dimensions: Mapping[str, str], period: int, statistic: str = "Sum"
) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    stated = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": name, "MetricStat": {"Metric": stated, "Period": period, "Stat": statistic}}


def _count(kind: str, points: Mapping[datetime, float], start: datetime) -> float:
    """What one query adds up to from ``start`` on. Of parked messages: how many more lie there than before."""
    before = [value for moment, value in points.items() if moment < start]
    since = [value for moment, value in points.items() if moment >= start]
    if kind != "parked":
        return sum(since)
    # A queue without messages tells nothing after a while: nothing told is nothing there.
    return max(0.0, max(since, default=0.0) - max(before, default=0.0))
