"""Fixtures of the command line's tests."""

import pytest

from tests import builders
from tests.cli import shell


@pytest.fixture
def bbws(client: builders.Client) -> shell.Shell:
    """The command line on an empty BBWS in this process."""
    return shell.on(client)
