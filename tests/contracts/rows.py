"""Rows for the contracts of the Table."""

from bbws.kernel.canonical import Document
from bbws.kernel.table import Key, Row, RowKind, Table

# Those that the tables of the contracts have.
INDEXES = ("one", "two", "three", "four")


def row(
    partition: str,
    sort: str,
    document: Document | None = None,
    *,
    version: int = 1,
    expires_at: float | None = None,
    **indexes: tuple[str, str],
) -> Row:
    kind = RowKind.ENTITY if expires_at is None else RowKind.EPHEMERAL
    found_by = {name: Key(*key) for name, key in indexes.items()}
    return Row(Key(partition, sort), kind, document or {"of": sort}, version, found_by, expires_at=expires_at)


def change(number: int, *, type_: str = "product.created", replayed: bool = False) -> Row:
    document = {"id": f"c{number}", "type": type_, "subject": f"/v1.0/products/{number}"}
    return Row(Key(f"P#{number}", "CHANGE#1"), RowKind.CHANGE, document, replayed=replayed)


def sorts(table: Table, partition: str, **query: object) -> list[str]:
    """The sort keys of all rows of a query, page by page."""
    found: list[str] = []
    start = None
    while True:
        page = table.query(partition, start=start, **query)  # type: ignore[arg-type]  # as the test gives them
        found += [each.key.sort for each in page.rows]
        start = page.next
        if start is None:
            return found
