"""Many reads at a time: one after the other, an archive on a network of a million objects would take half a day."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

_READERS = 16
_AHEAD = 64


def ahead[T, R](
    read: Callable[[T], R], items: Iterable[T], *, at_once: int = _AHEAD, first: int = _AHEAD
) -> Iterator[tuple[T, R]]:
    """Each item with what ``read`` makes of it, in their order; up to 64 are read before they are asked for.

    Args:
        read: reads one.
        items: what is read.
        at_once: how many are read before they are asked for, at most.
        first: how many of them in the beginning; it doubles with each that was asked for.

    Raises:
        Exception: what ``read`` raises for an item, in that item's turn.
    """
    wanted = min(first, at_once)
    with ThreadPoolExecutor(min(at_once, _READERS), "reading") as readers:
        waiting: deque[tuple[T, Future[R]]] = deque()
        try:
            for item in items:
                waiting.append((item, readers.submit(read, item)))
                if len(waiting) >= wanted:
                    wanted = min(2 * wanted, at_once)
                    oldest, made = waiting.popleft()
                    yield oldest, made.result()
            while waiting:
                oldest, made = waiting.popleft()
                yield oldest, made.result()
        finally:
            for _, made in waiting:
                made.cancel()
