"""The engines that every contract is held against. A further engine is a further parameter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bbws.audit.ports import Archive
from bbws.engines.embedded.archive import FolderArchive
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.table import Table
from tests.aws.conftest import cloud, locked_archive
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["embedded"])
def engine(tmp_path: Path, clock: FakeClock) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    yield engine
    engine.stop(10)


@pytest.fixture
def table(engine: EmbeddedEngine) -> Table:
    return engine.table


@pytest.fixture(params=["embedded", "aws"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    if request.param == "embedded":
        yield FolderArchive(tmp_path / "archive")
        return
    with cloud() as sdk:
        yield locked_archive(sdk)
