"""Many reads at a time: one after the other, an archive on a network of a million objects would take half a day."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

_READERS = 16
_AHEAD = 64


def ahead[T, R](read: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Each item with what ``read`` makes of it, in their order; up to 64 are read before they are asked for.

    Raises:
        Exception: what ``read`` raises for an item, in that item's turn.
    """
    with ThreadPoolExecutor(_READERS, "reading") as readers:
        waiting: deque[tuple[T, Future[R]]] = deque()
        try:
            for item in items:
                waiting.append((item, readers.submit(read, item)))
                if len(waiting) >= _AHEAD:
                    first, made = waiting.popleft()
                    yield first, made.result()
            while waiting:
                first, made = waiting.popleft()
                yield first, made.result()
        finally:
            for _, made in waiting:
                made.cancel()
