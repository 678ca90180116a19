"""Policy of every test run, and the fixtures that most tests use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import builders

# A busy machine is slow, not wrong: no test is timed. With CI set, Hypothesis itself makes runs repeatable.
settings.register_profile("bbws", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("bbws")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[builders.Client]:
    """BBWS in process on an empty folder, its background work running."""
    with builders.client(tmp_path / "data") as made:
        yield made


@pytest.fixture
def running_server(tmp_path: Path) -> Iterator[builders.Server]:
    """A real server process on an empty folder."""
    with builders.server(tmp_path / "data") as made:
        yield made
