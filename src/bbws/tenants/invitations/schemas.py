"""The schemas of invitations on the wire. A token is in none of them."""

from typing import Annotated

from pydantic import Field, model_validator

from bbws.kernel.clock import rfc3339, rfc3339_or_none
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.work import UnitOfWork
from bbws.people.schemas import Email, ShownEmail
from bbws.people.service import values
from bbws.tenants.invitations.model import ID_PATTERN, TOKEN_PATTERN, Asked, Invitation, State, state_at
from bbws.tenants.model import Status, Tenant
from bbws.tenants.permissions import Role
from bbws.tenants.schemas import TenantId
from bbws.tenants.units.model import PREFIX, UnitKind, id_pattern

EXAMPLE_ID = "invitation-0b7c9a1e-3f52-4c7e-9a64-2f7c7d1f7a10"

type InvitationId = Annotated[
    str, Field(pattern=ID_PATTERN, examples=[EXAMPLE_ID], description="Id of the invitation.")
]


def _unit_id(kind: UnitKind) -> object:
    description = f"The {kind} in which the role is to be held; left out: the whole tenant."
    return Field(default=None, pattern=id_pattern(kind), description=description)


class InvitationPath(Query):
    """Which invitation, of which tenant."""

    tenant_id: TenantId
    invitation_id: InvitationId


class TokenPath(Query):
    """Which invitation, by what was sent."""

    token: Annotated[
        str,
        Field(
            pattern=TOKEN_PATTERN,
            examples=["the-token-of-an-invitation-as-its-mail-says"],
            description="The token that was sent by mail.",
        ),
    ]


class InvitationQuery(Paging):
    """Which part of the list."""


class CreateInvitation(Wire):
    """Somebody who is to be asked, and for what."""

    email: Email
    role: Role = Field(strict=False, description="What they are to be.")
    division_id: str | None = _unit_id(UnitKind.DIVISION)  # type: ignore[assignment]  # Field's own return type is Any
    group_id: str | None = _unit_id(UnitKind.GROUP)  # type: ignore[assignment]  # the same
    team_id: str | None = _unit_id(UnitKind.TEAM)  # type: ignore[assignment]  # the same

    @model_validator(mode="after")
    def _at_one_place(self) -> "CreateInvitation":
        if len([unit for unit in (self.division_id, self.group_id, self.team_id) if unit is not None]) > 1:
            msg = "must name one of divisionId, groupId and teamId: the place where the role is to be held"
            raise ValueError(msg)
        return self

    def asked(self) -> Asked:
        """What was sent."""
        return Asked(self.email, self.role, self.division_id or self.group_id or self.team_id)


class InvitationBody(Resource):
    """An invitation."""

    invitation_id: InvitationId
    tenant_id: TenantId
    email: ShownEmail
    role: Role = Field(description="What the person is to be.")
    division_id: str | None = Field(description="In which division; null: not in one.")
    group_id: str | None = Field(description="In which group; null: not in one.")
    team_id: str | None = Field(
        description="In which team; null: not in one. Without any of them: in the whole tenant."
    )
    status: State = Field(description="Where it stands.")
    sent_at: str = Field(description="When it was sent last.")
    expires_at: str = Field(description="Until when it can be accepted.")
    created_at: str = Field(description="When it was made.")
    created_by: str = Field(description="Subject id of who made it.")
    answered_at: str | None = Field(description="When it was accepted, declined or cancelled.")
    answered_by: str | None = Field(description="Subject id of who did; null: not known.")

    @classmethod
    def of(cls, current: Stored[Invitation], work: UnitOfWork) -> "InvitationBody":
        """The invitation as served now."""
        invitation = current.value
        known, answered = values(work, invitation.contact_id), invitation.answered
        return cls(
            invitation_id=invitation.invitation_id,
            tenant_id=invitation.tenant_id,
            email=None if known is None else known.email,
            role=invitation.role,
            division_id=_at(invitation, UnitKind.DIVISION),
            group_id=_at(invitation, UnitKind.GROUP),
            team_id=_at(invitation, UnitKind.TEAM),
            status=state_at(invitation, work.clock.now()),
            sent_at=rfc3339(invitation.sent_at),
            expires_at=rfc3339(invitation.expires_at),
            created_at=rfc3339(invitation.created_at),
            created_by=invitation.created_by,
            answered_at=rfc3339_or_none(None if answered is None else answered.at),
            answered_by=None if answered is None else answered.by,
        )


def _at(invitation: Invitation, kind: UnitKind) -> str | None:
    unit_id = invitation.unit_id
    return unit_id if unit_id is not None and unit_id.startswith(PREFIX[kind]) else None


class ReceivedBody(Resource):
    """An invitation as whoever received it sees it."""

    email: ShownEmail
    organization_name: str = Field(examples=["Big Beard Web Solutions"], description="Who invites.")
    role: Role = Field(description="What the person is to be.")
    status: State = Field(description="Where it stands.")
    expires_at: str = Field(description="Until when it can be accepted.")
    is_valid: bool = Field(description="Whether it can be accepted now.")

    @classmethod
    def of(cls, current: Stored[Invitation], tenant: Stored[Tenant], work: UnitOfWork) -> "ReceivedBody":
        """The invitation as served now."""
        invitation = current.value
        known, state = values(work, invitation.contact_id), state_at(invitation, work.clock.now())
        return cls(
            email=None if known is None else known.email,
            organization_name=tenant.value.organization_name,
            role=invitation.role,
            status=state,
            expires_at=rfc3339(invitation.expires_at),
            is_valid=state is State.PENDING and tenant.value.status is Status.ACTIVE and known is not None,
        )
