"""Versions and aliases: what a release does to them, and how it is undone."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.pipeline.aws import client
from infra.pipeline.model import PipelineError
from infra.pipeline.release import watch
from tests.pipelines.conftest import Account

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ONE = "bbws-product-get-dev"


def alias(function: str = ONE) -> tuple[str, dict[str, float]]:
    found = client("lambda").get_alias(FunctionName=function, Name="latest-dev")
    return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def release(dev: Account, content: str, at: datetime) -> str:
    """A whole release; the name of its backup."""
    checksum = dev.apply(content)
    backup = dev.traffic.back_up(at)
    dev.traffic.route(dev.traffic.publish(checksum))
    return backup


def test_functions_of_the_api_come_before_what_consumes_and_the_feed_comes_last(dev: Account) -> None:
    assert [name.removeprefix("bbws-").removesuffix("-dev") for name in dev.traffic.functions] == [
        "product-get",
        "product-list",
        "audit-logger",
        "audit-checkpoint",
        "feed",
    ]


def test_publishing_moves_nothing_and_can_be_repeated(dev: Account) -> None:
    dev.create("first")
    checksum = dev.apply("second")
    versions = dev.traffic.publish(checksum)
    assert set(versions.values()) == {"2"}
    assert dev.traffic.publish(checksum) == versions
    assert alias() == ("1", {})


def test_another_package_than_the_one_to_release_stops_it(dev: Account) -> None:
    first = dev.create("first")
    dev.apply("second")
    with pytest.raises(PipelineError, match="holds another package"):
        dev.traffic.publish(first)


def test_a_tenth_and_then_all_of_the_calls_go_to_the_new_versions(dev: Account) -> None:
    dev.create("first")
    versions = dev.traffic.publish(dev.apply("second"))
    dev.traffic.route(versions, 0.1)
    assert alias() == ("1", {"2": 0.1})
    dev.traffic.route(versions)
    assert alias() == ("2", {})
    # A version cannot share with itself: releasing the same again changes nothing.
    dev.traffic.route(versions, 0.1)
    assert alias() == ("2", {})


def test_rolling_back_goes_to_the_newest_backup_and_ends_a_canary(dev: Account) -> None:
    dev.create("first")
    release(dev, "second", NOON)
    backup = dev.traffic.back_up(NOON + timedelta(days=1))
    dev.traffic.route(dev.traffic.publish(dev.apply("third")), 0.1)
    assert alias() == ("2", {"3": 0.1})
    assert backup == "backup-20261125T120000Z"
    assert set(dev.traffic.roll_back().values()) == {"2"}
    assert alias() == ("2", {})


def test_rolling_back_to_a_backup_by_its_name(dev: Account) -> None:
    dev.create("first")
    before = release(dev, "second", NOON)
    release(dev, "third", NOON + timedelta(days=1))
    assert alias() == ("3", {})
    dev.traffic.roll_back(before)
    assert {dev.traffic.current()[function] for function in dev.traffic.functions} == {"1"}


def test_a_function_that_is_new_since_the_backup_stays(dev: Account) -> None:
    dev.create("first")
    backup = release(dev, "second", NOON)
    client("lambda").delete_alias(FunctionName=ONE, Name=backup)
    assert ONE not in dev.traffic.roll_back(backup)
    assert (alias(), alias("bbws-feed-dev")) == (("2", {}), ("1", {}))


def test_a_function_that_was_never_made_does_not_hold_the_others_up(dev: Account) -> None:
    dev.create("first")
    backup = release(dev, "second", NOON)
    client("lambda").delete_function(FunctionName=ONE)
    assert set(dev.traffic.roll_back(backup)) == set(dev.traffic.functions) - {ONE}


def test_an_unknown_backup_moves_nothing(dev: Account) -> None:
    dev.create("first")
    for target in ("", "backup-20200101T000000Z"):
        with pytest.raises(PipelineError, match="No function has the alias"):
            dev.traffic.roll_back(target)


def test_one_function_goes_to_a_version_by_its_number(dev: Account) -> None:
    dev.create("first")
    release(dev, "second", NOON)
    assert dev.traffic.pin(ONE, "1") == {ONE: "1"}
    assert (alias(), alias("bbws-feed-dev")) == (("1", {}), ("2", {}))
    for function, version in ((ONE, "9"), ("bbws-unknown-dev", "1")):
        with pytest.raises(PipelineError, match="has no version"):
            dev.traffic.pin(function, version)


def test_the_last_three_versions_stay_and_those_that_an_alias_needs(dev: Account) -> None:
    dev.create("v1")
    for number in range(2, 7):
        release(dev, f"v{number}", NOON + timedelta(days=number))
    # Five backups, to versions 1 to 5; the last three of them stay, and with them version 3.
    assert dev.traffic.tidy() == 2 * len(dev.traffic.functions)
    found = client("lambda").list_versions_by_function(FunctionName=ONE)["Versions"]
    assert [version["Version"] for version in found] == ["$LATEST", "3", "4", "5", "6"]
    assert list(dev.traffic.backups(ONE).values()) == ["5", "4", "3"]
    assert dev.traffic.tidy() == 0


def test_a_version_that_gets_a_tenth_of_the_calls_is_needed(dev: Account) -> None:
    dev.create("v1")
    for number in range(2, 6):
        dev.traffic.publish(dev.apply(f"v{number}"))
    dev.traffic.route(dict.fromkeys(dev.traffic.functions, "2"), 0.1)
    dev.traffic.tidy()
    assert alias() == ("1", {"2": 0.1})
    found = client("lambda").list_versions_by_function(FunctionName=ONE)["Versions"]
    assert [version["Version"] for version in found] == ["$LATEST", "1", "2", "3", "4", "5"]


def test_a_missing_alias_is_told(dev: Account) -> None:
    dev.create("first")
    client("lambda").delete_alias(FunctionName=ONE, Name="latest-dev")
    with pytest.raises(PipelineError, match="has no alias 'latest-dev'"):
        dev.traffic.back_up(NOON)


class Time:
    """A clock that pausing moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def test_watching_looks_until_the_time_is_over() -> None:
    time = Time()
    assert watch(list, 1.1, lambda: time.now, time.pause) == []
    assert time.pauses == pytest.approx([15, 15, 15, 15, 6])


def test_watching_stops_at_the_first_trouble() -> None:
    time = Time()
    looks = iter([[], [], ["6 errors in two minutes"]])
    assert watch(lambda: next(looks), 5, lambda: time.now, time.pause) == ["6 errors in two minutes"]
    assert time.now == 30


def test_watching_for_no_time_looks_once() -> None:
    assert watch(lambda: ["health answers 503"], 0, lambda: 0.0, lambda _: None) == ["health answers 503"]
