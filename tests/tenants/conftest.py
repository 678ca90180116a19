from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.tenants.hooks import Hooks, hooked
from tests.tenants.world import World, opened


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """A world in which time goes on when a test says so."""
    with opened(tmp_path, clock=clock) as made:
        yield made


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Hooks]:
    with hooked(tmp_path) as made:
        yield made
