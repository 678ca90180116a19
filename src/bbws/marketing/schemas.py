"""The schemas of campaigns on the wire. Source: specification marketing §2, §3, §8."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from bbws.kernel.clock import Moment
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.money import Money, MoneyText
from bbws.kernel.text import LINES, ONE_LINE
from bbws.marketing.history import Entry
from bbws.marketing.model import CODE_PATTERN, Status
from bbws.marketing.offers import WhyNot

type Code = Annotated[str, Field(pattern=CODE_PATTERN, description="Code, upper case.", examples=["SUMMER-26"])]
type ProductId = Annotated[
    str,
    Field(min_length=1, max_length=50, description="The product that it is for.", examples=["PROD-7K3M9X"]),
    ONE_LINE,
]
type Name = Annotated[
    str, Field(min_length=3, max_length=100, description="What it is called.", examples=["Summer sale"]), ONE_LINE
]
type Description = Annotated[str, Field(min_length=1, max_length=500, description="What it is about."), LINES]
type Percent = Annotated[int, Field(ge=0, le=100, description="Whole percent off.", examples=[20])]
type ListPrice = Annotated[Money, Field(description="What the discount is off; without it, the product's price.")]
type Terms = Annotated[
    str,
    Field(
        min_length=10,
        max_length=2000,
        description="Terms and conditions.",
        examples=["For new orders, while it lasts."],
    ),
    LINES,
]
type Conditions = Annotated[str, Field(min_length=1, max_length=500, description="What else must hold."), LINES]
type Reason = Annotated[str, Field(min_length=1, max_length=500, description="Why."), LINES]
type From = Annotated[Moment, Field(description="When it begins, RFC 3339 with a zone.")]
type To = Annotated[Moment, Field(description="When it ends: it runs up to, not at, this time.")]
# A field that may be left out but not be null: what was sent is in model_fields_set.
_left_out: Any = Field(default=None)
# The same of one that null takes away: documents must not say that leaving it out is null.
_kept: Any = Field(default_factory=lambda: None)
# What every reader of JSON takes for a whole number.
_LARGEST = 2**53 - 1
# Wire name → the domain's own, where they differ.
_ATTRIBUTES = {"terms_and_conditions": "terms"}


class CampaignPath(Query):
    """Which campaign."""

    code: Code


class CampaignAt(Query):
    """When."""

    at: Moment | None = Field(default=None, description="As if it were this time.")
    held_since: Moment | None = Field(
        default=None,
        description="When the caller took the discount: one that was disabled since still holds for 24 hours.",
    )


class CampaignAsOf(Query):
    """When."""

    as_of: Moment | None = Field(default=None, description="The campaign as it was at this time.")


class CampaignQuery(Paging):
    """Which campaigns."""

    at: Moment | None = Field(
        default=None, description="Those that run at this time; a time to come is for administrators."
    )


class AdminCampaignQuery(Paging):
    """Which campaigns."""

    status: Status | None = Field(default=None, description="Only those with this status.")
    at: Moment | None = Field(default=None, description="As if it were this time.")
    active: bool = Field(default=True, description="`false`: only deleted ones, which have no status to choose by.")

    @field_validator("active")
    @classmethod
    def _not_with_status(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - Pydantic calls it
        if not value and info.data.get("status") is not None:
            msg = "cannot be false together with status, which deleted ones have none of"
            raise ValueError(msg)
        return value


class HistoryQuery(Paging):
    """Which part of a history."""


class OffersPath(Query):
    """Which product."""

    product_id: ProductId


class OffersAt(Query):
    """When."""

    at: Moment | None = Field(
        default=None, description="As if it were this time; a time to come is for administrators."
    )


def _attributes(values: dict[str, Any]) -> dict[str, Any]:
    return {_ATTRIBUTES.get(name, name): value for name, value in values.items()}


class CreateCampaign(Wire):
    """A campaign that is to be."""

    code: Code
    name: Name
    description: Description | None = None
    product_id: ProductId
    discount_percent: Percent
    list_price: ListPrice | None = None
    terms_and_conditions: Terms
    special_conditions: Conditions | None = None
    from_date: From
    to_date: To
    draft: bool = Field(default=False, description="Keep it from everybody until it is published.")

    def new(self) -> dict[str, Any]:
        """Attribute name → value."""
        return _attributes({name: getattr(self, name) for name in type(self).model_fields if name != "draft"})


class UpdateCampaign(Wire):
    """Any part of a campaign, with the version that it is based on: what is left out stays, null takes away."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 2})

    version: int = Field(ge=1, le=_LARGEST, description="The version that was read; another one is refused.")
    name: Name = _left_out
    description: Description | None = _kept
    product_id: ProductId = _left_out
    discount_percent: Percent = _left_out
    list_price: ListPrice | None = _kept
    terms_and_conditions: Terms = _left_out
    special_conditions: Conditions | None = _kept
    from_date: From = _left_out
    to_date: To = _left_out
    active: Annotated[bool, Field(description="`true` restores a deleted campaign, `false` deletes it.")] = _left_out

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.model_fields_set == {"version"}:
            others = ", ".join(
                field.alias or name for name, field in type(self).model_fields.items() if name != "version"
            )
            msg = f"must have at least one of {others}"
            raise ValueError(msg)
        return self

    def fields(self) -> dict[str, Any]:
        """Attribute name → new value, of what was sent."""
        return _attributes({name: getattr(self, name) for name in self.model_fields_set - {"version"}})


class DisableCampaign(Wire):
    """Why it is disabled."""

    reason: Reason | None = None


class ReactivateCampaign(Wire):
    """Until when it runs again."""

    to_date: To | None = None


class CampaignBody(Resource):
    """A campaign as everybody sees it."""

    code: Code
    name: str = Field(description="What it is called.")
    description: str | None = Field(description="What it is about.")
    product_id: str = Field(description="The product that it is for.")
    discount_percent: int = Field(description="Whole percent off.")
    list_price: MoneyText | None = Field(description="What the discount is off; null: the product's price.")
    price: MoneyText | None = Field(description="What is to be paid; null where the product has no price.")
    currency: str = Field(description="ISO 4217.", examples=["ZAR"])
    terms_and_conditions: str = Field(description="Terms and conditions.")
    special_conditions: str | None = Field(description="What else must hold.")
    from_date: str = Field(description="When it begins, RFC 3339 in UTC.")
    to_date: str = Field(description="When it ends: it runs up to, not at, this time.")
    status: Status = Field(description="Where it stands at the time asked for.")
    is_valid: bool = Field(
        description="Whether it is active then, or still held. What a product costs is what its offers say."
    )
    held_until: str | None = Field(
        default=None, description="Disabled, but taken before: until when the discount still holds."
    )
    version: int = Field(description="Rises by one with every change.")


class AdminCampaignBody(CampaignBody):
    """A campaign as administrators see it."""

    active: bool = Field(description="`false`: deleted.")
    created_at: str = Field(description="RFC 3339 in UTC; never changes.")
    created_by: str = Field(description="Who made it.")
    updated_at: str = Field(description="Of the last change.")
    updated_by: str = Field(description="Who made that.")
    disabled_at: str | None = Field(description="When it was disabled.")
    disabled_by: str | None = Field(description="By whom.")
    disable_reason: str | None = Field(description="Why.")
    grace_period_end: str | None = Field(description="Until when it holds for those who took it before.")
    reactivated_at: str | None = Field(description="When it was last reactivated.")
    reactivated_by: str | None = Field(description="By whom.")


class WarningBody(Wire):
    """Something that is allowed, and perhaps not meant."""

    code: Literal["overlap", "ended"] = Field(description="Stable code, for programs.")
    message: str = Field(description="What to look at.")
    campaign: str | None = Field(description="The other campaign's code.")


class ChangedCampaignBody(AdminCampaignBody):
    """A campaign after a change."""

    warnings: list[WarningBody] = Field(description="What is allowed, and perhaps not meant.")


class HistoryEntryBody(Resource):
    """One field that a change changed."""

    modification_id: str = Field(description="The change's id, and the field.")
    campaign_code: str = Field(description="Of which campaign.")
    modified_by: str = Field(description="The subject id of whoever did it.")
    modified_at: str = Field(description="When, RFC 3339 in UTC.")
    field_changed: str = Field(description="Which field.")
    previous_value: Any = Field(description="What it was, null for a creation.")
    new_value: Any = Field(description="What it became.")
    change_type: str = Field(description="CREATE, UPDATE, DISABLE, REACTIVATE or DELETE.")
    version: int = Field(description="The version that the change made.")

    @classmethod
    def of(cls, code: str, entry: Entry) -> "HistoryEntryBody":
        """The entry as served."""
        change = entry.change
        return cls(
            modification_id=f"{change.id}.{entry.field}",
            campaign_code=code,
            modified_by=change.actor,
            modified_at=change.time,
            field_changed=entry.field,
            previous_value=entry.previous,
            new_value=entry.new,
            change_type=change.change_type,
            version=change.version,
        )


class OfferBody(Wire):
    """A campaign and what it makes of the product's price."""

    code: str = Field(description="The campaign's code.")
    name: str = Field(description="What it is called.")
    discount_percent: int = Field(description="Whole percent off.")
    price: MoneyText | None = Field(description="The price that it gives.")
    from_date: str = Field(description="When it begins.")
    to_date: str = Field(description="When it ends.")
    wins: bool = Field(
        description="Whether it is the one that counts: the lowest price, then the latest begun, then by code."
    )
    reason: WhyNot | None = Field(description="Why it does not apply; null where it does.")


class OffersBody(Resource):
    """What a product costs at a time."""

    product_id: str = Field(description="The product.")
    at: str = Field(description="The time that was asked for.")
    regular_price: MoneyText = Field(description="The product's own price at that time.")
    price: MoneyText = Field(description="What is to be paid: the winner's price, or the regular one.")
    currency: str = Field(description="ISO 4217.", examples=["ZAR"])
    winner: str | None = Field(description="Code of the campaign that counts; null where none applies.")
    offers: list[OfferBody] = Field(description="The campaigns that apply, the winner first.")
    not_applying: list[OfferBody] = Field(description="For administrators: the others, and why not.")
