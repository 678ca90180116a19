from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, WithJsonSchema

from bbws.kernel.endpoint import Query, Resource, Wire
from bbws.platform.openapi_schemas import Schemas, listing


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Part(Wire):
    """A part."""

    size: int


type Short = Annotated[str, Field(min_length=1, max_length=5, examples=["abc"])]
type Shorter = Annotated[Short, Field(max_length=3)]
type Sided = Annotated[
    str,
    WithJsonSchema({"type": "string", "format": "in"}, mode="validation"),
    WithJsonSchema({"type": "string", "format": "out"}, mode="serialization"),
]


class Whole(Wire):
    """Every construct that is translated."""

    text: str | None = Field(default=None, description="Words.")
    alias: Shorter = Field(description="Short.")
    maybe_alias: Short | None
    either: str | int | None
    colour: Colour
    described_colour: Colour = Field(description="Which.")
    maybe_colour: Colour | None
    part: Part
    described_part: Part = Field(description="The part.")
    maybe_part: Part | None = Field(description="A part, perhaps.")
    parts: list[Part]
    named: dict[str, Part]
    anything: Any
    fixed: Literal["x"]
    above: int = Field(gt=3)
    below: int = Field(lt=9, default=5)
    title: str


def _whole() -> dict[str, Any]:
    properties: dict[str, Any] = Schemas([(Whole, "validation")]).components()["Whole"]["properties"]
    return properties


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", {"type": "string", "description": "Words.", "nullable": True}),
        ("alias", {"type": "string", "description": "Short.", "minLength": 1, "maxLength": 3, "example": "abc"}),
        ("maybeAlias", {"type": "string", "minLength": 1, "maxLength": 5, "example": "abc", "nullable": True}),
        ("either", {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True}),
        ("colour", {"$ref": "#/components/schemas/Colour"}),
        ("describedColour", {"allOf": [{"$ref": "#/components/schemas/Colour"}], "description": "Which."}),
        (
            "maybeColour",
            {"type": "string", "description": "A colour.", "enum": ["red", "blue", None], "nullable": True},
        ),
        ("part", {"$ref": "#/components/schemas/Part"}),
        ("describedPart", {"allOf": [{"$ref": "#/components/schemas/Part"}], "description": "The part."}),
        ("parts", {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}),
        ("named", {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Part"}}),
        ("anything", {}),
        ("fixed", {"type": "string", "enum": ["x"]}),
        ("above", {"type": "integer", "minimum": 3, "exclusiveMinimum": True}),
        ("below", {"type": "integer", "maximum": 9, "exclusiveMaximum": True, "default": 5}),
        ("title", {"type": "string"}),
    ],
)
def test_a_construct_becomes_that_of_3_0_3(name: str, expected: dict[str, Any]) -> None:
    assert _whole()[name] == expected


def test_a_nullable_model_is_written_out_with_its_type() -> None:
    part = _whole()["maybePart"]
    assert (part["type"], part["nullable"], part["description"]) == ("object", True, "A part, perhaps.")
    assert part["properties"] == {"size": {"type": "integer"}}


class Thing(Resource):
    """A thing."""

    price: Sided
    note: str | None = None


class ThingBody(Thing):
    """A thing as served."""


def test_requests_and_answers_are_described_apart() -> None:
    schemas = Schemas([(Thing, "validation"), (Thing, "serialization")])
    assert schemas.reference(Thing, "validation") == {"$ref": "#/components/schemas/Thing-Input"}
    components = schemas.components()
    assert components["Thing-Input"]["properties"]["price"]["format"] == "in"
    assert components["Thing-Output"]["properties"]["price"]["format"] == "out"


def test_an_answer_names_every_field() -> None:
    schema = Schemas([(Thing, "serialization")]).components()["Thing"]
    assert set(schema["required"]) == {"_links", "price", "note"}
    assert Schemas([(Thing, "validation")]).components()["Thing"]["required"] == ["price"]


def test_callers_know_no_bodies() -> None:
    schemas = Schemas([(listing(ThingBody), "serialization")])
    assert schemas.reference(listing(ThingBody), "serialization") == {"$ref": "#/components/schemas/ThingList"}
    items = schemas.components()["ThingList"]["properties"]["items"]
    assert items == {
        "type": "array",
        "description": "The resources on this page.",
        "items": {"$ref": "#/components/schemas/Thing"},
    }


class Path(Query):
    """Which."""

    thing_id: str = Field(pattern="^T-[0-9]$", examples=["T-1"], description="Id.")


class Filter(Query):
    """How."""

    size: int = Field(default=20, ge=1, description="How many.")
    colour: Colour | None = Field(default=None, description="Which colour.")
    currency: str | None = Field(default=None, examples=["ZAR"], description="Which currency.")
    bare: str | None = Field(default=None, examples=["x"])


def test_a_path_parameter_is_required_and_has_an_example() -> None:
    assert Schemas([(Path, "validation")]).parameters(Path, "path") == [
        {
            "name": "thingId",
            "in": "path",
            "required": True,
            "description": "Id.",
            "schema": {"type": "string", "pattern": "^T-[0-9]$"},
            "example": "T-1",
        }
    ]


def test_query_parameters_are_optional_and_never_null() -> None:
    schemas = Schemas([(Filter, "validation")])
    size, colour, currency, bare = schemas.parameters(Filter, "query")
    assert (size["required"], size["schema"]) == (False, {"type": "integer", "minimum": 1, "default": 20})
    assert (colour["description"], colour["schema"]) == (
        "Which colour.",
        {"allOf": [{"$ref": "#/components/schemas/Colour"}]},
    )
    # An example would be filled in on the API page.
    assert "example" not in currency
    assert (currency["description"], bare["description"]) == ("Which currency. Such as `ZAR`.", "Such as `x`.")
    assert set(schemas.components()) == {"Colour"}


class Plain(BaseModel):
    """Not on our wire."""

    value: int


def test_a_model_is_translated_once_however_often_it_is_used() -> None:
    assert list(Schemas([(Plain, "validation"), (Plain, "validation")]).components()) == ["Plain"]
