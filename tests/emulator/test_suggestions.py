"""Guesses from the user's words."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite.emulator.schema import SchemaError
from litellm_lite.emulator.suggestions import places, suggest_from, tool_arguments, words_of

STRING = {"type": "string"}


def test_identifiers_are_split_into_words() -> None:
    assert words_of("getUserName_v2 HTTPServer") == ["get", "user", "name", "v", "2", "http", "server"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What's the weather like in San Francisco, Tokyo, and Paris?", ["San Francisco", "Tokyo", "Paris"]),
        ("Is it raining in Menlo Park, CA?", ["Menlo Park, CA"]),
        ("Is it hot in Zürich today?", ["Zürich"]),
        ("weather in paris today", ["paris"]),
        ("from Berlin to New York", ["Berlin", "New York"]),
        ("in Rome or in Rome", ["Rome"]),
        ("What Is This", []),
        ("", []),
    ],
)
def test_places_are_found(text: str, found: list[str]) -> None:
    assert places(text) == found


@pytest.mark.parametrize(
    ("name", "schema", "text", "value"),
    [
        ("city", STRING, "weather in Rome", "Rome"),
        ("unit", {"enum": ["c", "kelvin"]}, "in KELVIN", "kelvin"),
        ("count", {"type": "integer"}, "give me 12", 12),
        ("price", {"type": "number"}, "for -3.5 dollars", -3.5),
        ("query", STRING, " who is it ", "who is it"),
        ("query", STRING, "search for 'llama facts' now", "llama facts"),
        ("title", STRING, 'called "The Plan"', "The Plan"),
        ("to_email", STRING, "write to a.b@example.com.", "a.b@example.com"),
        ("link", STRING, "see https://example.com/x?y=1", "https://example.com/x?y=1"),
        ("due_date", STRING, "by 2026-05-01", "2026-05-01"),
        ("when", {"type": "string", "format": "date"}, "by 2026-05-01", "2026-05-01"),
        ("user_name", STRING, "say hello to Ada Lovelace", "Ada Lovelace"),
    ],
)
def test_a_field_is_guessed_by_its_name_and_type(name: str, schema: dict[str, Any], text: str, value: Any) -> None:
    assert next(iter(suggest_from(text)(name, schema))) == value


@pytest.mark.parametrize(("name", "text"), [("colour", "hello"), ("query", ""), ("city", "hello"), ("email", "none")])
def test_where_nothing_is_found_nothing_is_suggested(name: str, text: str) -> None:
    assert list(suggest_from(text)(name, STRING)) == []


def test_two_numbers_go_to_two_fields() -> None:
    properties = {"a": {"type": "number"}, "b": {"type": "number"}}
    parameters = {"type": "object", "properties": properties, "required": ["a", "b"]}
    assert tool_arguments(parameters, "add 3 and 4.5", parallel=True) == [{"a": 3, "b": 4.5}]


def test_two_places_of_one_journey_stay_in_one_call() -> None:
    parameters = {"properties": {"origin": STRING, "destination": STRING}, "required": ["origin", "destination"]}
    assert tool_arguments(parameters, "fly from Berlin to Oslo", parallel=True) == [
        {"origin": "Berlin", "destination": "Oslo"}
    ]


def test_optional_arguments_without_a_clue_are_left_out() -> None:
    parameters = {"properties": {"city": STRING, "colour": STRING, "never": False}}
    assert tool_arguments(parameters, "weather in Rome", parallel=True) == [{"city": "Rome"}]


def test_an_optional_argument_another_rule_needs_is_made_up() -> None:
    parameters = {"properties": {"colour": STRING}, "additionalProperties": False, "anyOf": [{"required": ["colour"]}]}
    assert tool_arguments(parameters, "hello", parallel=True) == [{"colour": "emulated"}]


def test_a_value_the_whole_schema_forbids_is_replaced() -> None:
    parameters = {"properties": {"a": {"type": "integer"}, "b": {"const": 1}}, "not": {"properties": {"b": False}}}
    assert tool_arguments(parameters, "hello", parallel=True)[0]["b"] == 1


def test_no_parameters_need_no_arguments() -> None:
    assert tool_arguments({}, "hello", parallel=True) == [{}]


@pytest.mark.parametrize("parameters", [{"properties": 3}, {"properties": {"a": {"enum": 3}}}, {"required": 3}])
def test_senseless_parameters_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        tool_arguments(parameters, "hello", parallel=True)
