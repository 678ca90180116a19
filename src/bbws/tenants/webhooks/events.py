"""What is announced of webhooks. Who writes to people about one that was disabled reads it from the change."""

from bbws.kernel.change import EventType

CREATED = EventType("webhook.created", "CREATE", "What happens to a tenant is to be told to an address.")
DISABLED = EventType(
    "webhook.disabled", "DISABLE", "An address did not take what it was told for three days, or is gone."
)
ENABLED = EventType("webhook.enabled", "ENABLE", "A disabled webhook is used again.")
ROTATED = EventType("webhook.rotated", "ROTATE", "Calls of a webhook are signed with a new secret.")
TESTED = EventType("webhook.tested", "TEST", "A test was sent to a webhook.")
REPLAYED = EventType("webhook.replayed", "REPLAY", "A delivery was asked for once more.")
DELETED = EventType("webhook.deleted", "DELETE", "An address is told nothing any more.")

PUBLISHED = (CREATED, DISABLED, ENABLED, ROTATED, TESTED, REPLAYED, DELETED)
