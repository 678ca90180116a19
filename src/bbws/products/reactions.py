"""The product creator: the consumer of queued product changes. Source: specification products §6."""

from bbws.kernel.reaction import Policy
from bbws.operations.reactions import consumer
from bbws.products.queued import PRODUCT_CHANGE

KINDS = (PRODUCT_CHANGE,)
REACTIONS = (consumer("product-creator", "product-change", KINDS, Policy(visibility=60, max_receives=3, batch=10)),)
