"""What the keys domain announces."""

from bbws.kernel.change import EventType

CREATED = EventType("key.created", "CREATE", "An API key was made.")
REVOKED = EventType("key.revoked", "DELETE", "An API key was revoked.")

PUBLISHED = (CREATED, REVOKED)
