"""A function as Lambda runs it, in a process of its own: `python -m bench.one_function MODULE` reads events as lines.

It logs as it does; after the last event it says what they cost it.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from bench.events import Context

MARK = "COST "
_LEFT_OUT = 3  # the first ones make connections and fill caches


def main() -> None:
    handler = import_module(f"bbws.entrypoints.{sys.argv[1]}").handler
    seconds, answered = [], 0
    for line in sys.stdin:
        event: dict[str, Any] = json.loads(line)
        begun = time.process_time()
        answer = handler(event, Context())
        seconds.append(time.process_time() - begun)
        assert answer.get("statusCode", 200) < 300, answer
        assert not answer.get("batchItemFailures"), answer
        answered = len(answer.get("body", "").encode())
    cost = {"cpu": median(seconds[_LEFT_OUT:]), "first": seconds[0], "answered": answered, "memory": _memory()}
    print(MARK + json.dumps(cost))


def _memory() -> int:
    """The most that it ever had; what getrusage says begins with what its parent had."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
