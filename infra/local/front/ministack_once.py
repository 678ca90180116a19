"""What stands before the emulator: a call that an SDK sends again gets the answer that it got the first time.

It also spares the emulator half of its work: to read an expression again for every row that it looks at.

SDKs name each call (``amz-sdk-invocation-id``) and keep the name when they send it again. The emulator does not look at
that, so a creation whose answer was lost on the way (one of 150 calls, under Terraform's load) "already existed".
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

from ministack.app import app as emulator  # type: ignore[import-untyped]  # it has no types
from ministack.services import dynamodb  # type: ignore[import-untyped]  # the same

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_INVOCATION = b"amz-sdk-invocation-id"
_KEPT = 2048
_REFUSED = 400


class Once:
    """An ASGI application that carries out each named call once, and remembers its last two thousand answers."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._answers: OrderedDict[bytes, asyncio.Future[list[Message]]] = OrderedDict()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer, or answer again. A refusal is not kept: an SDK that asks again after one means to be heard anew."""
        changes = scope["type"] == "http" and scope["method"] not in {"GET", "HEAD"}
        name = dict(scope["headers"]).get(_INVOCATION) if changes else None
        if name is None:
            await self._app(scope, receive, send)
            return
        known = self._answers.get(name)
        for message in await (self._carry_out(name, scope, receive) if known is None else known):
            await send(message)

    async def _carry_out(self, name: bytes, scope: MutableMapping[str, Any], receive: Receive) -> list[Message]:
        told: list[Message] = []

        async def note(message: Message) -> None:
            told.append(message)

        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        if len(self._answers) > _KEPT:
            self._answers.popitem(last=False)
        try:
            await self._app(scope, receive, note)
        finally:
            answer.set_result(told)
            if not told or told[0]["status"] >= _REFUSED:
                self._answers.pop(name, None)
        return told


# What these answer depends on the text of an expression alone, and nobody writes to the list of its words.
dynamodb._condition_syntax_error = cache(dynamodb._condition_syntax_error)  # noqa: SLF001 - it has no other name
dynamodb._tokenize = cache(dynamodb._tokenize)  # noqa: SLF001 - the same

app = Once(emulator)
