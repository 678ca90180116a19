"""The rules of a campaign, held against definitions that are written here again. Source: marketing §4, §5."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.kernel.problem import Problem
from bbws.marketing import model
from bbws.marketing.model import GRACE, Campaign, State, Status, status_at
from tests.marketing.campaigns import MICROSECOND, MOMENTS, SPANS, START, campaign

DAY = timedelta(days=1)


@given(SPANS, MOMENTS, st.sampled_from(State))
def test_status_is_what_was_decided_or_else_where_the_time_lies(
    span: list[datetime], moment: datetime, state: State
) -> None:
    status = status_at(campaign(from_date=span[0], to_date=span[1], state=state), moment)
    if state is not State.PUBLISHED:
        assert status == state.value
    else:
        begun, ended = span[0] <= moment, span[1] <= moment
        assert status == {(False, False): "SCHEDULED", (True, False): "ACTIVE", (True, True): "EXPIRED"}[begun, ended]


@given(SPANS, st.lists(MOMENTS, min_size=2, max_size=5).map(sorted))
def test_time_alone_moves_a_campaign_forward_and_never_back(span: list[datetime], moments: list[datetime]) -> None:
    order = [Status.SCHEDULED, Status.ACTIVE, Status.EXPIRED]
    passed = [order.index(status_at(campaign(from_date=span[0], to_date=span[1]), moment)) for moment in moments]
    assert passed == sorted(passed)


def test_every_boundary_is_exact() -> None:
    one = campaign()
    assert status_at(one, one.from_date - MICROSECOND) is Status.SCHEDULED
    assert status_at(one, one.from_date) is Status.ACTIVE
    assert status_at(one, one.to_date - MICROSECOND) is Status.ACTIVE
    assert status_at(one, one.to_date) is Status.EXPIRED


@given(SPANS, SPANS)
def test_two_overlap_where_there_is_a_time_at_which_both_run(one: list[datetime], other: list[datetime]) -> None:
    first, second = (campaign(from_date=span[0], to_date=span[1]) for span in (one, other))
    # What both run in would begin as the later one begins.
    both = all(status_at(each, max(one[0], other[0])) is Status.ACTIVE for each in (first, second))
    assert model.overlap(first, second) == model.overlap(second, first) == both


@given(SPANS, SPANS, MOMENTS)
def test_no_edit_ends_what_lives_or_revives_what_has_ended(
    before: list[datetime], after: list[datetime], now: datetime
) -> None:
    one = campaign(from_date=before[0], to_date=before[1])
    was, would = (now >= span[1] for span in (before, after))
    put_off = before[0] <= now < before[1] and now < after[0]
    fields = {"from_date": after[0], "to_date": after[1]}
    if was == would and not put_off:
        assert model.changed(one, fields, now, "user-2").to_date == after[1]
    else:
        assert _refused(lambda: model.changed(one, fields, now, "user-2")) == "campaign-dates"


@given(SPANS, st.sampled_from(State), MOMENTS)
def test_each_status_allows_its_changes_and_no_other(span: list[datetime], state: State, now: datetime) -> None:
    one = campaign(from_date=span[0], to_date=span[1], state=state)
    ended = now >= span[1]
    found = {
        "publish": _refused(lambda: model.published(one, now, "user-2")),
        "disable": _refused(lambda: model.disabled(one, None, now, "user-2")),
        "reactivate": _refused(lambda: model.reactivated(one, None, now, "user-2")),
    }
    allowed = {State.DRAFT: "publish", State.PUBLISHED: "disable", State.DISABLED: "reactivate"}[state]
    expected = dict.fromkeys(found, "illegal-transition")
    expected[allowed] = "campaign-dates" if ended and allowed != "disable" else ""
    assert found == expected


@given(SPANS, MOMENTS, MOMENTS.map(lambda moment: moment + 9 * DAY))
def test_reactivating_undoes_what_disabling_noted(span: list[datetime], now: datetime, end: datetime) -> None:
    one = campaign(from_date=span[0], to_date=span[1])
    disabled = model.disabled(one, "Out of stock", now, "user-2")
    assert (disabled.disabled_at, disabled.disabled_by, disabled.disable_reason) == (now, "user-2", "Out of stock")
    assert disabled.grace_period_end == now + GRACE
    again = model.reactivated(disabled, end, now, "user-3")
    noted = (again.disabled_at, again.disabled_by, again.disable_reason, again.grace_period_end)
    assert (noted, again.to_date, again.reactivated_by) == ((None,) * 4, end, "user-3")
    assert status_at(again, now) == (Status.ACTIVE if span[0] <= now else Status.SCHEDULED)


@given(st.integers(-1, 25), st.integers(-2, 2), st.integers(-2, 2))
def test_a_discount_holds_until_its_grace_ends_for_whoever_took_it_while_it_ran(
    taken: int, from_begin: int, from_end: int
) -> None:
    """``taken``: hours after it began, of the 24 after which it was disabled; times of asking around its end."""
    one = campaign(to_date=START + 9 * DAY)
    disabled = model.disabled(one, None, START + DAY, "user-2")
    held_since = START + timedelta(hours=taken) + from_begin * MICROSECOND
    now = START + DAY + GRACE + from_end * MICROSECOND
    then = disabled if held_since >= START + DAY else one
    honoured = START <= held_since < START + DAY and now < START + DAY + GRACE
    assert model.honoured_until(disabled, then, one, held_since, now) == (START + DAY + GRACE if honoured else None)


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (9, False)])
def test_disabling_makes_nothing_hold_that_did_not_run(days: int, holds: bool) -> None:  # noqa: FBT001 - a parameter
    one = campaign(to_date=START + 9 * DAY)
    when = START + days * DAY
    disabled = model.disabled(one, None, when, "user-2")
    held_since = min(when - MICROSECOND, START + DAY) if days else START
    when_disabled = disabled._replace(disabled_at=when + MICROSECOND)
    assert (model.honoured_until(when_disabled, one, one, held_since, when + DAY / 2) is not None) == holds


def test_what_is_deleted_changes_no_more_but_by_being_restored() -> None:
    gone = model.deleted(campaign(), START, "user-2")
    again = model.changed(gone, {"active": True, "name": "Again"}, START, "user-3")
    assert (gone.active, again.active, again.name) == (False, True, "Again")
    for change in (
        lambda: model.changed(gone, {"name": "Other"}, START, "user-3"),
        lambda: model.published(gone, START, "user-3"),
        lambda: model.disabled(gone, None, START, "user-3"),
        lambda: model.reactivated(gone, None, START, "user-3"),
    ):
        assert _refused(change) == "campaign-deleted"


@pytest.mark.parametrize("late", [timedelta(0), -MICROSECOND])
def test_an_end_that_is_no_later_than_the_beginning_is_refused_by_name(late: timedelta) -> None:
    with pytest.raises(Problem) as refused:
        model.require_order(campaign(to_date=START + late))
    assert [error.field for error in refused.value.errors] == ["toDate"]


def _refused(change: Callable[[], Campaign]) -> str:
    """The code of the problem; none where there is none."""
    try:
        change()
    except Problem as problem:
        return problem.type.code
    return ""
