"""The sampler is held against the `jsonschema` package: what it makes must validate there."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litellm_lite.emulator.sampler import merge, sample
from litellm_lite.emulator.schema import SchemaError, fits

TREE: dict[str, Any] = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "children", "next"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}

SCHEMAS: list[Any] = [
    True,
    {},
    {"type": "string", "minLength": 30, "maxLength": 31},
    {"type": "string", "maxLength": 0},
    {"type": "string", "format": "date-time"},
    {"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}$"},
    {"type": ["null", "integer"], "minimum": 3},
    {"type": "integer", "exclusiveMinimum": 2**60, "maximum": 2**60 + 1},
    {"type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 0.75},
    {"type": "number", "multipleOf": 0.25, "minimum": 0.3, "maximum": 0.6},
    {"type": "integer", "multipleOf": 7, "minimum": 50},
    {"type": "integer", "maximum": -1000},
    {"const": {"a": [1, None]}},
    {"enum": ["red", 3, None]},
    {"type": "boolean", "const": False},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "items": {"type": "string", "maxLength": 1}, "minItems": 20, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
    {"type": "array", "maxItems": 0},
    {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
    {"type": "object", "minProperties": 3, "additionalProperties": {"type": "null"}},
    {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"], "maxProperties": 1},
    {"type": "object", "properties": {"never": False, "a": {"type": "integer"}}},
    {"properties": {"a": {"type": "integer"}}, "required": ["a"], "type": "object"},
    {"items": {"type": "integer"}, "minItems": 2},
    {"allOf": [{"type": "number", "minimum": 5}, {"type": "integer", "maximum": 6}]},
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"a": {"minimum": 9}, "b": {"type": "string"}}, "required": ["b"]},
        ]
    },
    {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": k}}, "required": ["kind"]} for k in "ab"]},
    {"type": "object", "properties": {"x": {"type": "integer"}}, "oneOf": [{"required": ["x"]}, {"required": ["y"]}]},
    {"anyOf": [False, {"type": "string"}], "minLength": 12},
    {"anyOf": [{"type": "integer"}, {"type": "string"}], "type": "string"},
    {"type": "string", "not": {"const": "emulated"}},
    TREE,
    {"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"type": "integer"}}},
    {"anyOf": [{"$ref": "#/anyOf/1"}, {"type": "string"}]},
    {"type": "object", "properties": {"self": {"$ref": "#"}}},
]


def schemas() -> st.SearchStrategy[Any]:
    """Schemas of the kind people write for structured answers, always with some value that fits."""
    texts = st.sampled_from(["a", "b", "city", "x"])
    leaves = st.one_of(
        st.just({"type": "null"}),
        st.just({"type": "boolean"}),
        st.just({}),
        st.builds(lambda values: {"enum": values}, st.lists(st.one_of(texts, st.integers(-5, 5)), min_size=1)),
        st.builds(lambda value: {"const": value}, st.one_of(st.none(), st.booleans(), texts, st.integers())),
        st.builds(
            lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
            st.integers(-(10**6), 10**6),
            st.integers(0, 10),
        ),
        st.builds(
            lambda low, size: {"type": "number", "minimum": low, "exclusiveMaximum": low + size},
            st.floats(-100, 100),
            st.floats(0.5, 10),
        ),
        st.builds(
            lambda low, size: {"type": "string", "minLength": low, "maxLength": low + size},
            st.integers(0, 20),
            st.integers(0, 20),
        ),
    )
    return st.recursive(leaves, _compound, max_leaves=12)


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "c", "d"])
    objects = st.builds(
        lambda properties, required, extra: {
            "type": "object",
            "properties": properties,
            "required": sorted(required & properties.keys()),
            "additionalProperties": extra,
        },
        st.dictionaries(names, inner, max_size=4),
        st.sets(names),
        st.booleans(),
    )
    arrays = st.builds(
        lambda items, low, size: {"type": "array", "items": items, "minItems": low, "maxItems": low + size},
        inner,
        st.integers(0, 3),
        st.integers(0, 3),
    )
    choices = st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3))
    both = st.builds(lambda part: {"allOf": [part, part]}, inner)
    referred = st.builds(lambda part: {"allOf": [part], "description": "a copy"}, inner)
    return st.one_of(objects, arrays, choices, both, referred)


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_what_is_made_validates(schema: Any) -> None:
    jsonschema.Draft202012Validator(schema).validate(sample(schema))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schemas())
def test_any_satisfiable_schema_gets_a_value_that_validates(schema: Any) -> None:
    jsonschema.Draft202012Validator(schema).validate(sample(schema))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schemas(), st.recursive(st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=9)), st.lists))
def test_fitting_agrees_with_jsonschema(schema: Any, value: Any) -> None:
    assert fits(value, schema, schema) == jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
@pytest.mark.parametrize("value", [None, True, 0, 1, 1.0, 1.5, "a", "emulated", [], [1], [1, True], {}, {"a": 9}])
def test_fitting_agrees_with_jsonschema_on_the_examples(schema: Any, value: Any) -> None:
    assert fits(value, schema, schema) == jsonschema.Draft202012Validator(schema).is_valid(value)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("type enum properties required items minItems minLength pattern format allOf $ref not".split()),
        st.recursive(st.one_of(st.none(), st.integers(), st.floats(), st.text()), st.lists, max_leaves=4),
    )
)
def test_a_senseless_schema_is_refused_and_nothing_else(schema: dict[str, Any]) -> None:
    try:
        sample(schema)
    except SchemaError:
        return


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (False, "no value"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "no value"),
        ({"type": "string", "pattern": "^zq{17}$"}, "no value"),
        ({"type": "string", "pattern": "("}, "cannot read the pattern"),
        ({"type": "array", "minItems": 5000}, "at most 1000 items"),
        ({"type": "string", "minLength": 10**6}, "100000 characters"),
        ({"type": "number", "minimum": 1e308, "multipleOf": 1e-10}, "that large"),
        ({"patternProperties": {"^a": {}}}, "'patternProperties'"),
        ({"if": {}, "then": {}}, "'if'"),
        ({"$ref": "https://example.com/schema"}, "inside the schema only"),
        ({"$ref": "#/$defs/missing"}, "points to nothing"),
        ({"$ref": "#/$defs", "$defs": 3}, "no schema"),
        ({"items": [{"type": "string"}]}, "'items'"),
        ({"type": "text"}, "'type'"),
        ({"anyOf": []}, "'anyOf'"),
    ],
)
def test_what_cannot_be_made_is_named(schema: Any, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        sample(schema)


def test_a_reference_in_a_circle_is_refused_when_judged() -> None:
    with pytest.raises(SchemaError, match="without end"):
        fits(1, {"$ref": "#"}, {"$ref": "#"})


def test_a_suggestion_that_fits_comes_first() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
    known: dict[str, list[Any]] = {"city": ["Paris"], "days": ["x", 3]}
    assert sample(schema, lambda name, _: known.get(name, [])) == {"city": "Paris", "days": 3}


def test_a_suggestion_that_does_not_fit_is_passed_over() -> None:
    assert sample({"type": "string", "maxLength": 3}, lambda *_: ["Paris", 5]) == "emu"


def test_types_that_exclude_each_other_do_not_merge() -> None:
    assert merge({"type": "string"}, {"type": "integer"}) is None
