"""A unit of a tenant. Pure. Source: specification tenants §1, §4, Decision 12."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.ids import CROCKFORD
from bbws.kernel.problem import Kind, ProblemType

RANDOM_LENGTH = 16
_RANDOM = rf"[{CROCKFORD}]{{{RANDOM_LENGTH}}}"

UNIT_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "unit-not-found",
    "Unit not found",
    "There is no division, group or team with this id, or it does not lie where the path says. The tree of the tenant"
    " shows where everything lies.",
)
UNIT_NAME_TAKEN = ProblemType(
    Kind.CONFLICT,
    "unit-name-taken",
    "Unit name taken",
    "What it would lie in has one of this name already, or of one that looks like it; case and blanks make no"
    " difference. Names of deleted ones are free.",
)
TREE_TOO_LARGE = ProblemType(
    Kind.REFUSED,
    "tree-too-large",
    "Tree too large",
    "The tenant has more units than one answer holds. List its divisions, and from there its groups and teams.",
)


class UnitKind(StrEnum):
    """The three levels, the highest first."""

    DIVISION = "division"
    GROUP = "group"
    TEAM = "team"


PREFIX: Mapping[UnitKind, str] = {UnitKind.DIVISION: "div-", UnitKind.GROUP: "group-", UnitKind.TEAM: "team-"}
# What each level lies in; None: in the tenant itself. That no unit can come to lie in itself follows from there being
# three levels of which each lies in the one before.
ABOVE: Mapping[UnitKind, UnitKind | None] = {
    UnitKind.DIVISION: None,
    UnitKind.GROUP: UnitKind.DIVISION,
    UnitKind.TEAM: UnitKind.GROUP,
}
ANY_ID_PATTERN = rf"^(?:{'|'.join(PREFIX.values())}){_RANDOM}$"


class Unit(NamedTuple):
    """A division, group or team.

    Attributes:
        parent_id: the unit it lies in; None of a division.
        active: False once it is deleted.
    """

    unit_id: str
    tenant_id: str
    kind: UnitKind
    name: str
    parent_id: str | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    active: bool = True


def id_pattern(kind: UnitKind) -> str:
    """What ids of a level look like."""
    return rf"^{PREFIX[kind]}{_RANDOM}$"
