"""Medians over interleaved rounds: A B C, A B C, … so that a busy moment of the machine falls on all of them."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

type Figures = dict[str, list[float]]


def interleaved(measures: Mapping[str, Callable[[], float]], rounds: int) -> Figures:
    """What each measure said in each round."""
    figures: Figures = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            figures[name].append(measure())
    return figures


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios of each round: what disturbs a round disturbs both sides of its ratio."""
    return median(mine / theirs for mine, theirs in zip(of, to, strict=True))


def microseconds(call: Callable[[], object], times: int) -> Callable[[], float]:
    """A measure: microseconds of processor time per call, over ``times`` calls after a collection of garbage."""

    def measure() -> float:
        gc.collect()
        gc.freeze()  # rows of earlier calls lie outside in AWS: the collector must not look at them here
        begun = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - begun) / times * 1e6

    return measure


def us(value: float) -> str:
    """Microseconds, for people."""
    return f"{value:,.1f} µs" if value < 100 else f"{value:,.0f} µs"


def times(value: float) -> str:
    """A ratio, for people."""
    return f"{value:.2f} ×"


def spread(figures: Sequence[float]) -> str:
    """The least and the greatest figure."""
    return f"{min(figures):,.0f} – {max(figures):,.0f}"


def mebibytes(size: float) -> str:
    """A size, for people."""
    return f"{size / 2**20:,.1f} MB"
