"""Rows as DynamoDB items and back.

An item can be read in the console: ``PK``, ``SK``, ``kind``, ``version``, the document as a map, and for each index
``X`` the attributes ``XPK`` and ``XSK``. Sorts are text that DynamoDB orders as the kernel does, by code point.
"""

from collections.abc import Mapping
from typing import Any

from bbws.kernel.table import InvalidCommit, Key, Position, Row, RowKind

type Item = dict[str, dict[str, Any]]

LONGEST_PARTITION = 2048
LONGEST_SORT = 1024
# Between the parts of a sort that names several: below every other character, once real ones are written \0\1.
_BETWEEN = "\0\0"
_ZERO = "\0\1"
_PK, _SK = "PK", "SK"


def value(of: object) -> dict[str, Any]:
    """A value of a document as DynamoDB writes it."""
    if isinstance(of, str):
        return {"S": of}
    if of is None:
        return {"NULL": True}
    if isinstance(of, bool):
        return {"BOOL": of}
    if isinstance(of, int):
        return {"N": str(of)}
    if isinstance(of, dict):
        return {"M": {name: value(each) for name, each in of.items()}}
    if isinstance(of, (list, tuple)):
        return {"L": [value(each) for each in of]}
    msg = f"{type(of).__name__} cannot be stored"
    raise InvalidCommit(msg)


def plain(typed: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value of a document
    """What :func:`value` was given."""
    [(kind, content)] = typed.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content)
        case "NULL":
            return None
        case "M":
            return {name: plain(each) for name, each in content.items()}
        case "L":
            return [plain(each) for each in content]
        case _:
            msg = f"a value of type {kind} was not written by BBWS"
            raise ValueError(msg)


def sort_value(sort: str) -> str:
    """A sort as stored: never empty, in the same order. What is empty or ends with U+0000 gets one more of these."""
    return sort if sort and sort[-1] != "\0" else f"{sort}\0"


def _plain_sort(stored: str) -> str:
    return stored[:-1] if stored[-1] == "\0" else stored


def index_sort(position: Position) -> str:
    """A place in an index as stored: sort, then key, so that equal sorts have an order as well."""
    sort, (partition, own) = position
    return _BETWEEN.join((escaped(sort), escaped(partition), own))


def escaped(part: str) -> str:
    """A part of a sort of several parts, in the same order as before."""
    return part.replace("\0", _ZERO)


def key_item(key: Key) -> Item:
    """The key as DynamoDB's.

    Raises:
        InvalidCommit: longer than DynamoDB allows, or not valid Unicode.
    """
    partition, sort = key.partition, sort_value(key.sort)
    _check_length(partition, LONGEST_PARTITION)
    _check_length(sort, LONGEST_SORT)
    return {_PK: {"S": partition}, _SK: {"S": sort}}


def _check_length(text: str, longest: int) -> None:
    if not 1 <= length(text) <= longest:
        msg = f"a part of a key has 1 to {longest} bytes"
        raise InvalidCommit(msg)


def length(text: str) -> int:
    """Bytes of UTF-8.

    Raises:
        InvalidCommit: not valid Unicode.
    """
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        msg = "keys are valid Unicode"
        raise InvalidCommit(msg) from error


def item_of(row: Row, region: str) -> Item:
    """A row as an item; a change also says in which region it was made.

    Raises:
        InvalidCommit: a key that is no key of DynamoDB's.
    """
    item = key_item(row.key)
    item |= {"kind": {"S": row.kind.value}, "version": {"N": str(row.version)}, "document": value(row.document)}
    for name, key in row.indexes.items():
        sort = index_sort(Position(key.sort, row.key))
        _check_length(key.partition, LONGEST_PARTITION)
        _check_length(sort, LONGEST_SORT)
        item[f"{name}PK"] = {"S": key.partition}
        item[f"{name}SK"] = {"S": sort}
    if row.digest:
        item["digest"] = {"S": row.digest}
    if row.changed_at:
        item["changedAt"] = {"S": row.changed_at}
    if row.expires_at is not None:
        # `ttl` is DynamoDB's own, in whole seconds, and acted upon within days; `expiresAt` is what counts.
        item["expiresAt"] = {"N": repr(row.expires_at)}
        item["ttl"] = {"N": str(int(row.expires_at) + 1)}
    if row.kind is RowKind.CHANGE:
        item["region"] = {"S": region}
    if row.replayed:
        item["replayed"] = {"BOOL": True}
    return item


def row_of(item: Mapping[str, Mapping[str, Any]]) -> Row:
    """The row that an item holds."""
    expires_at = item.get("expiresAt")
    return Row(
        Key(item[_PK]["S"], _plain_sort(item[_SK]["S"])),
        RowKind(item["kind"]["S"]),
        plain(item["document"]),
        int(item["version"]["N"]),
        {name[:-2]: _index_key(item, name[:-2]) for name in item if len(name) > len(_PK) and name.endswith(_PK)},
        item["digest"]["S"] if "digest" in item else "",
        item["changedAt"]["S"] if "changedAt" in item else "",
        None if expires_at is None else float(expires_at["N"]),
        "replayed" in item,
    )


def _index_key(item: Mapping[str, Mapping[str, Any]], index: str) -> Key:
    sort: str = item[f"{index}SK"]["S"]
    return Key(item[f"{index}PK"]["S"], sort[: sort.index(_BETWEEN)].replace(_ZERO, "\0"))
