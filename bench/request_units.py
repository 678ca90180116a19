"""What DynamoDB counts for a call, by AWS's rules (developer guide: "Read and write operations", "Item sizes").

A read unit is a strongly consistent read of 4 KB, a write unit a write of 1 KB; both double in a transaction. A write
also costs one write of each index that the item is in, of what the index holds of it, after the transaction and so not
doubled.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bbws.engines.aws.calls import Transport

READ_BYTES = 4096
WRITE_BYTES = 1024
_TRANSACTIONAL = 2
_PER_CONTAINER = 3

type Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Units:
    """Request units; those of indexes are writes as well."""

    reads: float = 0.0
    writes: int = 0
    index_writes: int = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.reads + other.reads, self.writes + other.writes, self.index_writes + other.index_writes)


def size(item: Item) -> int:
    """The bytes of an item: names and values."""
    return sum(_bytes(name) + value_size(value) for name, value in item.items())


def value_size(typed: Mapping[str, Any]) -> int:
    """The bytes of a value."""
    [(kind, content)] = typed.items()
    match kind:
        case "S":
            return _bytes(content)
        case "N":
            digits = len(str(content).strip("-").replace(".", "").strip("0"))
            return math.ceil(digits / 2) + 1 + str(content).startswith("-")
        case "M":
            return _PER_CONTAINER + sum(1 + _bytes(name) + value_size(each) for name, each in content.items())
        case "L":
            return _PER_CONTAINER + sum(1 + value_size(each) for each in content)
        case _:
            return 1


def _bytes(text: str) -> int:
    return len(text.encode())


def indexes_of(item: Item) -> list[str]:
    """The indexes that an item is in."""
    return [name[:-2] for name in item if name.endswith("PK") and name != "PK"]


def keys_alone(item: Item, index: str) -> Item:
    """What an index that projects nothing but keys holds of an item."""
    return {name: item[name] for name in ("PK", "SK", f"{index}PK", f"{index}SK")}


type Projection = Callable[[Item, str], Item]


def everything(item: Item, index: str) -> Item:
    """What an index that projects everything holds of an item."""
    del index
    return item


def units(
    action: str, payload: Mapping[str, Any], answer: Mapping[str, Any], projected: Projection = everything
) -> Units:
    """What a call cost. A written row is taken to be new: none that was there is larger, or leaves an index.

    Raises:
        ValueError: a call that no request makes.
    """
    match action:
        case "GetItem":
            return Units(reads=_reads(size(answer.get("Item") or {})))
        case "Query":
            read = _reads(sum(size(item) for item in answer["Items"]))
            return Units(reads=read if payload.get("ConsistentRead") else read / 2)
        case "TransactGetItems":
            found = [size(each.get("Item") or {}) for each in answer["Responses"]]
            return Units(reads=_TRANSACTIONAL * sum(_reads(each) for each in found))
        case "PutItem":
            return _put(payload["Item"], 1, projected)
        case "TransactWriteItems":
            return sum((_write(each, projected) for each in payload["TransactItems"]), Units())
        case _:
            raise ValueError(action)


def _reads(size: int) -> int:
    return max(1, math.ceil(size / READ_BYTES))


def _writes(size: int) -> int:
    return max(1, math.ceil(size / WRITE_BYTES))


def _put(item: Item, factor: int, projected: Projection) -> Units:
    entries = sum(_writes(size(projected(item, index))) for index in indexes_of(item))
    return Units(writes=factor * _writes(size(item)), index_writes=entries)


def _write(each: Mapping[str, Any], projected: Projection) -> Units:
    if "Put" in each:
        return _put(each["Put"]["Item"], _TRANSACTIONAL, projected)
    return Units(writes=_TRANSACTIONAL)  # a check or a removal of something small


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made, with its answer."""

    action: str
    payload: Mapping[str, Any]
    answer: Mapping[str, Any]

    def units(self, projected: Projection = everything) -> Units:
        """What it cost."""
        return units(self.action, self.payload, self.answer, projected)

    def puts(self) -> Iterator[Item]:
        """The items that it wrote."""
        if self.action == "PutItem":
            yield self.payload["Item"]
        for each in self.payload.get("TransactItems", ()):
            if "Put" in each:
                yield each["Put"]["Item"]


class Recorder:
    """Puts itself around what sends, and remembers what each function sent."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Call]] = {}

    def watch(self, function: str, sender: Transport) -> Transport:
        """A sender that remembers."""
        return _Recording(self.calls.setdefault(function, []), sender)


class _Recording:
    def __init__(self, calls: list[Call], sender: Transport) -> None:
        self._calls = calls
        self._sender = sender

    def send(self, action: str, payload: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        answer = self._sender.send(action, payload, seconds)
        self._calls.append(Call(action, json.loads(json.dumps(payload)), answer))
        return answer
