"""The tools of a Responses request, as those of a chat; what no caller runs is refused, or left out and told."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite.bridges.responses import to_chat
from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from tests.bridges.test_responses_request import params

FUNCTION = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
OTHER = {"type": "function", "name": "g", "parameters": None, "strict": None}


def test_functions_get_the_level_chat_has() -> None:
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    made = [{"type": "function", "function": function}, {"type": "function", "function": {"name": "g"}}]
    assert params(tools=[FUNCTION, OTHER | {"defer_loading": False, "allowed_callers": ["direct"]}]) == {"tools": made}
    assert params(tools=[]) == {}


@pytest.mark.parametrize("kind", ["web_search", "file_search", "code_interpreter", "mcp", "image_generation", "custom"])
def test_tools_that_run_elsewhere_are_refused_or_left_out_and_told(kind: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=f"{kind}.*which the caller runs") as caught:
        params(tools=[FUNCTION, {"type": kind}])
    assert caught.value.param == "tools[1]"
    left_out: dict[str, str] = {}
    asked = {"input": "Hi", "tools": [FUNCTION, {"type": kind}], "tool_choice": {"type": kind}}
    _, made = to_chat(asked, drop_params=True, left_out=left_out)
    assert (len(made["tools"]), list(left_out), "tool_choice" in made) == (1, ["tools[1]", "tool_choice"], False)


@pytest.mark.parametrize(
    ("tools", "param", "what"),
    [
        ({}, "tools", "list of tools"),
        ([1], "tools[0]", "an object"),
        ([{"type": "function", "function": {"name": "f"}}], "tools[0]", "written as for a chat"),
        ([{"type": "function"}], "tools[0].name", "a text"),
        ([FUNCTION | {"defer_loading": True}], "tools[0].defer_loading", "no place"),
    ],
)
def test_what_is_wrong_with_the_tools_is_named(tools: Any, param: str, what: str) -> None:
    with pytest.raises(BadRequestError, match=what) as caught:
        params(tools=tools)
    assert caught.value.param == param


@pytest.mark.parametrize("word", ["none", "auto", "required"])
def test_a_word_chooses_tools_as_in_chat(word: str) -> None:
    assert params(tool_choice=word) == {"tool_choice": word}


def test_one_function_can_be_chosen() -> None:
    assert params(tool_choice={"type": "function", "name": "f"}) == {
        "tool_choice": {"type": "function", "function": {"name": "f"}}
    }


def test_allowed_tools_are_the_only_ones_offered() -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]}
    made = params(tools=[FUNCTION, OTHER], tool_choice=choice)
    assert made == {"tools": [{"type": "function", "function": {"name": "g"}}], "tool_choice": "required"}


@pytest.mark.parametrize(
    ("choice", "param"),
    [
        ("always", "tool_choice"),
        ({}, "tool_choice"),
        ({"type": "function"}, "tool_choice.name"),
        ({"type": "custom", "name": "f"}, "tool_choice"),
        ({"type": "allowed_tools", "mode": "never", "tools": []}, "tool_choice.mode"),
        ({"type": "allowed_tools", "tools": "f"}, "tool_choice.tools"),
        ({"type": "allowed_tools", "tools": []}, "tool_choice.tools"),
        ({"type": "allowed_tools", "tools": [{"type": "mcp"}]}, "tool_choice.tools[0]"),
        ({"type": "allowed_tools", "tools": [{"type": "function", "name": "h"}]}, "tool_choice.tools[0]"),
    ],
)
def test_a_choice_that_cannot_be_made_is_named(choice: Any, param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        params(tools=[FUNCTION], tool_choice=choice)
    assert caught.value.param == param
