"""An archive that does not answer just now has not been altered."""

import pytest

from bbws.audit.verify import verify
from bbws.kernel.table import Unavailable
from tests.audit.world import MemoryArchive, checkpoints_of, small


class Silent(MemoryArchive):
    """Does not give one of its objects just now."""

    silent = ""

    def get(self, name: str) -> bytes | None:
        if name == self.silent:
            raise Unavailable("not just now")
        return super().get(name)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return dict(small(tmp_path_factory.mktemp("small") / "data").objects)


def test_what_cannot_be_read_is_not_called_altered(objects: dict[str, bytes]) -> None:
    archive = Silent(objects)
    record = next(name for name in objects if name[0].isdigit())
    key = next(name for name in objects if name.startswith("keys/"))
    for name in (key, checkpoints_of(archive)[0], record):
        archive.silent = name
        first = verify(archive).findings[0]
        assert first.name == name
        assert "cannot be read" in first.reason
