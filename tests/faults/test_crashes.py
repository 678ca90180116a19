"""kill -9 of the server at every fault point, again and again, under load: nothing acknowledged is lost or doubled."""

import ast
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from bbws.engines.embedded import faults
from bbws.engines.embedded.engine import COPY_SUFFIX
from bbws.engines.embedded.faults import FaultPoint
from bbws.engines.embedded.schema import DATABASE_FILE
from tests.architecture.source import modules
from tests.faults.checking import Api, check_folder, check_served
from tests.faults.load import Address, Load
from tests.faults.supervision import Supervisor

KILLS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How a point is reached: at one of the first ``hits`` hits, or standing there while up to ``commits`` are stored.

    ``saves``: backups are asked for all the time. ``daily``: the daily work is due at each start.
    """

    hits: int = 1
    commits: int = 0
    saves: bool = False
    daily: bool = False

    def crash(self, point: FaultPoint, chance: random.Random) -> Mapping[str, Any]:
        commits = chance.randint(10, self.commits) if self.commits else 0
        return {"name": point, "hit": chance.randint(1, self.hits), "commits": commits}


def _make_due(folder: Path) -> None:
    """Have the daily work be due at the next start."""
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        connection.execute("UPDATE daily_runs SET day = '2020-01-01'")


PLANS: Mapping[FaultPoint, Plan] = {
    FaultPoint.MIGRATION_BEFORE_COMMIT: Plan(),
    FaultPoint.WRITER_BEFORE_BEGIN: Plan(hits=40),
    FaultPoint.WRITER_BEFORE_COMMIT: Plan(hits=40),
    FaultPoint.WRITER_AFTER_COMMIT: Plan(hits=40),
    FaultPoint.RELAY_BEFORE_MOVE: Plan(hits=5),
    FaultPoint.RELAY_AFTER_MOVE: Plan(hits=5),
    FaultPoint.WORKER_AFTER_CLAIM: Plan(hits=5),
    FaultPoint.WORKER_AFTER_HANDLER: Plan(hits=5),
    FaultPoint.WORKER_AFTER_ACK: Plan(hits=5),
    FaultPoint.ARCHIVE_AFTER_TEMPORARY: Plan(hits=4),
    FaultPoint.ARCHIVE_AFTER_LINK: Plan(hits=4),
    FaultPoint.SWEEPER_BEFORE_SWEEP: Plan(commits=40),
    FaultPoint.SCHEDULER_BEFORE_RUN: Plan(commits=40, daily=True),
    FaultPoint.SCHEDULER_AFTER_RUN: Plan(commits=40, daily=True),
    FaultPoint.BACKUP_AFTER_SNAPSHOT: Plan(hits=2, commits=40, saves=True),
}


def test_every_declared_point_is_passed_and_every_passed_point_is_declared() -> None:
    passed = [
        ast.unparse(node.args[0])
        for module in modules("src/bbws")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "point"
    ]
    assert sorted(passed) == sorted(f"FaultPoint.{point.name}" for point in FaultPoint)
    assert faults.names() == tuple(point.value for point in FaultPoint)


def test_every_point_has_its_crash_test() -> None:
    assert set(PLANS) | {FaultPoint.RESTORE_BEFORE_RENAME} == set(FaultPoint)


def test_a_life_that_ends_within_a_line_has_ended(running_supervisor: Supervisor) -> None:
    running_supervisor.begin("mumble", {})
    assert running_supervisor.ending().code == 0


@dataclass(slots=True)
class Series:
    """Lives of a server on one folder, and its clients."""

    supervisor: Supervisor
    data_dir: Path
    load: Load

    def begin(self, crash: Mapping[str, Any] | None = None) -> Address | None:
        """Start a life and have the load follow it there; None where it died before it listened."""
        self.supervisor.begin("serve", {"data_dir": str(self.data_dir)}, crash)
        url = self.supervisor.listens()
        if url is None:
            return None
        address = Address.of(url, (self.data_dir / "api-key").read_text().strip())
        self.load.target.set(address)
        return address

    def begin_whole(self) -> Address:
        address = self.begin()
        assert address is not None
        return address

    def kill_at(self, point: FaultPoint, plan: Plan) -> int:
        """Live and die until there are enough deaths at the point; how many there were."""
        chance = random.Random(point)
        kills = 0
        for _ in range(KILLS):
            if plan.daily:
                _make_due(self.data_dir)
            self.begin(plan.crash(point, chance))
            ending = self.supervisor.ending()
            assert ending.killed_at(point), f"{ending}: {self.supervisor.complaints()}"
            kills += 1
        return kills

    def check(self, scratch: Path) -> None:
        """Start once more, let everything come to its end, and look at all of it."""
        api = Api(self.begin_whole())
        self.load.finish()
        check_served(api, self.load)
        assert self.supervisor.stop().code == 0
        assert self.supervisor.complaints() == ""
        assert list(self.data_dir.glob(f"*{COPY_SUFFIX}*")) == []
        check_folder(self.data_dir, scratch)


@pytest.mark.parametrize("point", PLANS)
def test_a_server_killed_there_again_and_again_loses_and_doubles_nothing(
    point: FaultPoint, running_supervisor: Supervisor, tmp_path: Path
) -> None:
    plan = PLANS[point]
    series = Series(running_supervisor, tmp_path / "data", Load.started(saves=plan.saves))
    if plan.daily:
        series.begin_whole()
        assert series.supervisor.stop().code == 0
    assert series.kill_at(point, plan) >= KILLS
    series.check(tmp_path / "rebuilt")


@pytest.mark.parametrize("point", [FaultPoint.WRITER_BEFORE_COMMIT, FaultPoint.WRITER_AFTER_COMMIT])
@pytest.mark.parametrize("hit", range(1, 6))
def test_a_first_start_killed_at_any_of_its_commits_locks_nobody_out(
    hit: int, point: FaultPoint, running_supervisor: Supervisor, tmp_path: Path
) -> None:
    order = {"data_dir": str(tmp_path / "data")}
    running_supervisor.begin("serve", order, {"name": point, "hit": hit})
    assert running_supervisor.ending().killed_at(point)
    running_supervisor.begin("serve", order)
    url = running_supervisor.listens()
    assert url is not None
    api = Api(Address.of(url, (tmp_path / "data" / "api-key").read_text().strip()))
    assert api.status("GET", "/v1.0/keys") == HTTPStatus.OK
    assert running_supervisor.stop().code == 0


def test_a_restore_killed_before_its_end_leaves_nothing_and_can_be_repeated(
    running_supervisor: Supervisor, tmp_path: Path
) -> None:
    series = Series(running_supervisor, tmp_path / "data", Load.started())
    file = tmp_path / "backup.tar"
    api = Api(series.begin_whole())
    series.load.finish()
    file.write_bytes(api.download("/v1.0/backup"))
    assert series.supervisor.stop().code == 0

    restored = tmp_path / "restored"
    order = {"file": str(file), "data_dir": str(restored)}
    kills = 0
    for _ in range(KILLS):
        running_supervisor.begin("restore", order, {"name": FaultPoint.RESTORE_BEFORE_RENAME})
        kills += running_supervisor.ending().killed_at(FaultPoint.RESTORE_BEFORE_RENAME)
        assert not restored.exists()
    assert kills >= KILLS

    running_supervisor.begin("restore", order)
    assert running_supervisor.ending().code == 0
    (series.data_dir / "api-key").rename(restored / "api-key")  # a backup holds keys as hashes alone
    series.data_dir = restored
    series.check(tmp_path / "rebuilt")
