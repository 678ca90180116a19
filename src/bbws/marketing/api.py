"""The endpoints of campaigns for everybody. Source: specification marketing §3, Decisions 2, 3, 7 and 8."""

from typing import Any

from bbws.kernel.access import Access
from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed
from bbws.kernel.problem import FORBIDDEN
from bbws.marketing import reading, rendering, store
from bbws.marketing.model import CAMPAIGN_NOT_FOUND, CAMPAIGN_TIME, NOTHING_OFFERED
from bbws.marketing.ports import Products, Remembered
from bbws.marketing.schemas import (
    CampaignAt,
    CampaignBody,
    CampaignPath,
    CampaignQuery,
    OffersAt,
    OffersBody,
    OffersPath,
)

SERVICE = "campaigns-public-api"


def _list(call: Call[Any, CampaignQuery, Any], products: Products) -> Listed:
    at, asked = call.query.at or call.work.now(), call.query.at is not None
    campaigns, following = reading.live(call.work, at, call.start, call.query.page_size, asked=asked)
    catalogue = Remembered(products)
    return Listed([rendering.public_body(campaign, catalogue, at) for campaign in campaigns], following)


def _get(call: Call[CampaignPath, CampaignAt, Any], products: Products) -> Answer:
    at = call.query.at or call.work.now()
    if call.query.held_since is None:
        current = reading.find(call.work, call.path.code, at)
        return Answer(rendering.public_body(current, products, at), current.version)
    held = reading.find_held(call.work, call.path.code, call.query.held_since, at)
    return Answer(rendering.public_body(held.current, products, held.at, held.until), held.current.version)


def list_offers(call: Call[OffersPath, OffersAt, Any], products: Products) -> Answer:
    """What a product costs; for administrators also why a campaign does not apply."""
    at, asked = call.query.at or call.work.now(), call.query.at is not None
    product_id = call.path.product_id
    product, campaigns = reading.offers(call.work, products, product_id, at, asked=asked)
    reasons = call.work.actor.may(PLATFORM_ADMIN)
    return Answer(rendering.offers_body(product_id, product, campaigns, at, reasons=reasons))


_LINKS = (Link("self", "getCampaign"), Link("collection", "listCampaigns"))

ENDPOINTS = (
    Endpoint(
        id="listCampaigns",
        service=SERVICE,
        method="GET",
        path=store.BASE,
        access=Access.to(gets="PRODUCT", indexes=store.BY_STATE),
        summary="List the campaigns that run",
        description="Latest begun first. Administrators on AWS ask for a time to come with `listAdminCampaigns`.",
        handler=_list,
        cli=("campaigns", "list"),
        query_schema=CampaignQuery,
        response=CampaignBody,
        problems=(FORBIDDEN, CAMPAIGN_TIME),
        item_links=_LINKS,
    ),
    Endpoint(
        id="getCampaign",
        service=SERVICE,
        method="GET",
        path=f"{store.BASE}/{{code}}",
        access=store.READING,
        summary="Get a campaign",
        description="Also one that has not begun or has ended: `isValid` says whether an order may use it.",
        handler=_get,
        cli=("campaigns", "get"),
        path_schema=CampaignPath,
        query_schema=CampaignAt,
        response=CampaignBody,
        problems=(CAMPAIGN_NOT_FOUND,),
        links=_LINKS,
    ),
    Endpoint(
        id="listOffers",
        service=SERVICE,
        method="GET",
        path="/v1.0/products/{productId}/offers",
        access=Access.to(gets="PRODUCT", indexes=store.BY_PRODUCT),
        summary="Get what a product costs at a time",
        description=(
            "The campaigns that apply, the price that each gives, and the one that counts. Administrators on AWS ask "
            "for a time to come, and why a campaign does not apply, with `listAdminOffers`."
        ),
        handler=list_offers,
        cli=("campaigns", "offers"),
        path_schema=OffersPath,
        query_schema=OffersAt,
        response=OffersBody,
        problems=(NOTHING_OFFERED, FORBIDDEN, CAMPAIGN_TIME),
        links=(Link("self", "listOffers"), Link("campaigns", "listCampaigns")),
    ),
)
