"""How accepted operations come to be carried out: one consumer per queue that a domain asks for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from functools import partial, reduce
from operator import or_

from bbws.kernel.access import Access
from bbws.kernel.reaction import Daily, Policy, Reaction
from bbws.operations import events
from bbws.operations.runner import carry_out, resume_daily
from bbws.operations.service import OperationKind
from bbws.operations.store import BY_STATUS


def consumer(name: str, queue: str, kinds: Sequence[OperationKind], policy: Policy) -> Reaction:
    """A consumer that carries out operations of some kinds.

    It is told of requests, and of operations that failed or were cancelled, since whoever stood behind them is next.
    Kinds that may stand in the line of one subject belong to one consumer: it leaves those of others alone.
    A message is handed out at least as often as the steps of an operation may be tried: parked earlier, it would leave
    behind an operation that has not ended.
    """
    told_of = {kind.requested.name for kind in kinds} | {events.FAILED.name, events.CANCELLED.name}
    tries = max(len(kind.steps) * kind.attempts for kind in kinds)
    policy = replace(policy, max_receives=max(policy.max_receives, tries))
    handler = partial(carry_out, served=frozenset(kind.name for kind in kinds))
    return Reaction(name, queue, frozenset(told_of), handler, policy, carrying_out(kinds))


def carrying_out(kinds: Sequence[OperationKind]) -> Access:
    """The rows that carrying out operations of these kinds touches."""
    own = Access.to(gets="OPERATION", queries="LINE", puts="OPERATION", removes="OPERATION LINE", ensures="OPERATION")
    return reduce(or_, (kind.access for kind in kinds), own)


DAILY = (Daily("operations-resume", time(0, 30), resume_daily, Access.to(indexes=BY_STATUS)),)
