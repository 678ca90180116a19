"""The schemas of webhooks on the wire."""

from typing import Annotated

from pydantic import Field

from bbws.kernel.clock import rfc3339, rfc3339_or_none
from bbws.kernel.endpoint import Paging, Query, Resource, Wire
from bbws.kernel.entity import Stored
from bbws.kernel.text import ONE_LINE
from bbws.tenants.schemas import TenantId
from bbws.tenants.webhooks.model import DELIVERY_PATTERN, EVERY, ID_PATTERN, Because, Delivery, Outcome, State, Webhook

_EXAMPLE_ID = "webhook-0123456701234567"
_EXAMPLE_DELIVERY = "delivery-01KBCDEF0000000000000000000"

type WebhookId = Annotated[str, Field(pattern=ID_PATTERN, examples=[_EXAMPLE_ID], description="Id of the webhook.")]
type DeliveryId = Annotated[
    str,
    Field(
        pattern=DELIVERY_PATTERN,
        examples=[_EXAMPLE_DELIVERY],
        description="Id of the delivery: the header `webhook-id`, the same at every try.",
    ),
]
type EventName = Annotated[str, Field(pattern=r"^(\*|[a-z]+\.[a-z_]+)$", max_length=50, examples=["tenant.updated"])]


class WebhookPath(Query):
    """Which webhook, of which tenant."""

    tenant_id: TenantId
    webhook_id: WebhookId


class DeliveryPath(WebhookPath):
    """Which delivery, to which webhook."""

    delivery_id: DeliveryId


class WebhookQuery(Paging):
    """Which part of the list."""


class DeliveryQuery(Paging):
    """Which part of the list of deliveries."""


class CreateWebhook(Wire):
    """A webhook that is to be."""

    url: str = Field(
        min_length=1,
        max_length=500,
        examples=["https://hooks.example.com/bbws"],
        description="Where to: https://, the name of a host in the public Internet, a path.",
    )
    description: Annotated[str, Field(max_length=200, description="What it is for."), ONE_LINE] = ""
    events: list[EventName] = Field(
        default=[EVERY], min_length=1, max_length=50, description="Names of events; `*` is every one of the tenant's."
    )


class WebhookBody(Resource):
    """A webhook, without its secret."""

    webhook_id: WebhookId
    tenant_id: TenantId
    url: str = Field(description="Where to.")
    description: str = Field(description="What it is for.")
    events: list[str] = Field(description="Names of events; `*` is every one of the tenant's.")
    state: State = Field(description="Whether it is used.")
    created_at: str = Field(description="When it was made.")
    created_by: str = Field(description="Subject id of its maker.")
    disabled_at: str | None = Field(description="When it was disabled.")
    disabled_because: Because | None = Field(
        description="`failing`: one delivery failed for three days; `gone`: the answer was 410."
    )
    version: int = Field(description="Rises with every change.")

    @classmethod
    def of(cls, current: Stored[Webhook]) -> "WebhookBody":
        """The webhook as served."""
        webhook = current.value
        return cls(
            webhook_id=webhook.webhook_id,
            tenant_id=webhook.tenant_id,
            url=webhook.url,
            description=webhook.description,
            events=list(webhook.events),
            state=webhook.state,
            created_at=rfc3339(webhook.created_at),
            created_by=webhook.created_by,
            disabled_at=rfc3339_or_none(webhook.disabled_at),
            disabled_because=webhook.disabled_because,
            version=current.version,
        )


class NewWebhookBody(WebhookBody):
    """A webhook with a secret just made, which is shown only here."""

    secret: str = Field(description="What its calls are signed with (Standard Webhooks, `whsec_` and base64).")

    @classmethod
    def with_secret(cls, current: Stored[Webhook], secret: str) -> "NewWebhookBody":
        """The webhook as served this once."""
        return cls(**dict(WebhookBody.of(current)), secret=secret)


class DeliveryBody(Resource):
    """One event on its way to a webhook."""

    delivery_id: DeliveryId
    webhook_id: WebhookId
    tenant_id: TenantId
    event: str = Field(examples=["tenant.updated"], description="Name of the event.")
    test: bool = Field(description="Whether it was sent as a test.")
    outcome: Outcome = Field(description="PENDING until it has arrived or was given up.")
    attempts: int = Field(description="How often it was tried, since it was replayed where it was.")
    status_code: int | None = Field(description="Of the last answer; null where there was none.")
    error: str | None = Field(description="What was wrong with the last try.")
    created_at: str = Field(description="When it was made.")
    last_attempt_at: str | None = Field(description="When it was tried last.")
    next_attempt_at: str | None = Field(description="When it is tried next; null where it has ended.")

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryBody":
        """The delivery as served."""
        return cls(
            delivery_id=delivery.delivery_id,
            webhook_id=delivery.webhook_id,
            tenant_id=delivery.tenant_id,
            event=delivery.event,
            test=delivery.test,
            outcome=delivery.outcome,
            attempts=delivery.attempts,
            status_code=delivery.status_code,
            error=delivery.error,
            created_at=rfc3339(delivery.created_at),
            last_attempt_at=rfc3339_or_none(delivery.last_attempt_at),
            next_attempt_at=rfc3339_or_none(delivery.due_at),
        )
