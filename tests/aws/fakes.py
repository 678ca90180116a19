"""Clients of AWS that fail on demand, which moto does not, and messages, some of them none of ours."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from bbws.kernel.reaction import Message
from bbws.kernel.table import Key

type Outcome = Mapping[str, Any] | Exception

POISON = ["", "no JSON", "[]", "1", '"text"', "{}", '{"id": 1}', "\u0000 é 𝄞"[2:], "{" * 2000]


def refusal(code: str, status: int = 400, operation: str = "Call") -> ClientError:
    """What the SDK raises where AWS answers with this code."""
    metadata: Any = {"HTTPStatusCode": status, "RequestId": "R-1"}
    return ClientError({"Error": {"Code": code, "Message": "as told"}, "ResponseMetadata": metadata}, operation)


class Altered:
    """A client that does what another does, save for the methods that are given."""

    def __init__(self, client: Any, **methods: Callable[..., Any]) -> None:
        self._client = client
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._client, name)


class Script:
    """A method that gives these answers in turn, raises those that are exceptions, and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers: Iterator[Any] = iter(answers)
        self.calls: list[dict[str, Any]] = []

    def __call__(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer(**arguments) if callable(answer) else answer


class ScriptedTransport:
    """A transport that answers as it was told."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[tuple[str, Mapping[str, Any], float]] = []

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        self.sent.append((action, payload, seconds))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Wire:
    """What the network brings back to the SDK's own attempts, in place of a server: statuses, or errors to raise.

    None lets an attempt through to moto.
    """

    def __init__(self, *answers: int | Exception | None) -> None:
        self._answers = iter(answers)
        self.attempts = 0

    def __call__(self, request: Any, **_event: Any) -> AWSResponse | None:
        self.attempts += 1
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None else AWSResponse(request.url, answer, HTTPHeaders(), _Empty())


class _Empty:
    def stream(self, **_arguments: Any) -> Iterator[bytes]:
        return iter(())


def body(number: int) -> str:
    change = {"partition": f"P#{number}", "sort": "CHANGE#1"}
    return json.dumps({"id": f"c{number}", "type": "product.created", "subject": f"/ürün/{number}", "change": change})


def message(number: int, receives: int = 1) -> Message:
    return Message(f"c{number}", "product.created", f"/ürün/{number}", Key(f"P#{number}", "CHANGE#1"), receives)
