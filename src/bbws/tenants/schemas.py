"""The schemas of tenants on the wire. Source: specification tenants §1, §2, §8."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bbws.kernel.canonical import InvalidDocument, check_document
from bbws.kernel.clock import rfc3339, rfc3339_or_none
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.text import ONE_LINE
from bbws.kernel.work import UnitOfWork
from bbws.people.schemas import Email, ShownEmail
from bbws.people.service import values
from bbws.tenants.model import (
    CUSTOMER_PATTERN,
    ID_PATTERN,
    MOST_COUNTED,
    UNNESTED,
    Counted,
    Environment,
    Mark,
    Status,
    Tenant,
    Transition,
    is_nested,
)

_LATIN = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u0148\u014a-\u017e"
# Letters of one script, without those that look like others: names that look alike are alike.
NAME_PATTERN = rf"^[{_LATIN}](?:'?(?:[ -]'?)*[{_LATIN}])*$"
EXAMPLE_ID = "tenant-5f0c1a52-6a4e-4e0b-9f6e-2f7c7d1f7a10"
# As telephones and word processors write an apostrophe.
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'"})


def _name(value: object) -> object:
    if not isinstance(value, str):
        return value
    name = value.translate(_APOSTROPHES)
    if name and not re.fullmatch(NAME_PATTERN, name):
        msg = (
            "must be of Latin letters, digits, blanks, hyphens and apostrophes, begin and end with a letter or digit, "
            "and have no two apostrophes in a row"
        )
        raise ValueError(msg)
    return name


NAMED = BeforeValidator(_name)

type TenantId = Annotated[str, Field(pattern=ID_PATTERN, examples=[EXAMPLE_ID], description="Id of the tenant.")]
type Name = Annotated[
    str,
    Field(
        min_length=2,
        max_length=100,
        pattern=NAME_PATTERN,
        examples=["Big Beard Web Solutions"],
        description="Name of the organisation: Latin letters, digits, blanks, hyphens, apostrophes. Nobody else's.",
    ),
    NAMED,
    ONE_LINE,
]
type Label = Annotated[str, Field(min_length=2, max_length=50), ONE_LINE]


def _storable(value: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        check_document({"tenant": {"metadata": value or {}}})
    except InvalidDocument as error:
        msg = f"cannot be kept: {error}"
        raise ValueError(msg) from error
    return value


class TenantPath(Query):
    """Which tenant."""

    tenant_id: TenantId


class TenantQuery(Paging):
    """Which tenants."""

    status: Status | None = Field(default=None, description="Only those in this status.")
    environment: Environment | None = Field(default=None, description="Only those in this environment.")
    organization_name: str | None = Field(
        default=None, min_length=2, max_length=100, description="Only those whose name holds this, whatever its case."
    )
    sort_by: Literal["createdAt", "organizationName"] = Field(default="createdAt", description="Their order.")
    sort_order: Literal["asc", "desc"] = Field(default="desc", description="Its direction.")


class _Parts(Wire):
    division: Label | None = Field(default=None, description="The part of the organisation that it is for.")
    group: Label | None = Field(default=None, description="Within `division`, which must be there.")
    team: Label | None = Field(default=None, description="Within `group`, which must be there.")
    metadata: dict[str, Any] | None = Field(
        default=None, description="Whatever else to keep. A change is merged into it (RFC 7396): null takes a key away."
    )

    _storable = field_validator("metadata")(_storable)


class CreateTenant(_Parts):
    """A tenant that is to be."""

    organization_name: Name
    contact_email: Email
    environment: Environment = Field(strict=False, description="Where its sites run.")
    customer_id: Annotated[str, Field(pattern=CUSTOMER_PATTERN)] | None = Field(
        default=None, description="Who pays: a customer of yours. Left out: a new one."
    )

    @model_validator(mode="after")
    def _nested(self) -> "CreateTenant":
        if not is_nested(self.division, self.group, self.team):
            raise ValueError(UNNESTED)
        return self


class UpdateTenant(_Parts):
    """What is to change; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    organization_name: Name | None = Field(default=None)
    contact_email: Email | None = Field(default=None)

    @field_validator("organization_name", "contact_email")
    @classmethod
    def _not_null(cls, value: object) -> object:
        if value is None:
            msg = "must not be null; leave it out to keep it"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _not_empty(self) -> "UpdateTenant":
        if not self.model_fields_set:
            msg = "must name a field to change"
            raise ValueError(msg)
        return self

    def fields(self) -> dict[str, Any]:
        """Attribute name → value of what was sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class TenantBody(Resource):
    """A tenant."""

    tenant_id: TenantId
    customer_id: str = Field(description="Who pays.")
    organization_name: str = Field(examples=["Big Beard Web Solutions"], description="Name of the organisation.")
    contact_email: ShownEmail
    environment: Environment = Field(description="Where its sites run.")
    status: Status = Field(description="Where it stands.")
    division: str | None = Field(description="The part of the organisation that it is for.")
    group: str | None = Field(description="Within the division.")
    team: str | None = Field(description="Within the group.")
    metadata: dict[str, Any] = Field(description="Whatever else is kept.")
    created_at: str = Field(description="When it was founded.")
    created_by: str = Field(description="Subject id of who founded it.")
    updated_at: str = Field(description="When it was changed last.")
    updated_by: str = Field(description="Subject id of who changed it last.")
    suspended_at: str | None = Field(description="When it was suspended last.")
    suspended_by: str | None = Field(description="By whom.")
    suspend_reason: str | None = Field(description="Why.")
    resumed_at: str | None = Field(description="When it was resumed last.")
    resumed_by: str | None = Field(description="By whom.")
    parked_at: str | None = Field(description="When it was parked last.")
    parked_by: str | None = Field(description="By whom.")
    park_reason: str | None = Field(description="Why.")
    unparked_at: str | None = Field(description="When it was unparked last.")
    unparked_by: str | None = Field(description="By whom.")
    deprovisioned_at: str | None = Field(description="When it left.")
    deprovisioned_by: str | None = Field(description="By whom.")

    @classmethod
    def of(cls, current: Stored[Tenant], work: UnitOfWork) -> "TenantBody":
        """The tenant as served."""
        tenant = current.value
        contact = values(work, tenant.contact_id)
        return cls(
            tenant_id=tenant.tenant_id,
            customer_id=tenant.customer_id,
            organization_name=tenant.organization_name,
            contact_email=None if contact is None else contact.email,
            environment=tenant.environment,
            status=tenant.status,
            division=tenant.division,
            group=tenant.group,
            team=tenant.team,
            metadata=tenant.metadata,
            created_at=rfc3339(tenant.created_at),
            created_by=tenant.created_by,
            updated_at=rfc3339(tenant.updated_at),
            updated_by=tenant.updated_by,
            **_marks(tenant),
        )


_MARKS = {
    Transition.SUSPEND: ("suspended", "suspend_reason"),
    Transition.RESUME: ("resumed", ""),
    Transition.PARK: ("parked", "park_reason"),
    Transition.UNPARK: ("unparked", ""),
    Transition.DEPROVISION: ("deprovisioned", ""),
}


def _marks(tenant: Tenant) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for transition, (stem, reason) in _MARKS.items():
        mark: Mark | None = tenant.marks.get(transition)
        shown[f"{stem}_at"] = rfc3339_or_none(None if mark is None else mark.at)
        shown[f"{stem}_by"] = None if mark is None else mark.by
        if reason:
            shown[reason] = None if mark is None else mark.reason
    return shown


class CountBody(Wire):
    """How many of something there are, as far as they were counted."""

    count: int = Field(ge=0, le=MOST_COUNTED, examples=[12], description=f"How many, up to {MOST_COUNTED}.")
    more: bool = Field(description="Whether there are more than that.")

    @classmethod
    def of(cls, counted: Counted | None) -> "CountBody | None":
        """The count as served."""
        return None if counted is None else cls(count=counted.number, more=counted.more)


class SummaryBody(Wire):
    """What there is in a tenant. Null: not for the caller to list."""

    users: CountBody | None = Field(description="Those who belong to it.")
    units: CountBody | None = Field(description="Its divisions, groups and teams.")


class ReadTenant(TenantBody):
    """A tenant, and how much there is in it."""

    summary: SummaryBody = Field(description="What there is in it, as far as the caller may list it.")
