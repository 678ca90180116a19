"""The endpoints of campaigns for administrators. Source: specification marketing §3, §4, §9, Decisions 1, 5, 6, 8."""

from collections.abc import Callable, Mapping
from typing import Any

from bbws.kernel.access import Access
from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed
from bbws.kernel.entity import Stored
from bbws.kernel.problem import VERSION_CONFLICT
from bbws.marketing import reading, rendering, service, store
from bbws.marketing.api import list_offers
from bbws.marketing.model import (
    CAMPAIGN_DATES,
    CAMPAIGN_DELETED,
    CAMPAIGN_EXISTS,
    CAMPAIGN_NOT_FOUND,
    CAMPAIGN_PRICE,
    CAMPAIGN_TIME,
    NOTHING_OFFERED,
    UNKNOWN_PRODUCT,
    Campaign,
    Status,
)
from bbws.marketing.ports import Products, Remembered
from bbws.marketing.schemas import (
    AdminCampaignBody,
    AdminCampaignQuery,
    CampaignAsOf,
    CampaignPath,
    ChangedCampaignBody,
    CreateCampaign,
    DisableCampaign,
    HistoryEntryBody,
    HistoryQuery,
    OffersAt,
    OffersBody,
    OffersPath,
    ReactivateCampaign,
    UpdateCampaign,
)
from bbws.operations.model import ILLEGAL_TRANSITION

SERVICE = "campaigns-admin-api"


def _changed(call: Call[Any, Any, Any], products: Products, current: Stored[Campaign], *, new: bool = False) -> Answer:
    overlapping = reading.overlapping(call.work, current.value)
    body = rendering.changed_body(current, products, call.work.now(current), overlapping)
    return Answer(body, current.version, location=store.admin_path(current.value.code) if new else None)


def _list(call: Call[Any, AdminCampaignQuery, Any], products: Products) -> Listed:
    query, at = call.query, call.query.at or call.work.now()
    campaigns, following = reading.listed(
        call.work, query.status, at, active=query.active, start=call.start, limit=query.page_size
    )
    catalogue = Remembered(products)
    return Listed([rendering.admin_body(campaign, catalogue, at) for campaign in campaigns], following)


def _get(call: Call[CampaignPath, CampaignAsOf, Any], products: Products) -> Answer:
    then = call.query.as_of
    current = reading.get(call.work, call.path.code, then)
    body = rendering.admin_body(current, products, then or call.work.now())
    return Answer(body, current.version, past=then is not None)


def _create(call: Call[Any, Any, CreateCampaign], products: Products) -> Answer:
    current = service.create(call.work, products, call.body.new(), draft=call.body.draft)
    return _changed(call, products, current, new=True)


def _update(call: Call[CampaignPath, Any, UpdateCampaign], products: Products) -> Answer:
    body = call.body
    return _changed(call, products, service.update(call.work, products, call.path.code, body.version, body.fields()))


def _publish(call: Call[CampaignPath, Any, Any], products: Products) -> Answer:
    return _changed(call, products, service.publish(call.work, products, call.path.code))


def _disable(call: Call[CampaignPath, Any, DisableCampaign], products: Products) -> Answer:
    return _changed(call, products, service.disable(call.work, call.path.code, call.body.reason))


def _reactivate(call: Call[CampaignPath, Any, ReactivateCampaign], products: Products) -> Answer:
    return _changed(call, products, service.reactivate(call.work, call.path.code, call.body.to_date))


def _delete(call: Call[CampaignPath, Any, Any]) -> Answer:
    service.delete(call.work, call.path.code)
    return Answer()


def _history(call: Call[CampaignPath, HistoryQuery, Any]) -> Listed:
    code = call.path.code
    entries, following = reading.entries(call.work, code, call.start, call.query.page_size)
    return Listed([HistoryEntryBody.of(code, entry) for entry in entries], following)


def _in(*statuses: Status) -> Callable[[Mapping[str, Any]], bool]:
    return lambda campaign: campaign["active"] and campaign["status"] in statuses


def _is_active(campaign: Mapping[str, Any]) -> bool:
    return campaign["active"] is True


def _is_deleted(campaign: Mapping[str, Any]) -> bool:
    return not _is_active(campaign)


LINKS = (
    Link("self", "getAdminCampaign"),
    Link("update", "updateCampaign", _is_active),
    Link("publish", "publishCampaign", _in(Status.DRAFT)),
    Link("disable", "disableCampaign", _in(Status.SCHEDULED, Status.ACTIVE, Status.EXPIRED)),
    Link("reactivate", "reactivateCampaign", _in(Status.DISABLED)),
    Link("delete", "deleteCampaign", _is_active),
    Link("restore", "updateCampaign", _is_deleted),
    Link("history", "getCampaignHistory"),
    Link("offers", "listAdminOffers"),
    Link("collection", "listAdminCampaigns"),
)
_EXAMPLE: Mapping[str, Any] = {
    "code": "SUMMER-26",
    "name": "Summer sale",
    "productId": "PROD-7K3M9X",
    "discountPercent": 20,
    "listPrice": "1500.00",
    "termsAndConditions": "For new orders, while it lasts.",
    "fromDate": "2026-12-01T00:00:00Z",
    "toDate": "2027-01-01T00:00:00Z",
}
_ONE = f"{store.ADMIN_BASE}/{{code}}"
_REFUSALS = (CAMPAIGN_NOT_FOUND, CAMPAIGN_DELETED)


def _endpoint(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - Endpoint's own
    return Endpoint(
        id=endpoint_id,
        service=SERVICE,
        method=method,
        path=path,
        cli=("campaigns", verb),
        permission=PLATFORM_ADMIN,
        **further,
    )


def _change(endpoint_id: str, method: str, path: str, verb: str, **further: Any) -> Endpoint:  # noqa: ANN401 - the same
    response = {"response": ChangedCampaignBody, "planned_fields": ("warnings",), "links": LINKS}
    return _endpoint(endpoint_id, method, path, verb, **response, **further)


ENDPOINTS = (
    _endpoint(
        "listAdminCampaigns",
        "GET",
        store.ADMIN_BASE,
        "admin-list",
        access=Access.to(gets="PRODUCT", indexes=f"{store.BY_STATE} {store.BY_DATE}"),
        summary="List campaigns with any status",
        description="Those that end last first.",
        handler=_list,
        query_schema=AdminCampaignQuery,
        response=AdminCampaignBody,
        links=(Link("create", "createCampaign"),),
        item_links=LINKS,
    ),
    _endpoint(
        "getAdminCampaign",
        "GET",
        _ONE,
        "admin-get",
        access=store.READING,
        summary="Get a campaign in any state",
        handler=_get,
        path_schema=CampaignPath,
        query_schema=CampaignAsOf,
        response=AdminCampaignBody,
        problems=(CAMPAIGN_NOT_FOUND,),
        links=(*LINKS, Link("latest-version", "getAdminCampaign", past=True)),  # the name is that of RFC 5829
    ),
    _change(
        "createCampaign",
        "POST",
        store.ADMIN_BASE,
        "create",
        access=store.CHANGING,
        summary="Create a campaign",
        description="`warnings` names the campaigns of the same product that run at the same time.",
        handler=_create,
        body_schema=CreateCampaign,
        status=201,
        problems=(CAMPAIGN_EXISTS, CAMPAIGN_PRICE, UNKNOWN_PRODUCT),
        example=_EXAMPLE,
    ),
    _change(
        "updateCampaign",
        "PUT",
        _ONE,
        "update",
        access=store.CHANGING,
        summary="Change or restore a campaign",
        description='What is left out stays as it is. A deleted campaign needs `"active": true` with it.',
        handler=_update,
        path_schema=CampaignPath,
        body_schema=UpdateCampaign,
        problems=(*_REFUSALS, CAMPAIGN_DATES, CAMPAIGN_PRICE, UNKNOWN_PRODUCT, VERSION_CONFLICT),
        example={"version": 1, "discountPercent": 25},
    ),
    _change(
        "publishCampaign",
        "POST",
        f"{_ONE}/publish",
        "publish",
        access=store.CHANGING,
        summary="Let a draft run as its dates say",
        handler=_publish,
        path_schema=CampaignPath,
        problems=(*_REFUSALS, CAMPAIGN_DATES, CAMPAIGN_PRICE, ILLEGAL_TRANSITION, UNKNOWN_PRODUCT),
    ),
    _change(
        "disableCampaign",
        "PATCH",
        f"{_ONE}/disable",
        "disable",
        access=store.DISABLING,
        summary="Offer a campaign no more",
        description="Whoever took it before keeps its price until `gracePeriodEnd`, 24 hours later.",
        handler=_disable,
        path_schema=CampaignPath,
        body_schema=DisableCampaign,
        problems=(*_REFUSALS, ILLEGAL_TRANSITION),
        example={"reason": "Out of stock"},
    ),
    _change(
        "reactivateCampaign",
        "PATCH",
        f"{_ONE}/reactivate",
        "reactivate",
        access=store.CHANGING,
        summary="Let a disabled campaign run again",
        description="Its end must be to come: send `toDate` where it has passed.",
        handler=_reactivate,
        path_schema=CampaignPath,
        body_schema=ReactivateCampaign,
        problems=(*_REFUSALS, CAMPAIGN_DATES, ILLEGAL_TRANSITION),
        example={"toDate": "2027-02-01T00:00:00Z"},
    ),
    _endpoint(
        "deleteCampaign",
        "DELETE",
        _ONE,
        "delete",
        access=Access.to(gets="CAMPAIGN", puts="CAMPAIGN"),
        summary="Delete a campaign",
        description="Its record stays, and it can be restored. Repeating the call changes nothing.",
        handler=_delete,
        path_schema=CampaignPath,
        status=204,
        problems=(CAMPAIGN_NOT_FOUND,),
    ),
    _endpoint(
        "getCampaignHistory",
        "GET",
        f"{_ONE}/history",
        "history",
        access=Access.to(gets="CAMPAIGN", queries="CAMPAIGN"),
        summary="List what changed in a campaign, field by field, newest first",
        handler=_history,
        path_schema=CampaignPath,
        query_schema=HistoryQuery,
        response=HistoryEntryBody,
        item_links=(Link("campaign", "getAdminCampaign", parameters={"code": "campaignCode"}),),
        problems=(CAMPAIGN_NOT_FOUND,),
    ),
    _endpoint(
        "listAdminOffers",
        "GET",
        "/v1.0/admin/products/{productId}/offers",
        "admin-offers",
        access=Access.to(gets="PRODUCT", indexes=store.BY_PRODUCT),
        summary="Get what a product costs at any time, and why a campaign does not apply",
        description="Those that ended more than 31 days before are left out.",
        handler=list_offers,
        path_schema=OffersPath,
        query_schema=OffersAt,
        response=OffersBody,
        problems=(NOTHING_OFFERED, CAMPAIGN_TIME),
        links=(Link("self", "listAdminOffers"), Link("campaigns", "listAdminCampaigns")),
    ),
)
