from collections.abc import Iterator

import pytest

from tests.contracts.worlds import EmbeddedWorld, emulated
from tests.fakes import FakeClock
from tests.people.world import People


@pytest.fixture(params=["embedded", "dynamodb"])
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    """The use cases on every engine."""
    clock = FakeClock()
    world = EmbeddedWorld(clock) if request.param == "embedded" else emulated(clock)
    yield People(world.table(), clock)
    world.close()
