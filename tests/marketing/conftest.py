from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.marketing.shop import Shop, opened


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that has just opened."""
    with opened(tmp_path / "data") as made:
        yield made
