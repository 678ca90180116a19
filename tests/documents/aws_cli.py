"""As much of the AWS command line as the runbooks use, over the SDK's own description of every call.

With it a test knows whether a command on a page exists with just these options (:func:`parse`), and can run it against
an emulator (``python -m tests.documents.aws_cli``) on a machine without the real one.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jmespath  # type: ignore[import-untyped]  # it has no types
from botocore import xform_name
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.session import Session

_OWN = {"--query", "--output", "--region"}


class IncompleteError(ValueError):
    """A command lacks what its call demands."""


class Call(NamedTuple):
    """A command, understood. ``waiter`` where it waits, ``target`` the file that an answer's body goes into."""

    service: str
    operation: str
    parameters: dict[str, Any]
    own: dict[str, str]
    waiter: str = ""
    target: str = ""


@cache
def _session() -> Session:
    return Session()


@cache
def _model(service: str) -> ServiceModel:
    return _session().get_service_model(service)


def parse(words: Sequence[str]) -> Call:
    """The call that ``aws WORDS`` makes.

    Raises:
        IncompleteError: something that the call demands is missing.
        ValueError: there is no such service, operation, option or waiter, or a value is not of its kind.
    """
    service, verb, *rest = words
    service = "s3" if service == "s3api" else service
    if service not in _session().get_available_services():
        raise ValueError(f"no service {service}")
    waiter = ""
    if verb == "wait":
        verb, waiter = _waited(service, rest.pop(0))
    model = _operation(service, verb)
    parameters, own, others = _options(model, rest)
    streams = model.output_shape is not None and model.has_streaming_output
    if len(others) != int(streams and not waiter):
        raise IncompleteError(f"{service} {verb}: {others} is too much or too little")
    missing = set(_members(model.input_shape).required_members) - set(parameters)
    if missing:
        raise IncompleteError(f"{service} {verb} needs {sorted(missing)}")
    return Call(service, model.name, parameters, own, waiter, others[0] if others else "")


def _waited(service: str, name: str) -> tuple[str, str]:
    waiters = _session().get_waiter_model(service)
    found = {xform_name(each, "-"): each for each in waiters.waiter_names}
    if name not in found:
        raise ValueError(f"{service} has no waiter {name}")
    return xform_name(waiters.get_waiter(found[name]).operation, "-"), found[name]


def _operation(service: str, verb: str) -> OperationModel:
    model = _model(service)
    for name in model.operation_names:
        if xform_name(name, "-") == verb:
            return model.operation_model(name)
    raise ValueError(f"{service} has no {verb}")


def _members(shape: Shape | None) -> StructureShape:
    if not isinstance(shape, StructureShape):
        raise ValueError("the call takes nothing")  # noqa: TRY004 - a fault of the command, not of a caller
    return shape


def _options(model: OperationModel, words: Sequence[str]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    known = {f"--{xform_name(name, '-')}": name for name in _members(model.input_shape).members}
    parameters: dict[str, Any] = {}
    own: dict[str, str] = {}
    others: list[str] = []
    for option, values in _grouped(words):
        if not option:
            others += values
        elif option in _OWN:
            own[option] = values.pop(0)
            others += values
        else:
            negated = option.removeprefix("--no-")
            name = known.get(option) or known.get(f"--{negated}")
            if name is None:
                raise ValueError(f"{model.name} has no option {option}")
            shape = _members(model.input_shape).members[name]
            if not isinstance(shape, ListShape) and len(values) > 1:
                others += values[1:]
                values = values[:1]  # noqa: PLW2901 - what is left of them
            parameters[name] = option in known if shape.type_name == "boolean" else _value(shape, values)
    return parameters, own, others


def _grouped(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    option, values = "", list[str]()
    for word in words:
        if word.startswith("--"):
            yield option, values
            option, values = word, []
        else:
            values.append(word)
    yield option, values


def _value(shape: Shape, words: Sequence[str]) -> Any:
    if not words:
        raise ValueError(f"{shape.name}: a value is missing")
    if words[0][:1] in "{[" and shape.type_name in {"structure", "map", "list"}:
        return json.loads(words[0])
    if isinstance(shape, ListShape):
        return [_value(shape.member, [word]) for word in words]
    if shape.type_name in {"structure", "map"}:
        return _shorthand(shape, words[0])
    return _scalar(shape, words[0])


def _shorthand(shape: Shape, word: str) -> dict[str, Any]:
    """``Name=value,Other=value``."""
    found: dict[str, Any] = {}
    for part in word.split(","):
        name, _, text = part.partition("=")
        member = _members(shape).members.get(name) if shape.type_name == "structure" else None
        if member is None and shape.type_name == "structure":
            raise ValueError(f"{shape.name} has no {name}")
        found[name] = text if member is None else _value(member, [text])
    return found


def _scalar(shape: Shape, word: str) -> Any:
    if "$" in word or word.isupper():
        return word  # a variable of the shell, or what the reader puts in
    choices = getattr(shape, "enum", [])
    if choices and word not in choices:
        raise ValueError(f"{shape.name} is one of {choices}, not {word}")
    if shape.type_name in {"integer", "long"}:
        return int(word)
    return float(word) if shape.type_name in {"float", "double"} else word


def main(words: Sequence[str]) -> None:
    """Make the call and print its answer."""
    call = parse(words)
    client: Any = _session().create_client(call.service, region_name=call.own.get("--region"))
    if call.waiter:
        client.get_waiter(xform_name(call.waiter)).wait(**call.parameters)
        return
    method = xform_name(call.operation)
    if client.can_paginate(method):
        answer = client.get_paginator(method).paginate(**call.parameters).build_full_result()
    else:
        answer = getattr(client, method)(**call.parameters)
    answer.pop("ResponseMetadata", None)
    if call.target:
        name = next(name for name, value in answer.items() if hasattr(value, "read"))
        Path(call.target).write_bytes(answer.pop(name).read())
    shown = jmespath.search(call.own["--query"], answer) if "--query" in call.own else answer
    if call.own.get("--output") == "text":
        print("\n".join(_text(shown)))  # noqa: T201 - that is what it is for
    else:
        print(json.dumps(shown, indent=4, default=str))  # noqa: T201 - the same


def _text(shown: Any) -> Iterator[str]:
    """As ``--output text`` has it: the values of a list beside each other, lists in a list below each other."""
    if isinstance(shown, list) and any(isinstance(each, list) for each in shown):
        for each in shown:
            yield from _text(each)
    elif isinstance(shown, list):
        yield "\t".join(map(str, shown))
    else:
        yield str(shown)


if __name__ == "__main__":
    main(sys.argv[1:])
