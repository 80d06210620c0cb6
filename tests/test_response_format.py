"""A pydantic class as `response_format`: the strict schema it becomes."""

from __future__ import annotations

import enum
import json
from typing import Any, Generic, Literal, Optional, TypeVar

import jsonschema
import pytest
from openai.lib._parsing._completions import type_to_response_format_param
from pydantic import BaseModel, Field, RootModel

from litellm_lite import BadRequestError
from litellm_lite.response_format import schema_format
from tests.calls import MODES, call
from tests.wire import Wire


class Colour(enum.Enum):
    red = "red"
    blue = "blue"


class Maker(BaseModel):
    name: str = Field(description="who made it")
    default: Colour
    properties: list[str]


class Product(BaseModel):
    makers: list[Maker]
    colour: Colour
    rating: float | None
    kind: Literal["tool", "toy"]
    tags: dict[str, int]
    size: int | str


class Node(BaseModel):
    value: int
    next: Optional["Node"]
    children: list["Node"]


class Empty(BaseModel):
    pass


class Defaults(BaseModel):
    count: int = Field(default=3, ge=0)
    maker: Maker = Field(description="the maker")


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]


class Owner(BaseModel):
    pet: Cat | Dog = Field(discriminator="kind")


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]


def schema(model: type) -> Any:
    return schema_format(model)["json_schema"]["schema"]


class Open(BaseModel, extra="allow"):
    anything: Any


@pytest.mark.parametrize("model", [Product, Node, Empty, Open])
def test_it_is_what_openais_own_library_sends(model: type[BaseModel]) -> None:
    assert schema_format(model) == type_to_response_format_param(model)


@pytest.mark.parametrize("mode", MODES)
def test_the_class_is_sent_as_its_schema(mode: str, wire: Wire) -> None:
    call(mode, wire, response_format=Product)
    assert wire.last.json["response_format"] == schema_format(Product)


def test_every_property_is_required_and_defaults_are_gone() -> None:
    made = schema(Defaults)
    assert made["required"] == ["count", "maker"]
    assert made["properties"]["count"] == {"minimum": 0, "title": "Count", "type": "integer"}
    assert made["additionalProperties"] is False


def test_a_property_may_be_called_like_a_keyword() -> None:
    made = schema(Maker)
    assert made["properties"].keys() == {"name", "default", "properties"}
    assert made["required"] == ["name", "default", "properties"]


def test_a_described_reference_stands_alone_in_a_union() -> None:
    assert schema(Defaults)["properties"]["maker"] == {
        "anyOf": [{"$ref": "#/$defs/Maker"}],
        "description": "the maker",
    }


def test_a_discriminated_union_becomes_a_plain_one() -> None:
    made = schema(Owner)
    assert made["properties"]["pet"] == {"title": "Pet", "anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}


@pytest.mark.parametrize(
    "value",
    [
        Node(value=1, next=Node(value=2, next=None, children=[]), children=[]),
        Owner(pet=Cat(kind="cat", lives=9)),
        Defaults(maker=Maker(name="a", default=Colour.red, properties=[])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_class_makes_fits_its_schema(value: BaseModel) -> None:
    made = schema(type(value))
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(json.loads(value.model_dump_json()), made)


def test_a_name_is_one_openai_takes() -> None:
    made = schema_format(Page[Product])["json_schema"]
    assert made["name"] == "Page_Product_"
    long = type("N" * 99, (BaseModel,), {})
    assert schema_format(long)["json_schema"]["name"] == "N" * 64


def test_a_list_at_the_root_is_left_to_the_vendor() -> None:
    assert schema(RootModel[list[int]])["type"] == "array"


class Unwritable(BaseModel, arbitrary_types_allowed=True):
    thing: object = Field(default_factory=object)
    call: type[Any] | Any = None
    odd: "Plain"


class Plain:
    pass


Unwritable.model_rebuild()


@pytest.mark.parametrize(
    ("model", "what"),
    [(Plain, "must be a dictionary or a pydantic model class, not Plain"), (Unwritable, "has no JSON")],
)
def test_a_class_without_a_schema_is_refused(model: type, what: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=f"response_format:?.* {what}") as caught:
        call("sync", wire, response_format=model)
    assert (caught.value.param, caught.value.model) == ("response_format", "m")
    assert wire.connections == 0
