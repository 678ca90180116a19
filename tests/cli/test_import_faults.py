"""Importing into a server that is busy, at fault, or gone; and how much is on its way at once."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from bbws.entrypoints.commands.client import Server
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.importer import Importer, Outcome, Result, in_order
from bbws.entrypoints.commands.rows import Row, json_rows
from tests.cli.shell import URL, answering, problem

ROW = {"name": "Basic", "description": "Small", "price": "9.50", "period": "monthly"}
CONTENT = b"".join(json.dumps(ROW | {"name": f"Plan {n}"}).encode() + b"\n" for n in range(50))

type Handler = Callable[[httpx.Request], httpx.Response]


class Pauses:
    """Pauses that take no time."""

    def __init__(self, *, stopped: bool = False) -> None:
        self.seconds: list[float] = []
        self.stopped = stopped

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return self.stopped


def _load(handler: Handler, content: bytes = CONTENT, *, stopped: bool = False) -> tuple[list[Result], Pauses]:
    results: list[Result] = []
    pauses = Pauses(stopped=stopped)
    with httpx.Client(transport=httpx.MockTransport(handler)) as http:
        importer = Importer(http, Server(URL, "key"), "/v1.0/products", dry_run=False, pause=pauses)
        in_order(json_rows(io.BytesIO(content)), importer.load, results.append, 16, threading.Event())
    return results, pauses


def _created(_: httpx.Request) -> httpx.Response:
    return httpx.Response(201, json={})


def test_each_row_has_its_own_key_and_the_same_one_each_time() -> None:
    keys: list[list[str]] = []
    for _ in range(2):
        sent: list[str] = []

        def note(request: httpx.Request, sent: list[str] = sent) -> httpx.Response:
            sent.append(request.headers["idempotency-key"])
            return httpx.Response(201)

        _load(note)
        keys.append(sorted(sent))
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 50


def test_a_busy_server_is_asked_again_with_the_same_request() -> None:
    seen: dict[bytes, int] = {}

    def busy(request: httpx.Request) -> httpx.Response:
        seen[request.content] = seen.get(request.content, 0) + 1
        busy_once = httpx.Response(429, headers={"retry-after": "3"})
        return busy_once if seen[request.content] == 1 else httpx.Response(201)

    results, pauses = _load(busy)
    assert {result.outcome for result in results} == {Outcome.CREATED}
    assert set(seen.values()) == {2}
    assert pauses.seconds == [3.0] * 50


def test_an_answer_that_got_lost_is_asked_for_again() -> None:
    seen: set[bytes] = set()

    def lossy(request: httpx.Request) -> httpx.Response:
        if request.content not in seen:
            seen.add(request.content)
            raise httpx.ReadError("", request=request)
        return httpx.Response(201, headers={"idempotency-replayed": "true"})

    results, _ = _load(lossy)
    assert {result.outcome for result in results} == {Outcome.CREATED}


def test_an_answer_repeated_from_an_earlier_import_is_compared() -> None:
    def repeated(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(201, headers={"idempotency-replayed": "true"})
        return httpx.Response(200, json=ROW | {"name": "Plan 7"})

    results, _ = _load(repeated)
    assert [result.row.number for result in results if result.outcome is Outcome.UNCHANGED] == [8]
    assert sum(result.outcome is Outcome.CONFLICT for result in results) == 49


def test_an_id_that_is_reserved_is_a_conflict() -> None:
    def reserved(request: httpx.Request) -> httpx.Response:
        return problem(409 if request.method == "POST" else 404)

    (result,), _ = _load(reserved, json.dumps(ROW).encode())
    assert result.outcome is Outcome.CONFLICT
    assert "reserved by a change" in result.message


def test_a_queued_change_that_fails_is_refused_with_its_problem() -> None:
    states = iter([{"status": "IN_PROGRESS"}, {"status": "FAILED", "problem": {"title": "No", "detail": "Because."}}])

    def queued(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, headers={"location": "/v1.0/operations/op-1"}, json={"status": "PENDING"})
        return httpx.Response(200, json=next(states))

    (result,), pauses = _load(queued, json.dumps(ROW).encode())
    assert (result.outcome, result.message) == (Outcome.REFUSED, "No: Because.")
    assert len(pauses.seconds) == 2


def test_as_many_are_on_their_way_as_wanted_and_no_more_rows_are_read() -> None:
    together = threading.Barrier(16, timeout=60)
    read: list[int] = []
    told: list[int] = []

    def load(row: Row) -> Result:
        together.wait()
        return Result(row, Outcome.CREATED)

    def rows() -> Iterator[Row]:
        for number in range(1, 161):
            read.append(number)
            assert len(read) - len(told) <= 16
            yield Row(number, number, 0, {})

    in_order(rows(), load, lambda result: told.append(result.row.number), 16, threading.Event())
    assert told == list(range(1, 161))


def test_a_slow_source_does_not_hold_up_what_is_on_its_way() -> None:
    arrived = threading.Event()

    def load(row: Row) -> Result:
        arrived.set()
        return Result(row, Outcome.CREATED)

    def rows() -> Iterator[Row]:
        yield Row(1, 1, 0, {})
        assert arrived.wait(60)

    told: list[Result] = []
    in_order(rows(), load, told.append, 4, threading.Event())
    assert len(told) == 1


def test_nobody_waits_on_once_it_is_to_stop() -> None:
    sent: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(503, headers={"retry-after": "9"})

    with pytest.raises(Failure, match="503"):
        _load(busy, json.dumps(ROW).encode(), stopped=True)
    assert len(sent) == 2


def test_stopping_is_told_to_those_who_wait() -> None:
    stop = threading.Event()

    def load(row: Row) -> Result:
        if row.number == 1:
            raise Failure("stop", ExitCode.FAULT)
        assert stop.wait(60)
        return Result(row, Outcome.CREATED)

    with pytest.raises(Failure, match="stop"):
        in_order((Row(n, n, 0, {}) for n in range(1, 9)), load, print, 4, stop)
    assert stop.is_set()


@pytest.mark.parametrize("status", [401, 403, 404, 415, 500])
def test_what_is_not_about_the_row_ends_the_import_and_says_how_to_go_on(tmp_path: Path, status: int) -> None:
    file = tmp_path / "my plans.jsonl"
    file.write_bytes(CONTENT)
    answers: list[int] = []

    def fails_later(request: httpx.Request) -> httpx.Response:
        number = int(orjson.loads(request.content)["name"].split()[1])
        answers.append(number)
        return problem(status, "Stop.") if number >= 20 else httpx.Response(201)

    result = answering(fails_later, tmp_path)("products", "import", str(file), code=4 if status == 500 else 1)
    assert "bbws: Refused: Stop." in result.stderr
    assert f"go on with: bbws products import '{file}' --from-row 21" in result.stderr
    assert "20 rows in" in result.stdout
    assert max(answers) < 50


def test_a_server_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    (tmp_path / "a.jsonl").write_bytes(CONTENT)
    result = answering(gone, tmp_path)("products", "import", str(tmp_path / "a.jsonl"), code=3)
    assert result.stderr.splitlines()[0] == f"bbws: cannot reach {URL}; start it with `bbws serve` or set BBWS_URL"
    assert "--from-row 1" in result.stderr


def test_a_server_that_goes_away_for_good_ends_the_import() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("", request=request)

    with pytest.raises(Failure, match="lost "):
        _load(lost, json.dumps(ROW).encode())


def test_a_restarted_server_is_waited_for() -> None:
    errors = iter([httpx.ReadError, httpx.ConnectError])

    def restarting(request: httpx.Request) -> httpx.Response:
        error = next(errors, None)
        if error is not None:
            raise error("", request=request)
        return httpx.Response(201)

    results, pauses = _load(restarting, json.dumps(ROW).encode())
    assert [result.outcome for result in results] == [Outcome.CREATED]
    assert pauses.seconds == [0.2, 0.4]


def test_everything_is_created_where_nothing_goes_wrong() -> None:
    results, pauses = _load(_created)
    assert [result.row.number for result in results] == list(range(1, 51))
    assert pauses.seconds == []
