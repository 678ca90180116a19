"""Policy of every test run, and the fixtures that most tests use."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

from tests import builders

# A busy machine is slow, not wrong: no test is timed. With CI set, Hypothesis itself makes runs repeatable.
settings.register_profile("bbws", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("bbws")

# Measuring coverage triples the time of a test. These run what is not under the bar, or what the tests of its own
# folder run.
_UNMEASURED = ("architecture", "bench", "cli", "documents", "faults", "infra", "packaging", "pipelines")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no test that would only take longer for it."""
    for item in items:
        if item.path.parent.name in _UNMEASURED:
            item.add_marker("unmeasured")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Pause coverage from before a test's fixtures to after them."""
    # Not pytest-cov's own marker: under xdist two of them measure a worker, and it pauses one.
    with unmeasured() if item.get_closest_marker("unmeasured") else nullcontext():
        return (yield)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Do not measure meanwhile."""
    paused: list[Coverage] = []
    while running := Coverage.current():
        running.stop()
        paused.append(running)
    try:
        yield
    finally:
        for each in reversed(paused):
            each.start()


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
