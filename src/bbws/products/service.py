"""Use cases of products. Each takes the unit of work, which carries the actor and collects the effects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bbws.kernel.change import Change
from bbws.kernel.clock import rfc3339
from bbws.kernel.entity import Stored
from bbws.kernel.history import as_of, history
from bbws.kernel.ids import random_id
from bbws.kernel.problem import VALIDATION, FieldError
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork
from bbws.products import events, model, store
from bbws.products.model import ID_PREFIX, ID_RANDOM_LENGTH, PRODUCT_EXISTS, PRODUCT_NOT_FOUND, NewProduct, Product

WRITE = "products:write"


class Search(NamedTuple):
    """Which products, in which order. ``order`` None: newest first, or by matching word where ``terms`` are given."""

    statuses: tuple[bool, ...] = (True,)
    currency: str | None = None
    order: str | None = None
    descending: bool | None = None
    q: str | None = None


def create(work: UnitOfWork, new: NewProduct) -> Stored[Product]:
    """Add a product under the id it asks for, or under a random one.

    Raises:
        Problem: 409 where the id is taken or reserved.
    """
    product_id = free_id(work, new)
    work.ensure(store.hold_key(product_id), None)
    return add(work, new, product_id)


def add(work: UnitOfWork, new: NewProduct, product_id: str) -> Stored[Product]:
    """Add a product under an id that the caller has made sure of."""
    return work.create(store.PRODUCT, new.at(product_id, work.now()), events.CREATED)


def free_id(work: UnitOfWork, new: NewProduct) -> str:
    """The id that a new product asks for, or a random one: the commit finds out whether that is taken, and draws again.

    Raises:
        Problem: 409 where the id asked for is taken or reserved.
    """
    if new.product_id is None:
        return ID_PREFIX + random_id(ID_RANDOM_LENGTH)
    require_free(work, new.product_id)
    return new.product_id


def require_free(work: UnitOfWork, product_id: str) -> None:
    """Refuse an id that exists or is reserved.

    Raises:
        Problem: 409.
    """
    hold = work.table.get(store.hold_key(product_id))
    if store.load(work, product_id) is not None:
        reason = f"A product {product_id} exists already."
    elif hold is not None:
        reason = f"The id {product_id} is reserved by operation {hold.document['operationId']}, which is to create it."
    else:
        return
    raise PRODUCT_EXISTS(f"{reason} Create it under another id, or leave productId out.", productId=product_id)


def get(work: UnitOfWork, product_id: str) -> Stored[Product]:
    """A product: an active one for everybody, an inactive one for those who may write.

    Raises:
        Problem: 404.
    """
    current = store.load(work, product_id)
    if current is None or not (current.value.active or work.actor.may(WRITE)):
        raise not_found(product_id)
    return current


def not_found(product_id: str) -> Exception:
    """The 404 problem."""
    return PRODUCT_NOT_FOUND(f"There is no product {product_id}. Ids are case-sensitive.")


def get_as_of(work: UnitOfWork, product_id: str, moment: datetime) -> Stored[Product]:
    """A product as it was at ``moment``; needs the right to write.

    Raises:
        Problem: 401, 403, or 404 where it did not exist then.
    """
    work.actor.require(WRITE)
    current = store.load(work, product_id)
    change = current and as_of(work.table, store.product_key(product_id), current.version, rfc3339(moment))
    if not change:
        detail = f"There was no product {product_id} at {rfc3339(moment)}."
        raise PRODUCT_NOT_FOUND(detail)
    return Stored(store.from_change(change.after), change.version, change.digest, change.time)


def list_products(
    work: UnitOfWork, search: Search, start: Position | None, limit: int
) -> tuple[list[Stored[Product]], Position | None]:
    """A page of products; others than active ones need the right to write.

    Raises:
        Problem: 400, 401 or 403.
    """
    if search.statuses != (True,):
        work.actor.require(WRITE)
    if search.q is not None:
        return _find(work, search, search.q, start, limit)
    order = search.order or "createdAt"
    descending = store.newest_first(order) if search.descending is None else search.descending
    return store.listed(
        work.table,
        statuses=search.statuses,
        currency=search.currency,
        order=order,
        descending=descending,
        start=start,
        limit=limit,
    )


def _find(
    work: UnitOfWork, search: Search, q: str, start: Position | None, limit: int
) -> tuple[list[Stored[Product]], Position | None]:
    terms = model.search_words(q)
    if not terms:
        message = "must have at least one letter or digit"
        raise VALIDATION(f"q {message}.", errors=(FieldError("q", message, "search_terms"),))
    return store.found(work.table, terms, statuses=search.statuses, currency=search.currency, start=start, limit=limit)


def update(work: UnitOfWork, product_id: str, fields: Mapping[str, Any]) -> Stored[Product]:
    """Put ``fields`` (attribute name → value) in place of the product's own.

    ``active`` takes it off sale or restores it.

    Raises:
        Problem: 404, 412, or 422 for an inactive product that is not restored.
    """
    current = _to_change(work, product_id)
    product = model.changed(current.value, fields, work.now(current))
    event = events.UPDATED
    if product.active != current.value.active:
        event = events.RESTORED if product.active else events.DELETED
    return work.update(store.PRODUCT, current, product, event)


def delete(work: UnitOfWork, product_id: str) -> None:
    """Take a product off sale; one that is off sale already stays so.

    Raises:
        Problem: 404 or 412.
    """
    current = _to_change(work, product_id)
    if current.value.active:
        product = model.deactivated(current.value, work.now(current))
        work.update(store.PRODUCT, current, product, events.DELETED)


def _to_change(work: UnitOfWork, product_id: str) -> Stored[Product]:
    current = store.load(work, product_id)
    if current is None:
        raise not_found(product_id)
    work.match(current)
    return current


def product_history(
    work: UnitOfWork, product_id: str, start: Position | None, limit: int
) -> tuple[list[Change], Position | None]:
    """A page of a product's changes, newest first.

    Raises:
        Problem: 404.
    """
    if store.load(work, product_id) is None:
        raise not_found(product_id)
    return history(work.table, store.product_key(product_id), start, limit)
