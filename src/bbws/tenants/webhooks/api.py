"""The endpoints of webhooks. Source: issue 5, item 8."""

from typing import Any

from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed
from bbws.kernel.table import Position
from bbws.tenants import permissions
from bbws.tenants.model import ACCOUNT_SUSPENDED, TENANT_NOT_FOUND, TENANT_STATUS
from bbws.tenants.schemas import TenantPath
from bbws.tenants.store import BASE
from bbws.tenants.webhooks import service, store
from bbws.tenants.webhooks.model import (
    ADDRESS_REFUSED,
    DELIVERY_NOT_FOUND,
    TOO_MANY_WEBHOOKS,
    UNKNOWN_EVENTS,
    WEBHOOK_DISABLED,
    WEBHOOK_NOT_FOUND,
)
from bbws.tenants.webhooks.ports import Sender
from bbws.tenants.webhooks.schemas import (
    CreateWebhook,
    DeliveryBody,
    DeliveryPath,
    DeliveryQuery,
    NewWebhookBody,
    WebhookBody,
    WebhookPath,
    WebhookQuery,
)

SERVICE = "webhooks-api"


def _list(call: Call[TenantPath, WebhookQuery, Any]) -> Listed:
    after = "" if call.start is None else call.start.sort
    found = [each for each in service.listed(call.work, call.path.tenant_id) if "#".join(service.order(each)) > after]
    page = found[: call.query.page_size]
    more = len(found) > len(page)
    following = (
        Position("#".join(service.order(page[-1])), store.webhook_key(page[-1].value.webhook_id)) if more else None
    )
    return Listed([WebhookBody.of(each) for each in page], following)


def _create(call: Call[TenantPath, Any, CreateWebhook], sender: Sender) -> Answer:
    body, tenant_id = call.body, call.path.tenant_id
    current, secret = service.create(call.work, sender, tenant_id, body.url, body.description, body.events)
    location = store.path(tenant_id, current.value.webhook_id)
    return Answer(NewWebhookBody.with_secret(current, secret), current.version, location=location)


def _get(call: Call[WebhookPath, Any, Any]) -> Answer:
    current = service.get(call.work, call.path.tenant_id, call.path.webhook_id)
    return Answer(WebhookBody.of(current), current.version)


def _delete(call: Call[WebhookPath, Any, Any]) -> Answer:
    service.delete(call.work, call.path.tenant_id, call.path.webhook_id)
    return Answer()


def _enable(call: Call[WebhookPath, Any, Any]) -> Answer:
    current = service.enable(call.work, call.path.tenant_id, call.path.webhook_id)
    return Answer(WebhookBody.of(current), current.version)


def _rotate(call: Call[WebhookPath, Any, Any]) -> Answer:
    current, secret = service.rotate(call.work, call.path.tenant_id, call.path.webhook_id)
    return Answer(NewWebhookBody.with_secret(current, secret), current.version)


def _test(call: Call[WebhookPath, Any, Any]) -> Answer:
    path = call.path
    delivery = service.test(call.work, path.tenant_id, path.webhook_id)
    location = store.path(path.tenant_id, path.webhook_id, "deliveries", delivery.delivery_id)
    return Answer(DeliveryBody.of(delivery), location=location)


def _list_deliveries(call: Call[WebhookPath, DeliveryQuery, Any]) -> Listed:
    path = call.path
    service.get(call.work, path.tenant_id, path.webhook_id)
    found, following = store.deliveries(call.work.table, path.webhook_id, call.start, call.query.page_size)
    return Listed([DeliveryBody.of(each) for each in found], following)


def _get_delivery(call: Call[DeliveryPath, Any, Any]) -> Answer:
    path = call.path
    return Answer(DeliveryBody.of(service.delivery(call.work, path.tenant_id, path.webhook_id, path.delivery_id)))


def _replay(call: Call[DeliveryPath, Any, Any]) -> Answer:
    path = call.path
    asked = service.replay(call.work, path.tenant_id, path.webhook_id, path.delivery_id)
    location = store.path(path.tenant_id, path.webhook_id, "deliveries", path.delivery_id)
    return Answer(DeliveryBody.of(asked), location=location)


def _is_active(webhook: Any) -> bool:  # noqa: ANN401 - the webhook as on the wire
    return bool(webhook["state"] == "ACTIVE")


_LINKS = (
    Link("self", "getWebhook"),
    Link("test", "testWebhook", _is_active),
    Link("enable", "enableWebhook", lambda webhook: not _is_active(webhook)),
    Link("rotate", "rotateWebhookSecret"),
    Link("delete", "deleteWebhook"),
    Link("deliveries", "listDeliveries"),
    Link("tenant", "getTenant"),
    Link("collection", "listWebhooks"),
)
_DELIVERY_LINKS = (
    Link("self", "getDelivery"),
    Link("replay", "replayDelivery"),
    Link("webhook", "getWebhook"),
    Link("collection", "listDeliveries"),
)
_ALL = f"{BASE}/{{tenantId}}/webhooks"
_ONE = f"{_ALL}/{{webhookId}}"
_DELIVERIES = f"{_ONE}/deliveries"
_DELIVERY = f"{_DELIVERIES}/{{deliveryId}}"
_REFUSALS = (TENANT_NOT_FOUND, ACCOUNT_SUSPENDED)
_OF_ONE = (*_REFUSALS, WEBHOOK_NOT_FOUND)
_ACCEPTED = 202


def _endpoint(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - Endpoint's own
    cli = ("webhooks", verb)
    permission = permissions.WEBHOOKS
    return Endpoint(
        id=endpoint_id, service=SERVICE, method=method, path=path, cli=cli, permission=permission, **further
    )


ENDPOINTS = (
    _endpoint(
        "listWebhooks",
        "GET",
        _ALL,
        "list",
        access=store.LISTING,
        summary="List a tenant's webhooks, the oldest first",
        handler=_list,
        path_schema=TenantPath,
        query_schema=WebhookQuery,
        response=WebhookBody,
        problems=_REFUSALS,
        links=(Link("create", "createWebhook"), Link("tenant", "getTenant")),
        item_links=(Link("self", "getWebhook"), Link("deliveries", "listDeliveries")),
    ),
    _endpoint(
        "createWebhook",
        "POST",
        _ALL,
        "create",
        access=store.CREATING,
        summary="Have an address told what happens to a tenant",
        description="The answer holds the secret that calls are signed with, once.",
        handler=_create,
        path_schema=TenantPath,
        body_schema=CreateWebhook,
        response=NewWebhookBody,
        status=201,
        problems=(*_REFUSALS, ADDRESS_REFUSED, UNKNOWN_EVENTS, TOO_MANY_WEBHOOKS, TENANT_STATUS),
        links=_LINKS,
        blocking=True,  # the name of the host is looked up
        secret_fields=("secret",),
        example={"url": "https://hooks.example.com/bbws", "events": ["tenant.updated", "user.assigned"]},
    ),
    _endpoint(
        "getWebhook",
        "GET",
        _ONE,
        "get",
        access=store.READING,
        summary="Get a webhook",
        handler=_get,
        path_schema=WebhookPath,
        response=WebhookBody,
        problems=_OF_ONE,
        links=_LINKS,
    ),
    _endpoint(
        "deleteWebhook",
        "DELETE",
        _ONE,
        "delete",
        access=store.DELETING,
        summary="Tell an address nothing any more",
        description="What is on its way is dropped.",
        handler=_delete,
        path_schema=WebhookPath,
        status=204,
        problems=_OF_ONE,
    ),
    _endpoint(
        "enableWebhook",
        "POST",
        f"{_ONE}/enable",
        "enable",
        access=store.CHANGING,
        summary="Use a disabled webhook again",
        description="For what happens from now on; what was given up can be replayed.",
        handler=_enable,
        path_schema=WebhookPath,
        response=WebhookBody,
        problems=_OF_ONE,
        links=_LINKS,
    ),
    _endpoint(
        "rotateWebhookSecret",
        "POST",
        f"{_ONE}/rotate",
        "rotate",
        access=store.CHANGING,
        summary="Give a webhook a new secret",
        description="The answer holds it, once. For 24 hours calls are signed with it and with the one before, so that "
        "receivers can change over; then with the new one alone. One that was before that is good for nothing at once.",
        handler=_rotate,
        path_schema=WebhookPath,
        response=NewWebhookBody,
        problems=_OF_ONE,
        links=_LINKS,
        secret_fields=("secret",),
    ),
    _endpoint(
        "testWebhook",
        "POST",
        f"{_ONE}/test",
        "test",
        access=store.CHANGING,
        summary="Send a webhook a test",
        description="An event `webhook.tested`, tried once; the delivery says what became of it.",
        handler=_test,
        path_schema=WebhookPath,
        response=DeliveryBody,
        status=_ACCEPTED,
        problems=(*_OF_ONE, WEBHOOK_DISABLED, TENANT_STATUS),
        links=_DELIVERY_LINKS,
    ),
    _endpoint(
        "listDeliveries",
        "GET",
        _DELIVERIES,
        "deliveries",
        access=store.LISTING_DELIVERIES,
        summary="List what was sent to a webhook, or is to be, the latest event first",
        description="For 30 days.",
        handler=_list_deliveries,
        path_schema=WebhookPath,
        query_schema=DeliveryQuery,
        response=DeliveryBody,
        problems=_OF_ONE,
        links=(Link("webhook", "getWebhook"),),
        item_links=(Link("self", "getDelivery"), Link("replay", "replayDelivery")),
    ),
    _endpoint(
        "getDelivery",
        "GET",
        _DELIVERY,
        "delivery",
        access=store.READING,
        summary="Get a delivery",
        handler=_get_delivery,
        path_schema=DeliveryPath,
        response=DeliveryBody,
        problems=(*_OF_ONE, DELIVERY_NOT_FOUND),
        links=_DELIVERY_LINKS,
    ),
    _endpoint(
        "replayDelivery",
        "POST",
        f"{_DELIVERY}/replay",
        "replay",
        access=store.REPLAYING,
        summary="Deliver something once more",
        description="As if it were new, but under the same id, by which the receiver knows what it has.",
        handler=_replay,
        path_schema=DeliveryPath,
        response=DeliveryBody,
        status=_ACCEPTED,
        problems=(*_OF_ONE, DELIVERY_NOT_FOUND, WEBHOOK_DISABLED, TENANT_STATUS),
        links=_DELIVERY_LINKS,
    ),
)
