"""What every peer shares: where its products lie, and a product as BBWS serves it. Same schemas, same links."""

import json
import secrets
import sqlite3
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from bbws.kernel.endpoint import LinkObject
from bbws.kernel.money import money_text
from bbws.platform.openapi_schemas import Listing
from bbws.products.schemas import CreateProduct, ProductBody, UpdateProduct

BASE = "/v1.0/products"
ONE = f"{BASE}/{{product_id}}"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# BBWS builds schemas when they are needed; FastAPI takes only such as are built.
for _schema in (CreateProduct, UpdateProduct, ProductBody, Listing[ProductBody]):
    _schema.model_config["defer_build"] = False
    _schema.model_rebuild(force=True)

type Record = dict[str, Any]


class NotFoundError(Exception):
    """There is no such product, or it is off sale."""


class InactiveError(Exception):
    """An inactive product must be restored by the change."""


class Rows(Protocol):
    """Where products lie."""

    def get(self, product_id: str) -> Record | None: ...

    def newest(self, limit: int, before: str | None) -> list[Record]:
        """Active products, newest first, those made before the time ``before``."""
        ...

    def put(self, record: Record) -> None: ...


class MemoryRows:
    """Rows in a dict, sorted when a list is asked for: in AWS the database keeps the order."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def get(self, product_id: str) -> Record | None:
        return self._records.get(product_id)

    def newest(self, limit: int, before: str | None) -> list[Record]:
        wanted = (each for each in self._records.values() if each["active"] and each["created_at"] < (before or "~"))
        return sorted(wanted, key=itemgetter("created_at"), reverse=True)[:limit]

    def put(self, record: Record) -> None:
        self._records[record["product_id"]] = record


class SqliteRows:
    """Rows in SQLite, as durable as BBWS's, used where it is called: a thread hop would only cost the peer time."""

    _COLUMNS = (
        "product_id",
        "name",
        "description",
        "price",
        "currency",
        "period",
        "features",
        "active",
        "created_at",
        "updated_at",
        "version",
    )

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            f"CREATE TABLE IF NOT EXISTS products ({', '.join(self._COLUMNS)}, PRIMARY KEY (product_id))",
            "CREATE INDEX IF NOT EXISTS by_age ON products (active, created_at)",
        ):
            self._connection.execute(statement)

    def get(self, product_id: str) -> Record | None:
        row = self._connection.execute("SELECT * FROM products WHERE product_id = ?", (product_id,)).fetchone()
        return None if row is None else _record(row)

    def newest(self, limit: int, before: str | None) -> list[Record]:
        rows = self._connection.execute(
            "SELECT * FROM products WHERE active = 1 AND created_at < ? ORDER BY created_at DESC LIMIT ?",
            (before or "~", limit),
        )
        return [_record(row) for row in rows]

    def put(self, record: Record) -> None:
        marks = ", ".join("?" * len(self._COLUMNS))
        values = record | {"features": json.dumps(record["features"])}
        self._connection.execute(
            f"REPLACE INTO products VALUES ({marks})",  # noqa: S608 - question marks
            [values[name] for name in self._COLUMNS],
        )


def _record(row: sqlite3.Row) -> Record:
    return dict(row) | {"features": json.loads(row["features"]), "active": bool(row["active"])}


class Catalogue:
    """The five use cases over rows: what a service layer of any framework would hold."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, product_id: str) -> ProductBody:
        record = self._rows.get(product_id)
        if record is None or not record["active"]:
            raise NotFoundError
        return served(record)

    def page(self, page_size: int, start_at: str | None) -> Listing[ProductBody]:
        records = self._rows.newest(page_size + 1, start_at)
        more = len(records) > page_size
        token = records[page_size - 1]["created_at"] if more else None
        items = [served(record) for record in records[:page_size]]
        links = {"self": LinkObject(href=BASE), "create": LinkObject(href=BASE, method="POST")}
        if token is not None:
            links["next"] = LinkObject(href=f"{BASE}?startAt={token}")
        return Listing[ProductBody](items=items, count=len(items), more_available=more, next_token=token, links=links)

    def create(self, new: CreateProduct) -> ProductBody:
        moment = _now()
        record = new.model_dump(by_alias=False) | {
            "product_id": new.product_id or "PROD-" + "".join(secrets.choice(_CROCKFORD) for _ in range(6)),
            "price": money_text(new.price),
            "created_at": moment,
            "updated_at": moment,
            "version": 1,
        }
        self._rows.put(record)
        return served(record)

    def update(self, product_id: str, change: UpdateProduct) -> ProductBody:
        current = self._rows.get(product_id)
        if current is None:
            raise NotFoundError
        fields = change.model_dump(by_alias=False, exclude_unset=True)
        if not current["active"] and fields.get("active") is not True:
            raise InactiveError
        if "price" in fields:
            fields["price"] = money_text(change.price)
        record = current | fields | {"updated_at": _now(), "version": current["version"] + 1}
        self._rows.put(record)
        return served(record)

    def delete(self, product_id: str) -> None:
        current = self._rows.get(product_id)
        if current is None:
            raise NotFoundError
        if current["active"]:
            self._rows.put(current | {"active": False, "updated_at": _now(), "version": current["version"] + 1})


def served(record: Record) -> ProductBody:
    """A product as served to a caller who may write."""
    return ProductBody(**record, links=_links(record))


def _links(record: Record) -> dict[str, LinkObject]:
    path = f"{BASE}/{record['product_id']}"
    links = {"self": LinkObject(href=path)}
    if record["active"]:
        links["update"] = LinkObject(href=path, method="PUT")
        links["delete"] = LinkObject(href=path, method="DELETE")
    else:
        links["restore"] = LinkObject(href=path, method="PUT")
    links["history"] = LinkObject(href=f"{path}/history")
    links["collection"] = LinkObject(href=BASE)
    return links


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
