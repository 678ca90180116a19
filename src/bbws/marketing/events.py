"""What the marketing domain announces: its published language."""

from bbws.kernel.change import EventType

CREATED = EventType("campaign.created", "CREATE", "A campaign was added, as a draft or for its time.")
UPDATED = EventType("campaign.updated", "UPDATE", "Fields of a campaign changed.")
WENT_OUT = EventType("campaign.published", "UPDATE", "A draft will run, or runs, as its dates say.")
DISABLED = EventType(
    "campaign.disabled", "DISABLE", "A campaign is offered no more; carts keep its price until `gracePeriodEnd`."
)
REACTIVATED = EventType("campaign.reactivated", "REACTIVATE", "A disabled campaign runs again, as its dates say.")
DELETED = EventType("campaign.deleted", "DELETE", "A campaign was taken away; its record stays.")
RESTORED = EventType("campaign.restored", "UPDATE", "A campaign that was taken away is back.")

PUBLISHED = (CREATED, UPDATED, WENT_OUT, DISABLED, REACTIVATED, DELETED, RESTORED)
