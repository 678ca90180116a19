"""The main journey over real HTTP: a catalogue is loaded, searched, changed both ways, audited and verified."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bbws.bootstrap import embedded as bootstrap
from tests import builders
from tests.builders import Server
from tests.server.support import Answer, call
from tests.stories import catalogue
from tests.stories.catalogue import PRODUCTS


@dataclass(frozen=True)
class Shop:
    """A person with the first key in their hand."""

    server: Server

    def do(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: bool = True,
    ) -> Answer:
        return call(self.server, method, path, body, key=key, headers=headers)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with builders.server(tmp_path / "data") as server:
        yield Shop(server)


def test_a_catalogue_from_its_file_to_a_verified_archive(shop: Shop) -> None:
    catalogue.tell(shop)

    # Verified offline after a clean stop, and built again from the archive alone.
    assert shop.server.stop() == 0
    archive = shop.server.data_dir / "archive"
    report = bootstrap.verify_archive(archive)
    assert (report.sound, report.checkpoints, report.newer) == (True, 1, 0)
    again = shop.server.data_dir.parent / "again"
    assert bootstrap.rebuild(archive, again, lambda _: None) == report.records
    with builders.client(again, start=False) as rebuilt:
        items = rebuilt.call("GET", f"{PRODUCTS}?status=all").json["items"]
        loaded = {row["name"] for row in catalogue.rows()[:6]}
        assert {item["name"] for item in items} == loaded - {"Professional"} | {"Professional Plus"}
