"""An operation and its rules. Pure. Source: design §3, Operation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bbws.kernel.actor import EVERYTHING, Actor, ActorKind
from bbws.kernel.canonical import Document
from bbws.kernel.problem import Kind, Problem, ProblemType
from bbws.kernel.table import Key

ID_PREFIX = "op-"
ID_PATTERN = r"^op-[0-9A-HJKMNP-TV-Z]{16}$"
ID_RANDOM_LENGTH = 16

OPERATION_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND,
    "operation-not-found",
    "Operation not found",
    "There is no operation with this id that the caller may see. An operation is visible to who started it and to"
    " who may write its resource; to who started it for as long as they may read that resource.",
)
ILLEGAL_TRANSITION = ProblemType(
    Kind.REFUSED,
    "illegal-transition",
    "Illegal transition",
    "The resource is in a state from which this cannot be done. `currentStatus` and `allowedTransitions` say "
    "where it is and where it can go.",
)


class Status(StrEnum):
    """Where an operation, or a step of it, stands."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    ROLLED_BACK = "ROLLED_BACK"


LIVE = frozenset({Status.PENDING, Status.IN_PROGRESS})
_ALLOWED = {
    Status.PENDING: (Status.IN_PROGRESS, Status.CANCELLED, Status.FAILED),
    Status.IN_PROGRESS: (Status.COMPLETED, Status.CANCELLED, Status.FAILED),
    Status.FAILED: (Status.PENDING,),
}


class StepState(NamedTuple):
    """A step as it stands. ``attempts`` counts starts, also those that a killed process did not finish."""

    name: str
    status: Status = Status.PENDING
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""


class Operation(NamedTuple):
    """Work that was accepted.

    Attributes:
        subject: the path of the resource it is about; operations on one subject run in the order of ``sequence``.
        permission: whoever holds it may see and steer the operation, beside who started it.
        holds: keys reserved while it is live, such as the id of what it will create.
        to_the_end: whether it cannot be called off.
        held_until: of a live one: until then its step is carried out by whoever began it, and by nobody else.
        input: what was asked for; ``result`` and ``problem`` what came of it.
    """

    operation_id: str
    kind: str
    subject: str
    permission: str
    input: Document
    status: Status
    steps: tuple[StepState, ...]
    sequence: int
    holds: tuple[Key, ...]
    started_by: str
    started_by_kind: ActorKind
    correlation_id: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None
    result: Document | None = None
    problem: Document | None = None
    to_the_end: bool = False
    held_until: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it is still to be carried out."""
        return self.status in LIVE

    @property
    def cancellable(self) -> bool:
        """Whether it can be called off."""
        return self.live and not self.to_the_end

    @property
    def progress(self) -> int:
        """Per cent of the steps that are completed."""
        done = sum(step.status is Status.COMPLETED for step in self.steps)
        return 100 * done // len(self.steps)

    @property
    def moved_at(self) -> datetime:
        """When it last changed, or one of its steps began or ended."""
        moments = (moment for step in self.steps for moment in (step.started_at, step.ended_at) if moment is not None)
        return max((self.updated_at, *moments))

    @property
    def next_step(self) -> int | None:
        """The place of the first step that is not completed, None where all are."""
        return next((i for i, step in enumerate(self.steps) if step.status is not Status.COMPLETED), None)

    def actor(self) -> Actor:
        """On whose behalf its steps run; what they may do was decided when it was accepted."""
        return Actor(self.started_by, self.started_by_kind, frozenset({EVERYTHING}))


def with_step(operation: Operation, place: int, step: StepState) -> Operation:
    """The operation with one step replaced, which nobody holds any more."""
    steps = (*operation.steps[:place], step, *operation.steps[place + 1 :])
    return operation._replace(steps=steps, held_until=None)


def step_started(operation: Operation, place: int, moment: datetime, lease: timedelta) -> Operation:
    """One more attempt at a step, which is nobody else's for as long as the lease."""
    step = operation.steps[place]
    state = StepState(step.name, Status.IN_PROGRESS, step.attempts + 1, step.started_at or moment)
    return with_step(operation, place, state)._replace(held_until=moment + lease if lease else None)


def step_ended(operation: Operation, place: int, status: Status, moment: datetime, message: str = "") -> Operation:
    """The step as it ended."""
    step = operation.steps[place]._replace(status=status, ended_at=moment, message=message)
    return with_step(operation, place, step)


def ended(
    operation: Operation,
    status: Status,
    moment: datetime,
    *,
    result: Document | None = None,
    problem: Document | None = None,
) -> Operation:
    """The operation as it ended.

    Raises:
        Problem: 422 where it has ended already.
    """
    require_transition(operation, status)
    return operation._replace(status=status, updated_at=moment, finished_at=moment, result=result, problem=problem)


def again(operation: Operation, sequence: int, moment: datetime) -> Operation:
    """A failed operation put back in line; completed steps stay completed.

    Raises:
        Problem: 422 where it has not failed.
    """
    require_transition(operation, Status.PENDING)
    steps = tuple(s if s.status is Status.COMPLETED else StepState(s.name) for s in operation.steps)
    return operation._replace(
        status=Status.PENDING,
        steps=steps,
        sequence=sequence,
        updated_at=moment,
        finished_at=None,
        problem=None,
    )


def require_transition(operation: Operation, status: Status) -> None:
    """Refuse a step that the state does not allow.

    Raises:
        Problem: 422 with the current state and where it can go.
    """
    allowed: Sequence[Status] = _ALLOWED.get(operation.status, ())
    if status not in allowed:
        ways = ", ".join(allowed) or "nothing: it has ended"
        raise _illegal(operation, f"The operation is {operation.status}; from there it can become {ways}.", allowed)


def not_to_be_called_off(operation: Operation) -> Problem:
    """The refusal to call off what would be left half done."""
    detail = "This operation cannot be called off: what it has done already is not undone. It goes on to its end."
    return _illegal(operation, detail, ())


def _illegal(operation: Operation, detail: str, allowed: Sequence[Status]) -> Problem:
    ways = [way.value for way in allowed]
    return ILLEGAL_TRANSITION(detail, currentStatus=operation.status.value, allowedTransitions=ways)
