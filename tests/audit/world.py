"""An archive as a running server leaves it, small enough to be looked at whole, and ways of tampering with a copy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bbws.audit.model import archive_name, archive_object
from bbws.audit.ports import ArchiveCorrupt
from bbws.audit.verify import Report, verify
from bbws.engines.embedded.archive import FolderArchive
from bbws.kernel.change import GENESIS, Change, digest_of
from tests import builders
from tests.builders import Client
from tests.fakes import FakeClock

PRODUCTS = "/v1.0/products"
CHECKPOINTS = "/v1.0/audit/checkpoints"
RECORDS = "/v1.0/audit/records"
HOUR = 3600.0


@dataclass
class MemoryArchive:
    """Objects in a dict, which a test may alter as nobody may alter an archive."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put(self, name: str, content: bytes) -> None:
        if self.objects.setdefault(name, content) != content:
            raise ArchiveCorrupt(name)

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        for name, content in objects:
            self.put(name, content)

    def get(self, name: str) -> bytes | None:
        return self.objects.get(name)

    def names(self, prefix: str) -> Iterator[str]:
        return (name for name in list(self.objects) if name.startswith(prefix))

    def copy(self, **changed: bytes) -> "MemoryArchive":
        return MemoryArchive(self.objects | changed)

    def without(self, *names: str) -> "MemoryArchive":
        return MemoryArchive({name: content for name, content in self.objects.items() if name not in names})


def snapshot(client: Client) -> MemoryArchive:
    """A copy of a client's archive, once it is complete."""
    client.drain()
    archive = client.app.engine.archive
    return MemoryArchive({name: archive.get(name) or b"" for name in archive.names("")})


def read(folder: Path) -> MemoryArchive:
    archive = FolderArchive(folder, read_only=True)
    return MemoryArchive({name: archive.get(name) or b"" for name in archive.names("")})


def checkpoint(client: Client) -> dict[str, Any]:
    """A checkpoint made through the API."""
    client.drain()
    reply = client.call("POST", CHECKPOINTS)
    assert reply.status == 201, reply.body
    document: dict[str, Any] = reply.json
    return document


def small(folder: Path) -> MemoryArchive:
    """Two products, two checkpoints, changes before, between and after them."""
    clock = FakeClock()
    with builders.client(folder, clock=clock) as client:
        client.create(productId="PROD-001", price="1")
        client.call("PUT", f"{PRODUCTS}/PROD-001", {"price": "2"})
        clock.advance(HOUR)
        checkpoint(client)
        client.call("PUT", f"{PRODUCTS}/PROD-001", {"price": "3"})
        client.create(productId="PROD-002")
        clock.advance(HOUR)
        checkpoint(client)
        client.call("DELETE", f"{PRODUCTS}/PROD-001")
        return snapshot(client)


def tiny(folder: Path) -> MemoryArchive:
    """One product, one checkpoint: small enough for every single bit."""
    clock = FakeClock()
    with builders.client(folder, clock=clock) as client:
        client.create(productId="PROD-001", features=[])
        clock.advance(HOUR)
        checkpoint(client)
        return snapshot(client)


def names_of(archive: MemoryArchive, entity: str) -> list[str]:
    """The records of one entity in the order of its history."""
    return sorted(name for name in archive.objects if f"/{entity}_" in name)


def checkpoints_of(archive: MemoryArchive) -> list[str]:
    return sorted(archive.names("checkpoints/"))


def records(archive: MemoryArchive) -> list[str]:
    return sorted(name for name in archive.objects if name[:4].isdigit())


def rewritten(archive: MemoryArchive, entity: str, first: int, fields: Mapping[str, Any]) -> MemoryArchive:
    """The history of an entity told differently from version ``first`` on, every digest made anew."""
    objects = dict(archive.objects)
    digest, after = GENESIS, None
    for version, name in enumerate(names_of(archive, entity), 1):
        document = Change.from_document(orjson.loads(objects.pop(name))).document()
        document["before"] = after
        if version >= first:
            document["after"] = {**document["after"], **fields}
        document["digest"] = digest_of(document, digest)
        change = Change.from_document(document)
        digest, after = change.digest, change.after
        objects[archive_name(change)] = archive_object(change)
    return MemoryArchive(objects)


def found(archive: MemoryArchive, **arguments: Any) -> list[str]:
    """The objects that a verification complains about."""
    report: Report = verify(archive, **arguments)
    return [finding.name for finding in report.findings]
