from collections.abc import Iterator

import pytest

from tests import builders
from tests.builders import Client


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One server for all calls that must have no effect."""
    with builders.client(tmp_path_factory.mktemp("quiet") / "data", start=False) as made:
        yield made
