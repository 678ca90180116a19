"""When another issuer is asked for its keys: as seldom as that may be, once for all who wait, and never forgotten."""

import threading
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bbws.engines.embedded.issuer_keys import (
    AFTER_FAILURE_SECONDS,
    AGAIN_SECONDS,
    FRESH_SECONDS,
    IssuerKeys,
    Key,
    NotFetched,
)
from bbws.kernel.problem import Problem
from tests.fakes import Stopwatch
from tests.identity.issuer import published

KEY = Ed25519PrivateKey.generate()


class Source:
    """Publishes these ids, or fails; counts."""

    def __init__(self, *kids: str) -> None:
        self.kids: tuple[str, ...] = kids
        self.fails = False
        self.times = 0

    def __call__(self) -> Mapping[str, Any]:
        self.times += 1
        if self.fails:
            raise NotFetched("it is told to fail")
        return {"keys": [published(kid, KEY) for kid in self.kids]}


def test_a_new_key_is_found_after_a_minute_and_a_flood_does_not_ask_more_often() -> None:
    source, watch = Source("one"), Stopwatch()
    keys = IssuerKeys(source, watch)
    assert keys.waits("one")
    assert keys.find("one") is not None
    source.kids = ("one", "two")
    assert [keys.find("two") for _ in range(100)] == [None] * 100
    assert (source.times, keys.waits("two")) == (1, False)
    watch.advance(AGAIN_SECONDS)
    assert keys.waits("two")
    assert keys.find("two") is not None
    assert (source.times, keys.waits("two")) == (2, False)


def test_a_withdrawn_key_is_good_for_an_hour_at_most() -> None:
    source, watch = Source("one"), Stopwatch()
    keys = IssuerKeys(source, watch)
    keys.find("one")
    source.kids = ("two",)
    watch.advance(FRESH_SECONDS - 1)
    assert keys.find("one") is not None
    watch.advance(1)
    assert keys.waits("one")
    assert keys.find("one") is None


def test_an_issuer_that_fails_is_asked_again_soon_where_no_key_is_known() -> None:
    source, watch = Source("one"), Stopwatch()
    source.fails = True
    keys = IssuerKeys(source, watch)
    for _ in range(10):
        with pytest.raises(Problem) as refused:
            keys.find("one")
        assert (refused.value.type.status, refused.value.headers) == (503, {"retry-after": "5"})
    assert source.times == 1
    source.fails = False
    watch.advance(AFTER_FAILURE_SECONDS)
    assert keys.find("one") is not None


def test_known_keys_go_on_where_it_fails_and_unknown_ones_are_not_judged() -> None:
    source, watch = Source("one"), Stopwatch()
    keys = IssuerKeys(source, watch)
    keys.find("one")
    source.fails = True
    watch.advance(2 * FRESH_SECONDS)
    assert [keys.find("one") is not None for _ in range(10)] == [True] * 10
    assert source.times == 2
    with pytest.raises(Problem) as refused:
        keys.find("two")
    assert (refused.value.type.status, refused.value.headers) == (503, {"retry-after": "60"})
    assert source.times == 2


def test_those_who_need_the_same_fetch_share_one_and_not_everybody_waits() -> None:
    begun, end = threading.Event(), threading.Event()

    class Slow(Source):
        def __call__(self) -> Mapping[str, Any]:
            begun.set()
            assert end.wait(60)
            return super().__call__()

    source = Slow("one")
    keys, told = IssuerKeys(source, Stopwatch()), SimpleQueue[object]()

    def ask() -> None:
        try:
            told.put(keys.find("one"))
        except Problem as problem:
            told.put(problem.type.status)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    assert keys.waits("one")
    assert [told.get(timeout=60), told.get(timeout=60)] == [503, 503]  # one fetches, two wait for it
    end.set()
    for thread in threads:
        thread.join()
    assert [isinstance(told.get_nowait(), Key) for _ in range(3)] == [True] * 3
    assert source.times == 1
