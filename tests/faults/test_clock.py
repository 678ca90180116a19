"""The clock goes back while BBWS works: histories go on rising, everything is found, queues and audit go on."""

from itertools import pairwise
from pathlib import Path

import pytest

from bbws.bootstrap.embedded import verify_archive
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from tests.builders import SAMPLE, Client, client
from tests.fakes import FakeClock

HOUR = 3600
DAY = 24 * HOUR


def _change(bbws: Client, product_id: str, *texts: str) -> None:
    for text in texts:
        reply = bbws.call("PUT", f"/v1.0/products/{product_id}", {"description": text})
        assert reply.status == 200, reply.body


@pytest.mark.parametrize("back", [1, 5 * HOUR, 3 * DAY])
def test_a_history_goes_on_rising_and_every_moment_of_it_can_be_asked_for(back: float, tmp_path: Path) -> None:
    clock = FakeClock()
    with client(tmp_path / "data", clock=clock) as bbws:
        product_id = bbws.create()["productId"]
        clock.advance(60)
        _change(bbws, product_id, "before")
        clock.advance(-back)
        _change(bbws, product_id, "after", "later")
        clock.advance(back + HOUR)
        _change(bbws, product_id, "at last")

        path = f"/v1.0/products/{product_id}"
        history = bbws.call("GET", f"{path}/history").json["items"][::-1]
        assert [change["version"] for change in history] == [1, 2, 3, 4, 5]
        assert all(one["time"] < next_["time"] for one, next_ in pairwise(history))
        for change in history:
            reply = bbws.call("GET", f"{path}?asOf={change['time']}")
            assert reply.json["description"] == change["after"]["description"]
            assert change["after"]["updatedAt"] == change["time"]


@pytest.mark.parametrize("back", [5 * HOUR, 3 * DAY])
def test_the_audit_stays_sound_from_one_daily_checkpoint_to_the_next(back: float, tmp_path: Path) -> None:
    clock = FakeClock()
    with client(tmp_path / "data", clock=clock) as bbws:
        old = bbws.create()["productId"]
        clock.advance(HOUR)
        _checkpoint(bbws)
        clock.advance(-back)
        for day in range(5):
            bbws.create(name=f"Made on day {day}")
            _change(bbws, old, f"day {day}")
            _checkpoint(bbws)
            clock.advance(DAY)
    assert verify_archive(tmp_path / "data" / ARCHIVE_FOLDER).findings == []


def _checkpoint(bbws: Client) -> None:
    bbws.drain()
    assert bbws.call("POST", "/v1.0/audit/checkpoints").status == 201


def test_queued_work_and_repeated_calls_go_on(tmp_path: Path) -> None:
    clock = FakeClock()
    with client(tmp_path / "data", clock=clock, write_mode="queued") as bbws:
        key = {"idempotency-key": "one"}
        first = bbws.call("POST", "/v1.0/products", SAMPLE, headers=key)
        clock.advance(-5 * HOUR)
        assert bbws.call("POST", "/v1.0/products", SAMPLE, headers=key).json == first.json
        second = bbws.call("POST", "/v1.0/products", {**SAMPLE, "name": "Second"})
        bbws.drain()
        for reply in (first, second):
            assert reply.status == 202
            assert bbws.call("GET", reply.headers["location"]).json["status"] == "COMPLETED"
        found = bbws.call("GET", "/v1.0/products").json["items"]
        assert sorted(product["name"] for product in found) == ["Basic", "Second"]
