"""The tables of all services. Apart from the other tables of the business, since every function needs it."""

from bbws.audit.ports import STORE as AUDIT
from bbws.kernel.idempotency import STORE as PLATFORM
from bbws.keys.store import STORE as KEYS
from bbws.marketing.store import STORE as CAMPAIGNS
from bbws.operations.store import STORE as OPERATIONS
from bbws.people.store import STORE as PEOPLE
from bbws.products.store import STORE as PRODUCTS
from bbws.tenants.invitations.store import STORE as INVITATIONS
from bbws.tenants.store import STORE as TENANTS
from bbws.tenants.webhooks.store import STORE as WEBHOOKS

STORES = (PRODUCTS, CAMPAIGNS, TENANTS, INVITATIONS, WEBHOOKS, PEOPLE, OPERATIONS, AUDIT, KEYS, PLATFORM)
