"""Who may deploy what, when: the rules of the environments as pure functions (specification: operations §2, §3)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.pipeline.model import Environment

TYPED: Final[Mapping[Environment, str]] = {"sit": "deploy", "prod": "deploy-to-production"}
REVIEWERS: Final[Mapping[Environment, int]] = {"dev": 0, "sit": 1, "prod": 2}
DROPS: Final = "drop-rights"
MAIN: Final = "refs/heads/main"
# Weekday (Monday is 0), the first hour and the hour after the last, in UTC.
WINDOWS: Final = ((1, 20, 24), (3, 20, 24), (5, 4, 8))
PROMOTION_LASTS: Final = timedelta(hours=24)
STABLE: Final = timedelta(hours=24)
_TICKET = re.compile(r"[A-Z][A-Z0-9]{1,9}-[0-9]{1,9}")
_SHORTEST_REASON = 10
_FEW_ERRORS, _FEWEST_ERRORS = 10, 5
_ERRORS, _THROTTLES, _OK = 5, 10, 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody typed to deploy. ``ref`` is the Git reference that the workflow runs on."""

    environment: Environment
    ref: str
    typed: str = ""
    reason: str = ""
    ticket: str = ""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over an environment, and the alarms, of a stretch of time.

    Attributes:
        errors: of functions, as Lambda counts them.
        throttles: of functions.
        alarms: their names.
        answers: of the API with a status of 5xx.
        parked: messages among the dead letters.
    """

    errors: int
    throttles: int
    alarms: Sequence[str] = ()
    answers: int = 0
    parked: int = 0

    @property
    def faults(self) -> int:
        """Everything that counts as an error."""
        return self.errors + self.answers + self.parked

    def __str__(self) -> str:
        kinds = f"of functions {self.errors}, answers of 5xx {self.answers}, parked messages {self.parked}"
        return f"{self.faults} errors ({kinds})"


def in_window(moment: datetime) -> bool:
    """Whether ``moment`` is in a maintenance window: Tuesday and Thursday 20 to 24, Saturday 4 to 8, in UTC.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone is in no window.")
    at = moment.astimezone(UTC)
    return any(at.weekday() == day and first <= at.hour < end for day, first, end in WINDOWS)


def refusals(wish: Wish, now: datetime) -> list[str]:
    """Why ``wish`` may not be carried out at ``now``; empty if it may."""
    found: list[str] = []
    typed = TYPED.get(wish.environment)
    if typed is not None and wish.typed != typed:
        found.append(f"Type exactly '{typed}' to deploy to {wish.environment}.")
    if wish.ref != MAIN:
        found.append(f"{wish.environment.capitalize()} is deployed from main alone, not from {wish.ref}.")
    if wish.environment == "prod":
        found += _refusals_in_production(wish, now)
    return found


def _refusals_in_production(wish: Wish, now: datetime) -> Iterable[str]:
    if len(wish.reason.strip()) < _SHORTEST_REASON:
        yield "Say why in at least ten characters."
    if not _TICKET.fullmatch(wish.ticket):
        yield "Name the change ticket, such as CHG-1234."
    if not wish.emergency and not in_window(now):
        yield "No maintenance window is open: Tuesday and Thursday 20:00 to 24:00, Saturday 04:00 to 08:00 UTC."


def unpromotable(source: Environment, figures: Figures, running_since: datetime, now: datetime) -> list[str]:
    """Why what ``source`` runs may not go on to the next environment; empty if it may.

    Args:
        source: the environment that it runs in.
        figures: of the time that ``judged_over`` says.
        running_since: when the deployment ended.
        now: the moment of the question.
    """
    allowed = _FEW_ERRORS if source == "dev" else _FEWEST_ERRORS
    found = []
    if figures.faults >= allowed:
        found.append(f"{figures}; fewer than {allowed} are needed.")
    if figures.throttles:
        found.append(f"{figures.throttles} throttles; none is allowed.")
    if source == "sit" and now - running_since < STABLE:
        found.append(f"It runs in sit since {running_since:%Y-%m-%d %H:%M} UTC; 24 stable hours are needed.")
    if figures.alarms:
        found.append(f"Alarms: {', '.join(figures.alarms)}.")
    return found


def unacknowledged(dropped: Sequence[str], typed: str) -> list[str]:
    """Why a plan that takes rights away may not go on; empty if it takes none, or somebody typed that it may."""
    if not dropped or typed == DROPS:
        return []
    return [*dropped, f"What runs now may still need these. Deploy in two steps, or type '{DROPS}' (decision 0015)."]


def judged_over(source: Environment) -> timedelta:
    """How far back the figures of a promotion from ``source`` reach."""
    return timedelta(hours=1) if source == "dev" else STABLE


def troubles(figures: Figures, health: int) -> list[str]:
    """Why a release must be rolled back at once; empty if it need not. ``figures`` are of the last two minutes."""
    found = []
    if health != _OK:
        found.append(f"health answers {health or 'nothing'}")
    if figures.faults > _ERRORS:
        found.append(f"{figures} in two minutes")
    if figures.throttles > _THROTTLES:
        found.append(f"{figures.throttles} throttles in two minutes")
    if figures.alarms:
        found.append(f"alarms: {', '.join(figures.alarms)}")
    return found


def approvers(reviews: Sequence[Mapping[str, Any]], starter: str) -> list[str]:
    """Who approved a run, save its starter. ``reviews`` are what GitHub lists at ``runs/{id}/approvals``."""
    names = {review["user"]["login"] for review in reviews if review["state"] == "approved"}
    return sorted(names - {starter})


def unapproved(environment: Environment, found: Sequence[str]) -> list[str]:
    """Why the approvals do not do; empty if they do."""
    needed = REVIEWERS[environment]
    if len(found) >= needed:
        return []
    return [f"{environment} needs {needed} approvals by others than whoever started the run; there are {len(found)}."]
