"""The schemas of products on the wire. Source: specification products §2, §9, Decisions 3-6."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from bbws.kernel.clock import Moment, rfc3339
from bbws.kernel.endpoint import Answer, Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.money import CurrencyCode, Money, MoneyText, money_text
from bbws.kernel.text import LINES, ONE_LINE
from bbws.operations.model import Operation
from bbws.operations.schemas import Accepted
from bbws.operations.store import path as operation_path
from bbws.products.model import DEFAULT_CURRENCY, ID_PATTERN, NewProduct, Product
from bbws.products.service import Search

_EXAMPLE_ID = "PROD-7K3M9X"

type Name = Annotated[
    str, Field(min_length=3, max_length=100, description="What it is called.", examples=["Basic"]), ONE_LINE
]
type Description = Annotated[
    str, Field(min_length=1, max_length=500, description="What it is.", examples=["For small businesses"]), LINES
]
type Price = Annotated[Money, Field(description="Price in the currency beside it.")]
type Period = Annotated[
    str, Field(min_length=5, max_length=100, description="What the price is for.", examples=["per month"]), ONE_LINE
]
type Feature = Annotated[str, Field(min_length=2, max_length=200), ONE_LINE]
type Features = Annotated[
    list[Feature], Field(max_length=20, description="What it includes.", examples=[["SSL certificate"]])
]
type ProductId = Annotated[str, Field(pattern=ID_PATTERN, description="Id, case-sensitive.", examples=[_EXAMPLE_ID])]
# A field that may be left out but not be null: what was sent is in model_fields_set.
_left_out: Any = Field(default=None)
_STATUSES: Mapping[str, tuple[bool, ...]] = {"active": (True,), "inactive": (False,), "all": (True, False)}


class ProductPath(Query):
    """Which product."""

    product_id: ProductId


class ProductAt(Query):
    """When."""

    as_of: Moment | None = Field(
        default=None, description="The product as it was at this time; needs `products:write`."
    )


def _searchable(value: str) -> str:
    return value.strip()


class ProductQuery(Paging):
    """Which products, in which order."""

    currency: CurrencyCode | None = Field(default=None, description="Only those priced in this currency.")
    status: Literal["active", "inactive", "all"] = Field(
        default="active", description="Others than active ones need `products:write`."
    )
    q: Annotated[str, AfterValidator(_searchable), Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="Words that begin words of the name, in any case and with or without accents; ordered by match.",
    )
    sort_by: Literal["createdAt", "price", "name"] | None = Field(
        default=None, description="Order; `createdAt` where nothing is said. Not together with `q`."
    )
    order: Literal["asc", "desc"] | None = Field(
        default=None, description="Direction; newest first, cheapest first and A first where nothing is said."
    )

    @field_validator("sort_by", "order")
    @classmethod
    def _not_with_q(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("q") is not None:
            msg = "cannot be combined with q, whose results are ordered by match"
            raise ValueError(msg)
        return value

    def search(self) -> Search:
        """What is asked for, in the domain's words."""
        descending = None if self.order is None else self.order == "desc"
        return Search(_STATUSES[self.status], self.currency, self.sort_by, descending, self.q)


class HistoryQuery(Paging):
    """Which part of a history."""


class CreateProduct(Wire):
    """A product that is to be."""

    product_id: ProductId | None = Field(default=None, description="Leave it out to be given a free one.")
    name: Name
    description: Description
    price: Price
    currency: CurrencyCode = Field(default=DEFAULT_CURRENCY, description="ISO 4217.")
    period: Period
    features: Features = Field(default_factory=list)
    active: bool = Field(default=True, description="Whether it is sold.")

    def new(self) -> NewProduct:
        """The product in the domain's words."""
        return NewProduct(
            name=self.name,
            description=self.description,
            price=self.price,
            period=self.period,
            currency=self.currency,
            features=tuple(self.features),
            active=self.active,
            product_id=self.product_id,
        )


class UpdateProduct(Wire):
    """Any part of a product; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Name = _left_out
    description: Description = _left_out
    price: Price = _left_out
    currency: CurrencyCode = _left_out
    period: Period = _left_out
    features: Features = _left_out
    active: Annotated[bool, Field(description="`true` restores an inactive product, `false` takes it off sale.")] = (
        _left_out
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            msg = f"must have at least one of {', '.join(type(self).model_fields)}"
            raise ValueError(msg)
        return self

    def fields(self) -> dict[str, Any]:
        """Attribute name → new value, of what was sent."""
        values = {name: getattr(self, name) for name in self.model_fields_set}
        return values | {"features": tuple(self.features)} if "features" in values else values


class ProductBody(Resource):
    """A product."""

    product_id: ProductId
    name: str = Field(description="What it is called.")
    description: str = Field(description="What it is.")
    price: MoneyText = Field(description="Decimal text with two places.")
    currency: str = Field(description="ISO 4217.", examples=["ZAR"])
    period: str = Field(description="What the price is for.")
    features: list[str] = Field(description="What it includes.")
    active: bool = Field(description="Whether it is sold.")
    created_at: str = Field(description="RFC 3339 in UTC; never changes.")
    updated_at: str = Field(description="RFC 3339 in UTC, of the last change.")
    version: int = Field(description="Rises by one with every change.")

    @classmethod
    def of(cls, current: Stored[Product]) -> "ProductBody":
        """The product as served."""
        product = current.value
        return cls(
            product_id=product.product_id,
            name=product.name,
            description=product.description,
            price=money_text(product.price),
            currency=product.currency,
            period=product.period,
            features=list(product.features),
            active=product.active,
            created_at=rfc3339(product.created_at),
            updated_at=rfc3339(product.updated_at),
            version=current.version,
        )


class AcceptedProduct(Accepted):
    """A product change that was accepted: follow `Location` to see it applied."""

    product_id: ProductId

    @classmethod
    def answer(cls, product_id: str, accepted: Stored[Operation]) -> Answer:
        """The 202 answer."""
        operation = accepted.value
        body = cls(operation_id=operation.operation_id, status=operation.status, product_id=product_id)
        return Answer(body, location=operation_path(operation.operation_id))
