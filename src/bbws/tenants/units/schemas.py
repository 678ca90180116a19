"""The schemas of units on the wire. Three levels differ in their ids alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from bbws.kernel.clock import rfc3339
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.text import ONE_LINE
from bbws.people.schemas import UserId
from bbws.tenants.members.schemas import AccessDifference
from bbws.tenants.schemas import NAME_PATTERN, NAMED, TenantId, TenantPath
from bbws.tenants.units.model import Unit, UnitKind, id_pattern
from bbws.tenants.units.reading import Tree

_EXAMPLE = "0123456789ABCDEF"

type DivisionId = Annotated[
    str,
    Field(pattern=id_pattern(UnitKind.DIVISION), examples=[f"div-{_EXAMPLE}"], description="Id of the division."),
]
type GroupId = Annotated[
    str, Field(pattern=id_pattern(UnitKind.GROUP), examples=[f"group-{_EXAMPLE}"], description="Id of the group.")
]
type TeamId = Annotated[
    str, Field(pattern=id_pattern(UnitKind.TEAM), examples=[f"team-{_EXAMPLE}"], description="Id of the team.")
]
type UnitName = Annotated[
    str,
    Field(
        min_length=2,
        max_length=50,
        pattern=NAME_PATTERN,
        examples=["Engineering"],
        description="Latin letters, digits, blanks, hyphens, apostrophes. No other one beside it has it.",
    ),
    NAMED,
    ONE_LINE,
]


class UnitsPath(TenantPath):
    """Which units, from the highest on; here none."""

    @property
    def chain(self) -> tuple[str, ...]:
        """The ids of the units, the highest first."""
        ids = (getattr(self, f"{kind}_id", None) for kind in UnitKind)
        return tuple(unit_id for unit_id in ids if unit_id is not None)


class DivisionPath(UnitsPath):
    """Which division."""

    division_id: DivisionId


class GroupPath(DivisionPath):
    """Which group, of which division."""

    group_id: GroupId


class TeamPath(GroupPath):
    """Which team, of which group, of which division."""

    team_id: TeamId


class MemberPath(TeamPath):
    """Whom, in which team."""

    user_id: UserId


class UnitQuery(Paging):
    """Which part of the list."""


class DeleteQuery(Query):
    """How to delete."""

    cascade: bool = Field(default=False, description="Also what lies in it, and the roles that are held there.")


class NewUnit(Wire):
    """A unit that is to be."""

    name: UnitName


class _Changes(Wire):
    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: UnitName | None = Field(default=None)

    @model_validator(mode="after")
    def _not_empty(self) -> "_Changes":
        if not self.model_fields_set:
            msg = "must name a field to change"
            raise ValueError(msg)
        return self

    @field_validator("*")
    @classmethod
    def _not_null(cls, value: object) -> object:
        if value is None:
            msg = "must not be null; leave it out to keep it"
            raise ValueError(msg)
        return value

    @property
    def parent_id(self) -> str | None:
        """Where it is to lie; None: where it does."""
        return None


class UpdateDivision(_Changes):
    """What is to change of a division."""


class UpdateGroup(_Changes):
    """What is to change of a group; what is left out stays as it is."""

    division_id: DivisionId | None = Field(default=None, description="The division that it is to move to.")

    @property
    def parent_id(self) -> str | None:
        """Where it is to lie; None: where it does."""
        return self.division_id


class UpdateTeam(_Changes):
    """What is to change of a team; what is left out stays as it is."""

    group_id: GroupId | None = Field(default=None, description="The group that it is to move to, of any division.")

    @property
    def parent_id(self) -> str | None:
        """Where it is to lie; None: where it does."""
        return self.group_id


class UnitBody(Resource):
    """What all units have."""

    tenant_id: TenantId
    name: str = Field(examples=["Engineering"], description="What it is called.")
    created_at: str = Field(description="When it was made.")
    created_by: str = Field(description="Subject id of who made it.")
    updated_at: str = Field(description="When it was changed last.")
    updated_by: str = Field(description="Subject id of who changed it last.")

    @classmethod
    def of(cls, current: Stored[Unit], chain: Sequence[str], **further: Any) -> "UnitBody":  # noqa: ANN401 - a field's
        """The unit to which ``chain`` leads, as served."""
        unit = current.value
        return cls(
            tenant_id=unit.tenant_id,
            name=unit.name,
            created_at=rfc3339(unit.created_at),
            created_by=unit.created_by,
            updated_at=rfc3339(unit.updated_at),
            updated_by=unit.updated_by,
            **named(chain),
            **further,
        )


def named(chain: Sequence[str]) -> dict[str, Any]:
    """The ids of a way from the highest unit down, each under its field's name."""
    return {f"{kind}_id": unit_id for kind, unit_id in zip(UnitKind, chain, strict=False)}


class DivisionBody(UnitBody):
    """A division."""

    division_id: DivisionId


class GroupBody(DivisionBody):
    """A group, and the division that it lies in."""

    group_id: GroupId


class TeamBody(GroupBody):
    """A team, and where it lies."""

    team_id: TeamId


class ChangedGroupBody(GroupBody):
    """A group that was changed."""

    access_difference: AccessDifference = None


class ChangedTeamBody(TeamBody):
    """A team that was changed."""

    access_difference: AccessDifference = None


# Parts of a tree are no models of their own: there are thousands of them in an answer, and each would cost as much as
# all the rest of it.
PART_OF_TREE = ConfigDict(alias_generator=to_camel, extra="forbid")
type PartName = Annotated[str, Field(description="What it is called.")]


class UnitIds(Resource):
    """Where something of a team is."""

    tenant_id: TenantId
    division_id: DivisionId
    group_id: GroupId
    team_id: TeamId


@dataclass(slots=True)
class TreeTeam:
    """A team in the tree."""

    __pydantic_config__ = PART_OF_TREE
    team_id: TeamId
    name: PartName


@dataclass(slots=True)
class TreeGroup:
    """A group in the tree."""

    __pydantic_config__ = PART_OF_TREE
    group_id: GroupId
    name: PartName
    teams: Annotated[list[TreeTeam], Field(description="Its teams, by name.")]


@dataclass(slots=True)
class TreeDivision:
    """A division in the tree."""

    __pydantic_config__ = PART_OF_TREE
    division_id: DivisionId
    name: PartName
    groups: Annotated[list[TreeGroup], Field(description="Its groups, by name.")]


class TreeBody(Resource):
    """A tenant's whole hierarchy."""

    tenant_id: TenantId
    divisions: list[TreeDivision] = Field(description="Its divisions, by name.")


def tree(tenant_id: str, found: Tree) -> TreeBody:
    """The tree as served. Thousands of names that were valid when they were stored are not validated again."""

    def teams(group_id: str) -> list[TreeTeam]:
        return [TreeTeam(*team) for team in found.get(group_id, ())]

    def groups(division_id: str) -> list[TreeGroup]:
        return [TreeGroup(*group, teams(group.unit_id)) for group in found.get(division_id, ())]

    divisions = [TreeDivision(*division, groups(division.unit_id)) for division in found.get(None, ())]
    return TreeBody.model_construct(tenant_id=tenant_id, divisions=divisions)
