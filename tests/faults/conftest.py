"""Fixtures of the crash and fault tests."""

from collections.abc import Iterator

import pytest

from tests.faults.supervision import Supervisor, supervisor


@pytest.fixture(scope="package")
def running_supervisor() -> Iterator[Supervisor]:
    """One supervisor for all tests of a worker: it has imported BBWS, and that takes long."""
    with supervisor() as running:
        yield running
