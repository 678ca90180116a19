"""What was deployed when; and promotions, which go by it."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.pipeline import records
from infra.pipeline.artefacts import checksum_of
from infra.pipeline.aws import client
from infra.pipeline.gates import Figures
from infra.pipeline.model import SOURCES, Environment, PipelineError
from infra.pipeline.records import Kind, Record, Status
from tests.pipelines.conftest import Account, AlarmHistory, outputs

pytestmark = pytest.mark.usefixtures("history")  # promotions ask for it
NOW = datetime.now(UTC)


def write(
    account: Account, ago: timedelta, kind: Kind = "DEPLOYMENT", status: Status = "SUCCEEDED", checksum: str = ""
) -> None:
    started = NOW - ago
    record = Record(kind, started, f"{kind}-{ago}", "ada", checksum=checksum, commit="c0ffee")
    records.save(client("dynamodb"), account.names, record.ends(status, started + timedelta(minutes=1)))


def throw(account: Account, metric: str, count: int) -> None:
    dimensions = [{"Name": "FunctionName", "Value": account.traffic.functions[0]}]
    data = {"MetricName": metric, "Dimensions": dimensions, "Timestamp": NOW - timedelta(minutes=10), "Value": count}
    client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[data])


def test_a_run_writes_one_record_from_start_to_end(dev: Account) -> None:
    started = outputs(dev.run("record", "write", "--detail", "reason=a=b, ü"))["started"]
    [begun] = records.newest(client("dynamodb"), dev.names, "DEPLOYMENT")
    assert (begun.status, begun.ended, begun.actor, begun.details) == ("STARTED", None, "ada", {"reason": "a=b, ü"})
    dev.run(
        "record",
        "write",
        "--started",
        started,
        "--status",
        "ROLLED_BACK",
        "--commit",
        "c0ffee",
        "--detail",
        "versions=",
    )
    [ended] = records.newest(client("dynamodb"), dev.names, "DEPLOYMENT")
    assert (ended.status, ended.commit, ended.details) == ("ROLLED_BACK", "c0ffee", {"versions": ""})
    assert ended.ended is not None
    assert ended.started == begun.started.replace(microsecond=0)


def test_records_are_listed_newest_first(dev: Account) -> None:
    for hours in (3, 1, 2):
        write(dev, timedelta(hours=hours), checksum=f"{hours}" * 64)
    lines = dev.run("record", "list", "--limit", "2").stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["1" * 12, "2" * 12]
    assert outputs(dev.run("record", "last")) == {"checksum": "1" * 64, "commit": "c0ffee", "previous": ""}


def test_nothing_was_ever_deployed(dev: Account) -> None:
    dev.run("record", "last", fails="Nothing was ever deployed")
    with pytest.raises(PipelineError, match="there is none"):
        records.running(client("dynamodb"), dev.names)


@pytest.mark.parametrize("status", ["STARTED", "FAILED", "ROLLED_BACK"])
def test_what_did_not_succeed_goes_no_further(dev: Account, status: Status) -> None:
    write(dev, timedelta(hours=30))
    write(dev, timedelta(hours=2), status=status)
    with pytest.raises(PipelineError, match=status):
        records.running(client("dynamodb"), dev.names)


def test_what_was_rolled_back_since_goes_no_further(dev: Account) -> None:
    write(dev, timedelta(hours=2), "ROLLBACK")
    write(dev, timedelta(hours=1))
    assert records.running(client("dynamodb"), dev.names).started == NOW - timedelta(hours=1)
    write(dev, timedelta(minutes=5), "ROLLBACK", "FAILED")
    with pytest.raises(PipelineError, match="rolled back since"):
        records.running(client("dynamodb"), dev.names)


def test_a_rollback_stops_a_deployment_that_was_planned_before(dev: Account) -> None:
    since = ("record", "unrolled", "--since", f"{NOW - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}")
    dev.run(*since)
    write(dev, timedelta(minutes=40), "ROLLBACK")
    dev.run(*since)
    write(dev, timedelta(minutes=10), "ROLLBACK", "STARTED")
    dev.run(*since, fails="by ada: start a new deployment")


@pytest.fixture
def deployed(accounts: dict[Environment, Account]) -> dict[Environment, Account]:
    """The same package runs in dev for two hours and in sit for 25."""
    for name, hours in (("dev", 2), ("sit", 25)):
        account = accounts["dev" if name == "dev" else "sit"]
        path = account.package("first")
        checksum = checksum_of(path)
        account.run("store", "--kind", "package", "--commit", "c0ffee", str(path))
        write(account, timedelta(hours=hours), checksum=checksum)
    return accounts


def judge(account: Account, fails: str = "") -> dict[str, str]:
    path = account.folder / "judged.zip"
    result = account.run("promote", "judge", "--manifest", str(account.manifest), str(path), fails=fails)
    assert path.exists() is not bool(fails)
    return outputs(result)


@pytest.mark.parametrize("target", ["sit", "prod"])
def test_what_runs_well_is_admitted_to_the_next_environment(
    deployed: dict[Environment, Account], target: Environment
) -> None:
    account = deployed[target]
    account.run("promote", "admitted", fails="never promoted")
    judged = judge(account)
    assert (judged["commit"], judged["figures"]) == ("c0ffee", f"{Figures(0, 0)}, 0 throttles")
    checksum = judged["checksum"]
    path = str(account.folder / "judged.zip")
    account.run("store", "--kind", "package", "--checksum", checksum, "--commit", judged["commit"], path)
    promotion = ("--kind", "PROMOTION", "--status", "SUCCEEDED", "--checksum", checksum, "--commit", "c0ffee")
    account.run("record", "write", *promotion)
    for wanted in ("", checksum):
        admitted = account.run("promote", "admitted", "--checksum", wanted)
        assert outputs(admitted) == {"checksum": checksum, "commit": "c0ffee"}
    account.run("promote", "admitted", "--checksum", "0" * 64, fails="never promoted")


def test_a_promotion_lasts_for_24_hours(accounts: dict[Environment, Account]) -> None:
    write(accounts["sit"], timedelta(hours=24, minutes=2), "PROMOTION", checksum="1" * 64)
    accounts["sit"].run("promote", "admitted", fails="promote it anew")


def test_errors_and_throttles_hold_a_promotion_up(deployed: dict[Environment, Account]) -> None:
    throw(deployed["dev"], "Errors", 9)
    judge(deployed["sit"])
    throw(deployed["dev"], "Throttles", 1)
    throw(deployed["sit"], "Errors", 5)
    (deployed["sit"].folder / "judged.zip").unlink()
    judge(deployed["sit"], fails="1 throttles; none is allowed")
    judge(deployed["prod"], fails="fewer than 5 are needed")


@pytest.mark.parametrize(("target", "ago"), [("sit", timedelta(minutes=30)), ("prod", timedelta(hours=23))])
def test_an_alarm_meanwhile_holds_a_promotion_up(
    deployed: dict[Environment, Account], history: AlarmHistory, target: Environment, ago: timedelta
) -> None:
    source = SOURCES[target]
    history.items = [(f"bbws-feed-dlq-{source}", "ALARM", NOW - ago)]
    judge(deployed[target], fails=f"Alarms: bbws-feed-dlq-{source}.")


def test_sit_must_be_stable_for_24_hours(deployed: dict[Environment, Account]) -> None:
    checksum = checksum_of(deployed["sit"].package("first"))
    write(deployed["sit"], timedelta(hours=23), checksum=checksum)
    judge(deployed["prod"], fails="24 stable hours are needed")
