"""The tables of all services. Apart from the other tables of the business, since every function needs it."""

from bbws.audit.ports import STORE as AUDIT
from bbws.kernel.idempotency import STORE as PLATFORM
from bbws.keys.store import STORE as KEYS
from bbws.marketing.store import STORE as CAMPAIGNS
from bbws.operations.store import STORE as OPERATIONS
from bbws.products.store import STORE as PRODUCTS

STORES = (PRODUCTS, CAMPAIGNS, OPERATIONS, AUDIT, KEYS, PLATFORM)
