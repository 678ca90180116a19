import pytest

from bbws.engines.embedded.limits import RateLimiter
from bbws.kernel.problem import Problem
from tests.fakes import Stopwatch


def test_a_caller_gets_its_share_and_then_waits() -> None:
    limiter = RateLimiter(Stopwatch())
    left = [limiter.take("key-1", "read", 3)["ratelimit"] for _ in range(3)]
    assert left == ['"read";r=2;t=1', '"read";r=1;t=1', '"read";r=0;t=1']
    with pytest.raises(Problem) as refused:
        limiter.take("key-1", "read", 3)
    assert refused.value.type.status == 429
    assert refused.value.headers == {
        "ratelimit-policy": '"read";q=3;w=1',
        "ratelimit": '"read";r=0;t=1',
        "retry-after": "1",
    }


def test_time_gives_back_as_much_as_the_limit_says_and_no_more() -> None:
    watch = Stopwatch()
    limiter = RateLimiter(watch)
    for _ in range(4):
        limiter.take("key-1", "read", 4)
    watch.advance(0.5)
    limiter.take("key-1", "read", 4)
    limiter.take("key-1", "read", 4)
    with pytest.raises(Problem):
        limiter.take("key-1", "read", 4)
    watch.advance(3600)
    assert limiter.take("key-1", "read", 4)["ratelimit"] == '"read";r=3;t=1'


def test_callers_and_shares_are_counted_apart() -> None:
    limiter = RateLimiter(Stopwatch())
    for caller, share in (("key-1", "read"), ("key-1", "write"), ("key-2", "read")):
        limiter.take(caller, share, 1)
    with pytest.raises(Problem):
        limiter.take("key-2", "read", 1)


def test_the_caller_not_seen_for_longest_is_forgotten() -> None:
    limiter = RateLimiter(Stopwatch())
    limiter.take("old", "read", 1)
    limiter.take("used", "read", 2)
    for number in range(9_998):
        limiter.take(f"caller-{number}", "read", 1)
    limiter.take("used", "read", 2)
    limiter.take("one more", "read", 1)
    limiter.take("old", "read", 1)  # forgotten, so it starts full
    with pytest.raises(Problem):
        limiter.take("used", "read", 2)
