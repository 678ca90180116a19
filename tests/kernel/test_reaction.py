"""How a queue treats its messages (src/bbws/kernel/reaction.py)."""

from bbws.kernel.reaction import Policy

POLICY = Policy(first_delay=10, longest_delay=100)


def test_delays_double_up_to_the_longest_and_jitter_halves_them_at_most() -> None:
    assert [POLICY.retry_delay(receives, 0.0) for receives in (1, 2, 3, 4, 5, 5000)] == [10, 20, 40, 80, 100, 100]
    assert POLICY.retry_delay(2, 1.0) == 10
    assert POLICY.retry_delay(2, 0.5) == 15
