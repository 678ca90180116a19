"""Fixtures of the crash and fault tests."""

from collections.abc import Iterator

import pytest

from tests.faults.supervision import Supervisor, supervisor


@pytest.fixture(scope="package")
def supervisor_of_the_worker() -> Iterator[Supervisor]:
    """One supervisor for all tests of a worker: it has imported BBWS, and that takes long."""
    with supervisor() as running:
        yield running


@pytest.fixture
def running_supervisor(supervisor_of_the_worker: Supervisor) -> Supervisor:
    """The worker's supervisor, without the complaints of earlier tests: nobody says which they are."""
    supervisor_of_the_worker.complaints()
    return supervisor_of_the_worker
