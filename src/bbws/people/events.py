"""What is announced of people: never an address or a name."""

from bbws.kernel.change import EventType

CONTACT_ADDED = EventType("contact.added", "CREATE", "An address became known.")
CONTACT_CHANGED = EventType("contact.changed", "UPDATE", "Somebody's name became another.")
CONTACT_ERASED = EventType("contact.erased", "DELETE", "An address and who has it were forgotten.")
REGISTERED = EventType("user.registered", "CREATE", "Somebody signed in for the first time.")
MOVED = EventType("user.updated", "UPDATE", "Somebody's verified address became another, or none.")
ERASED = EventType("user.erased", "DELETE", "A person was forgotten, and signs in no more.")

PUBLISHED = (CONTACT_ADDED, CONTACT_CHANGED, CONTACT_ERASED, REGISTERED, MOVED, ERASED)
