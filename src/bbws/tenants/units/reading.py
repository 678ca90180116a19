"""The tree of a tenant's units, whole. Source: specification tenants, Decision 1."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from bbws.kernel.work import UnitOfWork
from bbws.tenants import service as tenants
from bbws.tenants.model import fold_name
from bbws.tenants.units import store
from bbws.tenants.units.model import TREE_TOO_LARGE, UnitKind

MOST = 25_000


class Leaf(NamedTuple):
    """A unit in the tree."""

    unit_id: str
    name: str


# Where a unit lies, and its name: of thousands no more is kept.
type _Place = tuple[str | None, str]
type Tree = Mapping[str | None, Sequence[Leaf]]


def tree(work: UnitOfWork, tenant_id: str) -> Tree:
    """What lies in each unit of a tenant, and under None in the tenant itself, by name.

    Raises:
        Problem: 404; 422 where there are too many for one answer.
    """
    tenants.get(work, tenant_id)
    documents = islice(store.documents(work.table, tenant_id), MOST + 1)
    found: dict[str, _Place] = {each["unitId"]: (each["parentId"], each["name"]) for each in documents}
    if len(found) > MOST:
        raise TREE_TOO_LARGE(f"This tenant has more than {MOST} units. List its divisions instead.")
    _find_parents(work, tenant_id, found)
    within: dict[str | None, list[Leaf]] = {}
    for _, unit_id in sorted((fold_name(name), unit_id) for unit_id, (_, name) in found.items()):
        parent_id, name = found[unit_id]
        within.setdefault(parent_id, []).append(Leaf(unit_id, name))
    return within


def _find_parents(work: UnitOfWork, tenant_id: str, found: dict[str, _Place]) -> None:
    """Add the parents that were made after their page had been read, and before something was moved into them."""
    for _ in (UnitKind.GROUP, UnitKind.DIVISION):
        for parent_id in {parent_id for parent_id, _ in found.values()} - found.keys() - {None}:
            parent = store.load(work.table, tenant_id, str(parent_id))
            if parent is not None:
                found[parent.value.unit_id] = parent.value.parent_id, parent.value.name
