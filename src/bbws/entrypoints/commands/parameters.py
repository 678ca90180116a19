"""Arguments and options generated from an endpoint's schemas: the JSON Schema of the wire is the one source."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import click
from pydantic import BaseModel

from bbws.entrypoints.commands.values import Segment

type Json = dict[str, Any]
type Place = Literal["path", "query", "body"]

# Options of every command (session.py): a field of such a name has its place before it.
_COMMON = frozenset({"json", "url"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class _Null:
    """What the word ``null`` stands for, since click takes None as not given."""

    def __repr__(self) -> str:
        return "null"


_NULL = _Null()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a schema, with its references resolved.

    Attributes:
        name: as on the wire.
        nullable: whether null may be sent and means something else than leaving the field out.
    """

    name: str
    place: Place
    schema: Json
    required: bool
    nullable: bool = False

    @property
    def key(self) -> str:
        """The name under which click hands over its value: lower case, as click wants it."""
        return f"{self.place}_{_HUMP.sub('_', self.name).lower()}"

    @property
    def flag(self) -> str:
        """The long option: ``pageSize`` → ``--page-size``; ``url`` of a body → ``--body-url``."""
        name = _HUMP.sub("-", self.name).lower()
        return f"--{self.place}-{name}" if name in _COMMON else f"--{name}"

    def argument(self) -> click.Argument:
        """The field as a positional argument."""
        return click.Argument([self.key], type=Segment(), metavar=_HUMP.sub("_", self.name).upper())

    def option(self, taken: Sequence[str]) -> click.Option:
        """The field as an option. ``taken``: the flags of the other fields."""
        kind = self.schema.get("type")
        if kind == "boolean":
            off = "--no-" + self.flag.removeprefix("--")
            return click.Option([f"{self.flag}/{off}", self.key], default=None, help=self._help())
        if self._listed:
            one = self.flag.removesuffix("s")
            flags = [self.flag] if one in taken or one == self.flag else [self.flag, one]
            text = self._help(" Repeat it for several; '' alone for none.")
            return click.Option([*flags, self.key], multiple=True, type=self._type(), help=text)
        return click.Option([self.flag, self.key], type=self._type(), metavar=self._metavar(), help=self._help())

    @property
    def _listed(self) -> bool:
        return self.schema.get("type") == "array" and self.schema.get("items", {}).get("type") != "object"

    def _type(self) -> click.ParamType[Any]:
        schema = self.schema["items"] if self._listed else self.schema
        if self.nullable:
            return _OrNull(_scalar(schema))
        return _scalar(schema)

    def _metavar(self) -> str | None:
        return None if {"enum", "minimum", "maximum"} & self.schema.keys() or self.nullable else "TEXT"

    def _help(self, more: str = "") -> str:
        description = self.schema.get("description", "").replace("`", "") + more
        default = self.schema.get("default")
        notes = []
        if self.required:
            notes.append("required")
        if default not in (None, []):
            notes.append(f"default: {compact_default(default)}")
        return f"{description}  [{'; '.join(notes)}]" if notes else description

    def wire(self, value: Any) -> Any:  # noqa: ANN401 - what click parsed, and what goes on the wire
        """A parsed value as it is sent."""
        if value is _NULL:
            return None
        if self._listed:
            return [item for item in value if item != ""]
        return value


def compact_default(value: object) -> str:
    """A default as it would be typed."""
    return value if isinstance(value, str) else json.dumps(value)


def _scalar(schema: Json) -> click.ParamType[Any]:
    if "enum" in schema:
        return click.Choice([str(choice) for choice in schema["enum"]])
    match schema.get("type"):
        case "integer":
            return click.IntRange(schema.get("minimum"), schema.get("maximum"))
        case "object" | "array":
            return _JsonText()
        case _:
            return click.STRING


class _OrNull(click.ParamType[Any]):
    """A value, or the word null."""

    def __init__(self, inner: click.ParamType[Any]) -> None:
        self.inner = inner
        self.name = f"{inner.name} or null"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        return _NULL if value in ("null", _NULL) else self.inner.convert(value, param, ctx)


class _JsonText(click.ParamType[Any]):
    """A value that has parts, written as JSON."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            self.fail(f"{value!r} is not JSON: {error}", param, ctx)


def fields_of(model: type[BaseModel] | None, place: Place) -> tuple[Field, ...]:
    """The fields of a schema in the order of their declaration."""
    if model is None:
        return ()
    schema = model.model_json_schema(by_alias=True, mode="validation")
    definitions, required = schema.get("$defs", {}), schema.get("required", [])
    return tuple(
        _field(name, place, value, definitions, required=name in required)
        for name, value in schema.get("properties", {}).items()
    )


def _field(name: str, place: Place, value: Json, definitions: Mapping[str, Json], *, required: bool) -> Field:
    resolved, null = _resolved(value, definitions)
    # Where null is the default, sending it is leaving it out.
    meaningful = null and resolved.get("default", _NULL) is not None
    return Field(name, place, resolved, required, nullable=meaningful)


def _resolved(schema: Json, definitions: Mapping[str, Json]) -> tuple[Json, bool]:
    """The schema without references and without null, and whether null was among its choices."""
    merged = dict(schema)
    while reference := merged.pop("$ref", None):
        merged = {**definitions[reference.rpartition("/")[2]], **merged}
    choices = [choice for choice in merged.get("anyOf", []) if choice.get("type") != "null"]
    null = len(choices) < len(merged.get("anyOf", []))
    if len(choices) == 1:
        del merged["anyOf"]
        merged = {**_resolved(choices[0], definitions)[0], **merged}
    if "items" in merged:
        merged["items"] = _resolved(merged["items"], definitions)[0]
    return merged, null
