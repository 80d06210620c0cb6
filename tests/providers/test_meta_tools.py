"""What the Llama API takes as `response_format` and as tools."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.params import Choice
from tests.providers.values import body, call, mapped

SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True}}
UNION_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {
            "type": "object",
            "properties": {
                "x": {"oneOf": [{"type": "string"}, {"type": "number"}]},
                "y": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "integer", "maximum": -1}]},
                "z": {"type": "number", "oneOf": [{"minimum": 0}]},
                "plain": {"type": "string"},
            },
            "required": ["x"],
        },
    },
}
both_shapes = pytest.mark.parametrize("shape", ["", "compat", "native"])


def tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **function}}


@both_shapes
def test_text_is_the_default_and_not_sent(shape: str) -> None:
    outcome = mapped("meta_llama", shape, response_format={"type": "text"})
    assert outcome.params == {}
    assert outcome.neutral == {"response_format": {"type": "text"}}


def test_none_is_never_sent_as_null() -> None:
    assert "response_format" not in body(call("meta_llama", response_format=None))


@both_shapes
@pytest.mark.parametrize("value", [{"type": "json_object"}, {"type": "grammar"}, {}, "json", {"type": ["a"]}])
def test_anything_but_a_schema_is_refused_with_the_remedy(shape: str, value: Any) -> None:
    with pytest.raises(UnsupportedParamsError, match=r"must be of type json_schema, .*; drop_params=True") as caught:
        mapped("meta_llama", shape, response_format=value)
    assert caught.value.param == "response_format"


def test_json_object_is_dropped_and_reported_when_asked() -> None:
    outcome = mapped("meta_llama", "", Choice(drop_params=True), response_format={"type": "json_object"})
    assert outcome.params == {}
    assert "not 'json_object'" in outcome.dropped["response_format"]


@pytest.mark.parametrize("schema", [None, {}, {"name": "a"}, {"name": "a", "schema": "x"}, {"schema": {}}])
def test_a_schema_without_name_or_schema_is_wrong(schema: Any) -> None:
    with pytest.raises(BadRequestError, match="response_format needs json_schema="):
        mapped(
            "meta_llama", "", Choice(drop_params=True), response_format={"type": "json_schema", "json_schema": schema}
        )


def test_a_schema_travels_unchanged_to_the_compatible_endpoint() -> None:
    assert body(call("meta_llama", response_format=SCHEMA))["response_format"] == SCHEMA


@both_shapes
def test_a_union_property_gets_a_type(shape: str) -> None:
    before = copy.deepcopy(UNION_TOOL)
    sent = body(call("meta_llama", shape, tools=[UNION_TOOL, tool()]))["tools"]
    properties = sent[0]["function"]["parameters"]["properties"]
    assert {name: schema["type"] for name, schema in properties.items()} == {
        "x": "string", "y": "integer", "z": "number", "plain": "string",
    }  # fmt: skip
    assert properties["x"]["oneOf"] == [{"type": "string"}, {"type": "number"}]
    assert sent[0]["function"]["parameters"]["required"] == ["x"]
    assert sent[1] == tool()
    assert before == UNION_TOOL


@pytest.mark.parametrize("union", [None, [], [5], [{"$ref": "#/a"}], [{"type": ["string", "null"]}], "x"])
def test_a_strange_union_becomes_a_string(union: Any) -> None:
    asked = tool(parameters={"type": "object", "properties": {"x": {"oneOf": union}}})
    assert body(call("meta_llama", tools=[asked]))["tools"][0]["function"]["parameters"]["properties"]["x"] == {
        "oneOf": union, "type": "string",
    }  # fmt: skip


def test_no_tools_are_not_sent() -> None:
    assert mapped("meta_llama", "", tools=[]).neutral == {"tools": []}


@pytest.mark.parametrize("name", ["get_weather", "a" * 64, "A-1_b", "0"])
def test_a_name_of_the_apis_alphabet_is_sent(name: str) -> None:
    assert body(call("meta_llama", tools=[tool(name=name)]))["tools"][0]["function"]["name"] == name


@pytest.mark.parametrize("name", ["", "a" * 65, "get weather", "naïve", "a.b", "a\n", None, 5])
def test_another_name_is_refused_and_told(name: Any) -> None:
    with pytest.raises(
        BadRequestError, match=r"tools\[1\] has the name .*; 1 to 64 letters, digits, _ or - are"
    ) as caught:
        mapped("meta_llama", "", Choice(drop_params=True), tools=[tool(), tool(name=name)])
    assert caught.value.param == "tools"


@pytest.mark.parametrize(
    ("flawed", "flaw"),
    [
        ("f", "tools must be a list of tools, not 'f'"),
        ({"type": "function"}, "tools must be a list of tools, not dict"),
        (["f"], r"tools\[0\] must be {'type': 'function'"),
        ([{"type": "web_search"}], r"tools\[0\] must be"),
        ([{"function": {"name": "f"}}], r"tools\[0\] must be"),
        ([tool(parameters=None)], "parameters that are no JSON schema; leave them out"),
        ([tool(parameters=[])], "parameters that are no JSON schema"),
        ([tool(parameters={"type": "string"})], "has parameters of type 'string'; they must be an object"),
        ([tool(parameters={"properties": []})], "whose properties are no JSON schemas"),
        ([tool(parameters={"properties": {"x": "string"}})], "whose properties are no JSON schemas"),
        ([tool(parameters={"properties": {}, "required": "x"})], "whose required is no list of names"),
        ([tool(parameters={"properties": {}, "required": [1]})], "whose required is no list of names"),
    ],
)
def test_a_tool_that_is_none_is_told_what_is_wrong(flawed: Any, flaw: str) -> None:
    with pytest.raises(BadRequestError, match=flaw):
        mapped("meta_llama", "", tools=flawed)


def test_a_flawed_tool_is_never_dropped_in_silence() -> None:
    with pytest.raises(BadRequestError, match="no JSON schema"):
        mapped("meta_llama", "", Choice(drop_params=True), tools=[tool(parameters=5)])
