"""What operations announce. That one was accepted is announced in the words of the domain that accepted it."""

from bbws.kernel.change import EventType

STARTED = EventType("operation.started", "UPDATE", "The first step of an operation was begun.")
COMPLETED = EventType("operation.completed", "UPDATE", "All steps of an operation are done.")
FAILED = EventType("operation.failed", "UPDATE", "An operation was refused or gave up; it can be retried.")
CANCELLED = EventType("operation.cancelled", "UPDATE", "Somebody called an operation off.")

PUBLISHED = (STARTED, COMPLETED, FAILED, CANCELLED)
