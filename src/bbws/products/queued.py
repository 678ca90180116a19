"""The queued write path: accept now, apply in order of acceptance. Source.

Specification products, Decision 1 and §6.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bbws.kernel.access import Access
from bbws.kernel.canonical import Document
from bbws.kernel.entity import Stored
from bbws.kernel.money import money_text
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from bbws.operations.service import OperationKind, accept
from bbws.products import events, service, store
from bbws.products.model import NewProduct

CREATE = "CREATE"
UPDATE = "UPDATE"
DELETE = "DELETE"


def accept_create(work: UnitOfWork, new: NewProduct) -> tuple[str, Stored[Operation]]:
    """Reserve an id for a product that is to be; the id and the operation.

    Raises:
        Problem: 409 where the id is taken or reserved.
    """
    product_id = service.free_id(work, new)
    work.ensure(store.product_key(product_id), None)
    data: Document = {
        "name": new.name,
        "description": new.description,
        "price": money_text(new.price),
        "currency": new.currency,
        "period": new.period,
        "features": list(new.features),
        "active": new.active,
    }
    return product_id, _accept(work, CREATE, product_id, data)


def accept_update(work: UnitOfWork, product_id: str, fields: Mapping[str, Any]) -> Stored[Operation]:
    """Put an update in the product's line.

    Raises:
        Problem: 404 or 412.
    """
    _require_known(work, product_id)
    data = dict(fields)
    if "price" in data:
        data["price"] = money_text(data["price"])
    if "features" in data:
        data["features"] = list(data["features"])
    return _accept(work, UPDATE, product_id, data)


def accept_delete(work: UnitOfWork, product_id: str) -> Stored[Operation]:
    """Put a deletion in the product's line.

    Raises:
        Problem: 404 or 412.
    """
    _require_known(work, product_id)
    return _accept(work, DELETE, product_id, {})


def _require_known(work: UnitOfWork, product_id: str) -> None:
    """A product is known that exists or whose creation was accepted."""
    current = store.load(work, product_id)
    if current is not None:
        work.match(current)
    elif work.table.get(store.hold_key(product_id)) is None:
        raise service.not_found(product_id)


def _accept(work: UnitOfWork, change: str, product_id: str, data: Document) -> Stored[Operation]:
    """``data`` holds attribute names; the message of specification §6 is the operation's input.

    The versions of ``If-Match`` go along: what changes before the line reaches this operation must fail it too.
    """
    expected = None if work.if_match is None else sorted(work.if_match)
    return accept(
        work,
        PRODUCT_CHANGE,
        subject=store.path(product_id),
        permission=service.WRITE,
        content={"eventType": change, "productId": product_id, "productData": data, "ifMatch": expected},
        holds=(store.hold_key(product_id),) if change == CREATE else (),
    )


def apply_change(work: UnitOfWork, operation: Operation) -> Document:
    """The product creator: apply an accepted change in the commit that ends its operation.

    Raises:
        Problem: the refusal that the direct call would have got.
    """
    product_id = operation.input["productId"]
    if operation.input["ifMatch"] is not None:
        work.if_match = frozenset(operation.input["ifMatch"])
    data: dict[str, Any] = dict(operation.input["productData"])
    if "price" in data:
        data["price"] = Decimal(data["price"])
    if "features" in data:
        data["features"] = tuple(data["features"])
    match operation.input["eventType"]:
        case "CREATE":
            if store.load(work, product_id) is not None:
                service.require_free(work, product_id)
            service.add(work, NewProduct(**data), product_id)
        case "UPDATE":
            service.update(work, product_id, data)
        case _:
            service.delete(work, product_id)
    return {"productId": product_id}


def accept_again(work: UnitOfWork, operation: Operation) -> None:
    """Make sure that the id of a creation which failed is still free.

    Raises:
        Problem: 409 where it is taken or reserved by now.
    """
    if operation.input["eventType"] == CREATE:
        product_id = operation.input["productId"]
        service.require_free(work, product_id)
        work.ensure(store.product_key(product_id), None)


PRODUCT_CHANGE = OperationKind(
    "product.change",
    events.CHANGE_REQUESTED,
    (("apply", apply_change),),
    again=accept_again,
    access=store.CHANGING | Access.to(removes="PRODUCT"),
    retrying=Access.to(gets="PRODUCT", puts="PRODUCT", ensures="PRODUCT"),
)
