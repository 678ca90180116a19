"""kill -9 of a rebuild: what it leaves is no data folder, and the next one makes what the first would have made."""

from pathlib import Path

import pytest

from bbws.bootstrap.embedded import rebuild
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.faults import FaultPoint
from bbws.kernel.table import Row, RowKind
from tests import builders
from tests.faults.checking import opened
from tests.faults.supervision import Supervisor

PLACES = (
    (FaultPoint.MIGRATION_BEFORE_COMMIT, 1),
    (FaultPoint.WRITER_BEFORE_COMMIT, 1),
    (FaultPoint.WRITER_AFTER_COMMIT, 1),
    (FaultPoint.WRITER_AFTER_COMMIT, 2),
    (FaultPoint.ARCHIVE_AFTER_TEMPORARY, 1),
    (FaultPoint.ARCHIVE_AFTER_LINK, 1),
)


def _content(folder: Path) -> tuple[list[Row], dict[str, bytes | None]]:
    """Every row and every object."""
    with opened(folder) as engine:
        return list(engine.rows(tuple(RowKind))), {name: engine.archive.get(name) for name in engine.archive.names("")}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with builders.client(tmp_path / "old") as client:
        for number in range(30):
            client.create(productId=f"PROD-{number:03}")
        client.call("DELETE", "/v1.0/products/PROD-007")
        client.drain()
        assert client.call("POST", "/v1.0/audit/checkpoints").status == 201
        client.drain()
    return tmp_path / "old" / ARCHIVE_FOLDER


def test_a_killed_rebuild_leaves_no_folder_and_can_be_repeated(
    archive: Path, running_supervisor: Supervisor, tmp_path: Path
) -> None:
    rebuild(archive, tmp_path / "undisturbed", lambda _count: None)
    target = tmp_path / "target"
    order = {"archive_dir": str(archive), "data_dir": str(target)}
    for place, hit in PLACES:
        running_supervisor.begin("rebuild", order, {"name": place, "hit": hit})
        assert running_supervisor.ending().killed_at(place), running_supervisor.complaints()
        assert not target.exists()
    running_supervisor.begin("rebuild", order)
    assert running_supervisor.ending().code == 0
    assert _content(target) == _content(tmp_path / "undisturbed")
    with builders.client(target) as client:
        assert client.call("GET", "/v1.0/products?status=all&pageSize=100").json["count"] == 30
