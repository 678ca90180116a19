"""Keys and queries of products, written once over the kernel's Table. Source: specification products §7, Decision 6."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.money import money_text, sortable
from bbws.kernel.table import Key, Position, Row, RowKind, Table, merged
from bbws.kernel.text import fold
from bbws.kernel.work import UnitOfWork
from bbws.products.model import Product, search_words

BASE = "/v1.0/products"
ORDERS: Mapping[str, str] = {
    "createdAt": "ActiveProductsIndex",
    "price": "ProductsByPriceIndex",
    "name": "ProductsByNameIndex",
}
_CURRENCY_ORDERS: Mapping[str, str] = {order: f"Currency{index}" for order, index in ORDERS.items()}
_CURRENCY_WORDS = "CurrencyProductsByWordIndex"
STORE = Store("products", ("PRODUCT",), ("WORDS",), (*ORDERS.values(), *_CURRENCY_ORDERS.values(), _CURRENCY_WORDS))
READING = Access.to(gets="PRODUCT")
LISTING = READING | Access(queries=frozenset({"WORDS"}), indexes=frozenset(STORE.indexes))
CREATING = READING | Access.to(puts="PRODUCT WORDS", ensures="PRODUCT")
CHANGING = READING | Access.to(puts="PRODUCT WORDS", removes="WORDS")
# Sorts in an order hold the id behind a character below every printable one, so that "ab" comes before "ab c".
_END = "\x1f"
# A sort key may have 1,024 bytes on DynamoDB; folding can multiply the length of a name.
_SORT_CHARACTERS = 200
_WORD_CHARACTERS = 60
_SCANNED_AT_ONCE = 100
_SCANNED_AT_MOST = 200


def product_key(product_id: str) -> Key:
    """Where a product lies."""
    return Key(f"PRODUCT#{product_id}", "METADATA")


def hold_key(product_id: str) -> Key:
    """The row that reserves an id for a queued creation."""
    return Key(f"PRODUCT#{product_id}", "HOLD")


def path(product_id: str) -> str:
    """The resource path, CloudEvents subject."""
    return f"{BASE}/{product_id}"


def _dump(product: Product) -> Document:
    return {
        "productId": product.product_id,
        "name": product.name,
        "description": product.description,
        "price": money_text(product.price),
        "currency": product.currency,
        "period": product.period,
        "features": list(product.features),
        "active": "true" if product.active else "false",
        "createdAt": rfc3339(product.created_at),
        "updatedAt": rfc3339(product.updated_at),
        "entityType": "PRODUCT",
    }


def _load(document: Document) -> Product:
    return Product(
        document["productId"],
        document["name"],
        document["description"],
        Decimal(document["price"]),
        document["currency"],
        document["period"],
        tuple(document["features"]),
        document["active"] == "true",
        parse_rfc3339(document["createdAt"]),
        parse_rfc3339(document["updatedAt"]),
    )


def _partition(status: bool, currency: str | None) -> str:  # noqa: FBT001 - the index key is the boolean
    word = "true" if status else "false"
    return word if currency is None else f"{word}#{currency}"


def _words_partition(status: bool) -> str:  # noqa: FBT001 - the index key is the boolean
    return f"WORDS#{_partition(status, None)}"


def _indexes(product: Product) -> dict[str, Key]:
    everywhere, in_currency = _partition(product.active, None), _partition(product.active, product.currency)
    end = f"{_END}{product.product_id}"
    sorts = {
        "createdAt": rfc3339(product.created_at) + end,
        "price": sortable(product.price) + end,
        "name": fold(product.name)[:_SORT_CHARACTERS] + end,
    }
    indexes = {ORDERS[order]: Key(everywhere, sort) for order, sort in sorts.items()}
    return indexes | {_CURRENCY_ORDERS[order]: Key(in_currency, sort) for order, sort in sorts.items()}


def _word_rows(product: Product) -> Iterable[Row]:
    """A row for each word, found by its own key among all products, and by an index among those of its currency."""
    names = search_words(product.name)
    document = {"productId": product.product_id, "words": names}
    everywhere, in_currency = _words_partition(product.active), _partition(product.active, product.currency)
    sorts = dict.fromkeys([_word_sort(word, product.product_id) for word in names])
    derived = RowKind.DERIVED
    return [
        Row(Key(everywhere, sort), derived, document, 1, {_CURRENCY_WORDS: Key(in_currency, sort)}) for sort in sorts
    ]


def _word_sort(word: str, product_id: str) -> str:
    return f"{word[:_WORD_CHARACTERS]}{_END}{product_id}"


PRODUCT = EntityType(
    name="product",
    source="/bbws/products",
    key=lambda product: product_key(product.product_id),
    subject=lambda product: path(product.product_id),
    dump=_dump,
    load=_load,
    indexes=_indexes,
    derived=_word_rows,
)


def load(work: UnitOfWork, product_id: str) -> Stored[Product] | None:
    """The product, active or not."""
    return work.load(PRODUCT, product_key(product_id))


def from_change(document: Document) -> Product:
    """The product as a Change recorded it."""
    return _load(document)


def listed(  # noqa: PLR0913 - each is a part of the question
    table: Table,
    *,
    statuses: tuple[bool, ...],
    currency: str | None,
    order: str,
    descending: bool,
    start: Position | None,
    limit: int,
) -> tuple[list[Stored[Product]], Position | None]:
    """A page of products in an order; several statuses are merged into one order."""
    index = (ORDERS if currency is None else _CURRENCY_ORDERS)[order]
    pages = [
        table.query(_partition(status, currency), index=index, start=start, limit=limit, descending=descending)
        for status in statuses
    ]
    rows, following = merged(pages, index, limit, descending=descending)
    return [PRODUCT.stored(row) for row in rows], following


def found(
    table: Table,
    terms: list[str],
    *,
    statuses: tuple[bool, ...],
    currency: str | None,
    start: Position | None,
    limit: int,
) -> tuple[list[Stored[Product]], Position | None]:
    """A page of products in whose names every term begins a word, in order of the word that the longest term begins.

    At most 200 rows are looked at for a page, so a page may be short (even empty) and still have a next one.
    """
    longest = max(terms, key=len)[:_WORD_CHARACTERS]
    index = None if currency is None else _CURRENCY_WORDS
    products: list[Stored[Product]] = []
    for scanned in range(0, _SCANNED_AT_MOST, _SCANNED_AT_ONCE):
        rows, following = _candidates(table, statuses, currency, longest, start)
        for row in rows:
            start = row.position(index)
            product = _match(table, row, terms, longest)
            if product is not None:
                products.append(product)
            if len(products) == limit:
                return products, start if row is not rows[-1] or following is not None else None
        if following is None or scanned + _SCANNED_AT_ONCE == _SCANNED_AT_MOST:
            return products, following
    return products, start  # pragma: no cover - the loop's last round returns


def _candidates(
    table: Table, statuses: tuple[bool, ...], currency: str | None, prefix: str, start: Position | None
) -> tuple[Sequence[Row], Position | None]:
    index = None if currency is None else _CURRENCY_WORDS
    partitions = [_words_partition(s) if currency is None else _partition(s, currency) for s in statuses]
    pages = [
        table.query(partition, index=index, prefix=prefix, start=start, limit=_SCANNED_AT_ONCE)
        for partition in partitions
    ]
    return merged(pages, index, _SCANNED_AT_ONCE, descending=False)


def _match(table: Table, row: Row, terms: list[str], longest: str) -> Stored[Product] | None:
    """The product of a word row, if every term begins one of its words and ``longest`` begins none before this one."""
    names: list[str] = row.document["words"]
    begun = min(word for word in names if word.startswith(longest))
    product_id = row.document["productId"]
    first = row.key.sort == _word_sort(begun, product_id)
    if not first or not all(any(word.startswith(term) for word in names) for term in terms):
        return None
    product_row = table.get(product_key(product_id))
    if product_row is None:  # pragma: no cover - products are never removed; an index may lag on other engines
        return None
    return PRODUCT.stored(product_row)


def newest_first(order: str) -> bool:
    """The direction of an order where none is asked for: newest first, cheapest first, A first."""
    return order == "createdAt"
