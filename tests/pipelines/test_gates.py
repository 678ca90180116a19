"""Who may deploy what, when."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from infra.pipeline import gates
from infra.pipeline.gates import Figures, Wish
from infra.pipeline.model import Environment

TUESDAY = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
PROD = {"ref": gates.MAIN, "typed": "deploy-to-production", "reason": "Prices of the spring", "ticket": "CHG-1234"}


def wish(**changes: Any) -> Wish:
    return Wish("prod", **(PROD | changes))


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-24T19:59:59Z", False),
        ("2026-11-24T20:00:00Z", True),  # Tuesday
        ("2026-11-24T23:59:59Z", True),
        ("2026-11-25T00:00:00Z", False),
        ("2026-11-25T21:00:00Z", False),  # Wednesday
        ("2026-11-26T20:00:00Z", True),  # Thursday
        ("2026-11-27T00:00:00Z", False),
        ("2026-11-28T03:59:59Z", False),
        ("2026-11-28T04:00:00Z", True),  # Saturday
        ("2026-11-28T07:59:59Z", True),
        ("2026-11-28T08:00:00Z", False),
        ("2026-11-29T05:00:00Z", False),  # Sunday
        ("2026-11-24T22:00:00+02:00", True),  # 20:00 UTC
        ("2026-11-24T20:00:00+02:00", False),  # 18:00 UTC
        ("2026-11-25T01:30:00+02:00", True),  # still Tuesday in UTC
        ("2026-11-23T22:00:00-05:00", False),  # Tuesday 03:00 UTC
    ],
)
def test_a_window_is_counted_in_utc(moment: str, *, open_: bool) -> None:
    assert gates.in_window(datetime.fromisoformat(moment)) is open_


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        gates.in_window(datetime(2026, 11, 24, 21))  # noqa: DTZ001 - the point of the test


def test_the_windows_are_twelve_hours_a_week() -> None:
    minutes = (TUESDAY + timedelta(minutes=n) for n in range(7 * 24 * 60))
    assert sum(gates.in_window(minute) for minute in minutes) == 12 * 60


def test_what_is_asked_for_in_order_is_allowed() -> None:
    assert gates.refusals(wish(), TUESDAY) == []
    assert gates.refusals(wish(), TUESDAY.astimezone(timezone(timedelta(hours=2)))) == []
    assert gates.refusals(Wish("dev", gates.MAIN), TUESDAY - timedelta(hours=5)) == []
    assert gates.refusals(Wish("sit", gates.MAIN, "deploy"), TUESDAY - timedelta(hours=5)) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"typed": "deploy"}, "deploy-to-production"),
        ({"typed": "Deploy-to-production"}, "deploy-to-production"),
        ({"typed": " deploy-to-production"}, "deploy-to-production"),
        ({"ref": "refs/heads/hotfix"}, "main alone"),
        ({"ref": "refs/tags/main"}, "main alone"),
        ({"reason": "   because   "}, "ten characters"),
        ({"ticket": ""}, "ticket"),
        ({"ticket": "CHG-1234; rm"}, "ticket"),
    ],
)
def test_production_wants_all_of_it(changes: dict[str, str], word: str) -> None:
    [refusal] = gates.refusals(wish(**changes), TUESDAY)
    assert word in refusal


@pytest.mark.parametrize(("environment", "typed"), [("dev", ""), ("sit", "deploy")])
def test_everything_is_deployed_from_main_alone(environment: Environment, typed: str) -> None:
    [refusal] = gates.refusals(Wish(environment, "refs/heads/topic", typed), TUESDAY)
    assert refusal == f"{environment.capitalize()} is deployed from main alone, not from refs/heads/topic."


def test_every_refusal_is_told_at_once() -> None:
    assert len(gates.refusals(Wish("prod", "refs/heads/topic"), TUESDAY - timedelta(hours=1))) == 5


def test_an_emergency_waits_for_no_window_but_for_all_the_rest() -> None:
    monday = TUESDAY - timedelta(days=1)
    assert "window" in gates.refusals(wish(), monday)[0]
    assert gates.refusals(wish(emergency=True), monday) == []
    assert len(gates.refusals(wish(emergency=True, ticket="", typed=""), monday)) == 2


def test_sit_wants_its_word() -> None:
    assert gates.refusals(Wish("sit", gates.MAIN), TUESDAY) == ["Type exactly 'deploy' to deploy to sit."]


@pytest.mark.parametrize(
    ("source", "figures", "hours", "refused"),
    [
        ("dev", Figures(9, 0), 0, 0),
        ("dev", Figures(10, 0), 0, 1),
        ("dev", Figures(0, 1), 0, 1),
        ("dev", Figures(0, 0, ["an-alarm"]), 0, 1),
        ("dev", Figures(4, 0, answers=3, parked=2), 0, 0),
        ("dev", Figures(4, 0, answers=3, parked=3), 0, 1),
        ("sit", Figures(4, 0), 24, 0),
        ("sit", Figures(5, 0), 24, 1),
        ("sit", Figures(4, 0), 23.99, 1),
        ("sit", Figures(0, 0, ["an-alarm"]), 30, 1),
        ("sit", Figures(50, 3, ["an-alarm"]), 1, 4),
    ],
)
def test_promotion_goes_by_the_figures(source: Environment, figures: Figures, hours: float, refused: int) -> None:
    assert len(gates.unpromotable(source, figures, TUESDAY - timedelta(hours=hours), TUESDAY)) == refused


def test_the_figures_of_a_promotion_reach_back_as_far_as_its_rule() -> None:
    assert gates.judged_over("dev") == timedelta(hours=1)
    assert gates.judged_over("sit") == timedelta(hours=24)


@pytest.mark.parametrize(
    ("figures", "health", "troubles"),
    [
        (Figures(5, 10), 200, 0),
        (Figures(6, 0), 200, 1),
        (Figures(2, 0, answers=2, parked=1), 200, 0),
        (Figures(2, 0, answers=2, parked=2), 200, 1),
        (Figures(0, 11), 200, 1),
        (Figures(0, 0), 503, 1),
        (Figures(0, 0), 0, 1),
        (Figures(0, 0, ["an-alarm"]), 200, 1),
        (Figures(6, 11, ["an-alarm"]), 500, 4),
    ],
)
def test_a_release_is_rolled_back_by_the_figures(figures: Figures, health: int, troubles: int) -> None:
    assert len(gates.troubles(figures, health)) == troubles


def _review(login: str, state: str = "approved") -> dict[str, Any]:
    return {"state": state, "user": {"login": login}, "environments": [{"name": "prod"}]}


def test_approvals_are_those_of_different_others() -> None:
    reviews = [_review("ada"), _review("bob"), _review("bob"), _review("eve", "rejected"), _review("cyd")]
    assert gates.approvers(reviews, "ada") == ["bob", "cyd"]
    assert gates.unapproved("prod", ["bob", "cyd"]) == []
    assert "2 approvals" in gates.unapproved("prod", ["bob"])[0]
    assert gates.unapproved("sit", ["bob"]) == gates.unapproved("dev", []) == []
    assert gates.unapproved("sit", []) != []
