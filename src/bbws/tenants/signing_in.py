"""What signing in says of tenants: kept as the memberships are, where a directory outside tells it (on AWS alone).

No right follows from it (specification tenants, Decision 3): it is for consoles and reports that read tokens. The
groups of roles in tenants never are that of the platform role.
"""

import logging
from collections.abc import Sequence

from bbws.kernel.access import Access
from bbws.kernel.reaction import Message, Policy, Reaction
from bbws.kernel.table import Table, Unavailable
from bbws.people.events import ERASED
from bbws.people.ports import Directory
from bbws.tenants.events import ASSIGNED, REMOVED, ROLE_CHANGED
from bbws.tenants.members import store
from bbws.tenants.members.model import Membership
from bbws.tenants.store import BY_USER

_log = logging.getLogger("bbws.tenants")


def synchronise(messages: Sequence[Message], table: Table, directory: Directory) -> list[str]:
    """Bring the directory to what is true now, whatever the messages were; the ids of those that failed."""
    failed = []
    for message in messages:
        try:
            _carry_out(message, table, directory)
        except Unavailable as error:
            _log.warning("the directory of people is behind", extra={"messageId": message.id, "error": str(error)})
            failed.append(message.id)
    return failed


def _carry_out(message: Message, table: Table, directory: Directory) -> None:
    user_id = message.subject.rpartition("/")[2]
    if message.type == ERASED.name:
        directory.forget(user_id)
        return
    told = None
    # What is true may change while it is told, and another who tells the later of it be sooner: whoever is last looks
    # again, and so tells what is true then.
    while (held := _memberships(table, message)) != told:
        roles = {role for each in held for role in (each.role, *each.units.values()) if role is not None}
        directory.belong(user_id, [each.tenant_id for each in held], {role.value for role in roles})
        told = held


def _memberships(table: Table, message: Message) -> list[Membership]:
    """The person's own, each read by its key: an index may not know of this one yet, or not know that others ended."""
    _, _, _, tenant_id, _, user_id = message.subject.split("/")
    tenants = {tenant_id, *(each.value.tenant_id for each in store.of_user(table, user_id))}
    found = (store.load(table, each, user_id) for each in tenants)
    held = [current.value for current in found if current is not None and current.value.active]
    return sorted(held, key=lambda each: (each.assigned_at, each.tenant_id))


REACTIONS = (
    Reaction(
        "people-directory",
        "people-directory",
        frozenset({ASSIGNED.name, ROLE_CHANGED.name, REMOVED.name, ERASED.name}),
        synchronise,
        Policy(visibility=60, max_receives=5, batch=10),
        Access.to(gets="TENANT", indexes=BY_USER),
    ),
)
