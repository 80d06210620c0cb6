"""Parameters of `/v1/messages`, as those of a chat: carried, told as left out, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite import BadRequestError, UnsupportedParamsError
from litellm_lite.bridges.messages import to_chat
from tests.bridges.messages.shapes import BODY, WEATHER, carried

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
FORMAT = {"type": "json_schema", "schema": SCHEMA}
ASKS_FORMAT = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
}


def params(**fields: Any) -> dict[str, Any]:
    """Return the parameters beside the limit."""
    sent = carried(**fields).params
    assert sent.pop("max_tokens") == 64
    return sent


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {}),
        ({"stream": True}, {}),
        ({"temperature": 0.5, "top_p": 0.9, "top_k": 5}, {"temperature": 0.5, "top_p": 0.9, "top_k": 5}),
        ({"stop_sequences": ["a", "b"]}, {"stop": ["a", "b"]}),
        ({"stop_sequences": []}, {}),
        ({"metadata": {"user_id": "u"}}, {"user": "u"}),
        ({"metadata": {"user_id": None}}, {}),
        ({"metadata": {"user_id": "u", "team": "t"}}, {"user": "u", "metadata": {"team": "t"}}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"speed": "standard"}, {}),
        ({"context_management": {"edits": []}}, {}),
        ({"n": 1}, {"n": 1}),
        ({"temperature": None, "tools": None, "container": None}, {}),
        ({"seed": 7, "drop_params": True}, {"seed": 7, "drop_params": True}),
        ({"tools": []}, {}),
        ({"tool_choice": {"type": "auto"}}, {"tool_choice": "auto"}),
        ({"tool_choice": {"type": "any"}}, {"tool_choice": "required"}),
        ({"tool_choice": {"type": "none"}}, {"tool_choice": "none"}),
        (
            {"tool_choice": {"type": "tool", "name": "weather"}},
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
        ),
        (
            {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
            {"tool_choice": "required", "parallel_tool_calls": False},
        ),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": False}}, {"tool_choice": "auto"}),
        ({"output_config": {"format": FORMAT}}, ASKS_FORMAT),
        ({"output_format": FORMAT}, ASKS_FORMAT),
        ({"output_config": {}}, {}),
        ({"output_config": {"effort": "xhigh"}}, {"reasoning_effort": "xhigh"}),
        ({"thinking": {"type": "adaptive", "display": "summarized"}}, {}),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            {"reasoning_effort": "low"},
        ),
    ],
)
def test_a_parameter_is_carried_under_a_chats_name(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert params(**given) == sent
    assert carried(**given).left_out == {}


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(1024, "minimal"), (1999, "minimal"), (2000, "low"), (4999, "low"), (5000, "medium"), (10_000, "high")],
)
def test_a_budget_of_thinking_is_an_effort(budget: int, effort: str) -> None:
    assert params(thinking={"type": "enabled", "budget_tokens": budget}) == {"reasoning_effort": effort}


def test_a_word_for_the_effort_beats_a_budget_and_that_is_told() -> None:
    chat = carried(thinking={"type": "enabled", "budget_tokens": 1024}, output_config={"effort": "max"})
    assert chat.params["reasoning_effort"] == "max"
    assert list(chat.left_out) == ["thinking.budget_tokens"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"cache_control": {"type": "ephemeral"}}, "cache_control"),
        ({"tools": [{**WEATHER, "cache_control": {"type": "ephemeral"}}]}, "cache_control"),
        ({"tools": [{**WEATHER, "eager_input_streaming": True}]}, "eager_input_streaming"),
        ({"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}, "context_management"),
        ({"diagnostics": {"previous_message_id": None}}, "diagnostics"),
        ({"thinking": {"type": "disabled"}}, "thinking"),
    ],
)
def test_what_changes_no_answer_is_left_out_and_told(given: dict[str, Any], named: str) -> None:
    chat = carried(**given)
    assert list(chat.left_out) == [named]
    assert not {"cache_control", "diagnostics", "thinking"} & chat.params.keys()


def test_a_tool_is_a_function() -> None:
    (tool,) = params(tools=[{**WEATHER, "strict": True, "type": "custom", "defer_loading": False}])["tools"]
    assert tool["function"] == {
        "name": "weather",
        "description": "Tell the weather",
        "parameters": WEATHER["input_schema"],
        "strict": True,
    }


def test_a_tool_needs_no_description() -> None:
    (tool,) = params(tools=[{"name": "now", "input_schema": {"type": "object"}}])["tools"]
    assert tool == {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    "kind",
    [
        "web_search_20250305",
        "code_execution_20250825",
        "bash_20250124",
        "text_editor_20250728",
        "computer_20250124",
        "memory_20250818",
        "mcp_toolset",
    ],
)
def test_a_tool_of_anthropics_own_is_refused_by_its_type(kind: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=f"'{kind}'.*describe a tool of your own") as caught:
        to_chat({**BODY, "tools": [WEATHER, {"type": kind, "name": "x"}]})
    assert caught.value.param == "tools[1]"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"container": "c"}, "container"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management.edits[0]"),
        ({"context_management": {"other": []}}, "context_management.other"),
        ({"mcp_servers": [{"url": "https://a.example"}]}, "mcp_servers"),
        ({"inference_geo": "us"}, "inference_geo"),
        ({"speed": "fast"}, "speed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"functions": []}, "functions"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type"),
        ({"thinking": {"type": ["enabled"]}}, "thinking.type"),
        ({"output_config": {"task_budget": 5}}, "output_config.task_budget"),
        ({"tools": [{**WEATHER, "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"tools": [{**WEATHER, "input_examples": [{}]}]}, "tools[0].input_examples"),
        ({"tools": [{**WEATHER, "allowed_callers": ["code_execution_20250825"]}]}, "tools[0].allowed_callers"),
    ],
)
def test_what_only_anthropic_can_do_is_refused_by_name(given: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        to_chat({**BODY, **given})
    assert caught.value.param == param
    assert str(caught.value).startswith(param)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"model": None}, "model"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": "64"}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": False}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": True}, "top_p"),
        ({"stop_sequences": "a"}, "stop_sequences"),
        ({"stop_sequences": [1]}, "stop_sequences[0]"),
        ({"stop_sequences": ["a"], "stop": ["b"]}, "stop"),
        ({"metadata": "u"}, "metadata"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"context_management": []}, "context_management"),
        ({"context_management": {"edits": [5]}}, "context_management.edits[0]"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"service_tier": []}, "service_tier"),
        ({"system": 5}, "system"),
        ({"thinking": "on"}, "thinking"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "adaptive", "display": "loud"}}, "thinking.display"),
        ({"output_config": {"effort": "none"}}, "output_config.effort"),
        ({"output_config": {"effort": "low"}, "reasoning_effort": "high"}, "reasoning_effort"),
        ({"output_config": "low"}, "output_config"),
        ({"output_config": {"format": {"type": "json"}}}, "output_config.format.type"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"output_format": "json"}, "output_format"),
        ({"output_format": FORMAT, "output_config": {"format": FORMAT}}, "output_format"),
        ({"tools": {}}, "tools"),
        ({"tools": ["weather"]}, "tools[0]"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "a"}]}, "tools[0].input_schema"),
        ({"tools": [{**WEATHER, "description": 1}]}, "tools[0].description"),
        ({"tools": [{**WEATHER, "strict": "yes"}]}, "tools[0].strict"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {"type": "required"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": 1}}, "tool_choice.disable_parallel_tool_use"),
    ],
)
def test_a_value_that_is_wrong_is_refused_by_name(given: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        to_chat({**BODY, **given})
    assert caught.value.param == param
    assert not isinstance(caught.value, UnsupportedParamsError)


@pytest.mark.parametrize("body", [None, [], "x", 5])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(BadRequestError, match="the body must be an object"):
        to_chat(body)
