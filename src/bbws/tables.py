"""Every table of the business put together: endpoints, reactions, daily work, sweeps, kinds of operation and entity.

Importing it starts nothing and chooses no engine, so that documents and commands can be made from it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from bbws.audit import api as audit_api
from bbws.audit import reactions as audit_reactions
from bbws.identity import api as identity_api
from bbws.kernel.actor import ANYONE, SIGNED_IN, of_people
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.entity import EntityType
from bbws.kernel.reaction import Daily, Reaction, Sweep
from bbws.keys import api as keys_api
from bbws.keys import store as keys_store
from bbws.marketing import admin as marketing_admin
from bbws.marketing import api as marketing_api
from bbws.marketing.store import CAMPAIGN
from bbws.operations import api as operations_api
from bbws.operations import reactions as operations_reactions
from bbws.operations import service as operations_service
from bbws.operations.store import OPERATION
from bbws.people import api as people_api
from bbws.people.store import CONTACT, PERSON
from bbws.platform import api as platform_api
from bbws.products import api as products_api
from bbws.products import reactions as products_reactions
from bbws.products.store import PRODUCT
from bbws.tenants import api as tenants_api
from bbws.tenants import reactions as tenants_reactions
from bbws.tenants import signing_in
from bbws.tenants.invitations import reactions as invitations_reactions
from bbws.tenants.invitations.store import INVITATION
from bbws.tenants.members.store import MEMBERSHIP
from bbws.tenants.store import TENANT
from bbws.tenants.units.store import UNIT
from bbws.tenants.webhooks import reactions as webhooks_reactions
from bbws.tenants.webhooks.store import WEBHOOK

_DOMAINS = (products_api, marketing_api, marketing_admin, tenants_api, people_api)
APIS = (*_DOMAINS, identity_api, operations_api, audit_api, keys_api, platform_api)
_OF_TENANTS = (tenants_reactions, invitations_reactions, webhooks_reactions)
CONSUMERS = (products_reactions, *_OF_TENANTS, audit_reactions)
# On AWS people sign in to something that is told of tenants. One machine has nothing to tell.
CONSUMERS_ON_AWS = (*CONSUMERS, signing_in)
DAILY_WORKS = (audit_reactions, operations_reactions)
SWEEPING = (webhooks_reactions,)

ENDPOINTS: tuple[Endpoint, ...] = tuple(endpoint for api in APIS for endpoint in api.ENDPOINTS)
REACTIONS: tuple[Reaction, ...] = tuple(reaction for module in CONSUMERS for reaction in module.REACTIONS)
REACTIONS_ON_AWS: tuple[Reaction, ...] = tuple(each for module in CONSUMERS_ON_AWS for each in module.REACTIONS)
DAILY: tuple[Daily, ...] = tuple(daily for module in DAILY_WORKS for daily in module.DAILY)
SWEEPS: tuple[Sweep, ...] = tuple(sweep for module in SWEEPING for sweep in module.SWEEPS)
KINDS = (*products_reactions.KINDS, *tenants_reactions.KINDS)
_IN_TENANTS = (TENANT, MEMBERSHIP, UNIT, INVITATION, WEBHOOK)
_KINDS_OF_ENTITY = (PRODUCT, CAMPAIGN, *_IN_TENANTS, PERSON, CONTACT, OPERATION, keys_store.API_KEY)
ENTITIES: Mapping[str, EntityType[Any]] = {entity.source: entity for entity in _KINDS_OF_ENTITY}


@cache
def permissions() -> frozenset[str]:
    """Every permission that a call asks for, and those that use cases ask for beside it."""
    asked = {endpoint.permission for endpoint in ENDPOINTS if not of_people(endpoint.permission)}
    return frozenset(asked - {ANYONE, SIGNED_IN} | {operations_service.READ_ALL})
