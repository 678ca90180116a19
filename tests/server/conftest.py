from collections.abc import Iterator

import pytest

from tests import builders
from tests.builders import Server


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a file that do not stop it. Its folder has a name that a shell must quote."""
    folder = tmp_path_factory.mktemp("server") / "it's a folder"
    with builders.server(folder, environment={"BBWS_TRUSTED_PROXIES": "192.0.2.1"}) as made:
        yield made
