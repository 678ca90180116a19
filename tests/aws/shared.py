"""One emulator and one client of it for all tests of a process, made by the first that asks."""

import atexit
from contextlib import ExitStack
from functools import cache

from bbws.engines.aws.calls import Calls, HttpTransport
from bbws.engines.aws.deadline import Deadline
from bbws.kernel.clock import SystemClock
from infra.local.state import REGION
from tests.aws.emulator import emulator
from tests.aws.tables import CREDENTIALS


@cache
def address() -> str:
    """Where it listens; it ends with the process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(emulator())


@cache
def dynamo() -> Calls:
    """Our own client of it."""
    transport = HttpTransport(REGION, lambda: CREDENTIALS, SystemClock(), address())
    atexit.register(transport.close)
    return Calls(transport, Deadline())
