"""An environment that ``make aws-up`` has made, and how a client, an operator and a bystander see it."""

import pytest

from infra.local import state
from tests.cloud.environment import Cloud


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/cloud/" in item.path.as_posix():
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="session")
def cloud() -> Cloud:
    known = state.load()
    assert known is not None, "no environment runs: make aws-up"
    return Cloud.of(known)
