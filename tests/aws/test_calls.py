"""Calls to DynamoDB where it is slow, overloaded, or answers nothing at all."""

from collections.abc import Mapping, Sequence
from http.client import RemoteDisconnected
from typing import Any

import pytest

from bbws.engines.aws.calls import Calls, Refused
from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.layout import Layout
from bbws.engines.aws.table import DynamoTable
from bbws.kernel.change import GENESIS, Change
from bbws.kernel.table import Conflict, Ensure, Insert, InvalidCommit, Key, Row, RowKind, Unavailable, Uncertain, Write
from infra.local.state import REGION
from tests.aws import shared
from tests.aws.fakes import ScriptedTransport
from tests.aws.tables import create_table
from tests.contracts.rows import row
from tests.fakes import FakeClock, Stopwatch


class Waits:
    """Sleeps by moving a watch on."""

    def __init__(self) -> None:
        self.watch = Stopwatch()
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.watch.advance(seconds)


def dynamo(script: ScriptedTransport, seconds: float = 3.0) -> tuple[Calls, Waits]:
    waits = Waits()
    deadline = Deadline(monotonic=waits.watch)
    deadline.set(seconds)
    return Calls(script, deadline, sleep=waits), waits


def canceled(*codes: str) -> Refused:
    return Refused("TransactionCanceledException", {"CancellationReasons": [{"Code": code} for code in codes]})


PASSING: Sequence[Exception] = [
    Refused("ThrottlingException", {}),
    Refused("ProvisionedThroughputExceededException", {}),
    Refused("InternalServerError", {}),
    Refused("RequestLimitExceeded", {}),
    Refused("TransactionConflictException", {}),
    canceled("None", "TransactionConflict"),
    canceled("ThrottlingError", "None"),
    TimeoutError(),
    ConnectionResetError(),
    RemoteDisconnected("gone"),
]


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_tried_again(fault: Exception) -> None:
    script = ScriptedTransport(fault, fault, {"Item": {}})
    caller, waits = dynamo(script)
    assert caller.call("GetItem", {"x": 1}) == {"Item": {}}
    assert [sent[:2] for sent in script.sent] == [("GetItem", {"x": 1})] * 3
    assert len(waits.slept) == 2
    assert all(0 <= delay <= 1 for delay in waits.slept)


@pytest.mark.parametrize("fault", PASSING)
def test_what_does_not_pass_in_time_is_unavailable(fault: Exception) -> None:
    script = ScriptedTransport(*[fault] * 1000)
    caller, waits = dynamo(script, seconds=2.0)
    with pytest.raises(Unavailable):
        caller.call("PutItem", {})
    assert sum(waits.slept) <= 2.0 + 1e-6
    # A try may take no longer than the time that is left.
    assert all(seconds <= 2.0 for _, _, seconds in script.sent)


def test_nothing_is_sent_once_the_time_is_over() -> None:
    script = ScriptedTransport()
    caller, waits = dynamo(script, seconds=1.0)
    waits.watch.advance(1.5)
    with pytest.raises(Unavailable):
        caller.call("GetItem", {})
    assert script.sent == []


def test_a_refusal_is_not_repeated() -> None:
    script = ScriptedTransport(Refused("ValidationException", {"message": "why"}))
    caller, _ = dynamo(script)
    with pytest.raises(Refused, match="ValidationException: why"):
        caller.call("GetItem", {})
    assert len(script.sent) == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ExpiredTokenException"])
def test_what_an_operator_must_mend_is_unavailable_and_says_what_to_check(code: str) -> None:
    script = ScriptedTransport(Refused(code, {"message": "arn:aws:secret"}))
    caller, _ = dynamo(script)
    with pytest.raises(Unavailable, match=f"{code}: check") as refusal:
        caller.call("GetItem", {})
    assert "arn" not in str(refusal.value)
    assert len(script.sent) == 1


def test_a_write_without_an_answer_is_uncertain_and_a_read_is_not() -> None:
    for action, lost in (("PutItem", TimeoutError()), ("TransactWriteItems", Refused("InternalServerError", {}))):
        with pytest.raises(Uncertain):
            dynamo(ScriptedTransport(*[lost] * 1000), seconds=0.5)[0].call(action, {})
    with pytest.raises(Unavailable) as silent:
        dynamo(ScriptedTransport(*[TimeoutError()] * 1000), seconds=0.5)[0].call("Query", {})
    with pytest.raises(Unavailable) as busy:
        dynamo(ScriptedTransport(*[Refused("ThrottlingException", {})] * 1000), seconds=0.5)[0].call("PutItem", {})
    assert not isinstance(silent.value, Uncertain)
    assert not isinstance(busy.value, Uncertain)


def test_a_failed_expectation_beside_an_overload_is_a_conflict() -> None:
    script = ScriptedTransport(canceled("ThrottlingError", "ConditionalCheckFailed"))
    table = DynamoTable(dynamo(script)[0], Layout({}, {}, "all"), FakeClock(), REGION)
    with pytest.raises(Conflict) as conflict:
        table.commit([Insert(row("p", "a")), Insert(row("p", "b"))])
    assert conflict.value.key == Key("p", "b")


def test_a_storm_of_conflicts_ends_in_a_conflict_and_each_is_told_at_once() -> None:
    script = ScriptedTransport(*[canceled("ConditionalCheckFailed", "None")] * 5)
    table = DynamoTable(dynamo(script)[0], Layout({}, {}, "all"), FakeClock(), REGION)
    for _ in range(5):
        with pytest.raises(Conflict):
            table.commit([Insert(row("p", "a")), Insert(row("p", "b"))])
    assert len(script.sent) == 5


def test_a_transaction_keeps_its_token_and_another_has_another() -> None:
    script = ScriptedTransport(TimeoutError(), {}, {})
    table = DynamoTable(dynamo(script)[0], Layout({}, {}, "all"), FakeClock(), REGION)
    for _ in range(2):
        table.commit([Insert(row("p", "a")), Insert(row("p", "b"))])
    tokens = [payload["ClientRequestToken"] for _, payload, _ in script.sent]
    assert tokens[0] == tokens[1] != tokens[2]


def test_one_write_needs_no_transaction_and_an_expectation_alone_does() -> None:
    script = ScriptedTransport({}, {})
    table = DynamoTable(dynamo(script)[0], Layout({}, {}, "all"), FakeClock(), REGION)
    table.commit([Insert(row("p", "a"))])
    table.commit([Ensure(Key("p", "a"), 1)])
    assert [action for action, _, _ in script.sent] == ["PutItem", "TransactWriteItems"]


def test_keys_that_dynamodb_cannot_have() -> None:
    table = DynamoTable(dynamo(ScriptedTransport())[0], Layout({}, {"one": ("all",)}, "all"), FakeClock(), REGION)
    for key in (Key("", "s"), Key("p" * 2049, "s"), Key("p", "s" * 1025)):
        assert table.get(key) is None
        with pytest.raises(InvalidCommit):
            table.commit([Insert(Row(key, RowKind.ENTITY, {}))])
    assert table.query("p" * 2049).rows == ()
    assert table.query("p", prefix="s" * 1025).rows == ()
    assert table.query("").rows == ()
    with pytest.raises(InvalidCommit):
        table.commit([Insert(row("p", "s", one=("x", "s" * 1025)))])


def test_a_family_that_no_store_declares_is_a_fault_of_ours() -> None:
    table = DynamoTable(dynamo(ScriptedTransport())[0], Layout({"PRODUCT": "products"}, {}), FakeClock(), REGION)
    with pytest.raises(InvalidCommit, match="SECRET"):
        table.get(Key("SECRET#x", "s"))


class LostAnswers:
    """Carries every write out, and says of the first so many that nothing came back."""

    def __init__(self, inner: Calls, lost: int) -> None:
        self._inner = inner
        self._lost = lost

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        del seconds
        # As if the token had been forgotten: DynamoDB does so after ten minutes, and a single write has none.
        payload = {name: value for name, value in payload.items() if name != "ClientRequestToken"}
        answer = self._inner.call(action, payload)
        if self._lost and action != "GetItem":
            self._lost -= 1
            raise TimeoutError
        return answer


def change(version: int) -> Row:
    made = Change(
        id=f"c.{version}",
        source="/bbws/t",
        type="t.happened",
        subject="/t/c",
        time="2026-11-20T12:00:00.000000Z",
        change_type="CREATE",
        entity=Key("T#c", "METADATA"),
        actor="somebody",
        correlation_id="r1",
        version=version,
        before=None,
        after={"n": version},
        reason=None,
    )
    return made.chained(GENESIS).row()


@pytest.fixture
def name() -> str:
    made = f"lost-{id(object())}"
    create_table(shared.dynamo(), made, ["ChangesByDayIndex"])
    return made


@pytest.mark.parametrize("writes", [[Insert(row("p", "a"))], [Insert(row("T#c", "METADATA")), Insert(change(1))]])
def test_a_commit_whose_answer_was_lost_is_found_stored(name: str, writes: list[Write]) -> None:
    table = DynamoTable(Calls(LostAnswers(shared.dynamo(), 1), Deadline()), Layout({}, {}, name), FakeClock(), REGION)
    table.commit(writes)
    assert [table.get(write.key) is not None for write in writes] == [True] * len(writes)
    with pytest.raises(Conflict):
        table.commit(writes)


def test_what_somebody_else_stored_is_not_taken_for_ours(name: str) -> None:
    shared_table = DynamoTable(shared.dynamo(), Layout({}, {}, name), FakeClock(), REGION)
    shared_table.commit([Insert(row("p", "a", {"by": "another"}))])
    script = ScriptedTransport(TimeoutError(), Refused("ConditionalCheckFailedException", {}), *[{}] * 3)
    table = DynamoTable(dynamo(script)[0], Layout({}, {}, name), FakeClock(), REGION)
    with pytest.raises(Conflict):
        table.commit([Insert(row("p", "a", {"by": "us"}))])
