"""What must be true after any number of deaths: asked of the running server, then of the folder it leaves behind."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson

from bbws.audit.model import archive_name, archive_object
from bbws.audit.store import index_row
from bbws.bootstrap.embedded import rebuild, verify_archive
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.change import Change
from bbws.kernel.clock import SystemClock
from bbws.kernel.table import Row, RowKind
from tests.faults.load import Address, Creator, Load, Updater, call
from tests.faults.supervision import eventually

_PAGE = 100


class Api:
    """Asks a running server."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def get(self, path: str, *, status: int = 200) -> Any:
        return self.ask("GET", path, status=status)

    def ask(self, method: str, path: str, *, json: object = None, status: int = 200) -> Any:
        return orjson.loads(self._answer(method, path, json, status))

    def status(self, method: str, path: str) -> int:
        with closing(self._address.connect()) as connection:
            return call(connection, self._address.key, method, path)[0]

    def download(self, path: str) -> bytes:
        return self._answer("GET", path, None, 200)

    def _answer(self, method: str, path: str, json: object, status: int) -> bytes:
        with closing(self._address.connect()) as connection:
            found, body = call(connection, self._address.key, method, path, json=json)
        assert found == status, body
        return body

    def every(self, path: str) -> Iterator[Any]:
        """All items of a list."""
        separator = "&" if "?" in path else "?"
        page = self.get(f"{path}{separator}pageSize={_PAGE}")
        yield from page["items"]
        while page["moreAvailable"]:
            page = self.get(f"{path}{separator}pageSize={_PAGE}&startAt={page['nextToken']}")
            yield from page["items"]

    def is_quiet(self) -> bool:
        """Whether everything that follows from what was changed has happened.

        Metrics say it; ``/health`` would call a server unwell that has more than a minute's work before it.
        """
        metrics = self.download("/metrics").decode()
        waiting = re.findall(
            r"^bbws_(?:feed_waiting|queue_(?:waiting|in_flight))(?:\{.*\})? (\S+)$", metrics, re.MULTILINE
        )
        assert waiting, metrics
        return not any(map(float, waiting))


def _queues(details: Mapping[str, Any]) -> list[Any]:
    return list(details["queues"].values())


def check_served(api: Api, load: Load) -> None:
    """Everything acknowledged is there exactly once, every accepted operation was carried out, nothing is parked."""
    eventually(api.is_quiet, "feed and queues are empty")
    assert {queue["dead"] for queue in _queues(api.get("/health")["details"])} == {0}
    given_up = _put_back(api)
    eventually(api.is_quiet, "feed and queues are empty")
    _check_creates(api, load.creators)
    operations = {each["operationId"]: each["status"] for each in api.every("/v1.0/operations")}
    assert set(operations.values()) <= {"COMPLETED"}
    promises = [client.acknowledged for client in load.creators] + [client.acknowledged for client in load.updaters]
    for promised in promises:
        assert {each.operation_id for each in promised.values()} - {None} <= operations.keys()
    for client in load.updaters:
        _check_updates(api, client, given_up)
    # The daily one may be in the making.
    eventually(lambda: api.status("POST", "/v1.0/audit/checkpoints") == HTTPStatus.CREATED, "a checkpoint is made")


def _put_back(api: Api) -> set[str]:
    """Retry what was given up since the server was killed in it three times in a row; which operations those are."""
    failed = {each["operationId"]: each for each in api.every("/v1.0/operations?status=FAILED")}
    for operation_id, each in failed.items():
        assert each["problem"]["detail"].endswith("the process was stopped in it."), each
        api.ask("POST", f"/v1.0/operations/{operation_id}/retry")
    return set(failed)


def _check_creates(api: Api, creators: list[Creator]) -> None:
    found = defaultdict(list)
    for product in api.every("/v1.0/products?status=all"):
        found[product["name"]].append(product["productId"])
    assert {name: ids for name, ids in found.items() if len(ids) > 1} == {}
    for creator in creators:
        promised = {name: [each.product_id] for name, each in creator.acknowledged.items()}
        assert {name: found.get(name) for name in promised} == promised


def _check_updates(api: Api, client: Updater, given_up: set[str]) -> None:
    """Acknowledged ones once and in their order (put back: at the end), others once at most, no version missing."""
    history = list(api.every(f"/v1.0/products/{client.product_id}/history"))[::-1]
    assert [change["version"] for change in history] == list(range(1, len(history) + 1))
    texts = [change["after"]["description"] for change in history[1:]]
    assert [text for text, times in Counter(texts).items() if times > 1] == []
    assert client.acknowledged.keys() <= set(texts)
    in_order = [text for text, each in client.acknowledged.items() if each.operation_id not in given_up]
    assert [text for text in texts if text in set(in_order)] == in_order


@contextmanager
def opened(data_dir: Path) -> Iterator[EmbeddedEngine]:
    """The engine on a folder that no server uses."""
    engine = EmbeddedEngine.open(data_dir, clock=SystemClock(), synchronous="OFF")
    try:
        yield engine
    finally:
        engine.stop(timeout=30)


def check_folder(data_dir: Path, scratch: Path) -> None:
    """Every change is archived and indexed, every chain is whole, and the rows are those that the archive tells of."""
    with opened(data_dir) as engine:
        assert engine.drain(timeout=0)
        _check_changes(engine)
        kept = _rows(engine)
    report = verify_archive(data_dir / ARCHIVE_FOLDER)
    assert report.findings == []
    assert report.checkpoints > 0
    rebuild(data_dir / ARCHIVE_FOLDER, scratch, lambda _count: None)
    with opened(scratch) as engine:
        assert _rows(engine) == kept


def _check_changes(engine: EmbeddedEngine) -> None:
    versions: dict[Any, list[int]] = defaultdict(list)
    for row in engine.rows({RowKind.CHANGE}):
        change = Change.from_document(row.document)
        versions[change.entity].append(change.version)
        assert engine.archive.get(archive_name(change)) == archive_object(change)
        index = engine.table.get(index_row(change).key)
        assert index is not None
        assert index.document == index_row(change).document
    assert {key: found for key, found in versions.items() if found != [*range(1, len(found) + 1)]} == {}


def _rows(engine: EmbeddedEngine) -> dict[Any, Any]:
    """Entities and what is derived from them, as they must be after any history."""
    return {row.key: _content(row) for row in engine.rows({RowKind.ENTITY, RowKind.DERIVED})}


def _content(row: Row) -> tuple[Any, ...]:
    return (row.kind, row.document, row.version, dict(row.indexes), row.digest, row.changed_at)
