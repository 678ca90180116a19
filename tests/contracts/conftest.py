"""The engines that every contract is held against. A further engine is a further parameter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bbws.audit.ports import Archive
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.table import Table
from tests.contracts.worlds import EmbeddedWorld, emulated, mocked
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def engine(tmp_path: Path, clock: FakeClock) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine.open(tmp_path / "data", clock=clock, synchronous="OFF")
    yield engine
    engine.stop(10)


@pytest.fixture(params=["embedded", "dynamodb", "moto"])
def table(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Table]:
    if request.param == "moto":
        with mocked(clock) as mock:
            yield mock.table()
        return
    world = EmbeddedWorld(clock) if request.param == "embedded" else emulated(clock)
    yield world.table()
    world.close()


@pytest.fixture
def archive(engine: EmbeddedEngine) -> Archive:
    return engine.archive
