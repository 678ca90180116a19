"""What the products domain announces: its published language."""

from bbws.kernel.change import EventType

CREATED = EventType("product.created", "CREATE", "A product was added to the catalogue.")
UPDATED = EventType("product.updated", "UPDATE", "Fields of a product changed.")
RESTORED = EventType("product.restored", "UPDATE", "An inactive product is sold again.")
DELETED = EventType("product.deleted", "DELETE", "A product is no longer sold; its record stays.")
CHANGE_REQUESTED = EventType(
    "product.change-requested", "REQUEST", "A product change was accepted and waits to be applied."
)

PUBLISHED = (CREATED, UPDATED, RESTORED, DELETED, CHANGE_REQUESTED)
