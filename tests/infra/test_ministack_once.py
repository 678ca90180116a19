"""What stands before the emulator of AWS."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from infra.local.front.ministack_once import Once, Receive, Send


class Counting:
    """An application that answers with how often it was called, as soon as it may."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.calls = 0
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, _scope: MutableMapping[str, Any], _receive: Receive, send: Send) -> None:
        self.calls += 1
        await self.may.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": str(self.calls).encode()})


class Lost(Exception):  # noqa: N818 - names what happened
    """The caller is gone."""


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request"}


async def _ask(app: Once, name: bytes | None, *, method: str = "POST", gone: bool = False) -> list[Any]:
    told: list[Any] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if gone:
            raise Lost
        told.append(message.get("body", message.get("status")))

    headers = [] if name is None else [(b"amz-sdk-invocation-id", name)]
    await app({"type": "http", "method": method, "headers": headers}, _nothing, send)
    return told


def test_a_call_sent_again_is_carried_out_once() -> None:
    async def story() -> None:
        app = Once(Counting())
        assert await _ask(app, b"a") == [200, b"1"]
        assert await _ask(app, b"a") == [200, b"1"]
        assert await _ask(app, b"b") == [200, b"2"]

    asyncio.run(story())


def test_one_that_is_still_under_way_is_waited_for() -> None:
    async def story() -> None:
        counting = Counting()
        counting.may.clear()
        app = Once(counting)
        both = asyncio.gather(_ask(app, b"a"), _ask(app, b"a"))
        await asyncio.sleep(0)
        counting.may.set()
        assert list(await both) == [[200, b"1"], [200, b"1"]]

    asyncio.run(story())


@pytest.mark.parametrize(("name", "method"), [(None, "POST"), (b"a", "GET"), (b"a", "HEAD")])
def test_what_has_no_name_or_changes_nothing_is_carried_out_each_time(name: bytes | None, method: str) -> None:
    async def story() -> None:
        app = Once(Counting())
        assert await _ask(app, name, method=method) == [200, b"1"]
        assert await _ask(app, name, method=method) == [200, b"2"]

    asyncio.run(story())


@pytest.mark.parametrize("status", [400, 409, 429, 500, 503])
def test_after_a_refusal_asking_again_is_heard_anew(status: int) -> None:
    async def story() -> None:
        app = Once(Counting(status))
        assert [await _ask(app, b"a"), await _ask(app, b"a")] == [[status, b"1"], [status, b"2"]]

    asyncio.run(story())


def test_a_caller_that_went_away_finds_the_answer_when_it_comes_back() -> None:
    async def story() -> None:
        app = Once(Counting())
        with pytest.raises(Lost):
            await _ask(app, b"a", gone=True)
        assert await _ask(app, b"a") == [200, b"1"]

    asyncio.run(story())


def test_the_oldest_answers_are_forgotten() -> None:
    async def story() -> None:
        app = Once(Counting())
        for number in range(2049):
            await _ask(app, str(number).encode())
        assert await _ask(app, b"2048") == [200, b"2049"]
        assert await _ask(app, b"0") == [200, b"2050"]

    asyncio.run(story())
