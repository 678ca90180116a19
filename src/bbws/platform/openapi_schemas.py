"""JSON Schemas of what is on the wire, in the dialect of OpenAPI 3.0.3. Pydantic writes JSON Schema 2020-12.

The dialects differ: 3.0.3 has ``nullable`` instead of the type null, no ``const``, no list of examples, boolean
exclusive bounds, and ignores what stands beside a ``$ref``. Source: OpenAPI 3.0.3, Schema Object.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from bbws.kernel.endpoint import Query, Resource

type Json = dict[str, Any]
type Mode = Literal["validation", "serialization"]
type Used = tuple[type[BaseModel], Mode]

_PREFIX = "#/components/schemas/"
_LISTING = re.compile(r"^Listing_(\w+)_$")
_UNKNOWN = frozenset({"title", "contentMediaType", "contentEncoding", "propertyNames", "$comment"})
_NULL = {"type": "null"}


class Listing[T](Resource):
    """A page of a list (design §4)."""

    items: list[T] = Field(description="The resources on this page.")
    count: int = Field(description="How many are on this page.")
    more_available: bool = Field(description="Whether there is a further page.")
    next_token: str | None = Field(default=None, description="Pass it as `startAt` for the next page.")


class Schemas:
    """The schemas of one OpenAPI document, each translated once.

    Models and enumerations become components; every other definition (an alias such as a price) is written out where
    it is used. Requests are described as validated, answers as serialized; where the two differ and both are used,
    Pydantic adds ``-Input`` and ``-Output`` to the name.
    """

    def __init__(self, used: Iterable[Used]) -> None:
        distinct = tuple(dict.fromkeys(used))
        references, document = models_json_schema(distinct, ref_template=_PREFIX + "{model}")
        self._definitions: Mapping[str, Json] = document.get("$defs", {})
        self._names = {use: _name_in(references[use]) for use in distinct}

    def components(self) -> Json:
        """``components.schemas``, by name, without those of parameters, which are written out at their operations."""
        parameters = {self._names[use] for use in self._names if issubclass(use[0], Query)}
        named = {n: d for n, d in self._definitions.items() if _is_component(d) and n not in parameters}
        return {_published(name): self._translate(named[name]) for name in sorted(named)}

    def reference(self, model: type[BaseModel], mode: Mode) -> Json:
        """What stands where ``model`` is used."""
        return {"$ref": _PREFIX + self.name(model, mode)}

    def name(self, model: type[BaseModel], mode: Mode) -> str:
        """The name of the component that describes ``model``."""
        return _published(self._names[model, mode])

    def parameters(self, model: type[BaseModel], place: Literal["path", "query"]) -> list[Json]:
        """The parameter objects of a path or query schema. Leaving a parameter out is the only way to send null."""
        schema = self._definitions[self._names[model, "validation"]]
        required = schema.get("required", [])
        return [
            self._parameter(name, place, value, required=name in required)
            for name, value in schema.get("properties", {}).items()
        ]

    def _parameter(self, name: str, place: str, value: Json, *, required: bool) -> Json:
        schema = self._translate(_without_null(value)[0])
        description, example = schema.pop("description", ""), schema.pop("example", None)
        parameter = {"name": name, "in": place, "required": required, "description": description, "schema": schema}
        if required and example is not None:
            parameter["example"] = example
        elif example is not None:
            # As an example it would be filled in on the API page, and so be sent by everybody who only tries the call.
            parameter["description"] = f"{description} Such as `{example}`.".lstrip()
        return parameter

    def _translate(self, schema: Json) -> Json:
        reference = schema.get("$ref")
        if reference is not None:
            return self._referred(_name_in(schema), {k: v for k, v in schema.items() if k != "$ref"})
        inner, nullable = _without_null(schema)
        if nullable:
            return self._nullable(inner)
        translated: Json = {}
        for key, value in schema.items():
            translated |= self._keyword(key, value)
        return translated

    def _referred(self, name: str, beside: Json) -> Json:
        definition = self._definitions[name]
        if not _is_component(definition):
            return self._translate({**definition, **beside})
        reference = {"$ref": _PREFIX + _published(name)}
        rest = self._translate(beside)
        return {"allOf": [reference], **rest} if rest else reference

    def _nullable(self, schema: Json) -> Json:
        if "$ref" in schema and _is_component(self._definitions[_name_in(schema)]):
            # 3.0.3 heeds nullable only beside a type, and an enumeration must name null itself: write it out.
            schema = {**self._definitions[_name_in(schema)], **{k: v for k, v in schema.items() if k != "$ref"}}
        translated = self._translate(schema)
        if "enum" in translated:
            translated["enum"] = [*translated["enum"], None]
        return {**translated, "nullable": True}

    def _keyword(self, key: str, value: Any) -> Json:  # noqa: ANN401 - the value of any JSON Schema keyword
        if key in _UNKNOWN or (key == "default" and value is None):
            return {}
        if key in {"items", "additionalProperties"} and isinstance(value, dict):
            return {key: self._translate(value)}
        if key in {"anyOf", "oneOf", "allOf"}:
            return {key: [self._translate(member) for member in value]}
        if key == "properties":
            return {key: {name: self._translate(member) for name, member in value.items()}}
        return _renamed(key, value)


def listing(item: type[BaseModel]) -> type[BaseModel]:
    """The schema of a page of ``item``."""
    return Listing[item]  # type: ignore[valid-type] # the item is known at run time only


def _renamed(key: str, value: Any) -> Json:  # noqa: ANN401 - the value of any JSON Schema keyword
    match key:
        case "const":
            return {"enum": [value]}
        case "examples":
            return {"example": value[0]}
        case "exclusiveMinimum" | "exclusiveMaximum":
            return {key.replace("exclusiveM", "m"): value, key: True}
        case _:
            return {key: value}


def _without_null(schema: Json) -> tuple[Json, bool]:
    """The schema without the choice of null, and whether it had that choice."""
    choices = schema.get("anyOf", [])
    if _NULL not in choices:
        return schema, False
    outside = {key: value for key, value in schema.items() if key != "anyOf"}
    others = [choice for choice in choices if choice != _NULL]
    return ({**others[0], **outside} if len(others) == 1 else {**outside, "anyOf": others}), True


def _is_component(definition: Json) -> bool:
    return "properties" in definition or "enum" in definition


def _name_in(reference: Mapping[str, Any]) -> str:
    text: str = reference["$ref"]
    return text.removeprefix(_PREFIX)


def _published(name: str) -> str:
    """``Listing_ProductBody_`` → ``ProductList``, ``ProductBody`` → ``Product``: callers know no bodies."""
    page = _LISTING.match(name)
    return f"{page[1].removesuffix('Body')}List" if page else name.removesuffix("Body")
