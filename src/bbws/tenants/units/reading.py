"""The tree of a tenant's units, whole. Source: specification tenants, Decision 1."""

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from bbws.kernel.canonical import Document
from bbws.kernel.work import UnitOfWork
from bbws.tenants import service as tenants
from bbws.tenants.model import fold_name
from bbws.tenants.units import store
from bbws.tenants.units.model import TREE_TOO_LARGE, UnitKind

MOST = 25_000


class Node(NamedTuple):
    """A unit, and what lies in it, by name."""

    unit_id: str
    name: str
    within: tuple["Node", ...]


def tree(work: UnitOfWork, tenant_id: str) -> tuple[Node, ...]:
    """The divisions of a tenant with all that lies in them, by name.

    Raises:
        Problem: 404; 422 where there are too many for one answer.
    """
    tenants.get(work, tenant_id)
    found = {each["unitId"]: each for each in islice(store.documents(work.table, tenant_id), MOST + 1)}
    if len(found) > MOST:
        raise TREE_TOO_LARGE(f"This tenant has more than {MOST} units. List its divisions instead.")
    _find_parents(work, tenant_id, found)
    within: dict[str | None, list[Document]] = {}
    for each in sorted(found.values(), key=lambda each: (fold_name(each["name"]), each["unitId"])):
        within.setdefault(each["parentId"], []).append(each)
    return _nodes(within, None)


def _nodes(within: Mapping[str | None, list[Document]], parent_id: str | None) -> tuple[Node, ...]:
    return tuple(
        Node(each["unitId"], each["name"], _nodes(within, each["unitId"])) for each in within.get(parent_id, ())
    )


def _find_parents(work: UnitOfWork, tenant_id: str, found: dict[str, Document]) -> None:
    """Add the parents that were made after their page had been read, and before something was moved into them."""
    for kind in (UnitKind.TEAM, UnitKind.GROUP):
        for parent_id in {each["parentId"] for each in found.values() if each["kind"] == kind} - found.keys():
            parent = store.load(work.table, tenant_id, parent_id)
            if parent is not None:
                found[parent_id] = store.UNIT.dump(parent.value)
