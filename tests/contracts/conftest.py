"""The engines that every contract is held against. A further engine is a further parameter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bbws.audit.ports import Archive
from bbws.engines.embedded.archive import FolderArchive
from bbws.kernel.table import Table
from tests.aws.conftest import cloud, locked_archive
from tests.contracts.worlds import EmbeddedWorld, emulated, mocked
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


# Our own client on the emulator measures the same lines sooner than the SDK on moto.
@pytest.fixture(params=["embedded", "dynamodb", pytest.param("moto", marks=pytest.mark.unmeasured)])
def table(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Table]:
    if request.param == "moto":
        with mocked(clock) as mock:
            yield mock.table()
        return
    world = EmbeddedWorld(clock) if request.param == "embedded" else emulated(clock)
    yield world.table()
    world.close()


@pytest.fixture(params=["embedded", "aws"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    if request.param == "embedded":
        yield FolderArchive(tmp_path / "archive")
        return
    with cloud() as sdk:
        yield locked_archive(sdk)
