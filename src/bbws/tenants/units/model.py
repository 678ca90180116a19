"""A unit of a tenant. Pure. Source: specification tenants §1, §4, Decision 12."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class UnitKind(StrEnum):
    """The three levels, the highest first."""

    DIVISION = "division"
    GROUP = "group"
    TEAM = "team"


PREFIX: Mapping[UnitKind, str] = {UnitKind.DIVISION: "div-", UnitKind.GROUP: "group-", UnitKind.TEAM: "team-"}
# What each level lies in; None: in the tenant itself.
ABOVE: Mapping[UnitKind, UnitKind | None] = {
    UnitKind.DIVISION: None,
    UnitKind.GROUP: UnitKind.DIVISION,
    UnitKind.TEAM: UnitKind.GROUP,
}


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
