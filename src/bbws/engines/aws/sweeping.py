"""A sweep on AWS: several threads of one invocation look for what is due until there is nothing, or no time left."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bbws.kernel.reaction import Sweep

# The longest that a handler takes, a webhook's call, and its commits around it.
_MARGIN_SECONDS = 15.0


def sweep(work: Sweep, seconds_left: Callable[[], float]) -> None:
    """Do what is due. What is left over when the time ends is due at the next sweep.

    Raises:
        Exception: the first that a thread met, once all have ended.
    """

    def look() -> None:
        while seconds_left() > _MARGIN_SECONDS and work.handler():
            pass

    with ThreadPoolExecutor(work.parallel, thread_name_prefix=work.name) as pool:
        futures = [pool.submit(look) for _ in range(work.parallel)]
    for future in futures:
        future.result()
